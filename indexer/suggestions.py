"""Other ways to write a query that found nothing: from the query itself and a public table, never from the index.

Each is asked like any search before it is offered, so that it tells no more than the search itself would.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from pypinyin import lazy_pinyin

from indexer.weights import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST = 5
MORE_USUAL = 1.0
"""A word of the same sound is offered where published law has it so much more often (a weight is a logarithm)."""
_QUOTES = re.compile('["“”「」『』]')
_PAIR = re.compile("(?=([\u4e00-\u9fff]{2}))")
_OPERATORS = re.compile(r"[()（）:：*~|-]|\b(?:AND|OR|NOT)\b")


def variants(query: str) -> list[str]:
    """At most `MOST` other ways, the likelier first; the query itself is not among them."""
    found = dict.fromkeys([*_unquoted(query), *_of_the_same_sound(query), *_shorter(query)])
    return [one for one in found if one and one != query][:MOST]


def _unquoted(query: str) -> Iterator[str]:
    if _QUOTES.search(query):
        yield " ".join(_QUOTES.sub(" ", query).split())


def _of_the_same_sound(query: str) -> Iterator[str]:
    """One pair of characters after the other replaced by the most usual pair that sounds alike."""
    bi, unknown = load().bi, load().unknown
    pairs = ((match[1], match.start()) for match in _PAIR.finditer(query))
    better = (
        (bi[other], at, f"{query[:at]}{other}{query[at + 2 :]}")
        for pair, at in pairs
        for other in _by_sound().get(_sound(pair), ())
        if other != pair and bi[other] + MORE_USUAL <= bi.get(pair, unknown)
    )
    yield from (written for _, _, written in sorted(better))


def _shorter(query: str) -> Iterator[str]:
    """Plain words with one of them left out, the rarest first."""
    words = query.split()
    if len(words) < 2 or _OPERATORS.search(query) or _QUOTES.search(query):  # noqa: PLR2004 - one word has nothing to spare
        return
    for at in range(len(words)):
        yield " ".join(words[:at] + words[at + 1 :])


def _sound(pair: Sequence[str]) -> str:
    return " ".join(map(_reading, pair))


@cache
def _reading(character: str) -> str:
    (reading,) = lazy_pinyin(character)
    return str(reading)


@cache
def _by_sound() -> Mapping[str, list[str]]:
    """The pairs of the public table by their sound, the most usual first."""
    found: dict[str, list[str]] = {}
    for pair in sorted(load().bi, key=load().bi.__getitem__):
        if _PAIR.match(pair):
            found.setdefault(_sound(pair), []).append(pair)
    return found
