"""Who holds a lease: a name for this process by which others can tell whether it still lives.

A process that was killed cannot give its lease back. Whoever wants the lease need not wait for its end where it is
certain that the holder is gone:

- the machine has not started anew, both see the same processes, and none has the holder's number and start time;
- or the database is a file, so that there is one machine only, and it has started anew since.

In every other case (another machine, another container) only time tells.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Self

PROC = Path("/proc")
UNKNOWN = "-"
AFTER_NAME = 19
"""Place of the start time in /proc/PID/stat, counted after the name in brackets (proc(5), field 22)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One holding: the start of the machine, the space of process numbers, the process, and a random part."""

    boot: str
    space: str
    pid: int
    started: str
    nonce: str

    @classmethod
    def here(cls) -> Self:
        """A new holding of this process."""
        pid = os.getpid()
        return cls(_boot(), _space(), pid, _started(pid), token_hex(8))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a holder's name back; None where it is not of this form."""
        parts = text.split(".")
        if len(parts) != 5 or not parts[2].isdecimal():  # noqa: PLR2004 - the five fields
            return None
        return cls(parts[0], parts[1], int(parts[2]), parts[3], parts[4])

    def __str__(self) -> str:
        """The name as it stands in a lease, at most 80 characters."""
        return f"{self.boot}.{self.space}.{self.pid}.{self.started}.{self.nonce}"

    def is_gone(self, *, one_machine: bool) -> bool:
        """Whether the process has certainly ended; `one_machine` where no other machine can be the holder's."""
        here = Holder.here()
        if UNKNOWN in {self.boot, self.space, self.started, here.boot, here.space}:
            return False
        if self.boot != here.boot:
            return one_machine
        return self.space == here.space and _started(self.pid) != self.started


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")[:16] or UNKNOWN
    except OSError:
        return UNKNOWN


def _space() -> str:
    try:
        return str((PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        return UNKNOWN


def _started(pid: int) -> str:
    """When a process began, in ticks since the start of the machine; `UNKNOWN` where there is none or it has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return UNKNOWN
    state, *fields = text[text.rindex(")") + 2 :].split()
    return UNKNOWN if state in "ZX" else fields[AFTER_NAME - 1]
