"""Findings: a key that stays, and what blocks."""

from __future__ import annotations

import pytest

from archive_store.regulation.facts import Finding, Severity


@pytest.mark.parametrize(
    ("need", "number", "key"),
    [("", None, "R10"), ("hearing", None, "R10.hearing"), ("", 7, "R10@7"), ("hearing", 7, "R10.hearing@7")],
)
def test_a_key_names_rule_need_and_item(need: str, number: int | None, key: str) -> None:
    assert Finding("R10", "第十条", "缺少。", Severity.BLOCKS, number, need).key == key


def test_only_what_must_be_mended_blocks() -> None:
    assert Finding("R10", "第十条", "缺少。", Severity.BLOCKS).blocks
    assert not Finding("R10", "第十条", "缺少。", Severity.WARNS).blocks
    assert [severity.zh for severity in Severity] == ["须补正", "提示"]
