"""The whole demonstration archive, written by a few processes at once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from portal.demonstration.folders import FolderWriter
from portal.demonstration.people import load_bureau
from portal.demonstration.source import CaseSource, document_types, load_cases
from portal.demonstration.typesetter import Typesetter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROCESSES = 2


@lru_cache(maxsize=1)
def cases() -> tuple[CaseSource, ...]:
    """Every case of the demonstration, in order."""
    return load_cases()


def build(target: Path, *, only: Sequence[str] | None = None) -> list[Path]:
    """Write the case folders into `target` and return them, in the order of `cases()`.

    `only` names the cases wanted (`CaseSource.name`); an unknown name is a KeyError. The same bytes come out
    every time. Two processes share the work.
    """
    wanted = cases() if only is None else _chosen(only)
    target.mkdir(parents=True, exist_ok=True)
    shares = [[case.name for case in wanted[n::PROCESSES]] for n in range(PROCESSES)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        list(pool.map(_write_share, shares, [target] * PROCESSES))
    return [target / case.folder for case in wanted]


def _chosen(names: Sequence[str]) -> tuple[CaseSource, ...]:
    by_name = {case.name: case for case in cases()}
    chosen = {name: by_name[name] for name in names}
    return tuple(case for case in cases() if case.name in chosen)


def _write_share(names: list[str], target: Path) -> None:
    bureau, types = load_bureau(), document_types()
    with Typesetter() as typesetter:
        writer = FolderWriter(typesetter, bureau, types)
        for case in _chosen(names):
            writer.write(case, target)
