"""Accounts and departments as the system administrator keeps them: no rights are given here, no content is seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from archive_store.accounts import ACCOUNTS_A_PAGE, accounts_named, end_tokens, in_term, new_token
from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.login_guard import forgive
from archive_store.models.accounts import Account, Department, Leadership
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.rights import LAST_ONE, last_of
from portal.services.words import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from portal.services.desk import Desk

PAGE_SIZE = ACCOUNTS_A_PAGE
LONGEST_NAME = 100
LONGEST_REASON = 300
_CODE = re.compile(r"[A-Z0-9]{1,20}")
ENROLLED = "此账号已经启用，不能由一人换发启用码。请本人在“我的账号”修改密码。"


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department with who answers for it today."""

    department: Department
    leaders: tuple[str, ...]
    deputies: tuple[str, ...]


class PeopleService:
    """Lists, closes and opens accounts; keeps departments."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def accounts(self, actor: Actor, words: str = "", page: int = 1) -> tuple[list[Account], int]:
        """One page of accounts whose name or login holds `words`, and how many there are."""
        _manages(actor)
        with self._desk.database.read() as session:
            return accounts_named(session, words, page)

    def account(self, actor: Actor, account_id: str) -> Account:
        """One account."""
        _manages(actor)
        with self._desk.database.read() as session:
            return _account(session, account_id)

    def close(self, actor: Actor, account_id: str, reason: str) -> None:
        """Close an account at once, its sessions with it.

        Raises:
            RefusedError: it is the actor's own, or that of the last administrator of a kind.
        """
        _manages(actor)
        reason = _reason(reason)
        with self._desk.database.write() as unit:
            account = _account(unit.session, account_id, lock=True)
            if account.id == actor.account_id:
                raise RefusedError("不能停用本人的账号，须由另一位系统管理员办理。")
            if not account.active:
                raise RefusedError("此账号已经停用。")
            last = last_of(unit.session, account.id, self._desk.today())
            if last is not None:
                raise RefusedError(LAST_ONE.format(role=last.zh))
            account.active = False
            account.rights_version += 1
            end_tokens(unit.session, account)
            subject = ("account", account.id)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_DISABLE, subject, reason=reason)

    def open(self, actor: Actor, account_id: str, reason: str) -> None:
        """Open a closed account again, with the rights that were granted to it and have not ended."""
        _manages(actor)
        reason = _reason(reason)
        with self._desk.database.write() as unit:
            account = _account(unit.session, account_id, lock=True)
            if account.active:
                raise RefusedError("此账号没有停用。")
            account.active = True
            forgive(account)
            subject = ("account", account.id)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_ENABLE, subject, reason=reason)

    def new_code(self, actor: Actor, account_id: str) -> str:
        """A new enrolment code for an account that has no password yet; the former one ends.

        Raises:
            RefusedError: the account is closed, or has a password: one person alone must not take it over.
        """
        _manages(actor)
        with self._desk.database.write() as unit:
            account = _account(unit.session, account_id, lock=True)
            if account.password_hash is not None:
                raise RefusedError(ENROLLED)
            if not account.active:
                raise RefusedError("此账号已停用，请先恢复。")
            code, account.enrolment_hash = new_token()
            self._desk.record(unit.session, actor, EventName.ACCOUNT_CODE, ("account", account.id))
            return code

    def departments(self, actor: Actor) -> list[DepartmentRow]:
        """All departments with who answers for them today."""
        _manages(actor)
        with self._desk.database.read() as session:
            led = session.execute(
                select(Leadership.department_id, Leadership.is_deputy, Account.name)
                .join(Account, Account.id == Leadership.account_id)
                .where(*in_term(Leadership, self._desk.today()))
                .order_by(Leadership.valid_from)
            ).all()
            rows = session.scalars(select(Department).order_by(Department.code)).all()
        return [
            DepartmentRow(
                row,
                tuple(name for part, deputy, name in led if part == row.id and not deputy),
                tuple(name for part, deputy, name in led if part == row.id and deputy),
            )
            for row in rows
        ]

    def add_department(self, actor: Actor, name: str, code: str) -> str:
        """Enter a department; its code stands in archival codes from then on and never changes."""
        _manages(actor)
        name, code = " ".join(name.split()), code.strip().upper()
        if not name or len(name) > LONGEST_NAME:
            raise InvalidInputError(f"请填写部门名称，不超过 {LONGEST_NAME} 字。", "name")
        if not _CODE.fullmatch(code):
            raise InvalidInputError("部门代码用大写字母和数字，不超过 20 个；它是档号的一部分，以后不能更改。", "code")
        with self._desk.database.write() as unit:
            same = select(Department).where(or_(Department.name == name, Department.code == code))
            if unit.session.scalars(same.limit(1)).first():
                raise InvalidInputError("部门名称或代码已被使用，请换一个。", "name")
            department = Department(name=name, code=code)
            unit.session.add(department)
            unit.session.flush()
            subject = ("department", department.id)
            self._desk.record(unit.session, actor, EventName.DEPARTMENT_CREATE, subject, code=code)
            return department.id

    def rename_department(self, actor: Actor, department_id: str, name: str) -> None:
        """Give a department another name; the code stays."""
        _manages(actor)
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            raise InvalidInputError(f"请填写部门名称，不超过 {LONGEST_NAME} 字。", "name")
        with self._desk.database.write() as unit:
            department = unit.session.get(Department, department_id)
            if department is None:
                raise NotFoundError
            same = select(Department).where(Department.name == name, Department.id != department_id)
            if unit.session.scalars(same.limit(1)).first():
                raise InvalidInputError("部门名称已被使用，请换一个。", "name")
            department.name = name
            subject = ("department", department.id)
            self._desk.record(unit.session, actor, EventName.DEPARTMENT_CHANGE, subject)


def _manages(actor: Actor) -> None:
    if not may(actor, Permission.MANAGE_ACCOUNTS):
        raise NotFoundError


def _account(session: Session, account_id: str, *, lock: bool = False) -> Account:
    account = session.get(Account, account_id, with_for_update=lock)
    if account is None:
        raise NotFoundError
    return account


def _reason(text: str) -> str:
    return one_line(text, "reason", LONGEST_REASON, f"请写明理由，不超过 {LONGEST_REASON} 字。")
