"""What every forgery starts from: the scene, the register of kinds, and small changes of a file."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from portal.dissemination.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.portal.dissemination.conftest import Bench, Made

NAME = generic.NameObject
ALTERED, UNKNOWN = Verdict.ALTERED, Verdict.UNKNOWN


@dataclass(frozen=True)
class Scene:
    """A genuine copy, the bench that made it, a stranger with the same names, and room to work."""

    made: Made
    bench: Bench
    stranger: Bench
    folder: Path

    @property
    def genuine(self) -> bytes:
        return self.made.content

    @property
    def revisions(self) -> list[int]:
        """Where each revision ends."""
        return [found.end() for found in re.finditer(rb"%%EOF\n?", self.genuine)]

    def gap(self, number: int) -> tuple[int, int]:
        """Where the `/Contents` of the signature (0) or the time stamp (1) lies, brackets included."""
        found = list(re.finditer(rb"/Contents (<[0-9A-F]{400,}>)", self.genuine))[number]
        return found.start(1), found.end(1)


ATTACKS: dict[str, tuple[Callable[[Scene], bytes], Verdict | None]] = {}


def attack(verdict: Verdict | None = ALTERED) -> Callable[[Callable[[Scene], bytes]], Callable[[Scene], bytes]]:
    """Enter a kind; `verdict` is what it must be called, None where anything but genuine will do."""

    def enter(function: Callable[[Scene], bytes]) -> Callable[[Scene], bytes]:
        ATTACKS[function.__name__] = (function, verdict)
        return function

    return enter


def changed(content: bytes, at: int, by: bytes | None = None) -> bytes:
    """The content with one place changed (its lowest bit, or to `by`)."""
    new = by if by is not None else bytes([content[at] ^ 1])
    return content[:at] + new + content[at + len(new) :]


def updated(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The content with an incremental update."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
