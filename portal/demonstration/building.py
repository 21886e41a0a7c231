"""The whole demonstration archive, written by two threads at once.

Nearly all the time is spent in typst, Pillow and the encoders, which let other threads run; a process of its own
would first have to import the whole portal again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from portal.demonstration.folders import FolderWriter
from portal.demonstration.people import load_bureau
from portal.demonstration.source import CaseSource, document_types, load_cases
from portal.demonstration.typesetter import Typesetter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

THREADS = 2


@lru_cache(maxsize=1)
def cases() -> tuple[CaseSource, ...]:
    """Every case of the demonstration, in order."""
    return load_cases()


def build(target: Path, *, only: Sequence[str] | None = None) -> list[Path]:
    """Write the case folders into `target` and return them, in the order of `cases()`.

    `only` names the cases wanted (`CaseSource.name`); an unknown name is a KeyError. The same bytes come out
    every time. Two threads share the work.
    """
    wanted = cases() if only is None else _chosen(only)
    target.mkdir(parents=True, exist_ok=True)
    bureau, types = load_bureau(), document_types()
    waiting: SimpleQueue[CaseSource] = SimpleQueue()
    for case in sorted(wanted, key=lambda case: len(case.items), reverse=True):
        waiting.put(case)

    def write_waiting() -> None:
        with Typesetter() as typesetter:
            writer = FolderWriter(typesetter, bureau, types)
            with suppress(Empty):
                while True:
                    writer.write(waiting.get_nowait(), target)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="demonstration") as pool:
        for work in [pool.submit(write_waiting) for _ in range(THREADS)]:
            work.result()
    return [target / case.folder for case in wanted]


def _chosen(names: Sequence[str]) -> tuple[CaseSource, ...]:
    by_name = {case.name: case for case in cases()}
    chosen = {name: by_name[name] for name in names}
    return tuple(case for case in cases() if case.name in chosen)
