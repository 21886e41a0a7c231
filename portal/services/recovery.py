"""The way back into an account whose password was forgotten: one begins, another confirms, the owner uses the code.

Nothing changes for the account until the code is used: the old password goes on, so that nobody is locked out by a
recovery that was begun for it. Who holds the code learns nothing of accounts by trying others: every code that does
not work has the same answer and takes the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import aliased

from archive_store.accounts import actor_of, end_tokens, new_token, token_hash
from archive_store.audit.events import EventName
from archive_store.errors import NotFoundError, RefusedError
from archive_store.identity import RecoveryState
from archive_store.login_bindings import unbind_all
from archive_store.login_guard import forget_devices, forgive
from archive_store.models.accounts import Account, WebSession
from archive_store.models.recovery import Recovery
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.recovery import CODE_LASTS, WAITS, may_begin, may_confirm, waiting_for
from portal.services.accounts import check_password
from portal.services.words import one_line

if TYPE_CHECKING:
    from argon2 import PasswordHasher
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.second_factor import SecondFactors
    from portal.services.desk import Desk

LONGEST_GROUND = 500
MOST = 50
SERVICE = "service:recovery"
BAD_CODE = "恢复码无效、已使用或已过期，没有作任何改动。请核对后重试，或重新办理恢复登录。"
SETTLED = "这项恢复已经办理或已过期，请刷新页面。"
BEGINNER_GONE = "申请人已不再有权办理此账号的恢复，不能核准。可以不予核准，由现任人员重新办理。"


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """A recovery in words, without its code."""

    recovery: Recovery
    name: str
    login: str
    begun_by: str
    settled_by: str
    may_confirm: bool = False
    may_withdraw: bool = False


class RecoveryService:
    """Begins, confirms, refuses and uses recoveries."""

    def __init__(self, desk: Desk, factors: SecondFactors, hasher: PasswordHasher) -> None:
        self._desk = desk
        self._factors = factors
        self._hasher = hasher

    def offered(self, actor: Actor, account_id: str) -> bool:
        """Whether the actor could begin a recovery of this account now."""
        with self._desk.database.read() as session:
            owner = actor_of(session, account_id, today=self._desk.today())
            account = session.get(Account, account_id)
            if owner is None or account is None or account.password_hash is None:
                return False
            return may_begin(actor, owner) and not _open(session, account_id)

    def begin(self, actor: Actor, account_id: str, ground: str, *, lifts_factor: bool = False) -> str:
        """Begin the recovery of another's account, with how it was made sure who asks; gives its id.

        `lifts_factor`: the second factor goes too, because its device and recovery codes are lost.

        Raises:
            NotFoundError: no such account, or beginning is not of the actor's office for it.
            RefusedError: the account is closed or not yet in use, or one is under way.
        """
        if not may(actor, Permission.BEGIN_RECOVERY):
            raise NotFoundError
        ground = _ground(ground)
        with self._desk.database.write() as unit:
            account = unit.session.get(Account, account_id, with_for_update=True)
            if account is None:
                raise NotFoundError
            owner = actor_of(unit.session, account_id, today=self._desk.today())
            if owner is None:
                raise RefusedError("此账号已停用，请先恢复账号。")
            if account_id == actor.account_id:
                raise RefusedError("不能为本人办理恢复登录。记得密码的，请在“我的账号”修改。")
            if not may_begin(actor, owner):
                raise NotFoundError
            if account.password_hash is None:
                raise RefusedError("此账号尚未启用，不需要恢复，请换发启用码。")
            if _open(unit.session, account_id):
                raise RefusedError("此账号的恢复正在等待核准，不必重复办理。")
            recovery = Recovery(account_id=account_id, ground=ground, begun_by=actor.account_id)
            recovery.begun_at, recovery.lifts_factor = self._desk.clock(), lifts_factor
            unit.session.add(recovery)
            unit.session.flush()
            self._record(unit.session, actor, EventName.RECOVERY_BEGIN, recovery, ground=ground)
            return recovery.id

    def confirm(self, actor: Actor, recovery_id: str, ground: str) -> str:
        """Confirm what another began; gives the one-time code, this once. Earlier codes of the account end."""
        ground = _ground(ground)
        with self._desk.database.write() as unit:
            recovery = self._to_settle(unit.session, actor, recovery_id)
            owner = actor_of(unit.session, recovery.account_id, today=self._desk.today())
            beginner = actor_of(unit.session, recovery.begun_by, today=self._desk.today())
            if owner is None:
                raise RefusedError("此账号已停用，请先恢复账号。")
            if beginner is None or not may_begin(beginner, owner):
                raise RefusedError(BEGINNER_GONE)
            for former in unit.session.scalars(
                select(Recovery).where(
                    Recovery.account_id == recovery.account_id, Recovery.state == RecoveryState.CONFIRMED
                )
            ):
                self._expire(unit.session, former)
            code, recovery.code_hash = new_token()
            recovery.code_ends_at = self._desk.clock() + CODE_LASTS
            self._settle(recovery, actor, RecoveryState.CONFIRMED, ground)
            self._record(unit.session, actor, EventName.RECOVERY_CONFIRM, recovery, ground=ground)
            return code

    def refuse(self, actor: Actor, recovery_id: str, ground: str) -> None:
        """Refuse what another began."""
        ground = _ground(ground)
        with self._desk.database.write() as unit:
            recovery = self._to_settle(unit.session, actor, recovery_id)
            self._settle(recovery, actor, RecoveryState.REFUSED, ground)
            self._record(unit.session, actor, EventName.RECOVERY_REFUSE, recovery, ground=ground)

    def withdraw(self, actor: Actor, recovery_id: str) -> None:
        """Take back what one began, while it waits."""
        with self._desk.database.write() as unit:
            recovery = unit.session.get(Recovery, recovery_id, with_for_update=True)
            if recovery is None or recovery.begun_by != actor.account_id:
                raise NotFoundError
            self._still_open(recovery)
            self._settle(recovery, actor, RecoveryState.WITHDRAWN, "")
            self._record(unit.session, actor, EventName.RECOVERY_WITHDRAW, recovery)

    def use(self, code: str, password: str) -> str:
        """Set a new password with a code; every session and token of the account ends. Gives the login name.

        Raises:
            InvalidInputError: the password is too short, too long or too common.
            RefusedError: the code is unknown, used or over, or the account is closed: one answer for all.
        """
        check_password(password)
        kept = self._hasher.hash(password)  # whatever the code: an unknown one takes as long
        with self._desk.database.write() as unit:
            login = self._used(unit.session, token_hash(code.strip()), password, kept)
        if login is None:
            raise RefusedError(BAD_CODE)
        return login

    def lapse(self) -> int:
        """End what nobody confirmed or used in time, each with its event; gives how many. For the worker."""
        now = self._desk.clock()
        over = or_(
            (Recovery.state == RecoveryState.OPEN) & (Recovery.begun_at <= now - WAITS),
            (Recovery.state == RecoveryState.CONFIRMED) & (Recovery.code_ends_at <= now),
        )
        with self._desk.database.write() as unit:
            rows = unit.session.scalars(select(Recovery).where(over).with_for_update()).all()
            for recovery in rows:
                self._expire(unit.session, recovery)
            return len(rows)

    # --- pages

    def listed(self, actor: Actor) -> list[RecoveryRow]:
        """What waits for the actor, then what it began or settled, newest first."""
        return sorted(self._rows(actor), key=lambda row: not row.may_confirm)

    def shown(self, actor: Actor, recovery_id: str) -> RecoveryRow:
        """One recovery, for who began it, settled it, or may confirm it."""
        rows = self._rows(actor, Recovery.id == recovery_id)
        if not rows:
            raise NotFoundError
        return rows[0]

    # --- parts

    def _rows(self, actor: Actor, *conditions: ColumnElement[bool]) -> list[RecoveryRow]:
        if not (may(actor, Permission.BEGIN_RECOVERY) or may(actor, Permission.CONFIRM_RECOVERY)):
            raise NotFoundError
        whose, beginner, settler = aliased(Account), aliased(Account), aliased(Account)
        own = or_(Recovery.begun_by == actor.account_id, Recovery.settled_by == actor.account_id)
        with self._desk.database.read() as session:
            waiting = {recovery.id for recovery, _ in waiting_for(session, actor, self._desk.today())}
            found = session.execute(
                select(Recovery, whose.name, whose.login, beginner.name, settler.name)
                .join(whose, whose.id == Recovery.account_id)
                .join(beginner, beginner.id == Recovery.begun_by)
                .outerjoin(settler, settler.id == Recovery.settled_by)
                .where(or_(own, Recovery.id.in_(waiting)), *conditions)
                .order_by(Recovery.begun_at.desc(), Recovery.id)
                .limit(MOST)
            ).all()
        return [
            RecoveryRow(
                row,
                name,
                login,
                begun,
                settled or "",
                row.id in waiting,
                row.begun_by == actor.account_id and row.state is RecoveryState.OPEN,
            )
            for row, name, login, begun, settled in found
        ]

    def _to_settle(self, session: Session, actor: Actor, recovery_id: str) -> Recovery:
        if not may(actor, Permission.CONFIRM_RECOVERY):
            raise NotFoundError
        recovery = session.get(Recovery, recovery_id, with_for_update=True)
        if recovery is None:
            raise NotFoundError
        owner = actor_of(session, recovery.account_id, today=self._desk.today())
        if owner is None or not may_confirm(actor, owner, recovery.begun_by):
            raise NotFoundError
        self._still_open(recovery)
        return recovery

    def _still_open(self, recovery: Recovery) -> None:
        if recovery.state is not RecoveryState.OPEN or recovery.begun_at + WAITS <= self._desk.clock():
            raise RefusedError(SETTLED)

    def _settle(self, recovery: Recovery, actor: Actor, state: RecoveryState, ground: str) -> None:
        recovery.state, recovery.settle_ground = state, ground
        recovery.settled_by, recovery.settled_at = actor.account_id, self._desk.clock()

    def _used(self, session: Session, digest: str, password: str, kept: str) -> str | None:
        recovery = session.scalars(select(Recovery).where(Recovery.code_hash == digest).with_for_update()).first()
        account = session.get(Account, recovery.account_id, with_for_update=True) if recovery else None
        ends = recovery.code_ends_at if recovery else None
        if recovery is None or account is None or ends is None or ends <= self._desk.clock() or not account.active:
            subject = ("account", account.id if account else "unknown")
            self._desk.record(session, "anonymous", EventName.RECOVERY_USE, subject, "refused")
            if recovery is not None and ends is not None and ends <= self._desk.clock():
                self._expire(session, recovery)
            return None
        check_password(password, account.login, account.name)
        account.password_hash, account.enrolment_hash = kept, None
        forgive(account)
        account.rights_version += 1
        if recovery.lifts_factor:
            self._factors.take_away(session, account.id)
        session.execute(delete(WebSession).where(WebSession.account_id == account.id))
        end_tokens(session, account)
        forget_devices(session, account)
        unbind_all(session, account.id)
        recovery.state, recovery.code_hash, recovery.ended_at = RecoveryState.USED, None, self._desk.clock()
        self._record(session, account.id, EventName.RECOVERY_USE, recovery)
        return account.login

    def _expire(self, session: Session, recovery: Recovery) -> None:
        recovery.state, recovery.code_hash, recovery.ended_at = RecoveryState.EXPIRED, None, self._desk.clock()
        self._record(session, SERVICE, EventName.RECOVERY_EXPIRE, recovery)

    def _record(self, session: Session, actor: Actor | str, name: EventName, recovery: Recovery, **more: str) -> None:
        subject = ("account", recovery.account_id)
        lifts = recovery.lifts_factor
        self._desk.record(session, actor, name, subject, recovery=recovery.id, lifts_factor=lifts, **more)


def _open(session: Session, account_id: str) -> bool:
    asked = select(Recovery.id).where(Recovery.account_id == account_id, Recovery.state == RecoveryState.OPEN)
    return session.scalars(asked.limit(1)).first() is not None


def _ground(text: str) -> str:
    return one_line(text, "ground", LONGEST_GROUND, f"请写明依据，不超过 {LONGEST_GROUND} 字。")
