"""Rectangles on a page image: around what is marked, line by line, wherever the page is turned."""

from __future__ import annotations

import pytest

from archive_store.parsing.documents import PageText
from portal.services.marking import MOST_MARKS, rectangles

LINE = 0.02


def layer(*lines: str, step: float = 0.05) -> PageText:
    """Lines of characters of equal width, the first line at the top, each followed by an undrawn line end."""
    boxes = []
    for row, line in enumerate(lines):
        top = 0.1 + row * 2 * LINE
        boxes += [(round(n * step, 5), top, round((n + 1) * step, 5), top + LINE) for n in range(len(line))] + [None]
    return PageText("".join(f"{line}\n" for line in lines), tuple(boxes))


def rounded(found: tuple[tuple[tuple[float, ...], ...], ...]) -> list[list[tuple[float, ...]]]:
    return [[tuple(round(side, 4) for side in box) for box in boxes] for boxes in found]


def test_the_characters_of_a_mark_become_one_rectangle() -> None:
    assert rounded(rectangles(layer("未经采砂许可"), [(2, 4)])) == [[(0.1, 0.1, 0.2, 0.12)]]


def test_a_mark_over_a_line_end_has_a_rectangle_on_each_line() -> None:
    over = rectangles(layer("未经采", "砂许可"), [(2, 5)])
    assert rounded(over) == [[(0.1, 0.1, 0.15, 0.12), (0.0, 0.14, 0.05, 0.16)]]


def test_two_columns_are_not_joined_over_the_space_between() -> None:
    text = PageText("采砂", ((0.1, 0.1, 0.15, 0.12), (0.6, 0.1, 0.65, 0.12)))
    assert [len(boxes) for boxes in rectangles(text, [(0, 2)])] == [2]


def test_what_is_not_drawn_has_no_rectangle_and_is_no_hit() -> None:
    assert rectangles(PageText("采砂", (None, None)), [(0, 2)]) == ()
    assert rectangles(PageText(""), [(0, 2)]) == ()


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (0, (0.1, 0.1, 0.2, 0.12)),
        (90, (0.88, 0.1, 0.9, 0.2)),
        (180, (0.8, 0.88, 0.9, 0.9)),
        (270, (0.1, 0.8, 0.12, 0.9)),
    ],
)
def test_rectangles_turn_with_the_page(turn: int, expected: tuple[float, ...]) -> None:
    assert rounded(rectangles(layer("未经采砂许可"), [(2, 4)], turn)) == [[expected]]


def test_a_page_of_endless_hits_is_marked_up_to_a_limit() -> None:
    endless = layer("砂" * (MOST_MARKS + 5), step=1 / 2000)
    assert len(rectangles(endless, [(n, n + 1) for n in range(MOST_MARKS + 5)])) == MOST_MARKS
