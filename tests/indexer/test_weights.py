"""The public table: how it is built, read and shipped."""

from __future__ import annotations

import io
import lzma
import tarfile
from typing import TYPE_CHECKING

import pytest

from indexer.weights import MIN_ARTICLES, articles_of, build, laws, load, main, read, weight

if TYPE_CHECKING:
    from pathlib import Path

LAW = "# 演示法\n前言\n第一条 禁止采砂。\n第二条 取水应当许可。\n　　第十条 禁止采砂。\n"


def test_the_shipped_table_is_small_and_knows_what_is_rare() -> None:
    weights = load()
    assert len(weights.bi) > 40_000
    assert weights.of_bigram("应当") < weights.of_bigram("处罚") < weights.of_bigram("采砂") < weights.unknown
    assert weights.of_bigram("没有这个") == weights.of_atom("") == weights.unknown


def test_weights_fall_with_frequency_and_never_below_zero() -> None:
    values = [weight(articles, 100_000) for articles in (5, 50, 500, 5_000, 50_000, 100_000)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0
    assert all(value % 0.25 == 0 for value in values)


def test_articles_begin_at_their_numbers_and_the_preamble_is_left_out() -> None:
    assert [article.strip() for article in articles_of(LAW)] == [
        "第一条 禁止采砂。",
        "第二条 取水应当许可。",
        "第十条 禁止采砂。",
    ]


def test_a_table_is_read_as_it_was_built_and_rare_terms_are_left_out() -> None:
    weights = read(build(["采砂许可"] * MIN_ARTICLES + ["取水"] * (MIN_ARTICLES - 1) + ["其他事项"] * 50))
    assert weights.bi["采砂"] == weights.bi["许可"]
    assert "取水" not in weights.bi
    assert weights.of_bigram("取水") == weights.unknown


def test_laws_are_read_from_a_folder_and_from_an_archive(tmp_path: Path) -> None:
    (tmp_path / "law.md").write_text(LAW, encoding="utf-8")
    assert list(laws(tmp_path)) == [LAW]
    with tarfile.open(tmp_path / "laws.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo("a/law.md")
        data = (LAW * 2).encode()
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    assert list(laws(tmp_path)) == [LAW * 2]


def test_the_build_command_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "law.md").write_text(
        "".join(f"第{n}条 禁止采砂{n}\n" for n in "一二三四五六七八九十"), encoding="utf-8"
    )
    into = tmp_path / "table.xz"
    assert main(["BUILD", "--laws", str(tmp_path), "--into", str(into)]) == 0
    assert "10 articles" in capsys.readouterr().out
    assert "采砂" in read(lzma.decompress(into.read_bytes()).decode()).bi
    monkeypatch.delenv("ANJUAN_CORPUS", raising=False)
    with pytest.raises(SystemExit):
        main(["BUILD"])
