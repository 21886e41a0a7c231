"""A whole index made anew beside the one in use, in the same engine or another, a few cases at a time.

Searches go on in the index in use, and what is sealed or relabelled meanwhile is written to both. Stopped anywhere,
the build is begun again; the index in use knows nothing of it.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.blobs.durable import replace_bytes
from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.identity import service_actor
from archive_store.models.work import IndexState, Work
from archive_store.work import BUILD_INDEX, WORKER, is_held, last_failure, note

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.backends.switched import SwitchedBackend
    from portal.services.desk import Desk
    from portal.services.indexing import IndexingService

ENGINES = {"embedded": "内置引擎", "elasticsearch": "Elasticsearch"}
FILE = "build.json"
PART_SECONDS = 2.0
"""How long one part of a build takes; other long work may come between."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is, in cases."""

    engine: str
    done: int
    total: int


class IndexBuilding:
    """Makes an index of all cases; `folder` holds the small file that tells how far it is."""

    def __init__(self, desk: Desk, backend: SwitchedBackend, indexing: IndexingService, folder: Path) -> None:
        self._desk = desk
        self._backend = backend
        self._indexing = indexing
        self._file = folder / FILE
        self._left: list[str] = []
        self._total = 0

    def ask(self, engine: str, *, noted: bool = True) -> None:
        """Enter that an index is to be made in an engine; it is in use once it is whole. Later wishes replace earlier.

        With `noted` the worker makes it; else the caller does, by `carry_on`.

        Raises:
            InvalidInputError: no such engine is configured.
        """
        if engine not in self._backend.names():
            raise InvalidInputError(
                f"没有配置检索引擎“{engine}”。使用 Elasticsearch 须先在 config.toml 中设置 elasticsearch_url。"
            )
        with self._desk.database.write() as unit:
            waiting = select(Work).where(Work.kind == BUILD_INDEX, Work.done_at.is_(None))
            for other in unit.session.scalars(waiting):
                other.done_at = self._desk.clock()
            if noted:
                note(unit.session, BUILD_INDEX, engine)
            self._desk.record(unit.session, service_actor("index"), EventName.INDEX_REBUILD, ("index", engine))

    def carry_on(self, engine: str) -> bool:
        """Write some more cases to the build, and have it take over with the last; True while more is to come.

        Raises:
            UnavailableError: the engine does not answer; the build goes on when it does.
        """
        if self._backend.builds != engine:
            self._begin(engine)
        began = time.monotonic()
        while self._left and time.monotonic() - began < PART_SECONDS:
            self._indexing.build_case(self._left[-1])
            self._left.pop()
        if self._left:
            self._tell(Progress(engine, self._total - len(self._left), self._total))
            return True
        self._backend.finish_build()
        self._file.unlink(missing_ok=True)
        return False

    def _begin(self, engine: str) -> None:
        self._backend.start_build(engine)
        with self._desk.database.read() as session:
            self._left = list(session.scalars(select(IndexState.case_id).order_by(IndexState.case_id.desc())))
        self._total = len(self._left)
        self._tell(Progress(engine, 0, self._total))

    def _tell(self, progress: Progress) -> None:
        replace_bytes(json.dumps(asdict(progress)).encode(), self._file)

    def progress(self) -> Progress | None:
        """How far the build under way is, from any process; None without one."""
        try:
            return Progress(**json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def has_worker(self) -> bool:
        """Whether a worker runs that would make it."""
        with self._desk.database.read() as session:
            return is_held(session, WORKER)

    def is_waiting(self, engine: str) -> bool:
        """Whether a build was asked for and is not done."""
        with self._desk.database.read() as session:
            asked = select(Work.id).where(Work.kind == BUILD_INDEX, Work.subject_id == engine, Work.done_at.is_(None))
            return session.scalars(asked.limit(1)).first() is not None

    def trouble(self, engine: str) -> str:
        """What stopped the build that waits to go on, in words; empty where nothing did."""
        with self._desk.database.read() as session:
            return last_failure(session, BUILD_INDEX, engine)

    def state(self) -> list[tuple[str, str]]:
        """Engine and build, for the page of the system; without content."""
        figures = [("检索引擎", "，".join(filter(None, (ENGINES[self._backend.engine], self._health()))))]
        if building := self.progress():
            figures.append(("正在建立检索", f"{ENGINES[building.engine]}，{building.done} / {building.total} 卷"))
        return figures

    def _health(self) -> str:
        try:
            return self._backend.health()
        except UnavailableError:
            return "没有应答"
