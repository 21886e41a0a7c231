"""Rights of people: what can be given, what stands against it, giving and ending it (三员).

The rules, each also a test:

1. a right is asked for by who answers for the person, and granted by a security administrator who is neither;
2. one person holds at most one of the three administrators, and no other role beside it (a unique index on
   `role_grants` keeps the three apart on both databases);
3. the last system administrator, security administrator or security auditor cannot be removed;
4. an administrator's role has no term: it would end by itself;
5. a case or department is opened until a day, to someone of an office that reads cases by name;
6. a classifying officer has a term;
7. 举报人信息 is never given to the legal office.

Source: 办法 Art. 5, 31; 保守国家秘密法 (2024); the office table of `docs/access-matrix.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import or_, select

from archive_store.accounts import in_term
from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.identity import ADMINISTRATORS, RightKind, Role
from archive_store.labels import Level, Mark
from archive_store.models.accounts import (
    Account,
    CaseGrant,
    ClearanceGrant,
    Department,
    DepartmentGrant,
    Grant,
    Leadership,
    MarkGrant,
    Membership,
    RoleGrant,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from archive_store.models.accounts import Given, RightsAsk

OF_A_DEPARTMENT = frozenset(
    {RightKind.MEMBERSHIP, RightKind.LEADERSHIP, RightKind.DEPUTY, RightKind.DEPARTMENT},
)
NEED_TO_KNOW = frozenset({RightKind.CASE, RightKind.DEPARTMENT})
READ_BY_NAME = frozenset({Role.HANDLER, Role.LEADER, Role.SECRECY_REVIEWER, Role.LEGAL_OFFICE})
"""Offices to which a case can be opened by name; an archivist reads every case already."""
TABLES: Mapping[RightKind, type[Given]] = {
    RightKind.ROLE: RoleGrant,
    RightKind.CLEARANCE: ClearanceGrant,
    RightKind.MARK: MarkGrant,
    RightKind.MEMBERSHIP: Membership,
    RightKind.LEADERSHIP: Leadership,
    RightKind.DEPUTY: Leadership,
    RightKind.CASE: CaseGrant,
    RightKind.DEPARTMENT: DepartmentGrant,
}
ONLY_ONE_OFFICE = "系统管理员、安全保密管理员、安全审计员须由不同的人担任，且不得兼任其他角色。"
NO_TERM = "系统管理员、安全保密管理员、安全审计员不设截止日期，须由他人接任后再收回。"
LAST_ONE = "这是唯一一位在任的{role}，不能收回或停用。请先由他人接任并启用账号。"


@dataclass(frozen=True, slots=True)
class Right:
    """One right: a kind, and a role, a level's number, a mark, or the id of a department or case."""

    kind: RightKind
    value: str

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a right back from its `code`.

        Raises:
            InvalidInputError: it is none.
        """
        kind, _, value = code.partition(":")
        checks: dict[RightKind, Callable[[str], object]] = {
            RightKind.ROLE: Role,
            RightKind.MARK: Mark,
            RightKind.CLEARANCE: lambda text: Level(int(text)),
        }
        try:
            found = cls(RightKind(kind), value)
            checks.get(found.kind, str)(value)
        except ValueError as error:
            raise InvalidInputError("请从列出的权限中选择。", "right") from error
        return found

    @property
    def code(self) -> str:
        """The text form, e.g. `role:handler`."""
        return f"{self.kind.value}:{self.value}"

    def say(self, departments: Mapping[str, str]) -> str:
        """For people; of a case only the beginning of its number, since this is read by those who see none."""
        words: dict[RightKind, Callable[[], str]] = {
            RightKind.ROLE: lambda: Role(self.value).zh,
            RightKind.MARK: lambda: Mark(self.value).zh,
            RightKind.CLEARANCE: lambda: Level(int(self.value)).zh,
            RightKind.CASE: lambda: f"编号 {self.value[:8]}",
        }
        said = words[self.kind]() if self.kind in words else departments.get(self.value, "（部门）")
        return f"{self.kind.zh}：{said}"


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right with its term, as it stands or will stand; `valid_from` is None where it began when it was granted."""

    right: Right
    grant_id: str
    valid_from: date | None
    valid_to: date | None
    ground: str
    granted_by: str | None
    granted_at: datetime

    def holds_on(self, day: date) -> bool:
        """Whether it has begun."""
        return self.valid_from is None or self.valid_from <= day


def names_of_departments(session: Session) -> dict[str, str]:
    """Name by id."""
    return {row.id: row.name for row in session.scalars(select(Department).order_by(Department.code))}


def held_by(session: Session, account_id: str, day: date) -> list[HeldRight]:
    """The rights of a person that hold on a day or later, but for what a copy request or an urgent reading opens."""
    return rights_of(session, day, [account_id]).get(account_id, [])


def rights_of(
    session: Session, day: date, account_ids: Collection[str] | None = None, *, until: date | None = None
) -> dict[str, list[HeldRight]]:
    """The same by account, for some or for all; with `until` only those that run out by that day."""
    found: dict[str, list[HeldRight]] = {}
    for table in dict.fromkeys(TABLES.values()):
        asked = select(table).where(table.ended_at.is_(None), or_(table.valid_to.is_(None), table.valid_to >= day))
        if account_ids is not None:
            asked = asked.where(table.account_id.in_(account_ids))
        if until is not None:
            asked = asked.where(table.valid_to <= until)
        for row in session.scalars(asked):
            if not (isinstance(row, CaseGrant) and (row.request_id or row.ends_at)):
                found.setdefault(row.account_id, []).append(_held(row))
    order = [*RightKind]
    for held in found.values():
        held.sort(key=lambda one: (order.index(one.right.kind), one.right.value))
    return found


