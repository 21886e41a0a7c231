"""Urgent reading: asked for by number, agreed to by another, open for an hour, ended at once, reviewed afterwards.

Whoever asks is told the same whether or not there is such a case, and a refusal shows to it like no answer: it waits
for a day and lapses. Rules: `archive_store.urgent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from archive_store.audit.events import EventName
from archive_store.deadlines import local_date
from archive_store.errors import NotFoundError, RefusedError
from archive_store.identity import UrgentState
from archive_store.models.accounts import Account, CaseGrant
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Case, Item
from archive_store.models.urgent import UrgentReading
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.urgent import LASTS, WAITS, agrees, case_asked_for, is_open, may_agree, waiting_for
from portal.services.words import one_line

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from portal.services.desk import Desk

LONGEST = {"number": 120, "ground": 500, "review": 1000}
WORDS = {"number": "完整案号或者档号", "ground": "依据", "review": "审查意见"}
MOST_AT_ONCE = 3
MOST = 50
SERVICE = "service:urgent"
SETTLED = "这项申请已经办理或已失效，请刷新页面。"
TOO_MANY = f"您已有 {MOST_AT_ONCE} 项申请在等待处理，请等待处理或失效后再登记。"


@dataclass(frozen=True, slots=True)
class OwnReading:
    """What the asker is told: an agreement and its end; a refusal shows like no answer."""

    reading: UrgentReading
    state: UrgentState
    is_open: bool


@dataclass(frozen=True, slots=True)
class ToDecide:
    """What someone may agree to; `case` only for who sees it anyway."""

    reading: UrgentReading
    asker: str
    case_id: str
    case: Case | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A reading as the auditor sees it: who, why, when, and how many events it left, without content."""

    reading: UrgentReading
    asker: str
    decider: str
    is_open: bool
    events: list[tuple[str, int, int]]
    """What the asker did meanwhile: title, how often, how often of it with this case."""


