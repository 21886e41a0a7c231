"""How good the ranking is: `python -m benchmarks.ranking --questions FILE [--json]`.

Lay questions with the articles that answer them (a JSON line each: question, relevant with id and text) are asked
through the same searcher that answers a reader, once over whole pages and once over single articles. Beside it, in
the same run, the reference that leaks: BM25 with the index's own statistics over bigrams plus 0.3 of single
characters. The laws come from ANJUAN_CORPUS; without it only the texts of the questions are indexed, and the
output says so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archive_store.labels import Label, Level, Partition, Volume
from indexer.analysis import BREAK, Analysed, normalise
from indexer.backends.base import Change
from indexer.backends.embedded import EmbeddedBackend
from indexer.documents import PageDocument
from indexer.query_tree import QueryError
from indexer.searcher import Scope, Search, Searcher
from indexer.weights import articles_of, laws, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE_CHARACTERS = 450
_HEADING = re.compile(r"^\s*第[一二三四五六七八九十百千零〇]+条(?:之[一二三四五六七八九十]+)?\s*")
TOP = 10
_K1, _B, _ATOMS = 1.2, 0.75, 0.3
_PARTITION = Partition(Label(Level.PUBLIC), Volume.MAIN)


@dataclass
class Collection:
    """Texts to be searched, each once; `holds` are the normal forms of the articles in each."""

    texts: list[str] = field(default_factory=list)
    holds: list[set[str]] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, articles: Iterable[str]) -> None:
        """Add a text that is not there yet."""
        key = normalise(text)
        if key and key not in self._known:
            self._known[key] = len(self.texts)
            self.texts.append(text)
            self.holds.append({normalise(article) for article in articles})


def pages_and_articles(sources: Iterable[str], relevant: Sequence[str]) -> dict[str, Collection]:
    """The laws as pages (articles joined to 450 characters or more) and as articles, with all relevant texts."""
    pages, articles = Collection(), Collection()
    for law in sources:
        page: list[str] = []
        for headed in articles_of(law):
            article = _HEADING.sub("", headed, count=1)
            articles.add(article, [article])
            page.append(article)
            if sum(map(len, page)) >= PAGE_CHARACTERS:
                pages.add("\n".join(page), page)
                page = []
        if page:
            pages.add("\n".join(page), page)
    held = set().union(*pages.holds)
    for text in relevant:
        if normalise(text) not in held:
            pages.add(text, [text])
        articles.add(text, [text])
    return {"pages": pages, "articles": articles}


class Reference:
    """BM25 with statistics of the index, as a common engine ranks."""

    def __init__(self, texts: Sequence[str]) -> None:
        analysed = [Analysed(text) for text in texts]
        self._bi = _Postings([a.bi for a in analysed])
        self._uni = _Postings([[token for token in a.uni if token != BREAK] for a in analysed])

    def best(self, question: str) -> list[int]:
        """The first texts for a question."""
        asked = Analysed(question)
        scores = self._bi.scores(asked.bi) + _ATOMS * self._uni.scores([t for t in asked.uni if t != BREAK])
        return [int(n) for n in np.argsort(-scores, kind="stable")[:TOP]]


class _Postings:
    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        lengths = np.array([len(tokens) for tokens in documents], dtype=np.float64)
        self._norm = _K1 * (1 - _B + _B * lengths / lengths.mean())
        postings: dict[str, tuple[list[int], list[int]]] = {}
        for number, tokens in enumerate(documents):
            for token, count in Counter(tokens).items():
                numbers, counts = postings.setdefault(token, ([], []))
                numbers.append(number)
                counts.append(count)
        self._postings = {t: (np.array(n, np.int32), np.array(c, np.float32)) for t, (n, c) in postings.items()}
        self._size = len(documents)

    def scores(self, tokens: Sequence[str]) -> Any:  # noqa: ANN401 - an array
        total = np.zeros(self._size)
        for token in tokens:
            if token in self._postings:
                numbers, counts = self._postings[token]
                idf = math.log(1 + (self._size - len(numbers) + 0.5) / (len(numbers) + 0.5))
                total[numbers] += idf * counts / (counts + self._norm[numbers])
        return total


class Ours:
    """The searcher of the product over an embedded index."""

    def __init__(self, texts: Sequence[str], folder: Path) -> None:
        self._backend = EmbeddedBackend(folder)
        self._backend.open()
        for start in range(0, len(texts), 5000):
            batch = [_document(n, text) for n, text in enumerate(texts[start : start + 5000], start)]
            self._backend.apply([Change(_PARTITION, add=batch)])
        self._searcher = Searcher(self._backend, load(), {})

    def best(self, question: str) -> list[int]:
        """The first texts for a question; each is a case of its own, so groups keep the order of hits."""
        try:
            found = self._searcher.search(Search(question, size=TOP), Scope((_PARTITION,), None), set)
        except QueryError:
            return []
        return [int(case.document.case_id) for case in found.cases]

    def close(self) -> None:
        """Give the index back."""
        self._backend.close()


def _document(number: int, text: str) -> PageDocument:
    name = f"{number:07d}"
    return PageDocument(f"{name}:1", _PARTITION, name, name, 1, text=text, archival_code=name)


def ndcg(found: Sequence[bool], relevant: int) -> float:
    """Binary nDCG at ten."""
    gain = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(found) if hit)
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(relevant, TOP)))
    return gain / ideal if ideal else 0.0


def judge(ranker: Ours | Reference, collection: Collection, questions: Sequence[dict[str, Any]]) -> float:
    """The mean nDCG@10 of a ranker."""
    total = 0.0
    for question in questions:
        wanted = {normalise(text["text"]) for text in question["relevant"]}
        answering = sum(not wanted.isdisjoint(held) for held in collection.holds)
        found = [not wanted.isdisjoint(collection.holds[n]) for n in ranker.best(question["question"])]
        total += ndcg(found, answering)
    return round(total / len(questions), 4)


def main() -> int:
    """Judge both rankings on both scales and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=__doc__)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--scale", choices=["pages", "articles"], help="only this one")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    questions = [json.loads(line) for line in given.questions.read_text(encoding="utf-8").splitlines() if line.strip()]
    corpus = os.environ.get("ANJUAN_CORPUS")
    sources = laws(Path(corpus)) if corpus else ()
    scales = pages_and_articles(sources, [text["text"] for q in questions for text in q["relevant"]])
    figures: dict[str, dict[str, float]] = {}
    for name, collection in scales.items():
        if given.scale not in {None, name}:
            continue
        with tempfile.TemporaryDirectory() as folder:
            ours = Ours(collection.texts, Path(folder))
            figures[name] = {"ours": judge(ours, collection, questions)}
            ours.close()
        figures[name]["bm25_reference"] = judge(Reference(collection.texts), collection, questions)
    result = {"ndcg@10": figures, "questions": len(questions), "laws": bool(corpus)}
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
