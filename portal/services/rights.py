"""Rights asked for by who answers for a person, granted or refused by the security administrator, and their end.

Nobody asks for oneself, nobody grants to oneself or what one asked for; a change of rights ends the person's sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import actor_of, in_term
from archive_store.audit.events import EventName
from archive_store.cases import case_for
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import AskState, RightKind, Role
from archive_store.labels import Level, Mark
from archive_store.models.accounts import Account, Department, Leadership, RightsAsk
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.rights import (
    LAST_ONE,
    OF_A_DEPARTMENT,
    Right,
    give,
    held_by,
    last_of,
    objection,
    right_in,
    row_of,
)
from portal.services.words import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from portal.services.desk import Desk

LONGEST_GROUND = 500
ASKING = (Permission.ASK_FOR_RIGHTS, Permission.ASK_FOR_LEADER, Permission.ASK_FOR_PARTY)
NO_SUCH_PERSON = "没有可以为其申请的这个账号。请核对用户名；还不是本部门人员的，请先申请其所属部门。"
NOT_ONESELF = "不能办理本人的权限，须由其他人办理。"
NOT_OWN_ASK = "不能授予自己申请的权限，须由另一位安全保密管理员办理。"
ASKER_GONE = "申请人已不再有权为此人提出这项申请，不能授予。可以不予授予，由现任领导重新申请。"
SETTLED = "这项申请已经办理，请刷新页面。"


@dataclass(frozen=True, slots=True)
class NewAsk:
    """What is asked for whom; `right` is the code of a right."""

    login: str
    right: str
    ground: str
    valid_from: date | None = None
    valid_to: date | None = None


class RightsService:
    """The way of a right from asking to its end."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def offered(self, actor: Actor) -> list[Right]:
        """What the person may ask for at all."""
        if not any(may(actor, permission) for permission in ASKING):
            raise NotFoundError
        with self._desk.database.read() as session:
            return _offered(session, actor, self._desk.today())

    def ask(self, actor: Actor, new: NewAsk) -> str:
        """Ask for a right for a person; gives the ask's id.

        Raises:
            NotFoundError: asking for rights is not of the actor's office.
            InvalidInputError: person, right, term or ground are missing or wrong.
            RefusedError: it cannot be given to this person.
        """
        if not any(may(actor, permission) for permission in ASKING):
            raise NotFoundError
        right = Right.parse(new.right)
        with self._desk.database.write() as unit:
            if right not in _offered(unit.session, actor, self._desk.today()):
                raise InvalidInputError("请从列出的权限中选择。", "right")
            account = self._staff(unit.session, actor, new.login, party=right == PARTY)
            if not _answers_for(unit.session, actor, account, right, self._desk.today(), asked=True):
                raise InvalidInputError(NO_SUCH_PERSON, "login")
            return self._note(unit.session, actor, account, right, new)

    def ask_for_case(self, actor: Actor, case_id: str, new: NewAsk) -> str:
        """Ask that a case be opened to a person until a day; `new.right` is not looked at.

        Raises:
            NotFoundError: no such case for this actor.
        """
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.OPEN_CASE)
            account = self._staff(unit.session, actor, new.login, party=False)
            return self._note(unit.session, actor, account, Right(RightKind.CASE, case.id), new)

    def withdraw(self, actor: Actor, ask_id: str) -> None:
        """Take one's own ask back while it waits."""
        with self._desk.database.write() as unit:
            ask = unit.session.get(RightsAsk, ask_id, with_for_update=True)
            if ask is None or ask.asked_by != actor.account_id:
                raise NotFoundError
            _still_open(ask)
            ask.state, ask.decided_at = AskState.WITHDRAWN, self._desk.clock()
            self._record(unit.session, actor, EventName.ACCOUNT_WITHDRAW_RIGHT, ask)

    def decide(self, actor: Actor, ask_id: str, *, granted: bool, ground: str) -> None:
        """Grant or refuse what was asked for, with the ground.

        Raises:
            NotFoundError: no such ask, or deciding is not of the actor's office.
            RefusedError: it is decided already, it is the actor's own, or something stands against it now.
        """
        if not may(actor, Permission.GRANT_RIGHTS):
            raise NotFoundError
        ground = _ground(ground)
        with self._desk.database.write() as unit:
            session = unit.session
            ask = session.get(RightsAsk, ask_id, with_for_update=True)
            if ask is None:
                raise NotFoundError
            _still_open(ask)
            if actor.account_id == ask.account_id:
                raise RefusedError(NOT_ONESELF)
            if actor.account_id == ask.asked_by:
                raise RefusedError(NOT_OWN_ASK)
            ask.state = AskState.GRANTED if granted else AskState.REFUSED
            ask.decided_by, ask.decided_at, ask.decision_ground = actor.account_id, self._desk.clock(), ground
            if granted:
                self._give(session, ask)
            name = EventName.ACCOUNT_GRANT if granted else EventName.ACCOUNT_REFUSE_RIGHT
            self._record(session, actor, name, ask, decision=ground)

    def end(self, actor: Actor, account_id: str, kind: str, grant_id: str, ground: str) -> None:
        """End a right at once, the person's sessions with it.

        Raises:
            NotFoundError: no such right, or ending it is not of the actor's office.
            RefusedError: it is the actor's own, or that of the last administrator of a kind.
        """
        if not may(actor, Permission.GRANT_RIGHTS) or kind not in {one.value for one in RightKind}:
            raise NotFoundError
        ground = _ground(ground)
        with self._desk.database.write() as unit:
            session, today = unit.session, self._desk.today()
            account = session.get(Account, account_id, with_for_update=True)
            if account is None:
                raise NotFoundError
            if account.id == actor.account_id:
                raise RefusedError(NOT_ONESELF)
            row = row_of(session, account.id, RightKind(kind), grant_id)
            right, last = right_in(row), last_of(session, account.id, today)
            if last is not None and right == Right(RightKind.ROLE, last.value):
                raise RefusedError(LAST_ONE.format(role=last.zh))
            row.ended_at, row.ended_by, row.end_ground = self._desk.clock(), actor.account_id, ground
            account.rights_version += 1
            subject = ("account", account.id)
            self._desk.record(session, actor, EventName.ACCOUNT_REVOKE, subject, right=right.code, ground=ground)

    # --- parts

    def _staff(self, session: Session, actor: Actor, login: str, *, party: bool) -> Account:
        """The account for which something is asked; a party's is named only where its own role is asked for."""
        account = session.scalars(select(Account).where(Account.login == login.strip().lower())).first()
        known = actor_of(session, account.id, today=self._desk.today()) if account else None
        if account is None or known is None or (Role.PARTY in known.roles and not party):
            raise InvalidInputError(NO_SUCH_PERSON, "login")
        if account.id == actor.account_id:
            raise RefusedError(NOT_ONESELF)
        return account

    def _note(self, session: Session, actor: Actor, account: Account, right: Right, new: NewAsk) -> str:
        today = self._desk.today()
        begins = new.valid_from or today
        if begins < today:
            raise InvalidInputError("开始日期不能早于今天。", "valid_from")
        if new.valid_to is not None and new.valid_to < begins:
            raise InvalidInputError("截止日期不能早于开始日期。", "valid_to")
        against = objection(held_by(session, account.id, today), right, new.valid_to)
        if against:
            raise RefusedError(against)
        same = select(RightsAsk.id).where(
            RightsAsk.account_id == account.id,
            RightsAsk.kind == right.kind,
            RightsAsk.value == right.value,
            RightsAsk.state == AskState.OPEN,
        )
        if session.scalars(same.limit(1)).first():
            raise RefusedError("同样的申请正在等待授权，不必重复提出。")
        ask = RightsAsk(account_id=account.id, kind=right.kind, value=right.value, ground=_ground(new.ground))
        ask.valid_from, ask.valid_to = begins, new.valid_to
        ask.asked_by, ask.asked_at = actor.account_id, self._desk.clock()
        session.add(ask)
        session.flush()
        self._record(session, actor, EventName.ACCOUNT_ASK_RIGHT, ask)
        return ask.id

    def _give(self, session: Session, ask: RightsAsk) -> None:
        today = self._desk.today()
        account = session.get_one(Account, ask.account_id, with_for_update=True)
        right = Right(ask.kind, ask.value)
        if not account.active:
            raise RefusedError("此账号已停用，不能授予权限。")
        if ask.valid_to is not None and ask.valid_to < today:
            raise RefusedError("申请的截止日期已过，不能授予。")
        if not self._asker_may(session, ask, account, right):
            raise RefusedError(ASKER_GONE)
        against = objection(held_by(session, account.id, today), right, ask.valid_to)
        if against:
            raise RefusedError(against)
        ask.grant_id = give(session, ask, self._desk.clock(), today)
        account.rights_version += 1

    def _asker_may(self, session: Session, ask: RightsAsk, account: Account, right: Right) -> bool:
        """Whether who asked still might."""
        today = self._desk.today()
        asker = actor_of(session, ask.asked_by, today=today)
        if asker is None:
            return False
        if right.kind is RightKind.CASE:
            try:
                case_for(session, asker, right.value, Permission.OPEN_CASE)
            except (NotFoundError, RefusedError):
                return False
            return True
        return right in _offered(session, asker, today) and _answers_for(
            session, asker, account, right, today, asked=False
        )

    def _record(self, session: Session, actor: Actor, name: EventName, ask: RightsAsk, **more: str) -> None:
        details = {"right": Right(ask.kind, ask.value).code, "ask": ask.id, "ground": ask.ground} | more
        details |= {"from": ask.valid_from.isoformat(), "to": ask.valid_to.isoformat() if ask.valid_to else ""}
        self._desk.record(session, actor, name, ("account", ask.account_id), **details)


