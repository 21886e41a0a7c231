"""A pool of parser processes, shared by the threads of one process.

Each process runs in bubblewrap without network, seeing only the programs it needs (never the data folder), or, where
bubblewrap is missing, with limits on memory, output and time alone. One that dies, overruns its time or has served
enough calls is killed and replaced.
"""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from archive_store.parsing import wire
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = Path(__file__).resolve().parent.parent.parent
GIB = 1024**3
CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may take: seconds, bytes of address space; and after how many calls a process is replaced."""

    seconds: float = 60
    memory: int = 4 * GIB
    calls: int = 2000


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: a JSON value and raw bytes."""

    value: Any
    blobs: tuple[bytes, ...]


class ParserPool:
    """Runs our own parsing functions on others' files, away from keys and data."""

    def __init__(self, size: int, limits: Limits | None = None, *, bubblewrap: bool | None = None) -> None:
        self._limits = limits or Limits()
        self._bubblewrap = bubblewrap_works() if bubblewrap is None else bubblewrap
        self._free: queue.Queue[_Process | None] = queue.Queue()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(size):
            self._free.put(None)
        self._size = size

    @property
    def isolation(self) -> str:
        """`bubblewrap`, or `rlimits` where that is not to be had."""
        return "bubblewrap" if self._bubblewrap else "rlimits"

    def run(
        self,
        function: str,
        files: Sequence[BinaryIO | bytes] = (),
        *,
        seconds: float | None = None,
        **arguments: Any,  # noqa: ANN401 - JSON values
    ) -> Result:
        """Call `package.module:name` of ours in a parser process with open files.

        Raises:
            ParserRefusedError: the function says that the file cannot be read.
            ParserFailedError: the process died or overran a limit; it is replaced, others go on.
        """
        with self._process() as process, _descriptors(files) as descriptors:
            head, blobs = process.call(function, descriptors, arguments, seconds or self._limits.seconds)
        if "refused" in head:
            raise ParserRefusedError(head["refused"])
        return Result(head["value"], tuple(blobs))

    def close(self) -> None:
        """End every process; calls under way end with an error."""
        self._closed = True
        for _ in range(self._size):
            process = self._free.get()
            if process is not None:
                process.kill()

    def __enter__(self) -> Self:
        """The pool, closed at the end of the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()

    @contextmanager
    def _process(self) -> Iterator[_Process]:
        """A process of one's own for a call; put back if it is still good."""
        taken = self._free.get()
        process = taken
        try:
            if process is None or not process.is_good:
                process = _Process(self._command(), self._limits)
            yield process
        finally:
            if process is not None and not process.is_good:
                process.kill()
                process = None
            self._free.put(process)

    def _command(self) -> list[str]:
        own = [sys.executable, "-I", "-c", _START, str(SOURCE), str(self._limits.memory)]
        return [*_sandbox(), *own] if self._bubblewrap else own


_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[:1] + sys.argv[2:]; "
    "from archive_store.parsing.child import main; main()"
)


class _Process:
    """One parser process and the socket to it."""

    def __init__(self, command: list[str], limits: Limits) -> None:
        ours, theirs = socket.socketpair()
        self._channel = ours
        self._left = limits.calls
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=theirs.fileno(), env=CLEAN, close_fds=True, start_new_session=True
            )

    @property
    def is_good(self) -> bool:
        """Whether it may serve another call."""
        return self._left > 0 and self._child.poll() is None

    def call(
        self, function: str, files: list[int], arguments: dict[str, Any], seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """One call; the process is spoilt if it does not answer properly."""
        self._left -= 1
        self._channel.settimeout(seconds)
        try:
            wire.send(self._channel, {"function": function, "arguments": arguments}, [], files)
            head, blobs, _ = wire.receive(self._channel)
        except (OSError, EOFError, ValueError) as error:
            self.kill()
            raise ParserFailedError from error
        return head, blobs

    def kill(self) -> None:
        """End it now."""
        self._left = 0
        self._channel.close()
        self._child.kill()
        self._child.wait()


@contextmanager
def _descriptors(files: Sequence[BinaryIO | bytes]) -> Iterator[list[int]]:
    """Descriptors to hand over; bytes go through anonymous memory."""
    opened: list[int] = []
    made: list[int] = []
    try:
        for file in files:
            if isinstance(file, bytes):
                memory = os.memfd_create("anjuan")
                made.append(memory)
                with os.fdopen(os.dup(memory), "wb") as handle:
                    handle.write(file)
                os.lseek(memory, 0, os.SEEK_SET)
                opened.append(memory)
            else:
                opened.append(file.fileno())
        yield opened
    finally:
        for memory in made:
            os.close(memory)


def _sandbox() -> list[str]:
    """The bubblewrap command: programs read-only, no network, no data, dying with its parent."""
    seen = [
        Path("/usr"),
        Path("/bin"),
        Path("/sbin"),
        Path("/lib"),
        Path("/lib64"),
        Path("/etc/ld.so.cache"),
        Path("/etc/fonts"),
    ]
    prefixes = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        *(SOURCE / name for name in ("archive_store", "portal", "indexer")),
    }
    binds = [part for path in [*seen, *sorted(prefixes)] for part in ("--ro-bind-try", str(path), str(path))]
    scratch = ["--tmpfs", "/tmp"]  # noqa: S108 - inside the sandbox
    rest = [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
    ]
    return ["bwrap", *binds, *scratch, *rest]


def bubblewrap_works() -> bool:
    """Whether bubblewrap is here and may be used."""
    if shutil.which("bwrap") is None:
        return False
    trial = subprocess.run([*_sandbox(), "true"], check=False, capture_output=True, timeout=20)  # noqa: S603 - our own command
    return trial.returncode == 0
