"""Extracts of a text around what was found, with the places of the marks; counted in the original text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.analysis import Analysed, join_spans, spans_in
from indexer.seam import seam_text

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    analysed = Analysed(seam_text(text, tail))
    found = join_spans(span for term in terms for span in spans_in(analysed, term))
    return [(start, min(end, len(text))) for start, end in found if start < len(text)]


def continued_marks(text: str, tail: str, terms: Sequence[str]) -> list[Span]:
    """Where terms that begin on a page and run over its end go on: [start, end) in the tail."""
    first = len(text) + 1
    analysed = Analysed(seam_text(text, tail))
    found = join_spans(span for term in terms for span in spans_in(analysed, term) if span[0] < len(text))
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
    covered = [sum(max(0, min(b, start + length) - max(a, start)) for a, b in few) for start in starts]
    return starts[covered.index(max(covered))]
