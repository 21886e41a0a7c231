"""Lists of rights: what one asked for, what waits, who holds what, and every change, each for the office it is of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import aliased

from archive_store.accounts import ACCOUNTS_A_PAGE, accounts_named, in_term
from archive_store.audit.events import EventName
from archive_store.cases import case_for
from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.identity import AskState, RightKind, Role
from archive_store.models.accounts import Account, Membership, RightsAsk, RoleGrant
from archive_store.models.audit import AuditLeaf
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.rights import READ_BY_NAME, HeldRight, Right, held_by, names_of_departments, rights_of
from portal.services.rights import ASKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.cases import Case
    from portal.services.desk import Desk

PAGE_SIZE = ACCOUNTS_A_PAGE
CHANGES = (
    EventName.ACCOUNT_ASK_RIGHT,
    EventName.ACCOUNT_GRANT,
    EventName.ACCOUNT_REFUSE_RIGHT,
    EventName.ACCOUNT_WITHDRAW_RIGHT,
    EventName.ACCOUNT_REVOKE,
    EventName.ACCOUNT_CREATE,
    EventName.ACCOUNT_CODE,
    EventName.ACCOUNT_DISABLE,
    EventName.ACCOUNT_ENABLE,
    EventName.RECOVERY_BEGIN,
    EventName.RECOVERY_CONFIRM,
    EventName.RECOVERY_EXPIRE,
    EventName.RECOVERY_REFUSE,
    EventName.RECOVERY_USE,
    EventName.RECOVERY_WITHDRAW,
    EventName.URGENT_ASK,
    EventName.URGENT_END,
    EventName.URGENT_LAPSE,
    EventName.URGENT_OPEN,
    EventName.URGENT_REFUSE,
    EventName.URGENT_REVIEW,
)
"""Events that change, or ask to change, what a person may do."""


@dataclass(frozen=True, slots=True)
class AskRow:
    """A right asked for, in words."""

    ask: RightsAsk
    right: str
    name: str
    login: str
    asked_by: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with the rights it holds today or will hold, each with its words."""

    account: Account
    rights: tuple[tuple[HeldRight, str], ...]


@dataclass(frozen=True, slots=True)
class AskedPage:
    """One ask with what the person holds already."""

    row: AskRow
    person: PersonRow
    is_own: bool
    """Whether who looks at it asked for it, or it is for that person: then another decides."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event about a person's rights, as the auditor sees it."""

    at: datetime
    event: EventName
    actor: str
    person: str
    right: str
    ground: str
    first: date | None
    last: date | None


