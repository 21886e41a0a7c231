"""The table of meanings: words of one company lie together, and a vector is of the text alone."""

from __future__ import annotations

import numpy as np
import pytest

from indexer import meanings
from indexer.analysis import Analysed

TEXTS = (
    "第一条 采砂船不得在禁采区采砂，采砂应当取得采砂许可。",
    "第二条 取土、采石、采砂应当取得许可，禁采区内不得采石。",
    "第三条 劳动者的工资和劳动报酬应当按月支付，不得拖欠工资。",
    "第四条 拖欠劳动报酬的，劳动者可以申请支付工资。",
)


def cosine(first: str, second: str) -> float:
    table = meanings.load()
    page = table.of_page(Analysed(first).bi)
    return float(meanings.cosines(page[None, :], table.of_query(Analysed(second).bi))[0])


@pytest.mark.parametrize(
    ("near", "far", "asked"),
    [
        ("用人单位应当支付劳动报酬", "河道管理范围内禁止采砂", "拖欠工资"),
        ("给予撤职、降级处分", "取水许可证有效期限五年", "被开除"),
        ("处以罚款", "夫妻共同财产", "违法所得"),
    ],
)
def test_what_means_the_same_is_nearer_than_what_does_not(near: str, far: str, asked: str) -> None:
    assert cosine(near, asked) > cosine(far, asked) + 0.1


def test_nothing_means_nothing() -> None:
    assert cosine("", "采砂") == cosine("采砂", "") == cosine("12345", "采砂") == 0.0


def test_a_text_is_nearest_to_itself() -> None:
    assert cosine(TEXTS[0], TEXTS[0]) > 0.95


def test_a_vector_is_the_same_however_often_and_beside_whatever_it_is_made() -> None:
    table = meanings.load()
    vectors = [table.of_page(Analysed(text).bi) for text in TEXTS]
    asked = table.of_query(Analysed("采砂许可").bi)
    together = meanings.cosines(np.array(vectors), asked)
    assert list(together) == [float(meanings.cosines(vector[None, :], asked)[0]) for vector in vectors]


def test_a_table_is_built_from_texts_and_read_back() -> None:
    table = meanings.read(meanings.build(TEXTS, dimensions=4, least=2))
    assert {"采砂", "工资"} <= table.rows.keys()
    assert table.vectors.shape == (len(table.rows), 4)
    own, same, other = (table.of_query([word]) for word in ("工资", "支付", "采砂"))
    assert meanings.cosines(same[None, :], own)[0] > meanings.cosines(other[None, :], own)[0]


def test_the_shipped_table_is_small() -> None:
    table = meanings.load()
    assert table.vectors.shape[1] == meanings.DIMENSIONS
    assert table.vectors.nbytes < 2_000_000


def test_building_needs_laws(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANJUAN_CORPUS", raising=False)
    with pytest.raises(SystemExit):
        meanings.main(["BUILD"])
    assert "--laws" in capsys.readouterr().err
