"""Continuations of a query come from the fields and their fixed values, and end what was begun."""

from __future__ import annotations

import pytest

from indexer.completion import MOST, continuations
from indexer.query import parse

TYPES = {"site_inspection_record": "现场检查笔录", "inquiry_record": "询问笔录", "closing_report": "结案审批表"}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("当", ["当事人:"]),
        ("采砂 年", ["采砂 年度:"]),
        ("采砂 -文", ["采砂 -文书:", "采砂 -文号:"]),
        ("(密", ["(密级:"]),
        ("密级:", ["密级:公开 ", "密级:内部 ", "密级:秘密 ", "密级:机密 ", "密级:绝密 "]),
        ("采砂 密级：秘", ["采砂 密级:秘密 "]),
        ("文书:笔录", ["文书:现场检查笔录 ", "文书:询问笔录 "]),
        ("文书:询问", ["文书:询问笔录 "]),
        ("询问", ["文书:询问笔录 "]),
        ("案卷 询问", ["案卷 文书:询问笔录 "]),
    ],
)
def test_the_last_word_is_continued(typed: str, offered: list[str]) -> None:
    found = continuations(typed, TYPES)
    assert sorted(found) == sorted(offered)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "采砂 ", '"询问', "“询问", "当事人:", "当事人:张", "年度:20", "没有的:内", "询", "-", "(((", "%", "_"],
)
def test_nothing_is_offered_where_nothing_fits(typed: str) -> None:
    assert continuations(typed, TYPES) == []


def test_values_that_begin_so_come_before_those_that_hold_it() -> None:
    types = {"a": "补充询问笔录", "b": "询问笔录"}
    assert continuations("文书:询问", types) == ["文书:询问笔录 ", "文书:补充询问笔录 "]


def test_there_are_few_and_each_can_be_read() -> None:
    types = {f"kind_{n}": f"演示笔录{n}" for n in range(40)}
    found = continuations("采砂 文书:演示", types)
    assert len(found) == MOST
    for query in found:
        parse(query, types)