class RightsLists:
    """Reads rights; changes nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def own(self, actor: Actor) -> list[AskRow]:
        """What the person asked for, newest first."""
        if not any(may(actor, permission) for permission in (*ASKING, Permission.OPEN_CASE)):
            raise NotFoundError
        with self._desk.database.read() as session:
            return _rows(session, RightsAsk.asked_by == actor.account_id)

    def names(self, actor: Actor) -> dict[str, str]:
        """Name by login of the people for whom the actor may ask: those of the departments it answers for."""
        today = self._desk.today()
        members = select(Membership.account_id).where(
            Membership.department_id.in_(actor.in_charge), *in_term(Membership, today)
        )
        with self._desk.database.read() as session:
            found = session.scalars(select(Account).where(Account.active, Account.id.in_(members)))
            return {one.login: one.name for one in found if one.id != actor.account_id}

    def case(self, actor: Actor, case_id: str) -> tuple[Case, dict[str, str], list[AskRow]]:
        """A case that the actor may ask to open, to whom (name by login), and what was asked already."""
        today = self._desk.today()
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.OPEN_CASE)
            readers = select(RoleGrant.account_id).where(RoleGrant.role.in_(READ_BY_NAME), *in_term(RoleGrant, today))
            parties = select(RoleGrant.account_id).where(RoleGrant.role == Role.PARTY, *in_term(RoleGrant, today))
            people = session.scalars(
                select(Account)
                .where(Account.active, Account.id.in_(readers), Account.id.not_in(parties))
                .order_by(Account.name)
            )
            names = {one.login: one.name for one in people if one.id != actor.account_id}
            return case, names, _rows(session, RightsAsk.kind == RightKind.CASE, RightsAsk.value == case.id)

    def departments(self) -> dict[str, str]:
        """Name by id."""
        with self._desk.database.read() as session:
            return names_of_departments(session)

    def waiting(self, actor: Actor) -> list[AskRow]:
        """What waits to be granted, oldest first."""
        _grants(actor)
        with self._desk.database.read() as session:
            return _rows(session, RightsAsk.state == AskState.OPEN)[::-1]

    def asked(self, actor: Actor, ask_id: str) -> AskedPage:
        """One ask, for who decides it."""
        _grants(actor)
        with self._desk.database.read() as session:
            found = _rows(session, RightsAsk.id == ask_id)
            if not found:
                raise NotFoundError
            ask = found[0].ask
            own = actor.account_id in (ask.account_id, ask.asked_by)
            return AskedPage(found[0], self._person(session, session.get_one(Account, ask.account_id)), own)

    def people(self, actor: Actor, words: str = "", page: int = 1) -> tuple[list[PersonRow], int]:
        """One page of people with their rights, and how many there are."""
        _grants(actor)
        with self._desk.database.read() as session:
            found, total = accounts_named(session, words, page)
            rights = rights_of(session, self._desk.today(), [account.id for account in found])
            departments = names_of_departments(session)
            people = [_person(account, rights.get(account.id, []), departments) for account in found]
            return people, total

    def person(self, actor: Actor, account_id: str) -> tuple[PersonRow, list[AskRow]]:
        """One person's rights, and the asks that led to them."""
        _grants(actor)
        with self._desk.database.read() as session:
            account = session.get(Account, account_id)
            if account is None:
                raise NotFoundError
            return self._person(session, account), _rows(session, RightsAsk.account_id == account_id)

    def of_oneself(self, actor: Actor) -> PersonRow:
        """The person's own rights."""
        with self._desk.database.read() as session:
            return self._person(session, session.get_one(Account, actor.account_id))

    def changes(self, actor: Actor, page: int = 1) -> list[Change]:
        """One page of what was asked, granted, refused and ended, newest first, from the log itself."""
        if not may(actor, Permission.READ_LOG):
            raise NotFoundError
        who, whose = aliased(Account), aliased(Account)
        with self._desk.database.read() as session:
            departments = names_of_departments(session)
            rows = session.execute(
                select(AuditLeaf, who.name, whose.name)
                .outerjoin(who, who.id == AuditLeaf.actor_id)
                .outerjoin(whose, whose.id == AuditLeaf.object_id)
                .where(AuditLeaf.name.in_([name.value for name in CHANGES]))
                .order_by(AuditLeaf.id.desc())
                .limit(PAGE_SIZE)
                .offset((max(page, 1) - 1) * PAGE_SIZE)
            )
            return [_change(leaf, actor_name, person, departments) for leaf, actor_name, person in rows]

    def _person(self, session: Session, account: Account) -> PersonRow:
        held = held_by(session, account.id, self._desk.today())
        return _person(account, held, names_of_departments(session))


def _person(account: Account, held: list[HeldRight], departments: Mapping[str, str]) -> PersonRow:
    return PersonRow(account, tuple((one, one.right.say(departments)) for one in held))


def _grants(actor: Actor) -> None:
    if not may(actor, Permission.GRANT_RIGHTS):
        raise NotFoundError


def _rows(session: Session, *conditions: ColumnElement[bool]) -> list[AskRow]:
    departments = names_of_departments(session)
    whose, asker, decider = aliased(Account), aliased(Account), aliased(Account)
    found = session.execute(
        select(RightsAsk, whose.name, whose.login, asker.name, decider.name)
        .join(whose, whose.id == RightsAsk.account_id)
        .join(asker, asker.id == RightsAsk.asked_by)
        .outerjoin(decider, decider.id == RightsAsk.decided_by)
        .where(*conditions)
        .order_by(RightsAsk.asked_at.desc(), RightsAsk.id)
        .limit(PAGE_SIZE * 4)
    )
    return [
        AskRow(ask, Right(ask.kind, ask.value).say(departments), name, login, asked_by, decided_by or "")
        for ask, name, login, asked_by, decided_by in found
    ]


def _change(leaf: AuditLeaf, actor: str | None, person: str | None, departments: Mapping[str, str]) -> Change:
    details = json.loads(leaf.details) if leaf.details else {}
    return Change(
        leaf.at,
        EventName(leaf.name),
        actor or said_of(leaf.actor_id),
        person or leaf.object_id,
        _right_in(details, departments),
        details.get("decision") or details.get("ground") or details.get("reason") or "",
        _day(details.get("from")),
        _day(details.get("to")),
    )


def said_of(actor_id: str | None) -> str:
    """What stands for an actor who is no account."""
    return "系统" if actor_id and actor_id.startswith("service:") else "（未登录）"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _right_in(details: Mapping[str, str], departments: Mapping[str, str]) -> str:
    try:
        return Right.parse(details["right"]).say(departments)
    except (KeyError, InvalidInputError):
        return ""
