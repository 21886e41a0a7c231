"""The worker: one at a time, under a lease, it carries out noted work and orders the audit log.

Stopping it anywhere is safe: each piece is one transaction, or can be repeated.
"""

from __future__ import annotations

import logging
import select as waiting
import time
from typing import TYPE_CHECKING, TextIO

from archive_store.errors import ArchiveError, ConflictError
from archive_store.holders import Holder
from archive_store.work import drop_lease, hold_lease, mark_failed, next_work

if TYPE_CHECKING:
    from portal.wiring import Installation

LEASE = "worker"
LEASE_SECONDS = 30
PAUSE_SECONDS = 0.25
CHECKPOINT_SECONDS = 10
HOURLY = 3600
LEAVES_AT_A_TIME = 500
log = logging.getLogger(__name__)


class Worker:
    """Does what was noted, in order."""

    def __init__(self, opened: Installation) -> None:
        self._opened = opened
        self._holder = str(Holder.here())
        self._tidied = 0.0
        self._signed = 0.0

    def run(self, stop: TextIO | None) -> None:
        """Work until `stop` is closed (or for ever)."""
        try:
            while not _closed(stop, PAUSE_SECONDS):
                if self._holds() and not self.step():
                    continue
                while self.step():
                    self._holds()
        finally:
            with self._opened.database.write() as unit:
                drop_lease(unit.session, LEASE, self._holder)

    def run_until_idle(self) -> None:
        """Do all that is due, then end."""
        if self._holds():
            while self.step():
                self._holds()
            with self._opened.database.write() as unit:
                drop_lease(unit.session, LEASE, self._holder)

    def step(self) -> bool:
        """One round; False where nothing was to be done."""
        self._tidy()
        return self._carry_out() or self._order() > 0

    def _order(self) -> int:
        """Give leaves of the log their places; none where another worker, whose lease has just ended, does so."""
        try:
            return self._opened.services.audit.sequence(LEAVES_AT_A_TIME)
        except ConflictError:
            return 0

    def _holds(self) -> bool:
        try:
            with self._opened.database.write() as unit:
                return hold_lease(unit.session, LEASE, self._holder, LEASE_SECONDS)
        except ConflictError:  # another worker took it in the same moment
            return False

    def _carry_out(self) -> bool:
        with self._opened.database.read() as session:
            work = next_work(session)
        if work is None:
            return False
        try:
            self._opened.tasks[work.kind](work.subject_id)
        except ArchiveError as error:
            log.warning("work %s %s failed: %s", work.kind, work.id, error.message)
            with self._opened.database.write() as unit:
                mark_failed(unit.session.merge(work), error.message)
        else:
            with self._opened.database.write() as unit:
                unit.session.merge(work).done_at = self._opened.desk.clock()
        return True

    def _tidy(self) -> None:
        if time.monotonic() - self._signed > CHECKPOINT_SECONDS:
            self._opened.services.audit.checkpoint()
            self._signed = time.monotonic()
        if time.monotonic() - self._tidied > HOURLY or not self._tidied:
            self._opened.sweep()
            self._tidied = time.monotonic()


def _closed(stop: TextIO | None, seconds: float) -> bool:
    """Wait a moment; True once the other end of `stop` is gone."""
    if stop is None:
        time.sleep(seconds)
        return False
    ready, _, _ = waiting.select([stop], [], [], seconds)
    return bool(ready) and not stop.read(1)
