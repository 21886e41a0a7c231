"""One row of a work list, and the rows of the offices that read no content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.cases import case_thing
from archive_store.deadlines import Deadline, Remaining, local_date, remaining
from archive_store.identity import AskState, UrgentState
from archive_store.models.accounts import Account, RightsAsk
from archive_store.models.cases import Case
from archive_store.models.urgent import UrgentReading
from archive_store.permissions import Permission
from archive_store.policy import decide, may
from archive_store.recovery import WAITS, waiting_for
from archive_store.rights import Right, names_of_departments, rights_of
from archive_store.urgent import WAITS as LAPSES_AFTER
from archive_store.urgent import is_open
from archive_store.urgent import waiting_for as urgent_waiting_for
from portal.services.rights import without_leader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor

SOON = timedelta(days=14)
"""How long before its end a right is shown to who would ask for it anew or grant it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One row of a work list: what it is, until when, and where the next step is taken."""

    kind: str
    title: str
    action: str
    endpoint: str
    arguments: dict[str, str] = field(default_factory=dict)
    due: date | None = None
    left: Remaining | None = None


def office_tasks(session: Session, actor: Actor, today: date) -> Iterator[Task]:
    """What waits for one of the three administrators."""
    if may(actor, Permission.MANAGE_ACCOUNTS):
        yield from _accounts(session, today)
    if may(actor, Permission.GRANT_RIGHTS):
        yield from _asked(session, actor)
        yield from _ending(session, today)
    for recovery, account in waiting_for(session, actor, today):
        due = local_date(recovery.begun_at + WAITS)
        left = remaining(Deadline(due, working=False), today)
        arguments = {"recovery_id": recovery.id}
        yield Task(
            "待核准", f"{account.name}（{account.login}）恢复登录", "核对", "recovery.page", arguments, due, left
        )


def urgent_tasks(session: Session, actor: Actor, moment: datetime, day: date) -> Iterator[Task]:
    """Urgent readings to agree to, and for the auditor those that run or wait for their review."""
    for reading, case in urgent_waiting_for(session, actor, moment, day):
        number = case.archival_code if may(actor, Permission.AGREE_URGENT) else f"编号 {case.id[:8]}"
        name = session.get_one(Account, reading.account_id).name
        due = local_date(reading.asked_at + LAPSES_AFTER)
        left, arguments = remaining(Deadline(due, working=False), day), {"reading_id": reading.id}
        yield Task("紧急查阅", f"{name} 申请查阅 {number}", "办理", "urgent.page", arguments, due, left)
    if may(actor, Permission.REVIEW_URGENT):
        granted = select(UrgentReading, Account.name).join(Account, Account.id == UrgentReading.account_id)
        open_ones = UrgentReading.state == UrgentState.GRANTED, UrgentReading.reviewed_at.is_(None)
        for reading, name in session.execute(granted.where(*open_ones).order_by(UrgentReading.decided_at)):
            runs = is_open(reading, moment)
            kind, action = ("紧急查阅正在进行", "查看") if runs else ("紧急查阅待审查", "审查")
            title, arguments = f"{name} 编号 {(reading.case_id or '')[:8]}", {"reading_id": reading.id}
            yield Task(kind, title, action, "urgent.review", arguments)


def label_tasks(session: Session, actor: Actor) -> Iterator[Task]:
    """What waits for a classifying officer: one row for each case that it may see."""
    for case_id in sorted(actor.label_cases):
        case = session.get(Case, case_id)
        if case is not None and decide(actor, Permission.DECIDE_LABEL, case_thing(case)):
            yield Task("定密与审核", f"{case.archival_code} {case.title}", "办理", "labels.waiting")


def _accounts(session: Session, today: date) -> Iterator[Task]:
    for account in session.scalars(
        select(Account).where(Account.active, Account.password_hash.is_(None)).order_by(Account.created_at)
    ):
        title = f"{account.name}（{account.login}）尚未启用账号"
        yield Task("待启用", title, "查看账号", "people.page", {"account_id": account.id})
    for department in without_leader(session, today):
        yield Task("待定主管", f"{department.name} 没有主管领导", "申请授权", "rights.ask")


def _asked(session: Session, actor: Actor) -> Iterator[Task]:
    departments = names_of_departments(session)
    waiting = select(RightsAsk, Account.name).join(Account, Account.id == RightsAsk.account_id)
    for ask, name in session.execute(waiting.where(RightsAsk.state == AskState.OPEN).order_by(RightsAsk.asked_at)):
        if actor.account_id not in (ask.account_id, ask.asked_by):
            title = f"{name}　{Right(ask.kind, ask.value).say(departments)}"
            yield Task("待授权", title, "办理", "rights.asked", {"ask_id": ask.id})


def _ending(session: Session, today: date) -> Iterator[Task]:
    departments = names_of_departments(session)
    for account_id, rights in rights_of(session, today, until=today + SOON).items():
        account = session.get_one(Account, account_id)
        for held in rights if account.active else ():
            if held.valid_to is None:
                continue
            left = remaining(Deadline(held.valid_to, working=False), today)
            title = f"{account.name}　{held.right.say(departments)}"
            yield Task("即将到期", title, "查看权限", "rights.person", {"account_id": account.id}, held.valid_to, left)
