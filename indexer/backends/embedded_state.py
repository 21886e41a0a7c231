"""The small file that says which build of the embedded index is live, and how often it has changed.

It is replaced as a whole, so a reader sees the old or the new state and never half of one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from archive_store.blobs.durable import replace_bytes
from indexer.backends.form import FORM

if TYPE_CHECKING:
    from pathlib import Path

FILE = "state.json"


@dataclass(frozen=True, slots=True)
class State:
    """Number of the live build (0: none yet), of its generation, and the form it was written for."""

    build: int = 0
    generation: int = 0
    form: int = FORM

    @property
    def folder(self) -> str:
        """The name of the build's folder."""
        return f"build-{self.build:06d}"


def read_state(root: Path) -> State:
    """The state of an index; a fresh one where nothing was written."""
    try:
        return State(**json.loads((root / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return State()


def write_state(root: Path, state: State) -> None:
    """Put a new state in the place of the old one, durably."""
    replace_bytes(json.dumps(asdict(state)).encode(), root / FILE)
