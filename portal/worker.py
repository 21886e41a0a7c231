"""The worker: one at a time, under a lease, it carries out noted work and orders the audit log.

Stopping it anywhere is safe: each piece is one transaction, or can be repeated. Work that takes long (a page of text
to recognise, a film to convert) runs beside the rest, one piece at a time, and begins only when nothing else is due.
"""

from __future__ import annotations

import logging
import select as waiting
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TextIO

from sqlalchemy.exc import SQLAlchemyError

from archive_store.errors import ArchiveError, ConflictError
from archive_store.holders import Holder
from archive_store.work import WORKER, drop_lease, hold_lease, mark_failed, next_work

if TYPE_CHECKING:
    from archive_store.models.work import Work
    from portal.wiring import Installation

LEASE = WORKER
LEASE_SECONDS = 30
RENEWAL_SECONDS = 10
"""How long to go on before the lease is prolonged: each time is a write for which people's own writes wait."""
PAUSE_SECONDS = 0.25
ORDER_SECONDS = 1.0
"""While it runs, the worker gives leaves of the log their places at most so often, many at once."""
CHECKPOINT_SECONDS = 10
HOURLY = 3600
LEAVES_AT_A_TIME = 500
AFTER_TROUBLE_SECONDS = 5
"""How long to wait after the database or the disk did not answer, before going on."""
log = logging.getLogger(__name__)


class Worker:
    """Does what was noted, in order."""

    def __init__(self, opened: Installation) -> None:
        self._opened = opened
        self._holder = str(Holder.here())
        self._tidied = 0.0
        self._signed = 0.0
        self._ordered = 0.0
        self._renewed: float | None = None
        self._beside = ThreadPoolExecutor(1, "long-work")
        self._long: tuple[Work, Future[bool]] | None = None

    def run(self, stop: TextIO | None) -> None:
        """Work until `stop` is closed (or for ever)."""
        try:
            while not _closed(stop, PAUSE_SECONDS):
                while self._round() and not _closed(stop, 0):
                    pass
        finally:
            self._end()

    def _round(self) -> bool:
        """One round under the lease; trouble with the database or the disk passes, and nobody would begin us anew."""
        try:
            return self._holds() and self.step(at_once=False)
        except (ArchiveError, SQLAlchemyError, OSError) as error:
            log.warning("a round of the worker failed: %s", type(error).__name__)
            self._renewed = None
            time.sleep(AFTER_TROUBLE_SECONDS)
            return False

    def run_until_idle(self) -> None:
        """Do all that is due, then end; where another worker is at work, wait until it has done it."""
        try:
            while (mine := self._holds()) or self._anything_due():
                if not mine:
                    time.sleep(PAUSE_SECONDS)
                elif not self.step():
                    if self._long is None:
                        break
                    wait([self._long[1]], PAUSE_SECONDS)
        finally:
            self._end()

    def step(self, *, at_once: bool = True) -> bool:
        """One round; False where nothing was to be done. Without `at_once` the log is put in order each second only."""
        self._tidy()
        ordered = (at_once or time.monotonic() - self._ordered >= ORDER_SECONDS) and self._order() > 0
        return self._carry_out() or ordered or self._carry_on_beside()

    def _order(self) -> int:
        """Give leaves of the log their places; none where another worker, whose lease has just ended, does so."""
        self._ordered = time.monotonic()
        try:
            return self._opened.services.audit.sequence(LEAVES_AT_A_TIME)
        except ConflictError:
            return 0

    def _holds(self) -> bool:
        if self._renewed is not None and time.monotonic() - self._renewed < RENEWAL_SECONDS:
            return True
        began = time.monotonic()
        try:
            with self._opened.database.write() as unit:
                held = hold_lease(unit.session, LEASE, self._holder, LEASE_SECONDS)
        except ConflictError:  # another worker took it in the same moment
            held = False
        self._renewed = began if held else None
        return held

    def _anything_due(self) -> bool:
        with self._opened.database.read() as session:
            return any(next_work(session, long=long) is not None for long in (False, True))

    def _carry_out(self) -> bool:
        with self._opened.database.read() as session:
            work = next_work(session)
        if work is None:
            return False
        try:
            more = self._done(work)
        except Exception as error:  # noqa: BLE001 - a slip of ours too must stop only its own work
            self._failed(work, error)
        else:
            self._settle(work, more=more)
        return True

    def _carry_on_beside(self) -> bool:
        """Settle the long work that has ended, and begin the next; False while nothing changed."""
        if self._long is not None and not self._long[1].done():
            return False
        settled, self._long = self._long, None
        if settled is not None:
            work, ended = settled
            error = ended.exception()
            if error is None:
                self._settle(work, more=ended.result())
            else:  # a slip of ours too must stop only its own work
                self._failed(work, error)
        with self._opened.database.read() as session:
            following = next_work(session, long=True)
        if following is not None:
            self._long = following, self._beside.submit(self._done, following)
        return settled is not None or following is not None

    def _done(self, work: Work) -> bool:
        return bool(self._opened.tasks[work.kind](work.subject_id))

    def _settle(self, work: Work, *, more: bool) -> None:
        """Work of which more is to come stays noted."""
        if not more:
            with self._opened.database.write() as unit:
                unit.session.merge(work).done_at = self._opened.desk.clock()

    def _failed(self, work: Work, error: BaseException) -> None:
        reason = error.message if isinstance(error, ArchiveError) else type(error).__name__
        log.warning("work %s %s failed: %s", work.kind, work.id, reason)
        with self._opened.database.write() as unit:
            mark_failed(unit.session.merge(work), reason)

    def _end(self) -> None:
        """Give up the long work in hand, which stays noted, and the lease."""
        if self._long is not None:
            self._opened.stop_long_work()
        self._beside.shutdown(cancel_futures=True)
        with self._opened.database.write() as unit:
            drop_lease(unit.session, LEASE, self._holder)

    def _tidy(self) -> None:
        if time.monotonic() - self._signed > CHECKPOINT_SECONDS:
            self._signed = time.monotonic()  # first: where it fails, the other work goes on before the next try
            self._opened.services.audit.checkpoint()
        if time.monotonic() - self._tidied > HOURLY or not self._tidied:
            self._tidied = time.monotonic()
            self._opened.sweep()


def _closed(stop: TextIO | None, seconds: float) -> bool:
    """Wait a moment; True once the other end of `stop` is gone."""
    if stop is None:
        time.sleep(seconds)
        return False
    ready, _, _ = waiting.select([stop], [], [], seconds)
    return bool(ready) and not stop.read(1)
