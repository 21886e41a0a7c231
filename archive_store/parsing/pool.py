"""A pool of parser processes, shared by the threads of one process.

    with ParserPool(2) as pool:
        result = pool.run("archive_store.parsing.formats:identify", [path])

Callers queue for a free process. One that died, overran a limit or has served its number of calls is replaced, and
only the call that it was serving fails. Processes start when they are first needed.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, Self

from archive_store.parsing import sandbox
from archive_store.parsing.errors import ParserCrashedError, ParserFailedError, ParserRefusedError, PoolBusyError
from archive_store.parsing.files import FileSource, read_only
from archive_store.parsing.process import Limits, ParserProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archive_store.parsing.wire import Json

__all__ = ["FileSource", "Limits", "ParserPool", "Result"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What a function in a parser process gave. It may have been in the hands of a hostile file: check its shape."""

    value: Json
    blobs: tuple[bytes, ...] = ()


class ParserPool:
    """Runs our own functions on others' files, away from keys, database and network.

    Args:
        size: how many processes at most.
        limits: what each may take.
        bubblewrap: None takes it where it works, True insists on it, False does without.
        code: further folders that functions may be imported from, beside the project's own packages.
    """

    def __init__(
        self,
        size: int,
        limits: Limits | None = None,
        *,
        bubblewrap: bool | None = None,
        code: Sequence[Path] = (),
    ) -> None:
        self._limits = limits or Limits()
        self._bubblewrap = bubblewrap
        self._code = tuple(code)
        self._owner: int | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._living: set[ParserProcess] = set()
        # The last process given back is taken first: the others stay unstarted, or asleep, while one is enough.
        self._free: queue.LifoQueue[ParserProcess | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)
        # Processes die with the thread that started them, so that thread has to live as long as the pool.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parser-starter")

    @property
    def isolation(self) -> str:
        """What surrounds the processes: "bubblewrap" or "rlimits"."""
        return self._sandbox.isolation.value

    def run(
        self,
        function: str,
        files: Sequence[FileSource] = (),
        *,
        timeout: float | None = None,
        output: BinaryIO | None = None,
        **arguments: Json,
    ) -> Result:
        """Call `function` ("package.module:name", our own code) in a parser process.

        It is given the files, opened for reading, by position and `arguments` by name, and returns a `wire.Answer`.
        What is too large for an answer it writes to `output`, an empty file of ours, within `Limits.file_bytes`; it
        comes last by position. Only a pool whose processes serve one call may write: a process that lived on could
        still change the file, or put another's content into it.

        Raises:
            ParserRefusedError: the file cannot be read, with the function's own reason where it has one.
            ParserTimedOutError: the call took longer than `timeout` seconds.
            ParserCrashedError: the process died, ran out of memory, or gave more than it may.
            PoolBusyError: no process became free in time, or the pool is closed.
            LookupError: there is no such function; a slip of ours.
        """
        if output is not None and self._limits.calls != 1:
            raise ValueError("only processes of a single call may write to a file")
        with ExitStack() as stack:
            descriptors = [stack.enter_context(read_only(file)) for file in files]
            descriptors += [output.fileno()] if output is not None else []
            outputs = len(descriptors) - len(files)
            process = self._take()
            reusable = False
            try:
                seconds = timeout or self._limits.timeout_seconds
                header, blobs = process.call(function, arguments, descriptors, seconds, outputs=outputs)
                reusable = "exhausted" not in header and process.calls < self._limits.calls
            except ParserFailedError as error:
                if self._closed:  # killed by us, not by the file
                    raise PoolBusyError from error
                raise
            finally:
                self._give_back(process, reusable=reusable)
        return _read(function, header, blobs)

    def close(self) -> None:
        """End every process. Calls under way fail, later ones are refused."""
        with self._lock:
            self._closed = True
            for process in self._living:
                process.kill()
        for process in self._idle():
            self._end(process)
        self._starter.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _idle(self) -> list[ParserProcess]:
        """The processes that nobody uses, taken out of the queue."""
        found: list[ParserProcess | None] = []
        with suppress(queue.Empty):
            while True:
                found.append(self._free.get_nowait())
        return [process for process in found if process is not None]

    @cached_property
    def _sandbox(self) -> sandbox.Sandbox:
        return sandbox.choose(self._bubblewrap, self._code)

    def _take(self) -> ParserProcess:
        self._check_owner()
        try:
            process = self._free.get(timeout=self._limits.queue_seconds)
        except queue.Empty as error:
            raise PoolBusyError from error
        if process is not None and process.is_idle:
            return process
        try:
            if process is not None:
                self._end(process)
            return self._started()
        except BaseException:
            self._free.put(None)
            raise

    def _give_back(self, process: ParserProcess, *, reusable: bool) -> None:
        """Put a process back for the next caller; after anything unusual it is ended, lest it answer the wrong one."""
        with self._lock:
            kept = reusable and not self._closed
            if kept:
                self._free.put(process)
        if not kept:
            self._end(process)
            self._free.put(None)

    def _started(self) -> ParserProcess:
        with self._lock:
            if self._closed:
                raise PoolBusyError
            process = self._starter.submit(ParserProcess, self._sandbox, self._limits).result()
            self._living.add(process)
        try:
            process.wait_until_ready()
        except BaseException:
            self._end(process)
            raise
        return process

    def _end(self, process: ParserProcess) -> None:
        with self._lock:
            self._living.discard(process)
        process.close()

    def _check_owner(self) -> None:
        """A pool made before a fork may be used after it, but not on both sides: answers would reach the wrong one."""
        with self._lock:
            if self._owner is None:
                self._owner = os.getpid()
            if self._owner != os.getpid():
                raise RuntimeError("this pool belongs to another process: make one in each")


def _read(function: str, header: dict[str, Json], blobs: tuple[bytes, ...]) -> Result:
    if "missing" in header:
        raise LookupError(f"{function} cannot be imported: {header['missing']}")
    if "exhausted" in header:
        raise ParserCrashedError
    if "refused" in header:
        raise ParserRefusedError(str(header["refused"]))
    if "failed" in header:
        logger.warning("%s failed on a file: %s", function, header["failed"])
        raise ParserRefusedError
    if "value" not in header:
        raise ParserCrashedError
    return Result(header["value"], blobs)
