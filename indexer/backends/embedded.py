"""The embedded engine (tantivy): one folder for each partition, read by any process, written by one.

    root/state.json                  which build is live, and its generation
    root/writer.lock                 held by the process that writes
    root/build-000001/<partition>/   an index of the engine, and the payloads beside it

A write is committed partition by partition, then the generation is raised; readers look at the generation before
each search and load what is new. Killed at any moment, everything that was acknowledged is there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

import tantivy

from archive_store.errors import UnavailableError
from archive_store.labels import Partition
from indexer.analysis import Analysed
from indexer.backends.base import Change, SearchRequest, SearchResponse
from indexer.backends.embedded_engine import EmbeddedEngine, Part, total_of, value
from indexer.backends.embedded_query import condition_query
from indexer.backends.embedded_schema import register, to_engine
from indexer.backends.embedded_state import State, read_state, write_state
from indexer.backends.embedded_writers import Writers
from indexer.backends.form import FORM
from indexer.backends.helpers import Helpers
from indexer.backends.merging import answer
from indexer.backends.payloads import Payloads
from indexer.conditions import has
from indexer.ranking import payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import TypeVar

    from indexer.backends.base import SearchBackend
    from indexer.documents import PageDocument

    Answer = TypeVar("Answer")

ATTEMPTS = 3
_TROUBLE = (OSError, ValueError, sqlite3.Error)
_UNREADABLE = "检索索引暂时无法读取，案卷本身没有受影响。请稍后再试；若一直如此，请管理员重建索引。"
_OTHER_FORM = "检索索引是旧版本的，正在等待重建，案卷本身没有受影响。请稍后再试。"


class EmbeddedBackend:
    """A search backend in the own process; `root` is a folder that nothing else uses."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._writers = Writers(root)
        self._helpers = Helpers((os.cpu_count() or 1) - 1)
        self._beside: State | None = None
        self._lock = Lock()
        self._seen: State | None = None
        self._readers: dict[Partition, tuple[tantivy.Index, Payloads]] = {}
        self._listed: tuple[State, tuple[Partition, ...]] | None = None

    def open(self) -> None:
        """Make the folder."""
        self._root.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Close writers and readers."""
        if self._beside is None:
            self._writers.close()
        self._readers.clear()
        self._seen = None

    @property
    def generation(self) -> int:
        """Grows with every write, and when a rebuilt index takes over."""
        return self._state().generation

    @property
    def needs_rebuild(self) -> bool:
        """Whether nothing was ever written, or it was written in another form."""
        state = self._state()
        return state.build == 0 or state.form != FORM

    def partitions(self) -> tuple[Partition, ...]:
        """The partitions that exist, by name."""
        return self._partitions(self._state())

    def _partitions(self, state: State) -> tuple[Partition, ...]:
        """Those of a state, whose folder is read once: whatever makes one ends with a new state."""
        listed = self._listed
        if listed is None or listed[0] != state:
            folder = self._folder(state)
            paths = sorted(folder.iterdir()) if folder.is_dir() else ()
            found = tuple(Partition.parse(path.name) for path in paths if tantivy.Index.exists(str(path)))
            listed = self._listed = state, found
        return listed[1]

    # writing

    def apply(self, changes: Iterable[Change]) -> int:
        """Carry out the changes, one commit a partition."""
        with self._writing() as state:
            for change in changes:
                self._change(self._folder(state) / change.partition.name, change)
        return self.generation

    def replace_case(self, case_id: str, documents: Iterable[PageDocument]) -> int:
        """Remove the case where it lay and will not lie any more, then put its documents in place."""
        by_partition: dict[Partition, list[PageDocument]] = {}
        for document in documents:
            by_partition.setdefault(document.partition, []).append(document)
        left = self._partitions_of(case_id) - by_partition.keys()
        changes = [Change(partition, remove_cases=(case_id,)) for partition in sorted(left, key=_name)]
        changes += [
            Change(partition, add=by_partition[partition], remove_cases=(case_id,))
            for partition in sorted(by_partition, key=_name)
        ]
        return self.apply(changes)

    def delete_case(self, case_id: str) -> int:
        """Leave nothing of the case."""
        return self.replace_case(case_id, ())

    def clear(self) -> None:
        """Leave an empty index."""
        self.finish_rebuild(self.start_rebuild())

    def start_rebuild(self) -> EmbeddedBackend:
        """A new build beside the live one, written by this same process."""
        self._writers.lock()
        live = self._state()
        beside = EmbeddedBackend(self._root)
        beside._writers = self._writers
        beside._beside = State(build=live.build + 1, generation=live.generation)
        for folder in self._root.glob("build-*"):
            if folder.name != live.folder:
                self._writers.close_under(folder)
                shutil.rmtree(folder)
        (self._root / beside._beside.folder).mkdir()
        return beside

    def finish_rebuild(self, rebuilt: SearchBackend) -> None:
        """Make the build that `start_rebuild` gave the live one, and remove the old."""
        if not isinstance(rebuilt, EmbeddedBackend) or rebuilt._beside is None:  # noqa: SLF001 - another of our own
            raise TypeError("only what start_rebuild gave can be finished")
        old = self._state()
        self._writers.close_under(self._root / old.folder)
        state = replace(rebuilt._beside, generation=old.generation + 1)  # noqa: SLF001 - as above
        write_state(self._root, state)
        shutil.rmtree(self._root / old.folder, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[State]:
        """Hold the lock; whatever was committed in the block becomes visible, even where it ended in an error."""
        self._writers.lock()
        state = self._state()
        if state.build == 0:
            state = State(build=1)
            shutil.rmtree(self._root / state.folder, ignore_errors=True)
            (self._root / state.folder).mkdir(parents=True)
        if state.form != FORM:
            raise UnavailableError(_OTHER_FORM)
        try:
            yield state
        except _TROUBLE as error:
            raise UnavailableError("检索索引暂时无法写入，案卷本身没有受影响，系统会再次尝试。") from error
        finally:
            self._publish(replace(state, generation=state.generation + 1))

    def _publish(self, state: State) -> None:
        if self._beside is None:
            write_state(self._root, state)
        else:
            self._beside = state

    def _change(self, folder: Path, change: Change) -> None:
        """One partition's change as one commit, or nothing of it."""
        if not change.add and not folder.is_dir():
            return
        writer, payloads = self._writers.writer(folder)
        before = payloads.last
        committed = False
        try:
            for case_id in change.remove_cases:
                writer.delete_documents_by_term("case", case_id)
            for page_id in change.remove_pages:
                writer.delete_documents_by_term("id", page_id)
            for document in change.add:
                writer.delete_documents_by_term("id", document.page_id)
                text = Analysed(document.text)
                writer.add_document(to_engine(document, text, payloads.add(document, payload(text))))
            payloads.commit()
            writer.commit()
            committed = True
        finally:
            if not committed:
                self._writers.close_under(folder)
        replaced = [document.page_id for document in change.add]
        payloads.remove(change.remove_cases, [*change.remove_pages, *replaced], before)

    # reading

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer a search over the permitted partitions that exist."""
        return self._read(lambda: answer(self._engine(request.partitions), request))

    def count(self, request: SearchRequest) -> int:
        """The exact number of hits."""
        return self._read(lambda: self._engine(request.partitions).counted(request.full_condition)[0])

    def page_ids(self, case_id: str) -> Mapping[str, Partition]:
        """Every document of a case with its partition."""
        return self._read(lambda: dict(self._ids(case_id)))

    def case_ids(self) -> frozenset[str]:
        """Every case that has a document."""
        return self._read(lambda: frozenset(self._cases()))

    def _ids(self, case_id: str) -> Iterator[tuple[str, Partition]]:
        query = condition_query(has("case", case_id))
        for partition, (searcher, _) in self._view().items():
            if count := total_of(searcher.search(query, 1)):
                for _, address in searcher.search(query, count).hits:
                    yield value(searcher.doc(address), "id"), partition

    def _cases(self) -> Iterator[str]:
        for searcher, _ in self._view().values():
            everything = tantivy.Query.all_query()
            yield from (case_id for case_id, count in searcher.terms_with_prefix("case", "", everything) if count)

    def _partitions_of(self, case_id: str) -> set[Partition]:
        condition = has("case", case_id)
        return self._read(
            lambda: {p for p, part in self._view().items() if EmbeddedEngine([part]).counted(condition)[0]}
        )

    def _read(self, ask: Callable[[], Answer]) -> Answer:
        """Read; again with fresh readers where a build or what was found in it was replaced underneath."""
        for _ in range(ATTEMPTS - 1):
            try:
                return ask()
            except _TROUBLE:
                self._seen = None
        try:
            return ask()
        except _TROUBLE as error:
            raise UnavailableError(_UNREADABLE) from error

    def _engine(self, wanted: Iterable[Partition]) -> EmbeddedEngine:
        return EmbeddedEngine(self._parts(wanted), self._helpers)

    def _parts(self, wanted: Iterable[Partition]) -> list[Part]:
        """What answers for the wanted partitions, in the order of their names."""
        return list(self._view(set(wanted)).values())

    def _view(self, wanted: set[Partition] | None = None) -> dict[Partition, Part]:
        """The partitions as of the present generation; only wanted ones are ever opened."""
        state = self._state()
        if state.build and state.form != FORM:
            raise UnavailableError(_OTHER_FORM)
        with self._lock:
            if self._seen is None or self._seen.build != state.build:
                self._readers.clear()
            elif self._seen != state:
                for index, _ in self._readers.values():
                    index.reload()
            self._seen = state
            chosen = [partition for partition in self._partitions(state) if wanted is None or partition in wanted]
            return {partition: self._reader(state, partition) for partition in chosen}

    def _reader(self, state: State, partition: Partition) -> Part:
        if partition not in self._readers:
            folder = self._folder(state) / partition.name
            index = register(tantivy.Index.open(str(folder)))
            index.config_reader("manual")
            self._readers[partition] = index, Payloads.to_read(folder)
        index, payloads = self._readers[partition]
        return Part(index.searcher(), payloads)

    def _state(self) -> State:
        return self._beside or read_state(self._root)

    def _folder(self, state: State) -> Path:
        return self._root / state.folder


def _name(partition: Partition) -> str:
    return partition.name
