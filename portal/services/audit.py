"""The log for those who order, check and read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store.audit.checkpoint import CheckpointBook, sign
from archive_store.audit.events import LONGEST, EventName, Outcome
from archive_store.deadlines import beginning_of
from archive_store.errors import NotFoundError
from archive_store.models.accounts import Account
from archive_store.models.audit import AuditCheckpoint, AuditLeaf
from archive_store.models.work import Work
from archive_store.permissions import Permission
from archive_store.policy import may
from portal.services.rights_lists import CHANGES, said_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import ColumnElement

    from archive_store.audit.note import SigningKey
    from archive_store.audit.verification import AuditFinding
    from archive_store.identity import Actor
    from portal.services.desk import Desk

ORIGIN = "anjuan/audit"
PAGE_SIZE = 50
NO_PLACE = "none"
ID_SHAPE = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""What an id may look like; anything else that was asked for may be somebody's words and is not kept."""
LATELY = timedelta(days=7)

TITLES = {name.value: name.zh for name in EventName}
OUTCOMES = {outcome.value: outcome.zh for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class Overview:
    """What the auditor looks at first: figures of the last days, and how the log itself stands."""

    rights_changes: int
    failed_logins: int
    refused: int
    unordered: int
    unsigned: int
    """Leaves that no checkpoint binds yet."""
    verified_at: datetime | None
    verified_well: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the auditor sees it: no content, no details."""

    position: int | None
    at: datetime
    name: str
    title: str
    actor_name: str
    object_type: str
    object_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events the auditor wants to see; what is empty does not restrict. Days are days in China."""

    name: str = ""
    outcome: str = ""
    person: str = ""
    """Part of a name or login."""
    since: date | None = None
    until: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on `AuditLeaf` joined with `Account`."""
        found = []
        if self.name:
            found.append(AuditLeaf.name == self.name)
        if self.outcome:
            found.append(AuditLeaf.outcome == self.outcome)
        if self.person:
            found.append(Account.name.contains(self.person, autoescape=True) | (Account.login == self.person))
        if self.since:
            found.append(AuditLeaf.at >= beginning_of(self.since))
        if self.until:
            found.append(AuditLeaf.at < beginning_of(self.until + timedelta(days=1)))
        return found


EVERYTHING = LogFilter()


class AuditService:
    """Orders, checks and shows the log."""

    def __init__(self, desk: Desk, key: SigningKey) -> None:
        self._desk = desk
        self._key = key
        self._book = CheckpointBook(desk.log, ORIGIN, [key.verifier])

    def note_denial(self, actor: Actor, place: str, asked: str) -> None:
        """Keep that the actor was answered as for what does not exist, at `place` (page or command), for id `asked`."""
        subject = (place[: LONGEST["object_type"]] or NO_PLACE, asked if ID_SHAPE.fullmatch(asked) else "")
        with self._desk.database.write() as unit:
            self._desk.record(unit.session, actor.account_id, EventName.ACCESS_DENIED, subject, Outcome.REFUSED)

    def sequence(self, limit: int) -> int:
        """Give places to leaves that have none; gives how many. For the worker."""
        with self._desk.database.read() as session:
            if session.scalars(select(AuditLeaf.id).where(AuditLeaf.position.is_(None)).limit(1)).first() is None:
                return 0
        with self._desk.database.write() as unit:
            return self._desk.log.sequence(unit.session, limit)

    def checkpoint(self) -> bool:
        """Sign and keep a checkpoint where the log has grown since the last; for the worker."""
        with self._desk.database.read() as session:
            due = self._book.due(session)
        if due is None:
            return False
        note = sign(due, self._key)
        with self._desk.database.write() as unit:
            self._book.keep(unit.session, note)
        return True

    def verify(self) -> list[AuditFinding]:
        """Everything that is not as it was written, kept checkpoints included."""
        with self._desk.database.read() as session:
            return self._desk.log.verify(session, keys=[self._key.verifier])

    def verify_for(self, actor: Actor) -> list[AuditFinding]:
        """The same for the security auditor; that it was done, and how it ended, is an event."""
        if not may(actor, Permission.READ_LOG):
            raise NotFoundError
        found = self.verify()
        with self._desk.database.write() as unit:
            outcome = Outcome.FAILED if found else Outcome.DONE
            subject = ("audit", ORIGIN)
            self._desk.record(unit.session, actor, EventName.AUDIT_VERIFY, subject, outcome, findings=len(found))
        return found

    def overview(self, actor: Actor) -> Overview:
        """What waits for the auditor's eye."""
        if not may(actor, Permission.READ_LOG):
            raise NotFoundError
        since = self._desk.clock() - LATELY
        with self._desk.database.read() as session:
            last = session.scalars(
                select(AuditLeaf)
                .where(AuditLeaf.name == EventName.AUDIT_VERIFY.value)
                .order_by(AuditLeaf.id.desc())
                .limit(1)
            ).first()
            ordered = session.scalar(select(func.max(AuditLeaf.position)))
            signed = session.scalar(select(func.max(AuditCheckpoint.size))) or 0

            def count(*conditions: ColumnElement[bool]) -> int:
                return session.scalar(select(func.count()).select_from(AuditLeaf).where(*conditions)) or 0

            return Overview(
                rights_changes=count(AuditLeaf.at >= since, AuditLeaf.name.in_([name.value for name in CHANGES])),
                failed_logins=count(AuditLeaf.at >= since, AuditLeaf.name == EventName.ACCOUNT_LOGIN_FAILED.value),
                refused=count(
                    AuditLeaf.at >= since,
                    AuditLeaf.outcome == Outcome.REFUSED.value,
                    AuditLeaf.name != EventName.ACCOUNT_LOGIN_FAILED.value,
                ),
                unordered=count(AuditLeaf.position.is_(None)),
                unsigned=max(0, (-1 if ordered is None else ordered) + 1 - signed),
                verified_at=last.at if last else None,
                verified_well=last is not None and last.outcome == Outcome.DONE.value,
            )

    def latest(self, actor: Actor, page: int, size: int = PAGE_SIZE, wanted: LogFilter = EVERYTHING) -> list[Entry]:
        """One page of the log, newest first, for the security auditor."""
        if not may(actor, Permission.READ_LOG):
            raise NotFoundError
        with self._desk.database.read() as session:
            rows = session.execute(
                select(AuditLeaf, Account.name)
                .outerjoin(Account, Account.id == AuditLeaf.actor_id)
                .where(*wanted.conditions())
                .order_by(AuditLeaf.id.desc())
                .limit(size)
                .offset((max(page, 1) - 1) * size)
            )
            return [
                Entry(
                    leaf.position,
                    leaf.at,
                    leaf.name,
                    TITLES.get(leaf.name, leaf.name),
                    name or said_of(leaf.actor_id),
                    leaf.object_type,
                    leaf.object_id,
                    OUTCOMES.get(leaf.outcome, leaf.outcome),
                )
                for leaf, name in rows
            ]

    def state(self) -> list[tuple[str, str]]:
        """Figures of the installation, without content and without numbers of cases, which tell of hidden ones."""
        with self._desk.database.read() as session:
            figures = {
                "日志记录": session.scalar(select(func.count()).select_from(AuditLeaf)),
                "待办任务": session.scalar(select(func.count()).select_from(Work).where(Work.done_at.is_(None))),
            }
        return [(name, str(value)) for name, value in figures.items()]
