"""Cutting a query into tokens: brackets of case numbers, quotes of all kinds, signs."""

from __future__ import annotations

import pytest

from indexer.query_lexer import Lexer
from indexer.query_tree import QueryError


def signs(text: str) -> list[tuple[str, str]]:
    return [(token.sign.name, token.text) for token in Lexer(text).tokens()[:-1]]


@pytest.mark.parametrize("text", ["(采砂", "（采砂", "采砂 )", ")", '"采砂', "“采砂", "采砂”", "((采砂)"])
def test_what_does_not_pair_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="没有配对"):
        Lexer(text).tokens()


def test_brackets_after_a_word_belong_to_it() -> None:
    assert signs("石水罚字（2025）5号") == [("WORD", "石水罚字（2025）5号")]
    assert signs("(采砂（演示）OR)") == [("OPEN", ""), ("WORD", "采砂（演示）OR"), ("CLOSE", "")]


def test_a_year_in_brackets_before_a_word_belongs_to_it() -> None:
    assert signs("(2025)石水罚字") == [("WORD", "(2025)石水罚字")]
    assert [sign for sign, _ in signs("(2025) 石水")] == ["OPEN", "WORD", "CLOSE", "WORD"]


def test_a_group_ends_at_its_bracket_even_behind_a_word() -> None:
    assert [sign for sign, _ in signs("(采砂 OR 取水) 听证")] == ["OPEN", "WORD", "OR", "WORD", "CLOSE", "WORD"]


@pytest.mark.parametrize("text", ['"采 砂"', "“采 砂”", "”采 砂“", "＂采 砂＂", "„采 砂“"])
def test_any_pair_of_quotes_makes_a_phrase(text: str) -> None:
    assert signs(text) == [("PHRASE", "采 砂")]


def test_a_minus_leaves_out_only_before_a_word() -> None:
    assert [sign for sign, _ in signs("-采砂 取-水 - 听证")] == ["NOT", "WORD", "WORD", "WORD"]


def test_words_of_signs_alone_mean_nothing() -> None:
    assert signs("， 采砂 ——") == [("WORD", "采砂")]


def test_only_known_names_are_fields() -> None:
    assert signs("当事人：张") == [("FIELD", "当事人"), ("WORD", "张")]
    assert signs("地址：张") == [("WORD", "地址：张")]
