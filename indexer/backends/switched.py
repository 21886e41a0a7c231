"""The engine in use among those that are configured, and the way from one to another without a gap.

`engine.json` names the engine in use; every process reads it before each call. A build is filled beside what is in
use, in the same engine or another; while it grows, what is written goes to both. It takes over by one replacement of
the file. What the former engine holds stays for a while, for searches that had begun, and is then cleared.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass
from threading import RLock
from typing import TYPE_CHECKING

from archive_store.blobs.durable import replace_bytes
from archive_store.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from archive_store.labels import Partition
    from indexer.backends.base import Change, SearchBackend, SearchRequest, SearchResponse
    from indexer.documents import PageDocument

EMBEDDED, ELASTICSEARCH = "embedded", "elasticsearch"
FILE = "engine.json"
KEPT_SECONDS = 600
"""So long the former engine keeps what it holds."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InUse:
    """The engine in use, since when (seconds of the epoch), and one that was left and is to be cleared."""

    engine: str = EMBEDDED
    since: float = 0.0
    left: str = ""


@dataclass
class _Build:
    """A build beside what is in use; `sound` until something that was written did not reach it."""

    engine: str
    backend: SearchBackend
    sound: bool = True


class SwitchedBackend:
    """A search backend over the engine in use; `engines` makes each one that is configured, by name."""

    def __init__(self, root: Path, engines: Mapping[str, Callable[[], SearchBackend]]) -> None:
        self._root = root
        self._makers = engines
        self._opened: dict[str, SearchBackend] = {}
        self._build: _Build | None = None
        self.lock = RLock()
        """Held while it is made sure that what is written to a build is the latest, and while it is written."""

    @property
    def engine(self) -> str:
        """The name of the engine in use."""
        return self._in_use().engine

    def names(self) -> tuple[str, ...]:
        """The engines that are configured."""
        return tuple(self._makers)

    def health(self) -> str:
        """How the engine in use stands, in words; empty of one that has nothing to say."""
        tell = getattr(self._live(), "health", None)
        return str(tell()) if tell else ""

    def open(self) -> None:
        """Make the folder; an engine is opened when it is first needed."""
        self._root.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Close every engine that was opened; a build that was not finished is given up."""
        with self.lock:
            self._build = None
            for backend in self._opened.values():
                backend.close()
            self._opened.clear()

    # the way to another build

    @property
    def builds(self) -> str:
        """The engine for which a build is under way and has all that was written since; empty without one."""
        return self._build.engine if self._build is not None and self._build.sound else ""

    def start_build(self, engine: str) -> None:
        """Begin an empty build, in place of any other that was begun.

        Raises:
            InvalidInputError: no such engine is configured.
            UnavailableError: it does not answer.
        """
        with self.lock:
            self._build = None
            self._build = _Build(engine, self._named(engine).start_rebuild())

    def build_case(self, case_id: str, documents: Iterable[PageDocument]) -> None:
        """Write a case to the build alone."""
        with self.lock:
            self._begun().backend.replace_case(case_id, documents)

    def finish_build(self) -> None:
        """The build is complete and takes over."""
        with self.lock:
            build, used = self._begun(), self._in_use()
            self._named(build.engine).finish_rebuild(build.backend)
            self._build = None
            if build.engine != used.engine:
                self._write(InUse(build.engine, time.time(), left=used.engine))

    def clear_left(self) -> None:
        """Clear the engine that was left, once no search can still be at it."""
        used = self._in_use()
        if not used.left or time.time() - used.since < KEPT_SECONDS or used.left not in self._makers:
            return
        try:
            with self.lock:
                self._named(used.left).clear()
                self._write(InUse(used.engine, used.since))
        except UnavailableError:
            log.warning("the index of the engine that was left is not cleared yet: %s does not answer", used.left)

    def _begun(self) -> _Build:
        if self._build is None or not self._build.sound:
            raise UnavailableError("正在建立的检索索引已中断，系统会重新开始。现用的检索不受影响。")
        return self._build

    # what every backend does

    @property
    def generation(self) -> int:
        """That of the engine in use."""
        return self._live().generation

    @property
    def needs_rebuild(self) -> bool:
        """Whether the engine in use holds another form of the index, or nothing yet."""
        return self._live().needs_rebuild

    def partitions(self) -> tuple[Partition, ...]:
        """Those of the engine in use."""
        return self._live().partitions()

    def apply(self, changes: Iterable[Change]) -> int:
        """Carry out changes in the engine in use, and in a build."""
        held = list(changes)
        return self._written(lambda backend: backend.apply(held))

    def replace_case(self, case_id: str, documents: Iterable[PageDocument]) -> int:
        """Put a case in place in the engine in use, and in a build."""
        with self.lock:
            held = documents if self._build is None else list(documents)
            return self._written(lambda backend: backend.replace_case(case_id, held))

    def delete_case(self, case_id: str) -> int:
        """Leave nothing of the case, in a build either."""
        return self._written(lambda backend: backend.delete_case(case_id))

    def page_ids(self, case_id: str) -> Mapping[str, Partition]:
        """Of the engine in use."""
        return self._live().page_ids(case_id)

    def case_ids(self) -> frozenset[str]:
        """Of the engine in use."""
        return self._live().case_ids()

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer a search."""
        return self._live().search(request)

    def count(self, request: SearchRequest) -> int:
        """The exact number of hits."""
        return self._live().count(request)

    def clear(self) -> None:
        """Leave the engine in use empty."""
        self._live().clear()

    def start_rebuild(self) -> SearchBackend:
        """An empty build in the engine in use, for callers that know nothing of several."""
        return self._live().start_rebuild()

    def finish_rebuild(self, rebuilt: SearchBackend) -> None:
        """Put it in the place of the live one."""
        self._live().finish_rebuild(rebuilt)

    def _written(self, write: Callable[[SearchBackend], int]) -> int:
        """Write to the engine in use, then to a build, whose trouble is not that of the engine in use."""
        with self.lock:
            generation = write(self._live())
            if self._build is not None and self._build.sound:
                try:
                    write(self._build.backend)
                except UnavailableError:
                    self._build.sound = False
                    log.warning("a build of the index is given up: %s does not answer", self._build.engine)
            return generation

    def _live(self) -> SearchBackend:
        return self._named(self.engine)

    def _named(self, engine: str) -> SearchBackend:
        with self.lock:
            if engine not in self._makers:
                raise InvalidInputError(f"没有配置检索引擎 {engine}。已配置：{'、'.join(self._makers)}。")
            if engine not in self._opened:
                backend = self._makers[engine]()
                backend.open()
                self._opened[engine] = backend
            return self._opened[engine]

    def _in_use(self) -> InUse:
        try:
            return InUse(**json.loads((self._root / FILE).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return InUse()

    def _write(self, used: InUse) -> None:
        replace_bytes(json.dumps(asdict(used)).encode(), self._root / FILE)
