"""A search through HTTP beside the bare engine, at any size: `python -m benchmarks.search_scale [--pages N] [--json]`.

Whole: `GET /search/` of a served portal with its session: policy, query, filter, count, eight facets, rescoring,
recheck against the database, twenty marked hits, the page, the event written durably. Bare: the same partitions,
filter, count, facets and twenty marked hits, asked of the engine in this process, one partition after the other.
Further: SQLite FTS5 over the same bigrams; fifty readers at once; indexing beside the bare engine given the same
tokens; how soon a new page is found.
Pages come from the laws in ANJUAN_CORPUS, or are made up where it is not set.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
import urllib.parse
from contextlib import closing
from dataclasses import asdict, replace
from datetime import date
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import tantivy

from archive_store.identity import Role
from archive_store.labels import Label, Level
from archive_store.models.accounts import Department
from archive_store.models.base import new_id, now
from archive_store.models.cases import Case, Item
from archive_store.models.work import IndexState
from archive_store.vocabulary import ActKind, CaseState, Procedure, Retention, Stage
from benchmarks.search_speed import PARTITIONS, bare, build, documents, queries
from benchmarks.serving import fetch, log_in, served
from indexer.analysis import Analysed
from indexer.backends.base import Change, SearchRequest
from indexer.backends.elastic import ElasticsearchBackend
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.embedded_schema import register, schema, to_engine
from indexer.backends.embedded_writers import HEAP_BYTES
from indexer.backends.switched import ELASTICSEARCH, FILE, InUse
from indexer.backends.writer_lock import WriterLock
from indexer.conditions import has
from indexer.ranking import payload
from indexer.searcher import Scope
from portal.config import Profile, load_settings
from portal.services.accounts import NewAccount
from portal.services.indexing import CONTENT, ENTRY, EVERYWHERE, index_tokens
from portal.wiring import Installation, elastic_settings, prepare_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.documents import PageDocument

DAY = date(2026, 1, 5)
PASSWORD = "一句只用于测量的足够长的话"  # noqa: S105 - of an archive that is thrown away
PAGES_OF_CASE, ITEMS_OF_CASE, DEPARTMENTS = 100, 5, 20
READERS, ROUNDS, ROUND_SECONDS = 50, 4, 5.0
SAMPLE = 5000
SCOPE = Scope(PARTITIONS[:2], index_tokens(ENTRY, None) | index_tokens(CONTENT, None), None)
"""As the policy gives it to an archivist without marks."""


def pages(count: int) -> Iterator[PageDocument]:
    """The pages with the tokens that the portal gives them."""
    for document in documents(count):
        own = frozenset({EVERYWHERE, f"dept:{document.department_id}"})
        yield replace(document, tokens=index_tokens(CONTENT, own))


def rows(opened: Installation, count: int) -> None:
    """The sealed cases and items to which the pages belong, without files."""
    cases = -(-count // PAGES_OF_CASE)
    with opened.database.write() as unit:
        for n in range(DEPARTMENTS):
            unit.session.add(Department(id=str(n), name=f"演示部门{n}", code=f"D{n}"))
        unit.session.flush()
        for n in range(cases):
            unit.session.add(a_case(n))
            unit.session.add_all(_item(n * ITEMS_OF_CASE + k) for k in range(ITEMS_OF_CASE))
            unit.session.add(IndexState(case_id=f"c{n}", wanted=1, indexed=1))


def a_case(number: int) -> Case:
    """A sealed case with nothing in it."""
    return Case(
        id=f"c{number}",
        fonds="S001",
        archival_code=f"S001-CF·2026-Y30-{number:07d}",
        case_number=f"演测〔2026〕{number}号",
        title=f"测量用案卷{number}",
        kind=ActKind.INSPECTION,
        procedure=Procedure.ORDINARY,
        facts=[],
        served=[],
        department_id=str(number % DEPARTMENTS),
        started_on=DAY,
        ended_on=DAY,
        sealed_at=now(),
        retention=Retention.YEARS_30,
        state=CaseState.SEALED,
        label=Label(),
        created_by="service:benchmark",
    )


def _item(number: int) -> Item:
    partition = PARTITIONS[number % len(PARTITIONS)]
    return Item(
        id=f"i{number}",
        case_id=f"c{number // ITEMS_OF_CASE}",
        number=number % ITEMS_OF_CASE + 1,
        title=f"测量用材料{number}",
        type_code="site_inspection_record",
        stage=Stage.INVESTIGATION,
        volume=partition.volume,
        dated=DAY,
        label=partition.label,
        carrier_data={},
        contains=[],
    )


def prepared(data: Path, count: int) -> float:
    """An archive of so many pages with one archivist; gives pages indexed a second."""
    unindexed(data, count)
    backend = EmbeddedBackend(data / "index")
    with closing(backend):
        backend.open()
        return build(backend, count, pages)


def unindexed(data: Path, count: int) -> None:
    """The rows of such an archive, and its archivist `reader`."""
    settings = load_settings(data, profile=Profile.DEMONSTRATION, render_processes=1)
    prepare_folder(settings)
    with Installation(settings) as opened:
        rows(opened, count)
        archivist = NewAccount(
            "reader", "测量甲", frozenset({Role.ARCHIVIST}), frozenset(), Level.INTERNAL, frozenset()
        )
        opened.services.accounts.enrol(opened.services.accounts.set_up([archivist])["reader"], PASSWORD)


def percentiles(ask: Callable[[str], object], asked: list[str]) -> dict[str, float]:
    """p50 and p95 in milliseconds; the first few are asked before, unmeasured."""
    for query in asked[:5]:
        ask(query)
    times = []
    for query in asked:
        began = time.perf_counter()
        ask(query)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {f"p{part}": round(times[min(len(times) * part // 100, len(times) - 1)], 1) for part in (50, 95)}


def together(ask: Callable[[], Callable[[str], object]], asked: list[str]) -> int:
    """Answers of one round of fifty readers who each ask without a pause; an error ends the benchmark."""
    done, wrong = [0] * READERS, []
    until = time.perf_counter() + ROUND_SECONDS

    def read(n: int) -> None:
        own, at = ask(), n
        try:
            while time.perf_counter() < until:
                own(asked[at % len(asked)])
                done[n], at = done[n] + 1, at + 1
        except Exception as error:  # noqa: BLE001 - told below
            wrong.append(error)

    readers = [Thread(target=read, args=(n,)) for n in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    if wrong:
        raise SystemExit(f"{len(wrong)} of {READERS} readers got an error: {wrong[0]}")
    return sum(done)


def fts5(folder: Path, count: int) -> dict[str, float]:
    """Common terms by SQLite FTS5 over the same bigrams: count and the best twenty."""
    with closing(sqlite3.connect(folder / "fts.db")) as peer:
        if not peer.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            peer.execute("PRAGMA journal_mode = WAL")
            peer.execute("BEGIN")
            peer.execute("CREATE VIRTUAL TABLE pages USING fts5(bi, content='', tokenize=\"unicode61\")")
            bigrams = ((" ".join(Analysed(d.text).bi),) for d in pages(count))
            peer.executemany("INSERT INTO pages(bi) VALUES (?)", bigrams)
            peer.commit()

        def ask(query: str) -> None:
            asked = '"' + " ".join(Analysed(query).bi) + '"'
            peer.execute("SELECT count(*) FROM pages WHERE pages MATCH ?", (asked,)).fetchone()
            peer.execute("SELECT rowid FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT 20", (asked,)).fetchall()

        return percentiles(ask, queries(min(count, SAMPLE))["common"][:20])


def indexing(folder: Path) -> float:
    """Our writing of a sample, analysis aside, beside the bare engine given the same tokens: a ratio of speeds."""
    sample = list(islice(pages(SAMPLE), SAMPLE))
    made = [_made(document) for document in sample]
    began = time.perf_counter()
    writer = register(tantivy.Index(schema(), str(_folder(folder / "bare")))).writer(HEAP_BYTES, 1)
    for document in made:
        writer.add_document(document)
    writer.commit()
    alone = time.perf_counter() - began
    analysis = _seconds(lambda: [_made(document) for document in sample])
    ours = EmbeddedBackend(folder / "ours")
    with closing(ours):
        ours.open()
        whole = _seconds(lambda: ours.apply([Change(PARTITIONS[0], add=sample)]))
    return round((alone + analysis) / whole, 2)


def _made(document: PageDocument) -> tantivy.Document:
    text = Analysed(document.text)
    payload(text)
    return to_engine(document, text, 1)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def findable(data: Path) -> float:
    """Seconds from the call that writes a new case of an item to a search that finds it, another reader's."""
    with closing(EmbeddedBackend(data / "index")) as writer, closing(EmbeddedBackend(data / "index")) as reader:
        request = SearchRequest(has("id", "new:1"), PARTITIONS[:1])
        reader.count(request)
        document = replace(next(pages(1)), page_id="new:1", case_id="new", item_id="new", partition=PARTITIONS[0])
        began = time.perf_counter()
        writer.replace_case("new", [document])
        while not reader.count(request):
            time.sleep(0.01)
        taken = time.perf_counter() - began
        writer.delete_case("new")
    return round(taken, 2)


