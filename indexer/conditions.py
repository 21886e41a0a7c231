"""What an engine is asked: a tree over tokens and numbers, with nothing left to analyse.

Every backend translates these few kinds and no others, so that all of them find the same.
Fields of the index:

| field | holds |
| --- | --- |
| `bi`, `uni` | the text, as bigrams and as single atoms (`analysis`), with positions |
| `seam` | the atoms on both sides of the page's end: `L1:x` the last of the page, `R1:x` the first of the next |
| `about` | single atoms of what is said of the document beside its text, with positions |
| `names` | single atoms of the persons' names, with positions; asked together with `scope` |
| `repeats` | bigrams that occur 2, 4 or 8 times or more: `采砂2` |
| `party` ... `device` | single atoms of each text field, with positions; names with their pinyin |
| `grade`, `case`, `item`, `id`, `scope` | single tokens |
| `year_text`, `kind` ... `volume` | facets, single tokens |
| `year`, `day` | numbers |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

REMEMBERED = 64
"""Large sets of tokens whose condition is kept from one search to the next."""


@dataclass(frozen=True, slots=True)
class HasAny:
    """At least one of the tokens stands in the field."""

    field: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """The tokens (two or more) stand in the field one after the other."""

    field: str
    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what makes an engine panic."""
        if len(self.tokens) < 2:  # noqa: PLR2004 - a phrase has two tokens or more
            raise ValueError("a phrase needs two tokens")


@dataclass(frozen=True, slots=True)
class Placed:
    """The tokens (two or more) stand in the field at these distances from one place, the first at 0."""

    field: str
    tokens: tuple[tuple[int, str], ...]

    def __post_init__(self) -> None:
        """Refuse what makes an engine panic."""
        if len(self.tokens) < 2:  # noqa: PLR2004 - as of a phrase
            raise ValueError("places are of two tokens or more")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The field's number lies from low to high, both included; None is open."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts everything does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts holds; without parts nothing does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """The part does not hold."""

    part: Condition


Condition = HasAny | Phrase | Placed | Numbers | AllOf | AnyOf | Without

EVERYTHING = AllOf(())
NOTHING = AnyOf(())


def all_of(*parts: Condition) -> Condition:
    """AllOf without needless depth."""
    flat = tuple(p for part in parts for p in (part.parts if isinstance(part, AllOf) else (part,)))
    return flat[0] if len(flat) == 1 else AllOf(flat)


def any_of(*parts: Condition) -> Condition:
    """AnyOf without needless depth and repetition."""
    flat = tuple(dict.fromkeys(p for part in parts for p in (part.parts if isinstance(part, AnyOf) else (part,))))
    return flat[0] if len(flat) == 1 else AnyOf(flat)


def has(field: str, *tokens: str) -> Condition:
    """The field holds one of the tokens."""
    return HasAny(field, tuple(sorted(tokens)))


@lru_cache(maxsize=REMEMBERED)
def in_scope(tokens: frozenset[str]) -> Condition:
    """The document carries one of the tokens of reach, which may be thousands, the same from search to search."""
    return has("scope", *tokens)


def in_order(field: str, tokens: list[str]) -> Condition:
    """The tokens one after the other; a single one is no phrase (engines refuse those)."""
    return HasAny(field, (tokens[0],)) if len(tokens) == 1 else Phrase(field, tuple(tokens))
