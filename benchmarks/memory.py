"""The most memory that a process and all that it started hold at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self

STEP_SECONDS = 0.1
MIB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")


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
    parents: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended between the look and the reading
        parents[int(path.parent.name)] = int(fields[1])
        sizes[int(path.parent.name)] = int(fields[21]) * PAGE
    family = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(sizes.get(member, 0) for member in family)
