"""Several engines behind one: the contract over the one in use, and the way to another without a gap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, UnavailableError
from indexer.backends import switched
from indexer.backends.base import SearchRequest
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.switched import ELASTICSEARCH, EMBEDDED, SwitchedBackend
from indexer.conditions import EVERYTHING
from tests.indexer.backends.contract import BackendContract, backend, few, filled, standing, world
from tests.indexer.world import World, fill, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from indexer.backends.base import SearchBackend
    from indexer.documents import PageDocument

__all__ = ["backend", "few", "filled", "standing", "world"]

OTHER = ELASTICSEARCH
"""The second engine of these tests is an embedded one in another folder, under the other's name."""


def make(root: Path) -> SwitchedBackend:
    engines = {EMBEDDED: lambda: EmbeddedBackend(root), OTHER: lambda: EmbeddedBackend(root / "other")}
    made = SwitchedBackend(root, engines)
    made.open()
    return made


@pytest.fixture(scope="module")
def make_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], SearchBackend]]:
    made: list[SwitchedBackend] = []

    def fresh() -> SwitchedBackend:
        made.append(make(tmp_path_factory.mktemp("index")))
        return made[-1]

    yield fresh
    for each in made:
        each.close()


class TestSwitched(BackendContract):
    """The contract over whichever engine is in use."""

    engine = "switched"


@pytest.fixture
def some() -> World:
    return make_world(4, 2)


@pytest.fixture
def two(tmp_path: Path, some: World) -> Iterator[SwitchedBackend]:
    made = make(tmp_path)
    fill(made, some.documents)
    yield made
    made.close()


def of(case_id: str, some: World) -> list[PageDocument]:
    return [document for document in some.documents if document.case_id == case_id]


def count(backend: SearchBackend, some: World) -> int:
    return backend.count(SearchRequest(EVERYTHING, some.partitions))


def test_an_engine_that_is_not_configured_is_refused_and_nothing_changes(two: SwitchedBackend, some: World) -> None:
    with pytest.raises(InvalidInputError, match="没有配置"):
        two.start_build("unknown")
    assert (two.engine, count(two, some)) == (EMBEDDED, len(some.documents))


def test_a_build_is_not_searched_before_it_takes_over(two: SwitchedBackend, some: World, tmp_path: Path) -> None:
    two.start_build(OTHER)
    two.build_case("case1", of("case1", some))
    assert (two.engine, count(two, some)) == (EMBEDDED, len(some.documents))
    two.finish_build()
    assert (two.engine, count(two, some)) == (OTHER, len(of("case1", some)))
    assert make(tmp_path).engine == OTHER  # another process sees it too


def test_what_is_written_while_a_build_grows_stands_in_both(two: SwitchedBackend, some: World) -> None:
    late = make_world(5, 1, first=9).documents
    two.start_build(OTHER)
    for case_id in ("case1", "case2"):
        two.build_case(case_id, of(case_id, some))
    two.replace_case("case9", iter(late))
    two.delete_case("case1")
    assert two.case_ids() == {"case2", "case9"}
    two.finish_build()
    assert (two.engine, two.case_ids()) == (OTHER, {"case2", "case9"})


def test_a_build_may_be_written_by_another_thread_than_what_is_in_use(two: SwitchedBackend, some: World) -> None:
    two.start_build(EMBEDDED)
    with ThreadPoolExecutor(1) as other:
        other.submit(two.build_case, "case1", of("case1", some)).result()
        two.replace_case("case2", of("case2", some))
        other.submit(two.finish_build).result()
    assert two.case_ids() == {"case1", "case2"}


def test_trouble_of_a_build_does_not_touch_what_is_in_use(
    two: SwitchedBackend, some: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise UnavailableError("部件没有应答。")

    two.start_build(OTHER)
    assert two._build is not None
    monkeypatch.setattr(two._build.backend, "replace_case", broken)
    two.replace_case("case1", of("case1", some))
    assert (two.engine, two.builds, count(two, some)) == (EMBEDDED, "", len(some.documents))
    with pytest.raises(UnavailableError, match="重新开始"):
        two.finish_build()
    assert two.engine == EMBEDDED


def test_a_build_in_the_same_engine_takes_over_too(two: SwitchedBackend, some: World) -> None:
    two.start_build(EMBEDDED)
    two.build_case("case2", of("case2", some))
    two.finish_build()
    assert (two.engine, two.case_ids()) == (EMBEDDED, {"case2"})


def test_the_engine_that_was_left_keeps_what_it_holds_for_a_while_and_is_then_cleared(
    two: SwitchedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.start_build(OTHER)
    two.finish_build()
    two.clear_left()
    left = EmbeddedBackend(tmp_path)
    assert left.case_ids()
    monkeypatch.setattr(switched, "KEPT_SECONDS", 0)
    two.clear_left()
    assert not left.case_ids()
    two.clear_left()  # nothing more to do
    assert two.engine == OTHER


def test_every_search_during_the_change_finds_everything(two: SwitchedBackend, some: World, tmp_path: Path) -> None:
    reader, over = make(tmp_path), Event()
    seen: list[int] = []

    def read() -> None:
        while not over.is_set():
            seen.append(count(reader, some))

    thread = Thread(target=read)
    thread.start()
    try:
        for target in (OTHER, EMBEDDED, EMBEDDED, OTHER):
            two.start_build(target)
            for case_id in ("case1", "case2"):
                two.build_case(case_id, of(case_id, some))
            two.finish_build()
    finally:
        over.set()
        thread.join()
        reader.close()
    assert set(seen) == {len(some.documents)}
