"""What a process and all that it started take of the machine: the most memory at once, and processor time."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self

STEP_SECONDS = 0.1
MIB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
PARENT, PROCESSOR, RESIDENT = 1, (11, 12, 13, 14), 21


class PeakMemory:
    """Looks at /proc ten times a second between start and end; pages that processes share count for each."""

    def __init__(self) -> None:
        self.peak_mb = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(STEP_SECONDS):
            self.peak_mb = max(self.peak_mb, resident_bytes() // MIB)


def resident_bytes() -> int:
    """Resident memory of this process and its descendants."""
    return sum(int(fields[RESIDENT]) * PAGE for fields in _family())


def processor_seconds() -> float:
    """Processor time of this process and its descendants so far, those that ended included."""
    return sum(int(fields[place]) for fields in _family() for place in PROCESSOR) / TICKS


def _family() -> list[list[str]]:
    """The fields of /proc/PID/stat after the name (proc(5), from the third on), of this process and descendants."""
    found: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended between the look and the reading
    family = {os.getpid()}
    while more := {child for child, fields in found.items() if int(fields[PARENT]) in family} - family:
        family |= more
    return [found[member] for member in family if member in found]
