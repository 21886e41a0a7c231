"""How much a whole search costs beside the bare engine: `python -m benchmarks.search_speed [--pages N] [--json]`.

Whole: read the query, compile it, filter by scope, count, eight facets, rescoring, recheck, twenty hits grouped and
marked. Bare: the same partitions, filter, count, facets and twenty stored hits marked, asked of the engine directly.
Pages come from the laws in ANJUAN_CORPUS, or are made up where it is not set (the output says which). Two of three
partitions are permitted, and in them half of the departments.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive_store.labels import Label, Level, Mark, Partition, Volume
from indexer.analysis import Analysed
from indexer.backends.base import Change, SearchRequest
from indexer.backends.elastic import ElasticsearchBackend
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.embedded_engine import EmbeddedEngine
from indexer.compiler import compile_query
from indexer.documents import PageDocument
from indexer.fields import FACETS
from indexer.query import parse
from indexer.query_tree import QueryError
from indexer.results import group_hits
from indexer.searcher import Scope, Search, Searcher, marked_terms
from indexer.weights import laws, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.backends.base import SearchBackend
    from indexer.backends.merging import Engine

PAGE_CHARACTERS = 800
BATCH = 5000
PARTITIONS = (
    Partition(Label(Level.PUBLIC), Volume.MAIN),
    Partition(Label(Level.INTERNAL), Volume.MAIN),
    Partition(Label.of(Level.INTERNAL, [Mark.WORK_SECRET]), Volume.AUXILIARY),
)
SCOPE = Scope(PARTITIONS[:2], frozenset(f"dept:{n}" for n in range(10)))
WORDS = (
    "应当",
    "规定",
    "处罚",
    "许可",
    "部门",
    "采砂",
    "取水",
    "水资源",
    "罚款",
    "申请",
    "违法行为",
    "行政复议",
    "主管部门",
)


def texts() -> Iterator[str]:
    """Pages without end: of the laws again and again, or made up."""
    corpus = os.environ.get("ANJUAN_CORPUS")
    draw = random.Random(1)  # noqa: S311 - repeatable
    while True:
        if corpus:
            for law in laws(Path(corpus)):
                yield from (law[n : n + PAGE_CHARACTERS] for n in range(0, len(law), PAGE_CHARACTERS))
        else:
            yield "，".join("".join(draw.choices(WORDS, k=4)) + str(draw.randint(1, 9999)) for _ in range(70))


def documents(count: int) -> Iterator[PageDocument]:
    """Pages with their facets, twenty to an item."""
    for n, text in enumerate(islice(texts(), count)):
        item, page = divmod(n, 20)
        yield PageDocument(
            page_id=f"i{item}:{page + 1}",
            partition=PARTITIONS[item % 3],
            case_id=f"c{item // 5}",
            item_id=f"i{item}",
            page=page + 1,
            item_number=item % 5 + 1,
            archival_code=f"S001-CF·{2000 + item % 25}-Y30-{item // 5:07d}",
            department_id=str(item % 20),
            year=2000 + item % 25,
            kind=("penalty", "licensing", "inspection")[item % 3],
            procedure="ordinary",
            document_type=f"type{item % 30}",
            stage=("start", "decision", "service")[item % 3],
            text=text,
            tokens=frozenset({f"dept:{item % 20}"}),
        )


def build(backend: SearchBackend, count: int, made: Callable[[int], Iterator[PageDocument]] = documents) -> float:
    """Index the pages; gives pages a second."""
    started = time.perf_counter()
    waiting = made(count)
    while batch := list(islice(waiting, BATCH)):
        backend.apply([Change(p, add=[d for d in batch if d.partition == p]) for p in PARTITIONS])
    return round(count / (time.perf_counter() - started))


def queries(count: int) -> dict[str, list[str]]:
    """Queries of four kinds."""
    draw = random.Random(2)  # noqa: S311 - repeatable
    sample = [text for n, text in enumerate(islice(texts(), count)) if n % max(count // 200, 1) == 0]
    cut = [Analysed(draw.choice(sample)).uni for _ in range(60)]
    phrases = ["".join(uni[len(uni) // 2 : len(uni) // 2 + draw.randint(4, 10)]).replace("¦", "，") for uni in cut]
    return {
        "common": [draw.choice(WORDS) for _ in range(60)],
        "and": [" ".join(draw.sample(WORDS, draw.randint(2, 4))) for _ in range(60)],
        "phrase": [f'"{phrase}"' for phrase in phrases if phrase],
        "rare": [f"{draw.choice(WORDS)}{draw.randint(1, 99999)}" for _ in range(60)],
    }


def bare(backend: EmbeddedBackend | ElasticsearchBackend, query: str, scope: Scope = SCOPE) -> None:
    """The engine asked for the same: filter, count, facets, the first twenty hits with their marks."""
    tree = parse(query).tree
    request = SearchRequest(compile_query(tree), scope.partitions, scope.tokens)
    condition = request.full_condition

    def ask(engine: Engine[Any]) -> None:
        total, _ = engine.counted(condition, FACETS)
        best = engine.best(condition, (), 20, total) if total else ()
        group_hits(engine.documents([ref for _, ref in best]), marked_terms(tree))

    if isinstance(backend, ElasticsearchBackend):  # both below the protocol on purpose
        backend._over(request.partitions, ask, None)  # noqa: SLF001
    else:
        ask(EmbeddedEngine(backend._parts(request.partitions)))  # noqa: SLF001


def timed(ask: Callable[[str], object], asked: list[str]) -> list[float]:
    """Milliseconds of each query, sorted."""
    times = []
    for query in asked:
        started = time.perf_counter()
        try:
            ask(query)
        except QueryError:
            continue
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


def measure(backend: EmbeddedBackend, count: int) -> dict[str, Any]:
    """Percentiles of whole and bare for each kind of query."""
    searcher = Searcher(backend, load(), {})
    figures: dict[str, Any] = {}
    for kind, asked in queries(count).items():
        for ask in (lambda q: searcher.search(Search(q), SCOPE, set), lambda q: bare(backend, q)):
            timed(ask, asked[:5])
        whole = timed(lambda q: searcher.search(Search(q), SCOPE, set), asked)
        alone = timed(lambda q: bare(backend, q), asked)
        figures[kind] = {
            f"{name}_p{part}_ms": round(times[min(len(times) * part // 100, len(times) - 1)], 1)
            for name, times in (("whole", whole), ("bare", alone))
            for part in (50, 95)
        }
    return figures


def main() -> int:
    """Build an index, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_speed", description=__doc__)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        backend = EmbeddedBackend(Path(folder))
        backend.open()
        speed = build(backend, given.pages)
        result = {
            "pages": given.pages,
            "texts": "laws" if os.environ.get("ANJUAN_CORPUS") else "made up",
            "indexed_pages_per_second": speed,
            **measure(backend, given.pages),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        backend.close()
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
