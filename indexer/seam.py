"""The end of a page: what runs over it into the next page of the item is found on the page where it begins.

Each atom near the seam is a token that tells its distance: `L1:x` is the last atom of the page, `R1:x` the first of
the next. A term that the seam cuts is then the conjunction of its atoms at their places, so that nothing that lies
wholly on the next page counts as a hit of this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.analysis import HAN, RUN, Analysed, Piece, cuts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TAIL_CHARACTERS = 40
"""So much of the next page is kept beside a page."""


def tail_of(next_page: str) -> str:
    """What is kept of the next page."""
    return next_page.lstrip()[:TAIL_CHARACTERS]


def seam_text(text: str, tail: str) -> str:
    """A page with its tail, as terms are looked for and marked in it; the page's own text comes first."""
    return f"{text}\n{tail}" if tail else text


def page_end(text: str, tail: str) -> list[str]:
    """The tokens of the field `seam`; a run that may be cut off where the kept characters end is left out."""
    if not tail:
        return []
    kept = text.rstrip()
    head = kept[-TAIL_CHARACTERS:]
    analysed = Analysed(seam_text(head, tail))
    pieces = analysed.pieces
    if len(kept) > len(head) and pieces and pieces[0].kind == RUN and pieces[0].begin == 0:
        pieces = pieces[1:]
    if len(tail) == TAIL_CHARACTERS and pieces and pieces[-1].kind == RUN:
        pieces = pieces[:-1]
    before = [piece for piece in pieces if analysed.original(piece.begin) < len(head)]
    after = pieces[len(before) :]
    return [
        *_places("L", reversed([atom for piece in before for atom in _atoms(piece, "$")])),
        *_places("R", [atom for piece in after for atom in _atoms(piece, "^")]),
    ]


def seam_tokens(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The tokens that a term needs if the seam stands between `before` and `after`."""
    return [*_places("L", [[token] for token in reversed(before)]), *_places("R", [[token] for token in after])]


def _places(side: str, atoms: Iterable[list[str]]) -> list[str]:
    return [f"{side}{n}:{form}" for n, forms in enumerate(atoms, 1) for form in forms]


def _atoms(piece: Piece, sign: str) -> list[list[str]]:
    """Each atom with the forms under which it is found."""
    if piece.kind == HAN:
        return [[character] for character in piece.text]
    return [[piece.text, *(cut for cut in cuts(piece.text) if sign in cut)] if piece.kind == RUN else [piece.text]]
