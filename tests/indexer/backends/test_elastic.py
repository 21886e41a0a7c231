"""Elasticsearch: the contract, answers as of the embedded engine, and its own (trouble, TLS, a killed node)."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from archive_store.errors import UnavailableError
from indexer.backends import merging
from indexer.backends.base import Change, SearchRequest
from indexer.backends.elastic import ElasticsearchBackend, ElasticSettings
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.writer_lock import WriterLock
from indexer.conditions import EVERYTHING
from tests.elasticsearch import node as cluster
from tests.elasticsearch.proxy import secured
from tests.indexer.backends.contract import BackendContract, backend, few, filled, standing, world
from tests.indexer.test_paired_worlds import answer, draw_reader, draw_search, draw_world
from tests.indexer.world import fill, make_world, seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from indexer.backends.base import SearchBackend
    from tests.elasticsearch.node import Node
    from tests.indexer.world import World
    from tests.proofs import ProofBook

__all__ = ["backend", "few", "filled", "standing", "world"]

NOBODY = ElasticSettings(("http://127.0.0.1:1",), timeout=0.5, retries=0)


def make(settings: ElasticSettings, folder: Path) -> ElasticsearchBackend:
    made = ElasticsearchBackend(settings, WriterLock(folder / "writer.lock"))
    made.open()
    return made


@pytest.fixture(scope="module")
def make_backend(
    elasticsearch_node: Node, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], SearchBackend]]:
    made: list[ElasticsearchBackend] = []

    def fresh() -> ElasticsearchBackend:
        made.append(make(cluster.settings(elasticsearch_node), tmp_path_factory.mktemp("lock")))
        return made[-1]

    yield fresh
    for each in made:
        each.close()


class TestElasticsearch(BackendContract):
    """The contract over a real node."""

    engine = "elasticsearch"


def test_the_same_queries_get_the_same_answers_as_of_the_embedded_engine(
    make_backend: Callable[[], SearchBackend],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    proofs: ProofBook,
    *,
    full: bool,
) -> None:
    """Hits, counts, facets, order, extracts, refusals, the list of hits in one item: byte for byte."""
    monkeypatch.setattr(merging, "RESCORED", 6)  # a small archive is cut where a large one would be
    monkeypatch.setattr(merging, "MOST_RESCORED", 12)
    monkeypatch.setattr(merging, "MANY", 12)
    worlds, readers, queries = (10, 4, 50) if full else (1, 5, 24)
    draw, cases, differing, with_hits = seeded(808), 0, [], 0
    for number in range(worlds):
        world = draw_world(draw, 12)
        other, embedded = make_backend(), EmbeddedBackend(tmp_path / str(number))
        embedded.open()
        for each in (other, embedded):
            fill(each, world.documents)
        for _ in range(readers):
            scope = draw_reader(draw, world)
            for _ in range(queries):
                search, item = draw_search(draw, world), draw.choice(world.pages).item_id
                first, second = (answer(each, search, scope, item) for each in (embedded, other))
                cases += 1
                with_hits += b"Hit(" in first
                differing += [] if first == second else [(search, scope)]
        embedded.close()
    proofs.record("answers that differ between the engines", len(differing), f"0 of {cases}", not differing)
    assert differing == []
    assert with_hits > cases // 12


def test_a_cluster_that_does_not_answer_is_said_so_and_never_an_empty_answer(tmp_path: Path, few: World) -> None:
    silent = make(NOBODY, tmp_path)
    for ask in (
        lambda: silent.search(SearchRequest(EVERYTHING, few.partitions)),
        lambda: silent.count(SearchRequest(EVERYTHING, few.partitions)),
        silent.case_ids,
        silent.health,
        lambda: silent.apply([Change(few.partitions[0], add=few.documents)]),
    ):
        with pytest.raises(UnavailableError, match="案卷本身没有受影响"):
            ask()
    silent.close()


def test_a_second_writer_is_refused_and_nothing_changes(elasticsearch_node: Node, tmp_path: Path, few: World) -> None:
    settings = cluster.settings(elasticsearch_node)
    first, second = make(settings, tmp_path), make(settings, tmp_path)
    fill(first, few.documents)
    with pytest.raises(UnavailableError, match="另一个程序"):
        second.delete_case("case1")
    assert second.count(SearchRequest(EVERYTHING, few.partitions)) == len(few.documents)
    first.close()
    second.close()


def test_a_writer_of_another_installation_is_noticed(elasticsearch_node: Node, tmp_path: Path, few: World) -> None:
    settings = cluster.settings(elasticsearch_node)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ours, theirs = make(settings, tmp_path / "a"), make(settings, tmp_path / "b")
    fill(ours, few.documents)
    held = ours._stored
    stale = held()

    def of_before() -> object:
        return stale

    theirs.delete_case("case1")
    ours._stored = of_before  # type: ignore[method-assign, assignment]
    with pytest.raises(UnavailableError, match="再次尝试"):
        ours.delete_case("case2")
    ours.close()
    theirs.close()


def test_what_a_killed_writer_left_unseen_is_seen_by_the_next(
    elasticsearch_node: Node, tmp_path: Path, few: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = cluster.settings(elasticsearch_node)
    killed = make(settings, tmp_path)
    fill(killed, few.documents)

    def cut(_: object) -> None:
        raise KeyboardInterrupt

    page = few.pages[0]
    late = replace(page, page_id=f"{page.item_id}:99", page=99)
    monkeypatch.setattr(killed, "_refresh", cut)
    with pytest.raises(KeyboardInterrupt):
        killed.apply([Change(page.partition, add=[late])])
    killed._lock.release()  # as the system does for a process that ends
    following = make(settings, tmp_path)
    following.replace_case(page.case_id, [])
    assert following.page_ids(page.case_id) == {}
    following.close()


def test_a_wrong_word_of_the_server_is_an_error_and_never_a_short_answer(
    make_backend: Callable[[], SearchBackend], few: World
) -> None:
    filled = make_backend()
    assert isinstance(filled, ElasticsearchBackend)
    fill(filled, few.documents)
    names = filled._names(filled._state())
    filled._client.indices.delete(index=names[0])
    with pytest.raises(UnavailableError):
        filled.count(SearchRequest(EVERYTHING, few.partitions))


def test_only_the_right_key_over_the_right_certificate_gets_in(
    elasticsearch_node: Node, tmp_path: Path, few: World
) -> None:
    with secured(elasticsearch_node, tmp_path, key="cmlnaHQ=") as door:
        right = replace(
            cluster.settings(elasticsearch_node), urls=(door.url,), api_key="cmlnaHQ=", ca=door.ca, retries=0
        )
        inside = make(right, tmp_path)
        fill(inside, few.documents)
        assert inside.count(SearchRequest(EVERYTHING, few.partitions)) == len(few.documents)
        inside.close()
        wrong = (replace(right, api_key="d3Jvbmc="), replace(right, api_key=None), replace(right, ca=door.another_ca))
        for other in (*wrong, replace(right, ca=None)):
            outside = make(other, tmp_path)
            with pytest.raises(UnavailableError, match="没有应答"):
                outside.count(SearchRequest(EVERYTHING, few.partitions))
            outside.close()


def test_health_tells_how_the_cluster_stands(make_backend: Callable[[], SearchBackend]) -> None:
    asked = make_backend()
    assert isinstance(asked, ElasticsearchBackend)
    found = asked.health()
    assert (found.status, found.nodes, found.version[:2]) == ("green", 1, "9.")
    assert str(found).startswith("正常，1 个节点，版本 9.")


def test_a_killed_node_loses_nothing_and_answers_nothing_wrongly(
    tmp_path: Path, proofs: ProofBook, *, full: bool
) -> None:
    if not full:
        pytest.skip("--full starts a cluster of three")
    some = make_world(31, 20)
    with cluster.nodes(3) as three:
        settings = replace(cluster.settings(*three, replicas=1, shards=3), retries=10, timeout=60)
        writer, reader = make(settings, tmp_path), make(settings, tmp_path)
        fill(writer, some.documents)
        total, over, wrong, asked = len(some.documents), Event(), [], 0

        def read() -> None:
            nonlocal asked
            while not over.is_set():
                try:
                    found = reader.count(SearchRequest(EVERYTHING, some.partitions))
                except UnavailableError:
                    continue
                asked += 1
                wrong.extend([found] if found < total else [])

        thread = Thread(target=read)
        thread.start()
        added = 0
        for number in range(40):
            if number == 10:
                three[1].kill()
            extra = make_world(100 + number, 1, first=500 + number).documents
            for _ in range(20):
                try:
                    writer.replace_case(extra[0].case_id, extra)
                    break
                except UnavailableError:
                    continue
            added += len(extra)
        over.set()
        thread.join()
        held = writer.count(SearchRequest(EVERYTHING, writer.partitions()))
        proofs.record("documents lost by killing a node", total + added - held, "0", held == total + added)
        proofs.record("wrong answers while a node was killed", len(wrong), f"0 of {asked}", not wrong)
        writer.close()
        reader.close()
    assert (held, wrong) == (total + added, [])
