"""Accounts: first set-up, enrolment, login.

Passwords: Argon2id with the library's RFC 9106 low-memory parameters; what is refused: `archive_store.passwords`.
An unknown name costs the same time and gets the same answer as a wrong password.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select

from archive_store.accounts import actor_of, end_tokens, new_token, office_today, token_hash
from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.login_bindings import bound_to
from archive_store.login_guard import NOWHERE, forget_devices
from archive_store.models.accounts import (
    Account,
    ClearanceGrant,
    Department,
    MarkGrant,
    Membership,
    RoleGrant,
    WebSession,
)
from archive_store.passwords import LONGEST, weakness
from archive_store.permissions import Permission
from archive_store.policy import may

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor, Role
    from archive_store.labels import Level, Mark
    from archive_store.login_bindings import Identity
    from archive_store.login_guard import Caller, LoginGuard
    from archive_store.second_factor import Checked, SecondFactors
    from archive_store.security_keys import KeyAnswer
    from portal.services.desk import Desk

NOT_PROVED = "密码不正确，或第二重验证不正确、已使用过，或连续输错次数过多须稍候。没有作任何改动，请核对后重试。"
LONGEST_NAME = 100
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{0,63}")
WRONG_LOGIN = "用户名、密码或第二重验证不正确，或账号暂时不能登录。请核对后重试；连续多次不成功请联系系统管理员。"
NOT_ADMITTED = (
    "这一身份没有绑定账号，或第二重验证不正确，或账号暂时不能登录。未绑定的，请用用户名和密码登录后在“我的账号”中绑定。"
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person to be entered, with what the person may do from the start."""

    login: str
    name: str
    roles: frozenset[Role] = frozenset()
    departments: frozenset[str] = frozenset()
    clearance: Level | None = None
    marks: frozenset[Mark] = frozenset()
    ground: str = ""


class LoggedIn(NamedTuple):
    """Who logged in: account, version of its rights, and the token by which the browser is known from now on."""

    account_id: str
    rights_version: int
    device: str


