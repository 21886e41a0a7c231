"""The pool's hold on one parser process: start it, call it, end it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.parsing import wire
from archive_store.parsing.errors import ParserCrashedError, ParserTimedOutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive_store.parsing.sandbox import Sandbox

SHELL_SIGNAL_BASE = 128
END_SECONDS = 10
CHANNEL_BYTES = 2**20
"""Size of the socket buffers: pixels of a page go through in few turns."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a parser process may take.

    Attributes:
        memory_bytes: memory of a process; recognising text on a page needs about 1.2 GiB.
        timeout_seconds: time of one call, where the call does not say otherwise.
        queue_seconds: how long a caller waits for a process to become free.
        start_seconds: how long a process may take to start.
        output_bytes: size of one answer.
        file_bytes: size of one scratch file.
        calls: calls after which a process is replaced.
        niceness: how far it stands back behind other processes, 0 to 19 (nice(1)).
    """

    memory_bytes: int = 1536 * 2**20
    timeout_seconds: float = 30
    queue_seconds: float = 120
    start_seconds: float = 60
    output_bytes: int = 256 * 2**20
    file_bytes: int = 64 * 2**20
    calls: int = 500
    niceness: int = 0


class ParserProcess:
    """One parser process, used by one thread at a time; only `kill` may be called from others.

    It must be made in a thread that lives as long as the process shall: Linux kills a process that asked to die with
    its parent when the *thread* that started it ends.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits) -> None:
        self.calls = 0
        self._limits = limits
        self._channel, theirs = socket.socketpair()
        with theirs:
            for end in (self._channel, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHANNEL_BYTES)
            command = sandbox.command(theirs.fileno(), limits.memory_bytes, limits.file_bytes)
            if limits.niceness:
                command = ["nice", "-n", str(limits.niceness), *command]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                env=sandbox.environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until the process has limited itself.

        Raises:
            ParserFailedError: it did not come up.
        """
        header, _ = self._receive(time.monotonic() + self._limits.start_seconds)
        if header != {"ready": True}:
            raise ParserCrashedError

    @property
    def is_idle(self) -> bool:
        """Whether it is there and silent; what ended, or talks unasked, is not used again."""
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        return not poll.poll(0)

    def call(
        self,
        function: str,
        arguments: dict[str, wire.Json],
        descriptors: Sequence[int],
        seconds: float,
        *,
        outputs: int = 0,
    ) -> tuple[dict[str, wire.Json], tuple[bytes, ...]]:
        """The header and blobs that answer a call. After any error the process must be ended.

        The last `outputs` of the descriptors are written to; the others are only read.

        Raises:
            ParserTimedOutError: it took longer than `seconds`.
            ParserCrashedError: the process died or answered nonsense.
        """
        self.calls += 1
        deadline = time.monotonic() + seconds
        call: dict[str, wire.Json] = {"id": self.calls, "function": function, "seconds": seconds}
        call["outputs"] = outputs
        try:
            wire.send(self._channel, call | {"arguments": arguments}, descriptors=descriptors)
        except OSError as error:
            raise ParserCrashedError from error
        header, blobs = self._receive(deadline)
        if header.pop("id", None) != self.calls:
            raise ParserCrashedError
        return header, blobs

    def kill(self) -> None:
        """End the process and all that it started, now."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and let go of what it held."""
        self.kill()
        self._process.wait(END_SECONDS)
        self._channel.close()

    def _receive(self, deadline: float) -> tuple[dict[str, wire.Json], tuple[bytes, ...]]:
        try:
            return wire.receive(self._channel, deadline=deadline, limit=self._limits.output_bytes)
        except TimeoutError as error:
            raise ParserTimedOutError from error
        except EOFError as error:
            if self._ended_by(signal.SIGXCPU):
                raise ParserTimedOutError from error
            raise ParserCrashedError from error
        except wire.FrameError as error:
            raise ParserCrashedError from error

    def _ended_by(self, number: signal.Signals) -> bool:
        """Whether a signal ended the process; bubblewrap reports it as a shell does."""
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return code in {-number, SHELL_SIGNAL_BASE + number}
