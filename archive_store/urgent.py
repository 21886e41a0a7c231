"""Urgent reading (紧急查阅): which case a typed number names for its asker, and who may agree to it.

The rules, each also a test:

1. nothing is looked up when it is asked for: a number of no case waits and lapses like one that nobody agreed to;
2. it reaches one sealed case, never a level or mark that the asker does not hold; while it lasts the asker reads
   nothing above 机密 and no 举报人信息 at all (`archive_store.policy.limits`), so that it can open none;
3. whoever asked does not agree: a leader in charge of the case's department does, cleared for its entry, and only
   where there is none a security administrator, who is told nothing of the case;
4. it ends by itself after an hour, and a review is open until a security auditor closes it with words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from archive_store.accounts import actor_of, leaders_of
from archive_store.cases import case_thing
from archive_store.identity import UrgentState
from archive_store.models.cases import Case
from archive_store.models.urgent import UrgentReading
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor

WAITS = timedelta(hours=24)
LASTS = timedelta(hours=1)


def case_asked_for(session: Session, reading: UrgentReading, day: date) -> Case | None:
    """The sealed case that the number names, if reading it could open anything of it to the asker.

    A number that several cases bear names none: the archival code does.
    """
    asker = actor_of(session, reading.account_id, today=day)
    if asker is None or not may(asker, Permission.ASK_URGENT):
        return None
    named = or_(Case.archival_code == reading.number, Case.case_number == reading.number)
    cases = session.scalars(select(Case).where(named, Case.state == CaseState.SEALED).limit(2)).all()
    if len(cases) != 1:
        return None
    reader = replace(asker, urgent_cases=asker.urgent_cases | {cases[0].id})
    return cases[0] if cleared(reader, cases[0].label) else None


def agrees(actor: Actor) -> bool:
    """Whether agreeing to urgent readings is of the actor's office."""
    return may(actor, Permission.AGREE_URGENT) or may(actor, Permission.AGREE_URGENT_UNSEEN)


def may_agree(session: Session, actor: Actor, reading: UrgentReading, case: Case, day: date) -> bool:
    """Whether the actor is one of those who agree to this."""
    if actor.account_id == reading.account_id:
        return False
    thing = case_thing(case)
    leaders = leaders_of(session, case.department_id, day) - {reading.account_id}
    able = [leader for who in sorted(leaders) if (leader := actor_of(session, who, today=day)) is not None]
    if any(decide(leader, Permission.AGREE_URGENT, thing) for leader in able):
        return decide(actor, Permission.AGREE_URGENT, thing)
    return may(actor, Permission.AGREE_URGENT_UNSEEN)


def waiting_for(session: Session, actor: Actor, moment: datetime, day: date) -> Iterator[tuple[UrgentReading, Case]]:
    """What the actor may agree to now, oldest first."""
    if not agrees(actor):
        return
    rows = session.scalars(
        select(UrgentReading)
        .where(
            UrgentReading.state == UrgentState.OPEN,
            UrgentReading.asked_at > moment - WAITS,
            UrgentReading.account_id != actor.account_id,  # first: its own would be looked up, which takes time
        )
        .order_by(UrgentReading.asked_at, UrgentReading.id)
    ).all()
    for reading in rows:
        case = case_asked_for(session, reading, day)
        if case is not None and may_agree(session, actor, reading, case, day):
            yield reading, case


def is_open(reading: UrgentReading, moment: datetime) -> bool:
    """Whether the case is open by it now."""
    granted = reading.state is UrgentState.GRANTED and reading.ended_at is None
    return granted and reading.ends_at is not None and reading.ends_at > moment
