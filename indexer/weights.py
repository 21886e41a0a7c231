"""The public table of term weights: how rare a bigram or character is in published Chinese law.

A score that used the index's own statistics would move with documents that the reader may not see. This table is
made once from public laws and shipped as data: `python -m indexer.weights BUILD --laws FOLDER_OR_ARCHIVE`.

Weight of a term that stands in df of ND articles: ln(1 + (ND - df + 0.5) / (df + 0.5)), rounded to 0.25. Terms
with df below `MIN_ARTICLES` are left out and taken as 5, which is what they are on average.
"""

from __future__ import annotations

import argparse
import lzma
import math
import os
import re
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.analysis import Analysed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

STEP = 0.25
MIN_ARTICLES = 10
UNKNOWN_ARTICLES = 5
TABLE = "data/public_weights.txt.xz"
_ARTICLE = re.compile(r"(?m)^(?=\s*第[一二三四五六七八九十百千零〇]+条)")
_SECTION = "== "


@dataclass(frozen=True)
class Weights:
    """Weights of bigrams and of single atoms; `unknown` is for terms that the table does not hold."""

    bi: Mapping[str, float]
    uni: Mapping[str, float]
    unknown: float

    def of_bigram(self, token: str) -> float:
        """The weight of a token of `bi`."""
        return self.bi.get(token, self.unknown)

    def of_atom(self, token: str) -> float:
        """The weight of a token of `uni`."""
        return self.uni.get(token, self.unknown)


def weight(articles: int, total: int) -> float:
    """The weight of a term that stands in so many of all articles, rounded to STEP."""
    exact = math.log(1 + (total - articles + 0.5) / (articles + 0.5))
    return round(exact / STEP) * STEP


@cache
def load() -> Weights:
    """The table that is shipped."""
    data = files("indexer").joinpath(TABLE).read_bytes()
    return read(lzma.decompress(data).decode())


def read(text: str) -> Weights:
    """Read the table's text form: sections `== bi` and `== uni`, each with lines `weight<tab>tokens`."""
    head, *sections = text.split(_SECTION)
    tables: dict[str, dict[str, float]] = {}
    for section in sections:
        name, *lines = section.splitlines()
        rows = (line.split("\t") for line in lines)
        tables[name] = {token: float(value) for value, tokens in rows for token in tokens.split(" ")}
    return Weights(tables["bi"], tables["uni"], float(head))


def build(articles: Iterable[str]) -> str:
    """Count the articles and write the table's text form."""
    counts: dict[str, Counter[str]] = {"bi": Counter(), "uni": Counter()}
    total = 0
    for total, article in enumerate(articles, 1):  # noqa: B007 - the last number is the count
        analysed = Analysed(article)
        counts["bi"].update(set(analysed.bi))
        counts["uni"].update(set(analysed.uni))
    sections = "".join(f"{_SECTION}{name}\n{_rows(counter, total)}" for name, counter in counts.items())
    return f"{weight(UNKNOWN_ARTICLES, total)}\n{sections}"


def _rows(counter: Counter[str], total: int) -> str:
    by_weight: dict[float, list[str]] = {}
    for token, articles in sorted(counter.items()):
        if articles >= MIN_ARTICLES:
            by_weight.setdefault(weight(articles, total), []).append(token)
    return "".join(f"{value}\t{' '.join(tokens)}\n" for value, tokens in sorted(by_weight.items()))


def articles_of(text: str) -> Iterator[str]:
    """The articles (第…条) of a law in Markdown; what stands before the first is left out."""
    yield from _ARTICLE.split(text)[1:]


def laws(source: Path) -> Iterator[str]:
    """The texts of a folder of Markdown files or of a tar archive of one."""
    if source.is_dir() and (archive := source / "laws.tar.xz").is_file():
        source = archive
    if source.is_dir():
        for path in sorted(source.rglob("*.md")):
            yield path.read_text(encoding="utf-8", errors="replace")
        return
    with tarfile.open(source) as archive_file:
        for member in archive_file:
            if member.name.endswith(".md") and (data := archive_file.extractfile(member)):
                yield data.read().decode("utf-8", errors="replace")


def build_table(
    module: str, about: str | None, table: str, build: Callable[[Iterable[str]], bytes], arguments: list[str] | None
) -> int:
    """The command of a module that makes a table from the distinct articles of laws and writes it into the package."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("action", choices=["BUILD"])
    parser.add_argument("--laws", type=Path, default=os.environ.get("ANJUAN_CORPUS"))
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / table)
    given = parser.parse_args(arguments)
    if given.laws is None:
        parser.error("--laws or ANJUAN_CORPUS must name the folder of laws")
    distinct = dict.fromkeys(article for text in laws(Path(given.laws)) for article in articles_of(text))
    data = build(distinct)
    given.into.write_bytes(data)
    sys.stdout.write(f"{len(distinct)} articles, {len(data)} bytes: {given.into}\n")
    return 0


def _packed(articles: Iterable[str]) -> bytes:
    return lzma.compress(build(articles).encode(), preset=9 | lzma.PRESET_EXTREME)


def main(arguments: list[str] | None = None) -> int:
    """Build the table from laws and write it into the package."""
    return build_table("indexer.weights", __doc__, TABLE, _packed, arguments)


if __name__ == "__main__":
    sys.exit(main())