PARTY = Right(RightKind.ROLE, Role.PARTY.value)
NOT_FOR_STAFF = frozenset({Role.PARTY, Role.SERVICE})


def _offered(session: Session, actor: Actor, today: date) -> list[Right]:
    """What the actor's offices may ask for."""
    found: list[Right] = []
    if may(actor, Permission.ASK_FOR_RIGHTS):
        found += [Right(RightKind.ROLE, role.value) for role in Role if role not in NOT_FOR_STAFF]
        found += [Right(RightKind.CLEARANCE, str(int(level))) for level in Level if level > Level.PUBLIC]
        found += [Right(RightKind.MARK, mark.value) for mark in Mark]
        found += [
            Right(kind, part) for kind in RightKind if kind in OF_A_DEPARTMENT for part in sorted(actor.in_charge)
        ]
    if may(actor, Permission.ASK_FOR_LEADER) and (bare := without_leader(session, today)):
        found.append(Right(RightKind.ROLE, Role.LEADER.value))
        found += [Right(RightKind.LEADERSHIP, department.id) for department in bare]
    if may(actor, Permission.ASK_FOR_PARTY):
        found.append(PARTY)
    return [*dict.fromkeys(found)]


def without_leader(session: Session, today: date) -> Sequence[Department]:
    """Departments that nobody answers for today."""
    led = select(Leadership.department_id).where(*in_term(Leadership, today))
    return session.scalars(select(Department).where(Department.id.not_in(led)).order_by(Department.code)).all()


