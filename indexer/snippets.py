"""Extracts of a text around what was found, with the places of the marks; counted in the original text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from indexer.analysis import join_spans, spans_of
from indexer.seam import seam_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SNIPPET_CHARACTERS = 120
_LEAD = 20
"""So much of the text stands before the first mark."""
_MOST_MARKS = 200

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of text; `marks` are [start, end) within it, `cut_before` and `cut_after` tell whether text is left."""

    text: str
    marks: tuple[Span, ...] = ()
    cut_before: bool = False
    cut_after: bool = False


def page_marks(text: str, tail: str, terms: Sequence[str]) -> list[Span]:
    """Where any of the terms begins on a page: [start, end) in the page's text.

    A term that runs over the page's end is marked up to that end.
    """
    found = join_spans(spans_of(seam_text(text, tail), terms))
    return [(start, min(end, len(text))) for start, end in found if start < len(text)]


def continued_marks(text: str, tail: str, terms: Sequence[str]) -> list[Span]:
    """Where terms that begin on a page and run over its end go on: [start, end) in the tail."""
    first = len(text) + 1
    found = join_spans(span for span in spans_of(seam_text(text, tail), terms) if span[0] < len(text))
    return [(0, end - first) for _, end in found if end > first]


def snippet(text: str, marks: Sequence[Span], length: int = SNIPPET_CHARACTERS) -> Snippet:
    """The stretch of at most `length` characters with the most marked characters (the first of equals)."""
    if len(text) <= length:
        return Snippet(text, tuple(marks))
    start = _best_start(len(text), marks, length)
    end = start + length
    inside = tuple((max(a, start) - start, min(b, end) - start) for a, b in marks if a < end and b > start)
    return Snippet(text[start:end], inside, cut_before=start > 0, cut_after=end < len(text))


def _best_start(total: int, marks: Sequence[Span], length: int) -> int:
    if not marks:
        return 0
    few = marks[:_MOST_MARKS]
    starts = [min(max(a - _LEAD, 0), total - length) for a, _ in few]
    before = _marked_before(few)
    covered = [before(start + length) - before(start) for start in starts]
    return starts[covered.index(max(covered))]


def _marked_before(marks: Sequence[Span]) -> Callable[[int], int]:
    """How many characters are marked before a place; the marks are sorted and apart."""
    begins, sums = [a for a, _ in marks], [0, *accumulate(b - a for a, b in marks)]

    def before(place: int) -> int:
        held = bisect_right(begins, place)
        return sums[held] - max(0, marks[held - 1][1] - place) if held else 0

    return before
