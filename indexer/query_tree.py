"""The tree that a query becomes: free of any engine, and of how text is analysed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator


class QueryError(InvalidInputError):
    """A query that cannot be answered, with a sentence that says why and what to type instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="q")


@dataclass(frozen=True, slots=True)
class Term:
    """Characters that must occur as they stand; `field` is empty for a free term, `quoted` tells “…”.

    A text that ends in `OPEN_END` may go on (4301*). One that is not quoted is also found in other numerals.
    """

    text: str
    field: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that takes one of the given codes."""

    field: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Between:
    """A number (a year, or a day as yyyymmdd) from `low` to `high`, both included; None is open."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain language: pages that hold some of its words, the best first."""

    text: str


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms in a text, either first, with at most so many characters, runs or breaks between them."""

    first: Term
    second: Term
    distance: int

    @property
    def text(self) -> str:
        """Both, as a text in which no term runs from one into the other."""
        return f"{self.first.text}，{self.second.text}"


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Without the part."""

    part: Query


Leaf = Term | Near | Choice | Between | Question
Free = Term | Near | Question
Query = Leaf | And | Or | Not


def leaves(query: Query, *, wanted: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf with whether it is wanted; what stands under a minus is not."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part, wanted=wanted)
        case Not(part):
            yield from leaves(part, wanted=False)
        case _:
            yield query, wanted


def free_terms(query: Query) -> list[Free]:
    """What is wanted in the text, without a field, in order."""
    found = (leaf for leaf, wanted in leaves(query) if wanted)
    return [leaf for leaf in found if isinstance(leaf, Question | Near) or (isinstance(leaf, Term) and not leaf.field)]
