"""Kill -9 at random moments of the whole way: nothing acknowledged is lost, no case is half there."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from sqlalchemy import select as choose
from sqlalchemy import text
from sqlalchemy.orm import Session

from archive_store.models.cases import Case
from archive_store.vocabulary import CaseState
from portal.worker import Worker
from tests.portal.acknowledged import Acknowledged, faults_of, faults_of_numbers, half_cases
from tests.portal.conftest import open_installation, write_case
from tests.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from portal.wiring import Installation
    from tests.portal.conftest import World
    from tests.proofs import ProofBook

MOST_ACKNOWLEDGED = 8
LONGEST_WAIT_S = 1.5


def write_folders(target: Path, count: int) -> None:
    """Case folders that differ in their number alone."""
    first = write_case(target / "000")
    text = (first / "case.json").read_text(encoding="utf-8")
    for number in range(1, count):
        folder = shutil.copytree(first, target / f"{number:03d}")
        (folder / "case.json").write_text(text.replace("〕1号", f"〕{number + 1}号"), encoding="utf-8")


def wait_until_ended(child: int, seconds: float) -> None:
    """Let the child run for so long, or until it has ended by itself."""
    descriptor = os.pidfd_open(child)
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def kill_with_its_own(child: int) -> None:
    """Kill the child and what it started; it may have ended meanwhile, or have no group of its own yet."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def kill_at_a_random_moment(pipe_in: IO[str], pipe_out: IO[str], acknowledged: Acknowledged) -> None:
    pipe_in.write("go\n")
    pipe_in.flush()
    child = int(pipe_out.readline().removeprefix("started "))
    for _ in range(random.randrange(MOST_ACKNOWLEDGED)):  # noqa: S311 - a moment, not a secret
        acknowledged.read(line := pipe_out.readline())
        if line in ("done\n", "ended\n"):
            break
    else:
        wait_until_ended(child, random.uniform(0, LONGEST_WAIT_S))  # noqa: S311
        kill_with_its_own(child)
        line = ""
    while line != "ended\n":
        acknowledged.read(line := pipe_out.readline())


def troubles(opened: Installation) -> list[str]:
    """Everything that is not as it should be once the installation was opened again and swept."""
    opened.sweep()
    damage = [f"{found.place}: {found.message}" for found in opened.services.fixity.verify_everything()]
    log = [f"{found.place}: {found.message}" for found in opened.services.audit.verify()]
    return damage + log + half_cases(opened)


def test_kills_on_the_whole_way_lose_nothing_acknowledged_and_leave_no_half_case(
    prepared: tuple[Path, dict[str, str]], tmp_path: Path, proofs: ProofBook, *, full: bool
) -> None:
    kills, acknowledged = 50 if full else 6, Acknowledged()
    data, folders = tmp_path / "data", tmp_path / "folders"
    half: list[str] = []
    lost: list[str] = []
    shutil.copytree(prepared[0], data)
    write_folders(folders, kills if full else 3)
    command = [sys.executable, "-m", "tests.portal.whole_way", str(data), str(folders)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(kills):
            kill_at_a_random_moment(process.stdin, process.stdout, acknowledged)
            with open_installation(data) as opened:
                half += troubles(opened)
                lost += acknowledged.lost(opened)
        process.stdin.close()
    with open_installation(data) as opened:
        ended = go_on_to_the_end(opened, folders)
        half += troubles(opened)
        lost += acknowledged.lost(opened)
    goal = f"0 after {kills} kills"
    proofs.record("acknowledged steps lost by kills on the whole way", len(lost), goal, holds=not lost)
    proofs.record("half cases left by kills on the whole way", len(half), goal, holds=not half)
    assert acknowledged.steps
    assert (lost, half) == ([], [])
    assert ended == {CaseState.SEALED}


def go_on_to_the_end(opened: Installation, folders: Path) -> set[CaseState]:
    """The same folders brought in once more: what an earlier run left is found and carried on."""
    from tests.portal.whole_way import Walker  # noqa: PLC0415 - it loads the whole portal

    for folder in sorted(folders.iterdir()):
        Walker(opened).walk(folder)
    Worker(opened).run_until_idle()
    with opened.database.read() as session:
        cases = session.scalars(choose(Case)).all()
        assert len(cases) == len(list(folders.iterdir()))
        assert opened.index.case_ids() == {case.id for case in cases}
        return {case.state for case in cases}


HALF = {
    "a seal without its object": "UPDATE stored_files SET object_id = 'urn:x', blob = NULL",
    "a state without its transfer": "UPDATE cases SET state = 'handed_over'",
    "a state without its events": "UPDATE cases SET state = 'sealed'",
    "an item without its file": "DELETE FROM stored_files WHERE item_id IN (SELECT id FROM items WHERE number = 2)",
    "a gap in the numbers": "UPDATE items SET number = 7 WHERE number = 2",
    "a label without its decision": "DELETE FROM label_decisions WHERE subject = 'item'",
    "a number that was given and is on no case": "UPDATE number_series SET next_number = next_number + 1",
}


def test_the_judges_of_the_kills_see_what_is_half_and_what_is_lost(world: World, accepted: str) -> None:
    assert half_cases(world.opened) == []
    for what, statement in HALF.items():
        with world.opened.database.engine.connect() as connection:
            change = connection.begin()
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            connection.execute(text(statement))
            with Session(connection) as session:
                case = session.get_one(Case, accepted)
                assert [*faults_of(world.opened, session, case), *faults_of_numbers(session)], what
            change.rollback()
    acknowledged = Acknowledged([("import", accepted, "x"), ("seal", accepted, ""), ("accept", accepted, "other code")])
    assert len(acknowledged.lost(world.opened)) == 2
