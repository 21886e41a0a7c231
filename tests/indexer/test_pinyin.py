"""Names by their sound, in every reading, and nothing for what has none."""

from __future__ import annotations

import pytest

from indexer.pinyin import MOST, readings, with_pinyin


@pytest.mark.parametrize("name", ["", "ABC", "123", "，。", "😀"])
def test_what_has_no_sound_has_no_reading(name: str) -> None:
    assert readings(name) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("张三", {"zhangsan", "zs"}),
        ("單樂", {"danle", "shanle", "shanyue", "dl", "sl", "sy"}),
        ("演示纸业有限公司", {"yanshizhiyeyouxiangongsi", "yszyyxgs"}),
        ("A演示", {"ayanshi", "ays"}),
        ("欧阳·演示", {"ouyangyanshi", "oyys"}),
    ],
)
def test_a_name_is_read_whole_and_by_initials(name: str, expected: set[str]) -> None:
    assert expected <= set(readings(name))


def test_readings_are_few_however_many_there_are() -> None:
    assert len(readings("单乐重长行" * 4)) <= 2 * MOST


def test_names_stand_apart_from_their_readings() -> None:
    assert with_pinyin("张三", "李四") == "张三；李四；zhangsan；zs；lisi；ls"
