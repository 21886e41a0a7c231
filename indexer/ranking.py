"""Ranking that betrays nothing: a score uses the query, the one page and a public table, never the index.

Stage 1 runs in the engine: each distinct bigram of the query adds a constant (its public weight times its
occurrences in the query), a little more where the page holds it two, four or eight times.
Stage 2 rescores the first hits, each from its own payload alone:

    S = B(bi) + B(uni) + 0.8 WIN + 90 C
    B(f) = sum of qw w 2.2 tf / (tf + 1.2 (0.25 + 0.75 length / 200))
    WIN  = the best window of 100 bigrams (step 50) of sum of qw w 2.2 tf / (tf + 1.2 (0.25 + 0.75 length / 100)),
           where length is that of the page and at most 100
    C    = the cosine of the meanings of query and page (`meanings`)

with w the public weight and qw the weight of the token in the query (`wording`). Why, and what it is worth:
`docs/adr/0005-search-engine.md`. Scores never leave this room.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from indexer import meanings
from indexer.analysis import BREAK
from indexer.conditions import all_of, has
from indexer.wording import INSIDE, weighted_atoms, weighted_bigrams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from indexer.analysis import Analysed
    from indexer.conditions import Condition
    from indexer.weights import Weights
    from indexer.wording import Weighted

REPEATS = {2: 3 / 8, 4: 5 / 16, 8: 3 / 16}
"""What a bigram that a page holds so many times adds to stage 1, as a share of its weight."""
ATOMS, WINDOW, MEANING = 1.0, 0.8, 90.0
_K1, _B, _LENGTH = 1.2, 0.75, 200
_WINDOW_LENGTH, _WINDOW_STEP = 100, 50
_HEAD = struct.Struct("<I")
_TOKENS_AT = _HEAD.size + meanings.DIMENSIONS
_HASHED = 0xD800
_HASHED_SLOTS = 0xF8FF - _HASHED + 1
_DIGITS = 6
FEW_TERMS = 24
_REMEMBERED = 1 << 17


@dataclass(frozen=True, slots=True)
class Clause:
    """A token that adds a constant to the score of the documents that hold it."""

    field: str
    token: str
    weight: float


def payload(analysed: Analysed) -> bytes:
    """What stage 2 needs of a page: its meaning, the ids of its bigrams in order (32 bit), of its atoms (16 bit)."""
    bi = np.fromiter(map(_bigram_id, analysed.bi), dtype="<u4", count=len(analysed.bi))
    atoms = np.fromiter(map(_atom_id, analysed.uni), dtype="<u2", count=len(analysed.uni))
    own: bytes = atoms[atoms != ord(BREAK)].tobytes()
    return _HEAD.pack(len(bi)) + meanings.load().of_page(analysed.bi).tobytes() + bi.tobytes() + own


def repeat_tokens(bigrams: Iterable[str]) -> list[str]:
    """Tokens that tell which bigrams a page holds two, four or eight times or more."""
    repeated = {token: count for token, count in Counter(bigrams).items() if count > 1}
    return [f"{token}{times}" for token, count in repeated.items() for times in REPEATS if count >= times]


class Ranking:
    """The two stages for the wanted words of one query, or of a question, whose pages need not hold all of them."""

    def __init__(self, texts: Sequence[str], weights: Weights, *, of_question: bool = False) -> None:
        self._weights = weights
        self.of_question = of_question
        bigrams = [token for text in texts for token in weighted_bigrams(text)]
        atoms = [token for text in texts for token in weighted_atoms(text)]
        self._bi = _Terms(bigrams, weights.of_bigram, _bigram_id)
        self._uni = _Terms(atoms, weights.of_atom, _atom_id)
        self._meaning = meanings.load().of_query(token for token, weight in bigrams if weight == INSIDE)
        self.clauses: tuple[Clause, ...] = tuple(self._clauses(bigrams))
        self.tiers: tuple[Condition, ...] = tuple(_tiers(bigrams))

    def _clauses(self, bigrams: Iterable[Weighted]) -> Iterable[Clause]:
        occurrences: dict[str, int] = {}
        for token, _ in bigrams:
            occurrences[token] = occurrences.get(token, 0) + 1
        for token, times in occurrences.items():
            if len(token) == 1:
                yield Clause("uni", token, self._weights.of_atom(token) * times)
                continue
            constant = self._weights.of_bigram(token) * times
            yield Clause("bi", token, constant)
            for repeats, share in REPEATS.items():
                yield Clause("repeats", f"{token}{repeats}", constant * share)

    def scores(self, payloads: Sequence[bytes]) -> list[float]:
        """The score of each page, from its payload and the query alone."""
        if not payloads:
            return []
        heads = [_HEAD.unpack_from(data)[0] for data in payloads]
        bi = [np.frombuffer(data, "<u4", head, _TOKENS_AT) for data, head in zip(payloads, heads, strict=True)]
        uni = [
            np.frombuffer(data, "<u2", -1, _TOKENS_AT + 4 * head) for data, head in zip(payloads, heads, strict=True)
        ]
        own = np.array([np.frombuffer(data, np.int8, meanings.DIMENSIONS, _HEAD.size) for data in payloads])
        bigrams = self._bi.matches(bi)
        total = bigrams.bm25() + ATOMS * self._uni.matches(uni).bm25() + WINDOW * bigrams.best_window()
        total += MEANING * meanings.cosines(own, self._meaning)
        return [round(float(score), _DIGITS) for score in total]


def _tiers(bigrams: Sequence[Weighted]) -> Iterable[Condition]:
    """Pages that hold every bigram of the query so many times or more, the most first; none if it has single atoms."""
    tokens = dict.fromkeys(token for token, _ in bigrams)
    if not tokens or any(len(token) == 1 for token in tokens):
        return
    for times in sorted(REPEATS, reverse=True):
        yield all_of(*(has("repeats", f"{token}{times}") for token in tokens))


class _Terms:
    """The distinct terms of a query in one field: sorted ids, and query weight times public weight."""

    def __init__(
        self, tokens: Iterable[Weighted], weight_of: Callable[[str], float], id_of: Callable[[str], int]
    ) -> None:
        values: dict[int, float] = {}
        for token, weight in tokens:
            key = id_of(token)
            values[key] = values.get(key, 0.0) + weight * weight_of(token)
        self.ids = np.array(sorted(values), dtype=np.int64)
        self.values = np.array([values[key] for key in sorted(values)], dtype=np.float64)

    def matches(self, pages: Sequence[NDArray[np.unsignedinteger]]) -> _Matches:
        """Where the terms stand in the pages."""
        lengths = np.array([len(page) for page in pages], dtype=np.int64)
        if not len(self.ids):
            nothing = np.zeros(0, dtype=np.int64)
            return _Matches(self.values, lengths, nothing, nothing, nothing)
        every = np.concatenate(pages)
        hits = np.flatnonzero(self._among(every))
        ends = np.cumsum(lengths)
        page = np.searchsorted(ends, hits, side="right")
        slots = np.searchsorted(self.ids, every[hits].astype(np.int64))
        return _Matches(self.values, lengths, page, slots, hits - (ends - lengths)[page])

    def _among(self, every: NDArray[np.unsignedinteger]) -> NDArray[np.bool_]:
        """Which of all tokens are terms; for the few of a usual query a comparison each is four times as fast."""
        if len(self.ids) > FEW_TERMS:
            return np.isin(every, self.ids)
        found = np.zeros(len(every), dtype=np.bool_)
        for one in self.ids.tolist():
            found |= every == one
        return found


@dataclass(frozen=True)
class _Matches:
    """Occurrences of terms: number of page, number of term, and place in the page, in parallel."""

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    page: NDArray[np.int64]
    term: NDArray[np.int64]
    place: NDArray[np.int64]

    def bm25(self) -> NDArray[np.float64]:
        """B: one score a page."""
        shape = (len(self.lengths), len(self.values))
        counts = np.bincount(self.page * shape[1] + self.term, minlength=shape[0] * shape[1]).reshape(shape)
        norm = _K1 * (1 - _B + _B * self.lengths / _LENGTH)
        return _sum(self.values * (_K1 + 1) * counts / (counts + norm[:, None]))

    def best_window(self) -> NDArray[np.float64]:
        """WIN: the score of the best window of each page."""
        terms = max(len(self.values), 1)
        windows = self.lengths // _WINDOW_STEP + 1
        firsts = np.cumsum(windows) - windows
        own = firsts[self.page] + self.place // _WINDOW_STEP
        before = self.place >= _WINDOW_STEP  # a place also lies in the window that began one step earlier
        keys = np.concatenate([own * terms + self.term, (own[before] - 1) * terms + self.term[before]])
        held, counts = np.unique(keys, return_counts=True)
        page = np.searchsorted(firsts, held // terms, side="right") - 1
        norm = _K1 * (1 - _B + _B * np.minimum(self.lengths[page], _WINDOW_LENGTH) / _WINDOW_LENGTH)
        gains = self.values[held % terms] * (_K1 + 1) * counts / (counts + norm) if len(held) else np.zeros(0)
        scores = np.bincount(held // terms, weights=gains, minlength=int(windows.sum()))
        return np.maximum.reduceat(scores, firsts)


def _sum(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum each row in the same order whatever stands in the others."""
    total = np.zeros(table.shape[0])
    for column in range(table.shape[1]):
        total += table[:, column]
    return total


@lru_cache(maxsize=_REMEMBERED)
def _bigram_id(token: str) -> int:
    return zlib.crc32(token.encode())


@lru_cache(maxsize=_REMEMBERED)
def _atom_id(token: str) -> int:
    """Characters of the basic plane are their own number; runs and others are hashed into what it leaves free."""
    if len(token) == 1 and ord(token) < _HASHED:
        return ord(token)
    return _HASHED + zlib.crc32(token.encode()) % _HASHED_SLOTS