def measure(data: Path, count: int, backend: EmbeddedBackend | ElasticsearchBackend) -> dict[str, Any]:
    """Whole and bare for each kind of query, then fifty readers of each."""
    asked = {kind: texts for kind, texts in queries(count).items() if texts}
    figures: dict[str, Any] = {}
    with served(data) as url:
        reader = log_in(url, "reader", PASSWORD)

        def whole(query: str) -> None:
            page = fetch(reader, f"{url}/search/?{urllib.parse.urlencode({'q': query})}")
            assert "检索" in page

        mixed = [query for texts in asked.values() for query in texts]
        for query in mixed[::4]:  # until every process has begun its work
            whole(query)
        for kind, texts in asked.items():
            ours, alone = percentiles(whole, texts), percentiles(lambda q: bare(backend, q, SCOPE), texts)
            figures[kind] = {"whole_ms": ours, "bare_ms": alone, "over_ms": _over(ours, alone)}
        # in turn, so that what else the machine does falls on both
        rounds = [
            (together(lambda: whole, mixed), together(lambda: lambda q: bare(backend, q, SCOPE), mixed))
            for _ in range(ROUNDS)
        ]
    at_once, alone_at_once = (sum(answers) / ROUNDS / ROUND_SECONDS for answers in zip(*rounds, strict=True))
    figures["readers"] = {
        "whole_a_second": round(at_once, 1),
        "bare_a_second": round(alone_at_once, 1),
        "ratio": round(at_once / alone_at_once, 2),
    }
    return figures


