"""Commands run as the program runs them, but in this process: a start of their own takes seconds."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from portal.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    stdout: str
    stderr: str


def run(data: Path, *words: str) -> Said:
    """`anjuan --data DATA WORDS...` in the demonstration profile."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["anjuan", "--data", str(data), *words])
        patch.setenv("ANJUAN_PROFILE", "demonstration")
        patch.setenv("ANJUAN_RENDER_PROCESSES", "1")
        with pytest.raises(SystemExit) as ended:
            main()
    assert isinstance(ended.value.code, int)
    return Said(ended.value.code, out.getvalue(), err.getvalue())
