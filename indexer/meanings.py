"""The public table of meanings: a vector for each common two-character word of published Chinese law.

Words that laws use in the same company lie near one another, so a page can answer a question that says it in other
words (开除 and 撤职, 工资 and 报酬). The meaning of a text is the weighted sum of the vectors of its bigrams; its
cosine with that of the query is one part of the score (`ranking`). The table is made once from public laws and
shipped as data, `python -m indexer.meanings BUILD --laws FOLDER_OR_ARCHIVE`, so no document of an archive moves it.

How it is made: laws are cut into words; words of two characters, and those found from the left in longer ones, are
counted beside one another within ten words (the nearer the more); positive pointwise mutual information with context
counts to the power 0.75 (Levy, Goldberg and Dagan 2015) is reduced by a truncated singular value decomposition to
`DIMENSIONS`, each scaled by the root of its singular value; rows are normalised and rounded to whole numbers.

After the table everything is counted in whole numbers, so a text has the same vector on every machine.
"""

from __future__ import annotations

import lzma
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import rjieba

from indexer import weights
from indexer.weights import MIN_ARTICLES, STEP, build_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

DIMENSIONS = 100
TABLE = "data/public_meanings.xz"
REACH = 10
"""So many words on each side are company."""
_HAN = re.compile("[\u4e00-\u9fff]+")
_PAIR = 2
_CONTEXT_POWER = 0.75
_MOST = 127
_SATURATION, _PARTS = 1.2, 64
_AT_ONCE, _BLOCK = 2_000_000, 1000
_OVERSAMPLED, _ROUNDS = 30, 6


@dataclass(frozen=True)
class Meanings:
    """The row of each word, its public weight in steps, and the vectors; all small whole numbers."""

    rows: Mapping[str, int]
    weights: NDArray[np.int64]
    vectors: NDArray[np.int8]

    def of_page(self, bigrams: Iterable[str]) -> NDArray[np.int8]:
        """The meaning of a page; what it repeats counts more, but ever less."""
        counts = Counter(row for token in bigrams if (row := self.rows.get(token)) is not None)
        shares = [round(_PARTS * count / (count + _SATURATION)) for count in counts.values()]
        return self._sum(list(counts), shares)

    def of_query(self, bigrams: Iterable[str]) -> NDArray[np.int8]:
        """The meaning of a query; what it repeats counts once."""
        rows = [row for token in dict.fromkeys(bigrams) if (row := self.rows.get(token)) is not None]
        return self._sum(rows, [1] * len(rows))

    def _sum(self, rows: Sequence[int], shares: Sequence[int]) -> NDArray[np.int8]:
        """The sum of rows, scaled so that the largest number is `_MOST`."""
        if not rows:
            return np.zeros(self.vectors.shape[1], np.int8)
        factors = self.weights[rows] * np.array(shares, np.int64)
        total = factors @ self.vectors[rows].astype(np.int64)
        scaled: NDArray[np.int8] = np.rint(total * (_MOST / max(int(np.abs(total).max()), 1))).astype(np.int8)
        return scaled


def cosines(pages: NDArray[np.int8], query: NDArray[np.int8]) -> NDArray[np.float64]:
    """The cosine of each page (a row) and the query; 0 where either means nothing."""
    rows, asked = pages.astype(np.int64), query.astype(np.int64)
    lengths = np.sqrt((rows * rows).sum(axis=1) * (asked @ asked))
    return np.asarray((rows @ asked) / np.maximum(lengths, 1.0))


@cache
def load() -> Meanings:
    """The table that is shipped."""
    return read(files("indexer").joinpath(TABLE).read_bytes())


def read(data: bytes) -> Meanings:
    """Read the table's form: a line of words, a byte of weight for each, a row of signed bytes for each."""
    line, _, numbers = lzma.decompress(data).partition(b"\n")
    words = line.decode().split(" ")
    steps = np.frombuffer(numbers, np.uint8, len(words)).astype(np.int64)
    vectors = np.frombuffer(numbers, np.int8, offset=len(words)).reshape(len(words), -1)
    return Meanings({word: row for row, word in enumerate(words)}, steps, vectors)