def _answers_for(session: Session, actor: Actor, account: Account, right: Right, today: date, *, asked: bool) -> bool:
    """Whether the actor answers for this person where this right is concerned.

    `asked`: whether a membership that waits to be granted counts as one.
    """
    known = actor_of(session, account.id, today=today)
    if known is None:
        return False
    if right == PARTY:
        return may(actor, Permission.ASK_FOR_PARTY) and not (known.roles or known.departments or known.in_charge)
    if may(actor, Permission.ASK_FOR_LEADER):
        return True
    own = known.departments | (_departments_asked_for(session, account.id) if asked else frozenset())
    return right.kind in OF_A_DEPARTMENT or not actor.in_charge.isdisjoint(own | known.in_charge)


def _departments_asked_for(session: Session, account_id: str) -> frozenset[str]:
    return frozenset(
        session.scalars(
            select(RightsAsk.value).where(
                RightsAsk.account_id == account_id,
                RightsAsk.kind == RightKind.MEMBERSHIP,
                RightsAsk.state == AskState.OPEN,
            )
        )
    )


def _still_open(ask: RightsAsk) -> None:
    if ask.state is not AskState.OPEN:
        raise RefusedError(SETTLED)


def _ground(text: str) -> str:
    return one_line(text, "ground", LONGEST_GROUND, "请写明依据。", f"依据不超过 {LONGEST_GROUND} 字。")