def _held(row: Given) -> HeldRight:
    begins = row.valid_from if isinstance(row, Grant) else None
    return HeldRight(right_in(row), row.id, begins, row.valid_to, row.ground, row.granted_by, row.granted_at)


def right_in(row: Given) -> Right:
    """What a row gives."""
    if isinstance(row, Leadership):
        return Right(RightKind.DEPUTY if row.is_deputy else RightKind.LEADERSHIP, row.department_id)
    ways: dict[type[Any], tuple[RightKind, str]] = {
        RoleGrant: (RightKind.ROLE, "role"),
        ClearanceGrant: (RightKind.CLEARANCE, "level"),
        MarkGrant: (RightKind.MARK, "mark"),
        Membership: (RightKind.MEMBERSHIP, "department_id"),
        DepartmentGrant: (RightKind.DEPARTMENT, "department_id"),
        CaseGrant: (RightKind.CASE, "case_id"),
    }
    kind, field = ways[type(row)]
    value = getattr(row, field)
    return Right(kind, value.value if isinstance(value, Role | Mark) else str(value))


def objection(held: list[HeldRight], right: Right, valid_to: date | None) -> str:
    """What stands against giving a right to someone who holds these, in words; empty where nothing does."""
    if any(other.right == right and (other.valid_to is None or other.valid_to == valid_to) for other in held):
        return "此人已有这项权限，不必重复申请。"
    if right.kind in NEED_TO_KNOW:
        return _objection_to_opening(held, valid_to)
    if legal_and_informant(held, right):
        return "举报人信息不得向法制机构开放。"
    return _objection_to_role(held, Role(right.value), valid_to) if right.kind is RightKind.ROLE else ""


def _objection_to_opening(held: list[HeldRight], valid_to: date | None) -> str:
    if valid_to is None:
        return "开放案卷须写明截止日期。"
    if not READ_BY_NAME & _roles(held):
        return "只能向在任的承办人、主管领导、保密审查员、法制机构人员开放案卷。"
    return ""


def legal_and_informant(held: list[HeldRight], right: Right) -> bool:
    """Whether the legal office would come to see who reported (section 7: never)."""
    rights = {other.right for other in held} | {right}
    return {
        Right(RightKind.ROLE, Role.LEGAL_OFFICE.value),
        Right(RightKind.MARK, Mark.INFORMANT.value),
    } <= rights


def _objection_to_role(held: list[HeldRight], role: Role, valid_to: date | None) -> str:
    roles = _roles(held) | {role}
    if roles & ADMINISTRATORS and len(roles) > 1:
        return ONLY_ONE_OFFICE
    if role is Role.CLASSIFICATION_OFFICER and valid_to is None:
        return "定密责任人须写明任期的截止日期。"
    return NO_TERM if role in ADMINISTRATORS and valid_to is not None else ""


def _roles(held: list[HeldRight]) -> set[Role]:
    return {Role(other.right.value) for other in held if other.right.kind is RightKind.ROLE}


def give(session: Session, ask: RightsAsk, moment: datetime, today: date) -> str:
    """Give what was asked for, from the later of its first day and today; gives the id of the right's row."""
    common: dict[str, Any] = {
        "account_id": ask.account_id,
        "valid_to": ask.valid_to,
        "ground": ask.ground,
        "granted_by": ask.decided_by,
        "granted_at": moment,
    }
    if ask.kind is not RightKind.CASE:
        common["valid_from"] = max(ask.valid_from, today)
    own: dict[RightKind, dict[str, Any]] = {
        RightKind.ROLE: {"role": ask.value},
        RightKind.MARK: {"mark": ask.value},
        RightKind.CASE: {"case_id": ask.value},
        RightKind.LEADERSHIP: {"department_id": ask.value, "is_deputy": False},
        RightKind.DEPUTY: {"department_id": ask.value, "is_deputy": True},
    }
    if ask.kind is RightKind.CLEARANCE:
        own[ask.kind] = {"level": int(ask.value)}
    row = TABLES[ask.kind](**common, **own.get(ask.kind, {"department_id": ask.value}))
    session.add(row)
    session.flush()
    return row.id


def row_of(session: Session, account_id: str, kind: RightKind, grant_id: str) -> Given:
    """The row of a right that has not ended, to be changed.

    Raises:
        NotFoundError: this person holds no such right.
    """
    row = session.get(TABLES[kind], grant_id, with_for_update=True)
    if row is None or row.account_id != account_id or row.ended_at is not None or right_in(row).kind is not kind:
        raise NotFoundError
    return row


def last_of(session: Session, account_id: str, day: date) -> Role | None:
    """The administrator's role that nobody but this person holds and could exercise; None where there is none.

    The rows of that role are locked, so that two who leave at once are not both let go.
    """
    held = session.scalars(
        select(RoleGrant.role).where(
            RoleGrant.account_id == account_id, RoleGrant.role.in_(ADMINISTRATORS), RoleGrant.ended_at.is_(None)
        )
    )
    return next((role for role in held if not _others_hold(session, account_id, role, day)), None)


def _others_hold(session: Session, account_id: str, role: Role, day: date) -> bool:
    rows = session.scalars(
        select(RoleGrant)
        .where(RoleGrant.role == role, *in_term(RoleGrant, day))
        .order_by(RoleGrant.id)
        .with_for_update()
    ).all()
    others = (session.get_one(Account, row.account_id) for row in rows if row.account_id != account_id)
    return any(account.active and account.password_hash is not None for account in others)
