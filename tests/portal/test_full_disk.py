"""A disk that fails or is full at any write of a seal: a clear answer, nothing half, and the next seal succeeds."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pytest

from archive_store.errors import UnavailableError
from archive_store.models.cases import Case
from archive_store.vocabulary import CaseState
from tests.portal.conftest import World, open_installation, write_case
from tests.portal.seal_once import SEALED, TROUBLE
from tests.portal.test_kills import troubles
from tests.portal.whole_way import actor_of
from tests.services import need_program
from tests.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs import ProofBook

FAULTS = {"write": "ENOSPC", "pwrite64": "ENOSPC", "fsync": "EIO", "fdatasync": "EIO"}
"""Calls of the stores (write, fsync) and of the database (pwrite64, fdatasync), and how they are made to fail."""
IN_A_SHORT_RUN = ("write", "pwrite64")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


@dataclass
class Sealer:
    """A process that seals under a debugger."""

    strace: Path
    pipe_in: IO[str]
    pipe_out: IO[str]

    def seal(self, data: Path, *options: str) -> int:
        """Seal the case in `data` with `options` of strace in force; gives how it ended."""
        self.pipe_in.write(f"{data}\n")
        self.pipe_in.flush()
        child = int(self.pipe_out.readline().removeprefix("ready "))
        command = [str(self.strace), "-f", "-p", str(child), *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as debugger:
            assert debugger.stderr is not None
            while "attached" not in (line := debugger.stderr.readline()):
                assert line, "strace cannot attach"
            os.kill(child, signal.SIGUSR1)
            code = int(self.pipe_out.readline().removeprefix("ended "))
            debugger.communicate()
        return code

    def calls(self, data: Path, log: Path) -> Counter[str]:
        """How often a seal without faults makes each of the calls."""
        assert self.seal(data, "-o", str(log), "-e", f"trace={','.join(FAULTS)}") == SEALED
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return Counter(found[1] for line in lines if (found := CALL.match(line)))


@pytest.fixture
def taken_over(world: World, accepted: str, tmp_path: Path) -> tuple[Path, str]:
    """A data folder with an accepted case, closed."""
    world.opened.close()
    return tmp_path / "data", accepted


@pytest.fixture
def sealer(taken_over: tuple[Path, str]) -> Iterator[Sealer]:
    strace = need_program("strace", "strace")
    command = [sys.executable, "-m", "tests.portal.seal_once", taken_over[1]]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Sealer(strace, process.stdin, process.stdout)
        process.stdin.close()


def test_a_disk_that_fails_during_a_seal_leaves_nothing_half(
    taken_over: tuple[Path, str], sealer: Sealer, tmp_path: Path, proofs: ProofBook, *, full: bool
) -> None:
    data, case_id = taken_over
    trial, wrong, told = tmp_path / "trial", [], 0
    calls = sealer.calls(shutil.copytree(data, trial), tmp_path / "strace.log")
    for call in FAULTS if full else IN_A_SHORT_RUN:
        for number in random.sample(range(1, calls[call] + 1), min(calls[call], 8 if full else 1)):
            shutil.rmtree(trial)
            fault = f"inject={call}:error={FAULTS[call]}:when={number}+"
            answer = sealer.seal(shutil.copytree(data, trial), "-o", os.devnull, "-e", f"trace={call}", "-e", fault)
            told += answer == TROUBLE
            wrong += [] if answer in (SEALED, TROUBLE) else [f"{fault}: left {answer}"]
            wrong += [f"{fault}: {said}" for said in after(trial, case_id, answer)]
    proofs.record("seals on a failing disk that left something half", len(wrong), "0", holds=not wrong)
    assert wrong == []
    assert told


def after(data: Path, case_id: str, answer: int) -> list[str]:
    """What is wrong once the disk is well again: a half seal, or one that cannot be done now."""
    with open_installation(data) as opened:
        found = troubles(opened)
        with opened.database.read() as session:
            state = session.get_one(Case, case_id).state
        if answer == SEALED and state is not CaseState.SEALED:
            found.append("a seal that was acknowledged is lost")
        if state is CaseState.ACCEPTED:
            opened.services.sealing.seal(actor_of(opened, "archivist"), case_id)
            found += troubles(opened)
        return found


def test_a_disk_that_cannot_be_written_at_intake_is_said_and_nothing_comes_in(world: World, tmp_path: Path) -> None:
    folder, incoming = write_case(tmp_path / "case"), world.opened.staging.folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.parent.mkdir(exist_ok=True)
    incoming.touch()  # a file where a folder should be: every write fails
    with pytest.raises(UnavailableError, match="没有保存"):
        world.opened.services.intake.import_case(world.actor("handler"), folder)
    with world.opened.database.read() as session:
        assert session.query(Case).all() == []
    incoming.unlink()
    assert world.opened.services.intake.import_case(world.actor("handler"), folder).result == "made"