class AccountService:
    """People and their passwords."""

    def __init__(self, desk: Desk, factors: SecondFactors, guard: LoginGuard) -> None:
        self._desk = desk
        self._factors = factors
        self._guard = guard
        self._hasher = PasswordHasher()
        _decoy()  # made now: the first login of an unknown name takes no longer than the next

    # --- who is it

    def actor(self, account_id: str) -> Actor | None:
        """The person with every fact that the policy asks about, as of today."""
        with self._desk.database.read() as session:
            return actor_of(session, account_id)

    def log_in(self, login: str, password: str, answer: str | KeyAnswer = "", caller: Caller = NOWHERE) -> LoggedIn:
        """Who a right pair belongs to, with a right code or key where the account has a second factor.

        Raises:
            RefusedError: for anything else, with one answer for all cases; the event says which.
        """
        with self._desk.database.read() as session:
            account = session.scalars(select(Account).where(Account.login == login.strip().lower())).first()
        good = self._matches(account.password_hash if account else None, password)
        with self._desk.database.write() as unit:
            account = unit.session.get(Account, account.id) if account else None
            result = self._admit(unit.session, account, answer, caller, good=good)
        if result is None:
            raise RefusedError(WRONG_LOGIN)
        return result

    def asks_factor(self, identity: Identity) -> bool:
        """Whether who proved this identity elsewhere is asked for a second factor as well."""
        with self._desk.database.read() as session:
            bound = bound_to(session, identity)
            return bound is not None and self._factors.asks(session, bound.account_id)

    def log_in_as(self, identity: Identity, answer: str | KeyAnswer = "", caller: Caller = NOWHERE) -> LoggedIn:
        """Who an identity is bound to that was proved elsewhere just now; it stands for name and password alone.

        Raises:
            RefusedError: for anything else, with one answer for all cases; the event says which.
        """
        with self._desk.database.write() as unit:
            bound = bound_to(unit.session, identity)
            account = unit.session.get(Account, bound.account_id) if bound else None
            result = self._admit(unit.session, account, answer, caller, good=bound is not None, way=identity.kind)
            if result is not None and bound is not None:
                bound.used_at = self._desk.clock()
        if result is None:
            raise RefusedError(NOT_ADMITTED)
        return result

    def note_logout(self, actor: Actor) -> None:
        """Record that the person left."""
        with self._desk.database.write() as unit:
            subject = ("account", actor.account_id)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_LOGOUT, subject)

    def by_command_token(self, login: str, token: str) -> Actor:
        """The person who gives a deciding command, by name and the token of its own.

        Raises:
            RefusedError: they do not belong together.
        """
        with self._desk.database.read() as session:
            account = session.scalars(
                select(Account).where(Account.login == login, Account.command_token_hash == token_hash(token))
            ).first()
            actor = actor_of(session, account.id) if account else None
        if actor is None:
            raise RefusedError("姓名与口令牌不符，未执行任何操作。")
        return actor

    def step_up(self, actor: Actor, password: str, answer: str | KeyAnswer = "", caller: Caller = NOWHERE) -> None:
        """Prove once more who is there, before something that weighs; failures count like those of a login.

        Raises:
            RefusedError: the password, the code or the key is wrong, or too many were.
        """
        self._prove(actor, password, answer, caller)

    def change_password(
        self,
        actor: Actor,
        old: str,
        new: str,
        session_id: str,
        answer: str | KeyAnswer = "",
        caller: Caller = NOWHERE,
    ) -> None:
        """Set another password; every other session and every token end, and no other browser is known any more.

        Raises:
            InvalidInputError: the new one is too short, too long or too common, or is the old one.
            RefusedError: the old one, or the second factor, is wrong.
        """
        self._prove(actor, old, answer, caller)
        with self._desk.database.read() as session:
            account = session.get_one(Account, actor.account_id)
        check_password(new, account.login, account.name)
        if self._matches(account.password_hash, new):
            raise InvalidInputError("新密码与原密码相同，请换一个。", "password")
        kept = self._hasher.hash(new)
        with self._desk.database.write() as unit:
            account = unit.session.get_one(Account, actor.account_id)
            account.password_hash = kept
            end_tokens(unit.session, account)
            forget_devices(unit.session, account, but=caller.device)
            others = delete(WebSession).where(WebSession.account_id == account.id, WebSession.id != session_id)
            unit.session.execute(others)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_PASSWORD, ("account", account.id))

    def _prove(self, actor: Actor, password: str, answer: str | KeyAnswer, caller: Caller) -> None:
        with self._desk.database.read() as session:
            account = session.get_one(Account, actor.account_id)
        good = self._matches(account.password_hash, password)
        with self._desk.database.write() as unit:
            account = unit.session.get_one(Account, actor.account_id)
            moment = self._desk.clock()
            waiting = self._guard.must_wait(unit.session, account, caller, moment)
            checked = self._check(unit.session, account, answer, good=good)
            proved = good and checked.good and not waiting
            if proved:
                self._guard.proved(unit.session, account, caller)
                self._spend(unit.session, account.id, checked)
                subject = ("account", account.id)
                self._desk.record(unit.session, actor, EventName.ACCOUNT_STEP_UP, subject, **_by_key(checked))
            else:
                self._guard.failed(unit.session, account, caller, moment)
                subject = ("account", account.id)
                self._desk.record(unit.session, actor, EventName.ACCOUNT_STEP_UP_FAILED, subject, "refused")
        if not proved:
            raise RefusedError(NOT_PROVED)

    # --- making accounts

    def enrol(self, code: str, password: str) -> str:
        """Set the first password with a one-time code; gives the login name."""
        check_password(password)
        with self._desk.database.write() as unit:
            account = unit.session.scalars(select(Account).where(Account.enrolment_hash == token_hash(code))).first()
            if account is None or not account.active:
                raise RefusedError("启用码无效或已使用。请向系统管理员索取新的启用码。")
            check_password(password, account.login, account.name)
            account.password_hash = self._hasher.hash(password)
            account.enrolment_hash = None
            self._desk.record(unit.session, account.id, EventName.ACCOUNT_ENROL, ("account", account.id))
            return account.login

    def create(self, actor: Actor, new: NewAccount) -> tuple[str, str]:
        """Enter a person without rights; gives account id and one-time enrolment code."""
        if not may(actor, Permission.MANAGE_ACCOUNTS):
            raise NotFoundError
        with self._desk.database.write() as unit:
            account, code = self._add(unit.session, new)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_CREATE, ("account", account.id))
            return account.id, code

    def set_up(self, people: Iterable[NewAccount]) -> dict[str, str]:
        """Enter the first people of an empty archive; gives the enrolment code by login name.

        Raises:
            RefusedError: an account exists already.
        """
        with self._desk.database.write() as unit:
            if unit.session.scalar(select(func.count()).select_from(Account)):
                raise RefusedError("档案库中已有账号，不能再次初始化。")
            codes = {}
            for new in people:
                account, codes[new.login] = self._add(unit.session, new)
                self._give(unit.session, account, new, None)
                self._desk.record(unit.session, "service:setup", EventName.ACCOUNT_CREATE, ("account", account.id))
            return codes

    def issue_command_token(self, actor: Actor) -> str:
        """A new token of the person's own for deciding commands; the former one ends."""
        token, digest = new_token()
        with self._desk.database.write() as unit:
            account = unit.session.get(Account, actor.account_id)
            if account is None:
                raise NotFoundError
            account.command_token_hash = digest
            self._desk.record(unit.session, actor, EventName.ACCOUNT_TOKEN, ("account", account.id))
        return token

    # --- parts

    def _admit(
        self,
        session: Session,
        account: Account | None,
        answer: str | KeyAnswer,
        caller: Caller,
        *,
        good: bool,
        **way: str,
    ) -> LoggedIn | None:
        """Let in who proved who it is (`good`), with a second factor where the account has one, or count a failure."""
        moment = self._desk.clock()
        waiting = self._guard.must_wait(session, account, caller, moment)
        checked = self._check(session, account, answer, good=good)
        if account is None or not (good and checked.good) or waiting or not account.active:
            self._guard.failed(session, account, caller, moment)
            self._note_failure(session, account, waiting=waiting, **way)
            return None
        device = self._guard.succeeded(session, account, caller, moment)
        self._spend(session, account.id, checked)
        subject = ("account", account.id)
        self._desk.record(session, account.id, EventName.ACCOUNT_LOGIN, subject, **_by_key(checked), **way)
        return LoggedIn(account.id, account.rights_version, device)

    def _matches(self, kept: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(kept or _decoy(), password[:LONGEST]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def _check(self, session: Session, account: Account | None, answer: str | KeyAnswer, *, good: bool) -> Checked:
        """What became of the second factor. Whose password is wrong learns by no time what is required of whom."""
        actor = actor_of(session, account.id) if account is not None and good else None
        key_only = actor is not None and self._factors.rules.requires_key(actor)
        known = account.id if account else None
        checked = self._factors.check(session, known, answer, self._desk.clock(), key_only=key_only)
        if account is not None and checked.key.copied:
            subject, key = ("account", account.id), checked.key.key_id
            self._desk.record(session, "anonymous", EventName.FACTOR_KEY_COPIED, subject, "refused", key=key)
        return checked

    def _spend(self, session: Session, account_id: str, checked: Checked) -> None:
        self._factors.spend(session, account_id, checked, self._desk.clock())
        if checked.code_id is not None:
            self._desk.record(session, account_id, EventName.FACTOR_USE_CODE, ("account", account_id))

    def _note_failure(self, session: Session, account: Account | None, *, waiting: bool, **way: str) -> None:
        subject, failed = ("account", account.id if account else "unknown"), EventName.ACCOUNT_LOGIN_FAILED
        self._desk.record(session, "anonymous", failed, subject, "refused", waiting=waiting, **way)

    def _add(self, session: Session, new: NewAccount) -> tuple[Account, str]:
        login = new.login.strip().lower()
        if not login or not new.name.strip():
            raise InvalidInputError("用户名和姓名不能为空。", "login")
        if not _LOGIN.fullmatch(login) or len(new.name.strip()) > LONGEST_NAME:
            raise InvalidInputError(
                "用户名用小写字母、数字和 . _ -，以字母开头，不超过 64 个字符；姓名不超过 100 字。", "login"
            )
        if session.scalars(select(Account).where(Account.login == login)).first():
            raise InvalidInputError("该用户名已被使用，请换一个。", "login")
        code, digest = new_token()
        account = Account(login=login, name=new.name.strip(), enrolment_hash=digest)
        session.add(account)
        session.flush()
        return account, code

    def _give(self, session: Session, account: Account, new: NewAccount, by: str | None) -> None:
        today, ground = office_today(), new.ground or "首次部署设置"
        common: dict[str, Any] = {"account_id": account.id, "valid_from": today, "ground": ground, "granted_by": by}
        session.add_all(RoleGrant(role=role, **common) for role in sorted(new.roles))
        session.add_all(MarkGrant(mark=mark, **common) for mark in sorted(new.marks))
        if new.clearance is not None:
            session.add(ClearanceGrant(level=int(new.clearance), **common))
        session.add_all(Membership(department_id=department, **common) for department in sorted(new.departments))


def _by_key(checked: Checked) -> dict[str, str]:
    """The key that was used, for the event."""
    return {"key": checked.key.key_id} if checked.key.key_id else {}


@cache
def _decoy() -> str:
    """What the password of an unknown name is held against; nothing matches it."""
    return PasswordHasher().hash(secrets.token_urlsafe(16))


def check_password(password: str, *own: str) -> None:
    """Length over composition; `own` are the person's login and name.

    Raises:
        InvalidInputError: too short, too long, or what everyone tries first.
    """
    weak = weakness(password, own)
    if weak:
        raise InvalidInputError(weak, "password")


def add_department(session: Session, name: str, code: str) -> Department:
    """Enter a department, or give the one that exists under this name."""
    department = session.scalars(select(Department).where(Department.name == name)).first()
    if department is None:
        department = Department(name=name, code=code)
        session.add(department)
        session.flush()
    return department
