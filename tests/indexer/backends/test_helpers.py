"""Helpers: the same answers as without them, in order, and an error is an error."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from indexer.backends.helpers import Helpers


@pytest.mark.parametrize("helpers", [0, 1, 3])
@pytest.mark.parametrize("parts", [0, 1, 2, 50])
def test_every_part_is_asked_once_and_answers_keep_their_order(helpers: int, parts: int) -> None:
    asked: list[int] = []

    def ask(part: int) -> int:
        asked.append(part)
        return part * 2

    assert Helpers(helpers).each(ask, range(parts)) == [2 * n for n in range(parts)]
    assert sorted(asked) == list(range(parts))


@pytest.mark.parametrize("wrong", range(4))
def test_an_error_of_any_part_is_raised_and_the_next_question_is_answered(wrong: int) -> None:
    helpers = Helpers(2)

    def ask(part: int) -> float:
        return 1 / (part - wrong)

    with pytest.raises(ZeroDivisionError):
        helpers.each(ask, range(4))
    assert helpers.each(float, [1, 2, 3]) == [1.0, 2.0, 3.0]


def test_two_parts_are_asked_at_the_same_time() -> None:
    """Each waits until the other was asked too: one after the other would never end."""
    both = Barrier(2, timeout=20)
    assert sorted(Helpers(1).each(lambda _: both.wait(), [0, 1])) == [0, 1]


def test_who_asks_while_another_question_is_divided_is_answered_by_himself() -> None:
    helpers, begun, go_on = Helpers(1), Barrier(3, timeout=20), Barrier(3, timeout=20)
    answers: list[list[int]] = []

    def slow(part: int) -> int:
        begun.wait()
        go_on.wait()
        return part

    first = Thread(target=lambda: answers.append(helpers.each(slow, [1, 2])))
    first.start()
    begun.wait()
    assert helpers.each(lambda part: part + 1, [5, 6, 7]) == [6, 7, 8]
    go_on.wait()
    first.join()
    assert answers == [[1, 2]]
