"""veraPDF (PDF/A) and EU DSS (signatures) as judges of files that this program made."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import services

_HERE = Path(__file__).parent
_BROKEN = 2
_LONGEST_S = 280


def verapdf(flavour: str, *files: Path) -> tuple[bool, str]:
    """Whether every file is PDF/A of `flavour` ("2b", "3b"), and what veraPDF said."""
    return _judge("verapdf.sh", "--flavour", flavour, *files)


def dss(root: Path, *files: Path, options: tuple[str, ...] = ("--strict", "--level", "LTA")) -> tuple[bool, str]:
    """Whether EU DSS passes every file under the trusted `root` (PEM) at level LTA, and what it said."""
    return _judge("dss.sh", "--trust", root, *options, *files)


def _judge(script: str, *arguments: str | Path) -> tuple[bool, str]:
    services.need_java()
    run = subprocess.run([_HERE / script, *arguments], capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    said = run.stdout + run.stderr
    assert run.returncode < _BROKEN, f"the judge itself failed: {said}"
    return run.returncode == 0, said
