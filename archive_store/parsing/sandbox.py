"""How a parser process is started: the command, its environment, and what it may see.

With bubblewrap the process has no network, no capabilities, a process table of its own, and sees read-only what
Python needs: the system's libraries, the interpreter, its packages and our code. Neither the data folder nor a home
folder nor any process's memory is there. /proc is left out on purpose: through /proc/self/fd a process could open a
file that it was handed for reading once more for writing.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import archive_store
from archive_store.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

PACKAGES = ("archive_store", "indexer", "portal")
SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
SCRATCH_BYTES = 64 * 2**20
TRIAL_SECONDS = 30
CHILD_MODULE = "archive_store.parsing.child"


class Isolation(StrEnum):
    """What surrounds a parser process."""

    BUBBLEWRAP = "bubblewrap"
    RLIMITS = "rlimits"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Commands for parser processes.

    `code` are further folders that functions may be imported from, beside the project's own packages.
    """

    isolation: Isolation
    code: tuple[Path, ...] = ()

    def command(self, channel: int, memory_bytes: int, file_bytes: int) -> list[str]:
        """The command of a parser process that talks on descriptor `channel`."""
        numbers = map(str, (channel, memory_bytes, file_bytes))
        python = [sys.executable, "-P", "-s", "-m", CHILD_MODULE, *numbers]
        return [*_bubblewrap(self.code), *python] if self.isolation is Isolation.BUBBLEWRAP else python

    def environment(self) -> dict[str, str]:
        """All that the process finds in its environment: no variable of ours is handed on."""
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/tmp",  # noqa: S108 - its own, empty and lost at its end
            "PYTHONPATH": ":".join(map(str, (_source_root(), *self.code))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "OMP_NUM_THREADS": "1",
            "OMP_THREAD_LIMIT": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }


def choose(bubblewrap: bool | None, code: Sequence[Path] = ()) -> Sandbox:  # noqa: FBT001 - yes, no, or what is there
    """The sandbox that works here: None takes bubblewrap where it works, True insists on it, False does without.

    Raises:
        UnavailableError: bubblewrap is insisted on and does not work.
    """
    strong = Sandbox(Isolation.BUBBLEWRAP, tuple(code))
    weak = Sandbox(Isolation.RLIMITS, tuple(code))
    if bubblewrap is False:
        return weak
    trouble = _trouble_with_bubblewrap(shutil.which("bwrap"), strong)
    if trouble is None:
        return strong
    if bubblewrap:
        raise UnavailableError("解析隔离程序 bubblewrap 不可用。请安装后重试。")
    logger.warning("parsing without bubblewrap, limits on memory and time only: %s", trouble)
    return weak


@cache
def _trouble_with_bubblewrap(program: str | None, sandbox: Sandbox) -> str | None:
    """Why bubblewrap cannot be used here, or nothing. It may be installed and yet forbidden, as in containers.

    Tried once in a process: a trial takes as long as the start of a parser process.
    """
    if program is None:
        return "bwrap is not installed"
    command = [*_bubblewrap(sandbox.code), sys.executable, "-P", "-s", "-c", f"import {CHILD_MODULE}"]
    try:
        subprocess.run(  # noqa: S603 - a fixed program with our own folders
            command, env=sandbox.environment(), check=True, capture_output=True, text=True, timeout=TRIAL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip() or f"bwrap left {error.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None


def _bubblewrap(code: Sequence[Path]) -> list[str]:
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    command += ["--cap-drop", "ALL", "--dev", "/dev"]
    command += ["--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"]  # noqa: S108 - a new one, before what may lie in it
    for path in _visible(code):
        command += ["--ro-bind-try", str(path), str(path)]
    return [*command, "--chdir", "/", "--"]


def _visible(code: Sequence[Path]) -> list[Path]:
    """What the process may see: outer folders first, nothing twice."""
    interpreter = Path(sys.executable)
    wanted = {Path(path) for path in SYSTEM_FOLDERS}
    wanted |= {Path(sys.prefix), Path(sys.base_prefix), interpreter.resolve().parent.parent}
    wanted |= {_source_root() / name for name in PACKAGES} | {path.resolve() for path in code}
    found: list[Path] = []
    for path in sorted(wanted):
        if path != Path("/") and not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return found


def _source_root() -> Path:
    return Path(str(archive_store.__file__)).resolve().parent.parent
