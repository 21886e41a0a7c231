"""The cut of stage 1: whole groups of equals, or none of a group."""

from __future__ import annotations

import pytest

from indexer.backends.merging import MOST_RESCORED, RESCORED, whole_groups


def chosen(*groups: tuple[float, int], total: int | None = None) -> list[tuple[float, int]]:
    """What is rescored of groups of (score, size), the best of which an engine gives."""
    scores = [score for score, size in groups for _ in range(size)]
    hits = [(score, n) for n, score in enumerate(scores)]
    return whole_groups(hits[: MOST_RESCORED + 1], total or len(hits), RESCORED, MOST_RESCORED)


def test_few_hits_are_all_rescored() -> None:
    assert len(chosen((1.0, MOST_RESCORED))) == MOST_RESCORED


def test_a_group_that_is_too_large_is_left_out_whole() -> None:
    assert chosen((1.0, MOST_RESCORED + 1)) == []
    assert len(chosen((2.0, 10), (1.0, 5000))) == 10


def test_a_group_that_fits_is_taken_whole() -> None:
    found = chosen((2.0, RESCORED - 50), (1.0, 100), (0.5, 1000))
    assert len(found) == RESCORED + 50


@pytest.mark.parametrize("size", [RESCORED, RESCORED + 1, MOST_RESCORED, MOST_RESCORED + 1, 5000])
def test_no_group_is_ever_cut(size: int) -> None:
    assert len(chosen((3.0, 7), (2.0, size), (1.0, 5000))) in {7, 7 + size}


def test_a_group_at_the_end_of_what_is_known_is_left_out() -> None:
    """The engine gave its limit, and the last group may go on beyond it."""
    found = chosen((2.0, RESCORED), (1.0, MOST_RESCORED + 1 - RESCORED), total=99_999)
    assert {score for score, _ in found} == {2.0}