def write(words: Sequence[str], steps: Sequence[int], vectors: NDArray[np.float64]) -> bytes:
    """The table's form; rows are normalised so that the largest number of all is `_MOST`."""
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    whole = np.rint(rows * (_MOST / np.abs(rows).max())).astype(np.int8)
    data = " ".join(words).encode() + b"\n" + bytes(steps) + whole.tobytes()
    return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)


def build(articles: Iterable[str], dimensions: int = DIMENSIONS, least: int = MIN_ARTICLES) -> bytes:
    """Make the table from articles; words in fewer than `least` of them are left out."""
    cut = [[word for stretch in _HAN.findall(article) for word in rjieba.cut(stretch)] for article in articles]
    holding = Counter(word for words in cut for word in {word for word in words if len(word) == _PAIR})
    words = sorted(word for word, count in holding.items() if count >= least)
    rows = {word: row for row, word in enumerate(words)}
    table = _information(_company(cut, rows))
    known = weights.load()
    return write(words, [round(known.of_bigram(word) / STEP) for word in words], _reduced(table, dimensions))


def _company(cut: Iterable[Sequence[str]], rows: Mapping[str, int]) -> NDArray[np.float32]:
    """How often each word stands beside each other one, both ways."""
    size = len(rows)
    counts = np.zeros(size * size, np.float32)
    for line in _lines(cut, rows):
        for distance in range(1, REACH + 1):
            first, second = line[:-distance], line[distance:]
            both = (first >= 0) & (second >= 0)
            pairs, times = np.unique(first[both].astype(np.int64) * size + second[both], return_counts=True)
            counts[pairs] += times * np.float32((REACH + 1 - distance) / REACH)
    table = counts.reshape(size, size)
    for top in range(0, size, _BLOCK):
        for left in range(top, size, _BLOCK):
            here, there = slice(top, top + _BLOCK), slice(left, left + _BLOCK)
            both_ways = table[here, there] + table[there, here].T
            table[here, there], table[there, here] = both_ways, both_ways.T
    return table


def _lines(cut: Iterable[Sequence[str]], rows: Mapping[str, int]) -> Iterator[NDArray[np.int32]]:
    """Rows of many articles in one line, with room between them; -1 is a word that has none."""
    gap = [-1] * REACH
    line: list[int] = []
    known: dict[str, list[int]] = {}
    for words in cut:
        for word in words:
            if word not in known:
                known[word] = _rows_in(word, rows)
            line += known[word]
        line += gap
        if len(line) > _AT_ONCE:
            yield np.array(line, np.int32)
            line = []
    yield np.array(line, np.int32)


def _rows_in(word: str, rows: Mapping[str, int]) -> list[int]:
    """The rows of the two-character words in a word, from the left; single characters say too little."""
    found: list[int] = []
    at = 0
    while at < len(word) - 1:
        row = rows.get(word[at : at + _PAIR])
        found += [] if row is None else [row]
        at += 1 if row is None else _PAIR
    return found or ([-1] if len(word) >= _PAIR else [])


def _information(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Positive pointwise mutual information, in place of the counts."""
    own = counts.sum(axis=1, dtype=np.float64)
    context = own**_CONTEXT_POWER / (own**_CONTEXT_POWER).sum()
    for top in range(0, len(counts), _BLOCK):
        here = slice(top, top + _BLOCK)
        expected = np.maximum(own[here, None], 1e-12) * np.maximum(context, 1e-12)
        counts[here] = np.log(np.maximum(counts[here] / expected, 1.0))
    return counts


def _reduced(table: NDArray[np.float32], dimensions: int) -> NDArray[np.float64]:
    """Left singular vectors of the largest singular values, scaled by their roots (randomised, seeded)."""
    draw = np.random.default_rng(1)
    wide = min(dimensions + _OVERSAMPLED, len(table))
    basis = draw.standard_normal((len(table), wide)).astype(np.float32)
    for _ in range(_ROUNDS):
        basis, _r = np.linalg.qr(table @ basis)
    left, sizes, _right = np.linalg.svd(basis.T @ table, full_matrices=False)
    kept = (basis @ left)[:, :dimensions] * np.sqrt(sizes[:dimensions])
    return np.asarray(kept, np.float64)


def main(arguments: list[str] | None = None) -> int:
    """Build the table from laws and write it into the package."""
    return build_table("indexer.meanings", __doc__, TABLE, build, arguments)


if __name__ == "__main__":
    sys.exit(main())