def embedded(data: Path, count: int) -> dict[str, Any]:
    """On the engine that comes with us."""
    with closing(EmbeddedBackend(data / "index")) as backend:
        return measure(data, count, backend)


def on_elasticsearch(data: Path, count: int, url: str, kept: Path) -> dict[str, Any]:
    """The same pages and questions on a cluster; `kept` says what it holds already, else the pages are put there."""
    known: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    prefix = known.get("prefix") or f"m{new_id()[:12]}"
    os.environ |= {
        "ANJUAN_ELASTICSEARCH_URL": url,
        "ANJUAN_ELASTICSEARCH_REPLICAS": "0",
        "ANJUAN_ELASTICSEARCH_PREFIX": prefix,
    }
    cluster = elastic_settings(load_settings(data, profile=Profile.DEMONSTRATION))
    if not known:
        with closing(ElasticsearchBackend(cluster, WriterLock(data / "index" / "elasticsearch.lock"))) as writer:
            writer.open()
            known = {"prefix": prefix, "indexed_pages_per_second": build(writer, count, pages)}
        kept.write_text(json.dumps(known), "utf-8")
    in_use = data / "index" / FILE
    in_use.write_text(json.dumps(asdict(InUse(ELASTICSEARCH, time.time()))), "utf-8")
    try:
        with closing(ElasticsearchBackend(cluster, WriterLock(data / "index" / "unused.lock"))) as backend:
            return {"indexed_pages_per_second": known["indexed_pages_per_second"], **measure(data, count, backend)}
    finally:
        in_use.unlink()


def _over(whole: dict[str, float], alone: dict[str, float]) -> dict[str, float]:
    """By how much the whole exceeds 1.5 times the bare engine: the goal is at most 15."""
    return {part: round(whole[part] - 1.5 * alone[part], 1) for part in whole}


def archive(folder: Path, count: int) -> dict[str, Any]:
    """The archive in a folder, built where it does not stand there yet; how it was built."""
    told = folder / "built.json"
    if told.exists():
        built: dict[str, Any] = json.loads(told.read_text("utf-8"))
        if built["pages"] != count:
            raise SystemExit(f"{folder} holds an archive of {built['pages']} pages")
        return built
    speed = prepared(folder / "data", count)
    texts = "laws" if os.environ.get("ANJUAN_CORPUS") else "made up"
    built = {"pages": count, "texts": texts, "indexed_pages_per_second": speed}
    told.write_text(json.dumps(built), "utf-8")
    return built


def main() -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_scale", description=__doc__)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="keep what is built there, or measure what is")
    parser.add_argument("--no-peer", action="store_true", help="leave SQLite FTS5 out")
    parser.add_argument("--elasticsearch", default="", help="address of a node: the same workload there beside")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder: Path = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "data"
        result: dict[str, Any] = {
            **archive(folder, given.pages),
            "index_mb": sum(path.stat().st_size for path in (data / "index").rglob("*") if path.is_file()) // 2**20,
            "findable_after_s": findable(data),
            **embedded(data, given.pages),
            "indexing_beside_bare": indexing(Path(made)),
        }
        if not given.no_peer:
            result["fts5_common_ms"] = fts5(folder, given.pages)
            result["fts5_times"] = round(result["fts5_common_ms"]["p50"] / result["common"]["bare_ms"]["p50"], 1)
        if given.elasticsearch:
            result["elasticsearch"] = on_elasticsearch(
                data, given.pages, given.elasticsearch, folder / "elasticsearch.json"
            )
        result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        result["peak_memory_of_the_portal_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
