"""The words of a query: which of its characters carry meaning. Segmentation is never used on what is indexed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import rjieba

from indexer.analysis import HAN, RUN, Analysed

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE, ACROSS = 1.0, 0.7
"""Weight of a token inside one meaningful word, and of one across words or in a stop word."""


@cache
def stop_words() -> frozenset[str]:
    """Question words, pronouns and particles: a fixed public list."""
    return frozenset(files("indexer").joinpath("data/stop_words.txt").read_text(encoding="utf-8").split())


class Weighted(NamedTuple):
    """A token of a query with its weight at one place."""

    token: str
    weight: float


def weighted_bigrams(text: str) -> list[Weighted]:
    """The bigrams (and runs) of a query, one entry for each occurrence."""
    found: list[Weighted] = []
    for stretch in _stretches(text):
        if isinstance(stretch, Weighted):
            found.append(stretch)
            continue
        words = _words(stretch)
        if len(stretch) == 1:
            found.append(Weighted(stretch, ACROSS if words[0] is None else INSIDE))
        for n in range(len(stretch) - 1):
            inside = words[n] is not None and words[n] == words[n + 1]
            found.append(Weighted(stretch[n : n + 2], INSIDE if inside else ACROSS))
    return found


def weighted_atoms(text: str) -> list[Weighted]:
    """The single atoms of a query, one entry for each occurrence."""
    found: list[Weighted] = []
    for stretch in _stretches(text):
        if isinstance(stretch, Weighted):
            found.append(stretch)
        else:
            words = _words(stretch)
            found += [Weighted(c, ACROSS if words[n] is None else INSIDE) for n, c in enumerate(stretch)]
    return found


def content_bigrams(text: str) -> list[str]:
    """The distinct bigrams inside meaningful words, by which a question finds pages; all of them where none is."""
    every = weighted_bigrams(text)
    inside = [token for token, weight in every if weight == INSIDE]
    return list(dict.fromkeys(inside or [token for token, _ in every]))


def _stretches(text: str) -> Iterator[str | Weighted]:
    """Han stretches as text, runs as tokens that carry full weight."""
    stretch = ""
    for piece in Analysed(text).pieces:
        if piece.kind == HAN:
            stretch += piece.text
            continue
        if stretch:
            yield stretch
        stretch = ""
        if piece.kind == RUN:
            yield Weighted(piece.text, INSIDE)
    if stretch:
        yield stretch


def _words(stretch: str) -> list[int | None]:
    """For each character the number of its word, None in a stop word."""
    numbers: list[int | None] = []
    for number, word in enumerate(rjieba.cut(stretch)):
        numbers += [None if word in stop_words() else number] * len(word)
    return numbers