class UrgentService:
    """The way of an urgent reading from asking to its review."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask(self, actor: Actor, number: str, ground: str) -> str:
        """Ask to read one case, named by its whole number; gives the id. Whether there is such a case is not looked at.

        Raises:
            NotFoundError: asking is not of the actor's office.
            InvalidInputError: number or ground is missing or too long.
            RefusedError: too many asks of the actor wait already.
        """
        if not may(actor, Permission.ASK_URGENT):
            raise NotFoundError
        reading = UrgentReading(account_id=actor.account_id, number=_line(number, "number"))
        reading.ground, reading.asked_at = _line(ground, "ground"), self._desk.clock()
        with self._desk.database.write() as unit:
            unit.session.get_one(Account, actor.account_id, with_for_update=True)
            waiting = select(func.count()).where(
                UrgentReading.account_id == actor.account_id,
                UrgentReading.state != UrgentState.GRANTED,
                UrgentReading.asked_at > reading.asked_at - WAITS,
            )
            if (unit.session.scalar(waiting) or 0) >= MOST_AT_ONCE:
                raise RefusedError(TOO_MANY)
            unit.session.add(reading)
            unit.session.flush()
            self._record(unit.session, actor, EventName.URGENT_ASK, reading, ground=reading.ground)
            return reading.id

    def decide(self, actor: Actor, reading_id: str, *, agreed: bool, ground: str) -> None:
        """Agree, which opens the case to the asker for an hour from now, or refuse.

        Raises:
            NotFoundError: no such ask, or none on which the actor decides.
            RefusedError: it is decided or has lapsed.
        """
        ground = _line(ground, "ground")
        with self._desk.database.write() as unit:
            reading, case = self._to_decide(unit.session, actor, reading_id)
            reading.decided_by, reading.decided_at = actor.account_id, self._desk.clock()
            reading.decision_ground, reading.case_id = ground, case.id
            if not agreed:
                reading.state = UrgentState.REFUSED
                self._record(unit.session, actor, EventName.URGENT_REFUSE, reading, decision=ground)
                return
            reading.state, reading.ends_at = UrgentState.GRANTED, reading.decided_at + LASTS
            reading.grant_id = self._opened(unit.session, reading, case)
            until = reading.ends_at.isoformat()
            self._record(unit.session, actor, EventName.URGENT_OPEN, reading, decision=ground, until=until)

    def end(self, actor: Actor, reading_id: str) -> None:
        """End a reading before its hour: the reader itself, who agreed, or a security administrator."""
        with self._desk.database.write() as unit:
            reading = unit.session.get(UrgentReading, reading_id, with_for_update=True)
            if reading is None or reading.state is not UrgentState.GRANTED:
                raise NotFoundError
            concerned = actor.account_id in (reading.account_id, reading.decided_by)
            if not (concerned or may(actor, Permission.AGREE_URGENT_UNSEEN)):
                raise NotFoundError
            if not is_open(reading, self._desk.clock()):
                raise RefusedError("这次紧急查阅已经结束。")
            self._end(unit.session, actor, reading, self._desk.clock())

    def review(self, actor: Actor, reading_id: str, words: str) -> None:
        """Close the review of a reading that is over."""
        if not may(actor, Permission.REVIEW_URGENT):
            raise NotFoundError
        words = _line(words, "review")
        with self._desk.database.write() as unit:
            reading = unit.session.get(UrgentReading, reading_id, with_for_update=True)
            if reading is None or reading.state is not UrgentState.GRANTED:
                raise NotFoundError
            if is_open(reading, self._desk.clock()):
                raise RefusedError("紧急查阅尚未结束，结束后再审查。")
            if reading.reviewed_at is not None:
                raise RefusedError("这次紧急查阅已经审查，请刷新页面。")
            reading.reviewed_by, reading.reviewed_at, reading.review = actor.account_id, self._desk.clock(), words
            self._record(unit.session, actor, EventName.URGENT_REVIEW, reading, decision=words)

    def lapse(self) -> int:
        """Note what lapsed and what ended by itself, each with its event; gives how many. For the worker."""
        now = self._desk.clock()
        waited = (UrgentReading.state == UrgentState.OPEN) & (UrgentReading.asked_at <= now - WAITS)
        over = (UrgentReading.state == UrgentState.GRANTED) & UrgentReading.ended_at.is_(None)
        with self._desk.database.write() as unit:
            asked = select(UrgentReading).where(or_(waited, over & (UrgentReading.ends_at <= now))).with_for_update()
            rows = unit.session.scalars(asked).all()
            for reading in rows:
                if reading.state is UrgentState.OPEN:
                    reading.state = UrgentState.LAPSED
                    self._record(unit.session, SERVICE, EventName.URGENT_LAPSE, reading)
                else:
                    self._end(unit.session, SERVICE, reading, reading.ends_at or now)
            return len(rows)

    # --- pages

    def own(self, actor: Actor) -> list[OwnReading]:
        """What the actor asked for, newest first."""
        if not may(actor, Permission.ASK_URGENT):
            raise NotFoundError
        now = self._desk.clock()
        with self._desk.database.read() as session:
            rows = session.scalars(
                select(UrgentReading)
                .where(UrgentReading.account_id == actor.account_id)
                .order_by(UrgentReading.asked_at.desc(), UrgentReading.id)
                .limit(MOST)
            ).all()
        return [OwnReading(row, _state_for_asker(row, now), is_open(row, now)) for row in rows]

    def waiting(self, actor: Actor) -> list[ToDecide]:
        """What the actor may agree to now."""
        if not agrees(actor):
            raise NotFoundError
        with self._desk.database.read() as session:
            return [
                self._shown(session, actor, reading, case)
                for reading, case in waiting_for(session, actor, self._desk.clock(), self._desk.today())
            ]

    def running(self, actor: Actor) -> list[ToDecide]:
        """Readings that are open now and that the actor may end as one who agrees."""
        now = self._desk.clock()
        own = UrgentReading.decided_by == actor.account_id
        mine = UrgentReading.id.is_not(None) if may(actor, Permission.AGREE_URGENT_UNSEEN) else own
        with self._desk.database.read() as session:
            rows = session.scalars(select(UrgentReading).where(mine, UrgentReading.ends_at > now)).all()
            return [
                self._shown(session, actor, row, session.get_one(Case, row.case_id))
                for row in rows
                if is_open(row, now) and row.account_id != actor.account_id
            ]

    def to_decide(self, actor: Actor, reading_id: str) -> ToDecide:
        """One ask on which the actor decides."""
        with self._desk.database.read() as session:
            return self._shown(session, actor, *self._to_decide(session, actor, reading_id, lock=False))

    def reviews(self, actor: Actor, *, closed: bool = False) -> list[Reviewed]:
        """Readings that were agreed to and wait for their review, or whose review is closed, newest first."""
        done = UrgentReading.reviewed_at.is_not(None) if closed else UrgentReading.reviewed_at.is_(None)
        return self._reviewed(actor, done)

    def reviewed(self, actor: Actor, reading_id: str) -> Reviewed:
        """One reading with what its reader did meanwhile."""
        rows = self._reviewed(actor, UrgentReading.id == reading_id)
        if not rows:
            raise NotFoundError
        return rows[0]

    # --- parts

    def _to_decide(
        self, session: Session, actor: Actor, reading_id: str, *, lock: bool = True
    ) -> tuple[UrgentReading, Case]:
        reading = session.get(UrgentReading, reading_id, with_for_update=lock) if agrees(actor) else None
        if reading is None or reading.account_id == actor.account_id:
            raise NotFoundError  # before the case is looked up: the time that takes would tell the asker of it
        case = case_asked_for(session, reading, self._desk.today())
        if case is None or not may_agree(session, actor, reading, case, self._desk.today()):
            raise NotFoundError
        if reading.state is not UrgentState.OPEN or reading.asked_at + WAITS <= self._desk.clock():
            raise RefusedError(SETTLED)
        return reading, case

    def _opened(self, session: Session, reading: UrgentReading, case: Case) -> str:
        grant = CaseGrant(account_id=reading.account_id, case_id=case.id, ends_at=reading.ends_at)
        grant.ground, grant.granted_by = f"紧急查阅：{reading.ground}"[: LONGEST["ground"]], reading.decided_by
        grant.granted_at = self._desk.clock()
        grant.valid_to = local_date(grant.granted_at + LASTS)
        session.add(grant)
        session.flush()
        return grant.id

    def _end(self, session: Session, actor: Actor | str, reading: UrgentReading, moment: datetime) -> None:
        grant = session.get_one(CaseGrant, reading.grant_id)
        reading.ended_at = grant.ended_at = moment
        if not isinstance(actor, str):
            grant.ended_by = actor.account_id
        self._record(session, actor, EventName.URGENT_END, reading)

    def _shown(self, session: Session, actor: Actor, reading: UrgentReading, case: Case) -> ToDecide:
        asker = session.get_one(Account, reading.account_id).name
        sees = may(actor, Permission.AGREE_URGENT)
        return ToDecide(reading, asker, case.id, case if sees else None)

    def _reviewed(self, actor: Actor, *conditions: ColumnElement[bool]) -> list[Reviewed]:
        if not may(actor, Permission.REVIEW_URGENT):
            raise NotFoundError
        asker, decider, now = aliased(Account), aliased(Account), self._desk.clock()
        with self._desk.database.read() as session:
            rows = session.execute(
                select(UrgentReading, asker.name, decider.name)
                .join(asker, asker.id == UrgentReading.account_id)
                .join(decider, decider.id == UrgentReading.decided_by)
                .where(UrgentReading.state == UrgentState.GRANTED, *conditions)
                .order_by(UrgentReading.decided_at.desc(), UrgentReading.id)
                .limit(MOST)
            ).all()
            return [Reviewed(row, who, by, is_open(row, now), _events(session, row)) for row, who, by in rows]

    def _record(
        self, session: Session, actor: Actor | str, name: EventName, reading: UrgentReading, **more: str
    ) -> None:
        details = {"reading": reading.id} | more
        if reading.case_id:
            details["right"] = f"case:{reading.case_id}"
        self._desk.record(session, actor, name, ("account", reading.account_id), **details)


def _state_for_asker(reading: UrgentReading, now: datetime) -> UrgentState:
    if reading.state is UrgentState.GRANTED:
        return UrgentState.GRANTED
    return UrgentState.OPEN if reading.asked_at + WAITS > now else UrgentState.LAPSED


def _events(session: Session, reading: UrgentReading) -> list[tuple[str, int, int]]:
    last = reading.ended_at or reading.ends_at
    meanwhile = (
        AuditLeaf.actor_id == reading.account_id,
        AuditLeaf.at >= reading.decided_at,
        AuditLeaf.at <= last,
    )
    items = select(Item.id).where(Item.case_id == reading.case_id)
    here = or_(AuditLeaf.object_id == reading.case_id, AuditLeaf.object_id.in_(items))
    rows = session.execute(
        select(AuditLeaf.name, func.count(), func.count().filter(here))
        .where(*meanwhile)
        .group_by(AuditLeaf.name)
        .order_by(AuditLeaf.name)
    ).all()
    return [(EventName(name).zh, every, own) for name, every, own in rows]


def _line(text: str, field: str) -> str:
    return one_line(text, field, LONGEST[field], f"请写明{WORDS[field]}，不超过 {LONGEST[field]} 字。")
