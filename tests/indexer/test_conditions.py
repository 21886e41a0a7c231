"""Conditions: built flat, and never in a form that makes an engine panic."""

from __future__ import annotations

import pytest

from indexer.conditions import EVERYTHING, NOTHING, AllOf, AnyOf, HasAny, Phrase, all_of, any_of, has, in_order


@pytest.mark.parametrize("tokens", [(), ("采砂",)])
def test_a_phrase_of_fewer_than_two_tokens_cannot_be_made(tokens: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="two tokens"):
        Phrase("bi", tokens)


def test_one_token_in_order_is_no_phrase() -> None:
    assert in_order("bi", ["采砂"]) == HasAny("bi", ("采砂",))
    assert in_order("bi", ["采砂", "砂石"]) == Phrase("bi", ("采砂", "砂石"))


def test_nested_parts_are_joined_and_repetitions_dropped() -> None:
    a, b = has("bi", "a"), has("bi", "b")
    assert all_of(a, all_of(b, EVERYTHING)) == AllOf((a, b))
    assert any_of(a, any_of(b, a), NOTHING) == AnyOf((a, b))
    assert all_of(a) == any_of(a, a) == a
    assert (all_of(), any_of()) == (EVERYTHING, NOTHING)


def test_equal_choices_are_equal_conditions() -> None:
    assert has("kind", "b", "a") == has("kind", "a", "b")
