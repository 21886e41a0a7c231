"""The embedded engine: the contract, and what is its own (one writer, kill -9, fresh readers)."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive_store.errors import UnavailableError
from indexer.backends.base import Change, SearchRequest
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.embedded_state import State, write_state
from indexer.backends.embedded_writers import MOST_OPEN
from indexer.backends.payloads import FILE
from indexer.conditions import EVERYTHING, HasAny
from indexer.ranking import Ranking
from indexer.weights import load
from tests.indexer.backends.contract import BackendContract, backend, few, filled, standing, world
from tests.indexer.world import fill, make_world, seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.backends.base import SearchBackend
    from indexer.backends.embedded_engine import Part
    from tests.indexer.world import World
    from tests.proofs import ProofBook

__all__ = ["backend", "few", "filled", "standing", "world"]

WRITER = Path(__file__).parent / "endless_writer.py"


@pytest.fixture(scope="module")
def make_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], SearchBackend]]:
    made: list[EmbeddedBackend] = []

    def make() -> EmbeddedBackend:
        fresh = EmbeddedBackend(tmp_path_factory.mktemp("index"))
        fresh.open()
        made.append(fresh)
        return fresh

    yield make
    for each in made:
        each.close()


class TestEmbedded(BackendContract):
    """The contract over the embedded engine."""

    engine = "embedded"


def test_a_second_writer_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    first, second = EmbeddedBackend(tmp_path), EmbeddedBackend(tmp_path)
    some = make_world(1, 1)
    first.open()
    fill(first, some.documents)
    with pytest.raises(UnavailableError, match="另一个程序"):
        second.delete_case("case1")
    assert second.count(SearchRequest(EVERYTHING, some.partitions)) == len(some.documents)
    first.close()
    second.delete_case("case1")
    assert first.count(SearchRequest(EVERYTHING, some.partitions)) == 0
    second.close()


def test_a_reader_sees_a_write_of_another_process_at_its_next_search(tmp_path: Path) -> None:
    writer, reader = EmbeddedBackend(tmp_path), EmbeddedBackend(tmp_path)
    writer.open()
    for cases in (1, 2):
        some = make_world(1, cases)
        fill(writer, some.documents)
        assert reader.count(SearchRequest(EVERYTHING, some.partitions)) == len(some.documents)
    writer.clear()
    assert reader.count(SearchRequest(EVERYTHING, some.partitions)) == 0
    writer.close()


def test_forbidden_partitions_are_not_even_opened(tmp_path: Path) -> None:
    some = make_world(2, 6)
    writer, reader = EmbeddedBackend(tmp_path), EmbeddedBackend(tmp_path)
    writer.open()
    fill(writer, some.documents)
    reader.count(SearchRequest(EVERYTHING, some.partitions[:1]))
    assert list(reader._readers) == [some.partitions[0]]
    writer.close()


def test_never_more_than_four_writers_are_open(tmp_path: Path) -> None:
    some = make_world(3, 10)
    assert len(some.partitions) > MOST_OPEN
    writer = EmbeddedBackend(tmp_path)
    writer.open()
    fill(writer, some.documents)
    assert len(writer._writers._open) == MOST_OPEN
    writer.close()


def test_a_document_that_cannot_be_written_leaves_its_partition_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = make_world(4, 1)
    writer = EmbeddedBackend(tmp_path)
    writer.open()
    fill(writer, some.documents)

    def broken(*_: object) -> object:
        raise ValueError("broken document")

    monkeypatch.setattr("indexer.backends.embedded.to_engine", broken)
    with pytest.raises(UnavailableError, match="再次尝试"):
        writer.replace_case("case1", some.documents)
    monkeypatch.undo()
    assert writer.count(SearchRequest(EVERYTHING, some.partitions)) == len(some.documents)
    assert payloads_of(writer) == sorted(document.page_id for document in some.documents)
    writer.close()


def payloads_of(backend: EmbeddedBackend) -> list[str]:
    """The ids of all documents for which a payload is kept, read by a connection of our own."""
    found = []
    for path in sorted(backend._folder(backend._state()).glob(f"*/{FILE}")):
        with closing(sqlite3.connect(path)) as connection:
            found += [page_id for (page_id,) in connection.execute("SELECT page_id FROM payloads")]
    return sorted(found)


def test_payloads_are_those_of_the_documents_whatever_is_written_again_moved_or_removed(tmp_path: Path) -> None:
    some = make_world(5, 4)
    writer = EmbeddedBackend(tmp_path)
    writer.open()
    fill(writer, some.documents)
    fill(writer, some.documents)
    page = some.pages[0]
    elsewhere = next(partition for partition in some.partitions if partition != page.partition)
    writer.apply(
        [
            Change(page.partition, remove_pages=(page.page_id,)),
            Change(elsewhere, add=(replace(page, partition=elsewhere),)),
        ]
    )
    assert payloads_of(writer) == sorted(document.page_id for document in some.documents)
    writer.delete_case("case1")
    left = [document.page_id for document in some.documents if document.case_id != "case1"]
    assert payloads_of(writer) == sorted(left)
    writer.close()


def test_a_hit_that_was_written_again_while_it_is_read_is_read_anew(tmp_path: Path) -> None:
    some = make_world(4, 1)
    writer, reader = EmbeddedBackend(tmp_path), EmbeddedBackend(tmp_path)
    writer.open()
    fill(writer, some.documents)
    ranking = Ranking(["采砂"], load())
    request = SearchRequest(EVERYTHING, some.partitions, ranking=ranking, size=len(some.documents))
    asked = 0

    def between(parts: object) -> list[Part]:
        nonlocal asked
        asked, found = asked + 1, opened(parts)  # type: ignore[arg-type]
        if asked == 1:
            writer.replace_case("case1", some.documents)
        return found

    opened = reader._parts
    reader._parts = between  # type: ignore[method-assign]
    found = {document.page_id for document in reader.search(request).hits}
    assert found == {document.page_id for document in some.documents}
    assert asked > 1
    writer.close()


def test_an_index_of_another_form_is_not_read_and_says_that_it_waits_for_its_rebuild(tmp_path: Path) -> None:
    some = make_world(4, 1)
    writer = EmbeddedBackend(tmp_path)
    writer.open()
    assert writer.needs_rebuild
    fill(writer, some.documents)
    assert not writer.needs_rebuild
    write_state(tmp_path, State(build=1, generation=9, form=0))
    assert writer.needs_rebuild
    with pytest.raises(UnavailableError, match="旧版本"):
        writer.count(SearchRequest(EVERYTHING, some.partitions))
    with pytest.raises(UnavailableError, match="旧版本"):
        fill(writer, some.documents)
    beside = writer.start_rebuild()
    fill(beside, some.documents)
    writer.finish_rebuild(beside)
    assert writer.count(SearchRequest(EVERYTHING, some.partitions)) == len(some.documents)
    writer.close()


def test_what_another_made_cannot_take_over(tmp_path: Path) -> None:
    writer = EmbeddedBackend(tmp_path)
    writer.open()
    with pytest.raises(TypeError):
        writer.finish_rebuild(EmbeddedBackend(tmp_path / "other"))
    writer.close()


def test_kill_9_never_loses_an_acknowledged_page(
    tmp_path: Path,
    proofs: ProofBook,
    *,
    full: bool,
) -> None:
    """A process that writes without end is killed at random moments; all that it acknowledged is found."""
    draw = seeded(8)
    acknowledged: set[str] = set()
    rounds = 15 if full else 2
    for number in range(rounds):
        acknowledged |= _write_until_killed(tmp_path, number, draw.randint(1, 60 if full else 6))
    reader = EmbeddedBackend(tmp_path)
    lost = [case for case in acknowledged if not reader.count(_case_request(reader, case))]
    proofs.record("pages lost by kill -9 while indexing", len(lost), "0", not lost)
    assert lost == []
    assert len(acknowledged) >= rounds
    reader.delete_case(next(iter(acknowledged)))  # the lock of the dead is free
    held = {page_id for case_id in reader.case_ids() for page_id in reader.page_ids(case_id)}
    assert held <= set(payloads_of(reader))
    reader.close()


def _write_until_killed(root: Path, number: int, acknowledgements: int) -> set[str]:
    command = [sys.executable, str(WRITER), str(root), str(number)]
    seen: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        for line in process.stdout:
            seen.add(line.strip())
            if len(seen) >= acknowledgements:
                process.send_signal(signal.SIGKILL)
                break
        seen |= {line.strip() for line in process.stdout if line.endswith("\n")}
    assert process.returncode == -signal.SIGKILL
    return seen


def _case_request(reader: EmbeddedBackend, case_id: str) -> SearchRequest:
    return SearchRequest(HasAny("case", (case_id,)), reader.partitions())


def test_searches_while_another_process_writes_answer_from_whole_commits(tmp_path: Path) -> None:
    some: World = make_world(6, 3)
    writer, reader = EmbeddedBackend(tmp_path), EmbeddedBackend(tmp_path)
    writer.open()
    fill(writer, some.documents)
    for _ in range(5):
        writer.replace_case("case1", [d for d in some.documents if d.case_id == "case1"])
        assert reader.count(SearchRequest(EVERYTHING, some.partitions)) == len(some.documents)
    writer.close()
