"""The whole way without end, to be killed: `python -m tests.portal.whole_way DATA FOLDERS`.

For each line on standard input a child is forked, leader of a process group of its own, that opens the installation
and takes each case folder from wherever it stands to its seal and into the index; after each service call that
returned it prints `ack STEP CASE VALUE`, at last `done`. `started PID` comes before, `ended` when it was reaped.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

import portal.cli.serving  # noqa: F401 - everything is loaded before the first child
from archive_store.errors import InvalidInputError
from archive_store.models.accounts import Account
from archive_store.models.cases import Case
from archive_store.vocabulary import CaseState
from portal.worker import Worker
from tests.portal.conftest import open_installation

if TYPE_CHECKING:
    from archive_store.identity import Actor
    from portal.wiring import Installation

EXTRA = "补充说明.txt"


class Walker:
    """Takes cases the whole way through the services of one installation."""

    def __init__(self, opened: Installation) -> None:
        self._opened = opened
        self._services = opened.services
        self._handler, self._archivist = actor_of(opened, "handler"), actor_of(opened, "archivist")

    def walk(self, folder: Path) -> None:
        """One folder, from wherever an earlier, killed walk left it."""
        outcome = self._services.intake.import_case(self._handler, folder)
        assert outcome.case_id is not None, outcome.findings
        case_id = outcome.case_id
        acknowledge("import", case_id, folder.name)
        if self._state(case_id) is CaseState.DRAFT:
            self._complete(case_id, folder.name)
        if self._state(case_id) is CaseState.HANDED_OVER:
            acknowledge("accept", case_id, self._services.transfer.accept(self._archivist, case_id))
        if self._state(case_id) is CaseState.ACCEPTED:
            self._seal(case_id)
        Worker(self._opened).run_until_idle()
        acknowledge("index", case_id, "")

    def _complete(self, case_id: str, content: str) -> None:
        try:
            item = self._services.intake.add_file(self._handler, case_id, EXTRA, io.BytesIO(content.encode()))
            acknowledge("file", case_id, item)
        except InvalidInputError:
            pass  # the walk before was killed after it had been taken in
        self._services.transfer.hand_over(self._handler, case_id)
        acknowledge("hand_over", case_id, "")

    def _seal(self, case_id: str) -> None:
        for found in self._services.transfer.findings(self._archivist, case_id):
            if found.blocks:
                self._services.transfer.waive(self._archivist, case_id, found.finding.key, "演示：已核实")
                acknowledge("waive", case_id, found.finding.key)
        self._services.sealing.seal(self._archivist, case_id)
        acknowledge("seal", case_id, "")

    def _state(self, case_id: str) -> CaseState:
        with self._opened.database.read() as session:
            return session.get_one(Case, case_id).state


def actor_of(opened: Installation, login: str) -> Actor:
    """A person by login, as the policy knows it."""
    with opened.database.read() as session:
        account = session.scalars(select(Account.id).where(Account.login == login)).one()
    actor = opened.services.accounts.actor(account)
    assert actor is not None
    return actor


def acknowledge(step: str, case_id: str, value: str) -> None:
    """Tell the outside that a service call returned; one write, so that no kill cuts a line."""
    os.write(1, f"ack {step} {case_id} {value}\n".encode())


def walk_all(data: Path, folders: Path) -> None:
    """What a child does."""
    with open_installation(data) as opened:
        opened.sweep()
        walker = Walker(opened)
        for folder in sorted(folders.iterdir()):
            walker.walk(folder)
    os.write(1, b"done\n")


def main() -> None:
    """Fork a child for each line."""
    data, folders = map(Path, sys.argv[1:])
    for _ in sys.stdin:
        if (child := os.fork()) == 0:
            os.setpgid(0, 0)
            walk_all(data, folders)
            os._exit(0)
        os.write(1, f"started {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"ended\n")


if __name__ == "__main__":
    main()
