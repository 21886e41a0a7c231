"""From places in a page's text to rectangles on its image: pure arithmetic on the text layer's boxes.

Boxes are (x0, y0, x1, y1) as fractions of the page, from its top left. Characters of one mark that stand beside each
other on a line become one rectangle; where a line ends, or a column begins, another one starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archive_store.parsing.geometry import turn_box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive_store.parsing.documents import PageText

Box: TypeAlias = tuple[float, float, float, float]

MOST_MARKS = 1_000
"""Marks drawn on one page; a page of print has fewer characters."""
_SAME_LINE = 0.5
"""So much of the lower one of two boxes stands beside the other where both are on one line."""
_GAP = 1.5
"""Widest gap inside a rectangle, in widths of a character."""


def rectangles(layer: PageText, marks: Sequence[tuple[int, int]], turn: int = 0) -> tuple[tuple[Box, ...], ...]:
    """For each mark ([start, end) in the layer's text) its rectangles on the page turned clockwise by `turn` degrees.

    A mark of which nothing is drawn (spaces, what lies beside the page) is left out.
    """
    drawn = (_joined(box for box in layer.boxes[start:end] if box) for start, end in marks[:MOST_MARKS])
    return tuple(tuple(turn_box(box, turn) for box in boxes) for boxes in drawn if boxes)


def _joined(boxes: Iterable[Box]) -> list[Box]:
    joined: list[Box] = []
    width = 0.0
    for box in boxes:
        if joined and _go_together(joined[-1], box, max(width, box[2] - box[0])):
            joined[-1] = _around(joined[-1], box)
        else:
            joined.append(box)
        width = box[2] - box[0]
    return joined


def _go_together(one: Box, other: Box, width: float) -> bool:
    beside = min(one[3], other[3]) - max(one[1], other[1])
    lower = min(one[3] - one[1], other[3] - other[1])
    gap = max(one[0], other[0]) - min(one[2], other[2])
    return beside >= _SAME_LINE * lower and gap <= _GAP * width


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
