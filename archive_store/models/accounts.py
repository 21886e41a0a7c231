"""People: accounts, departments, what each may do (from, to, ground, granted by), sessions, tokens."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.identity import AskState, RightKind, Role
from archive_store.labels import Mark
from archive_store.models.base import Base, EnumText, new_id, now, part_index

ONE_ADMINISTRATOR = "ended_at IS NULL AND role IN ('system_administrator','security_administrator','security_auditor')"
WHOLE_CASES = "ended_at IS NULL AND item_id IS NULL AND ends_at IS NULL"
PARTS_OF_CASES = "ended_at IS NULL AND (item_id IS NOT NULL OR ends_at IS NOT NULL)"


class Department(Base):
    """A department of the bureau."""

    __tablename__ = "departments"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    """The department's part of an archival code (DA/T 13)."""


class Account(Base):
    """A person who may log in."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    enrolment_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the one-time enrolment code, until it was used."""
    command_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the person's token for deciding commands (`anjuan seal --as`)."""
    active: Mapped[bool] = mapped_column(default=True)
    rights_version: Mapped[int] = mapped_column(default=1)
    """Raised with every change of rights; sessions of an older version end."""
    failed_logins: Mapped[int] = mapped_column(default=0)
    """Wrong tries from browsers that are not known for the person; see `archive_store.login_guard`."""
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class KnownDevice(Base):
    """A browser in which a person logged in before, by the hash of its token; it counts its own wrong tries."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("account_id", "token_hash"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    token_hash: Mapped[str] = mapped_column(String(64), index=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class AddressGuard(Base):
    """Wrong tries from one network address since a moment, those from known browsers aside."""

    __tablename__ = "address_guards"

    address: Mapped[str] = mapped_column(String(45), primary_key=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Given:
    """What every right has: whose, until when, ground, granted by, and how it ended; it is never deleted."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    valid_to: Mapped[date | None]
    ground: Mapped[str] = mapped_column(String(500), default="")
    granted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    """None only for what the first set-up granted."""
    granted_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    """None where it ended with what it was given for."""
    end_ground: Mapped[str] = mapped_column(String(500), default="")


class Grant(Given):
    """A right that begins on a day."""

    valid_from: Mapped[date]


class Membership(Grant, Base):
    """A person's department, with its time."""

    __tablename__ = "memberships"

    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))


class Leadership(Grant, Base):
    """The leader in charge of a department, or a deputy, with a term."""

    __tablename__ = "leaderships"

    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    is_deputy: Mapped[bool] = mapped_column(default=False)


class RoleGrant(Grant, Base):
    """A role given to a person; ended, never deleted. One person holds at most one of the three administrators."""

    __tablename__ = "role_grants"
    __table_args__ = (part_index("uq_role_grants_one_administrator", ONE_ADMINISTRATOR, "account_id", unique=True),)

    role: Mapped[Role] = mapped_column(EnumText(Role))


class ClearanceGrant(Grant, Base):
    """The level to which a person is cleared, with its time and ground."""

    __tablename__ = "clearance_grants"
    __table_args__ = (CheckConstraint("level BETWEEN 0 AND 4", name="level_known"),)

    level: Mapped[int]


class MarkGrant(Grant, Base):
    """A mark that a person may read, with its time and ground."""

    __tablename__ = "mark_grants"

    mark: Mapped[Mark] = mapped_column(EnumText(Mark))


class DepartmentGrant(Grant, Base):
    """The cases of a department opened to one person by name, with an end and a ground."""

    __tablename__ = "department_grants"

    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))


class CaseGrant(Given, Base):
    """A case, or one item of it, opened to one person by name (a sampled case, an item referred), with its end."""

    __tablename__ = "case_grants"
    __table_args__ = (
        part_index("ix_case_grants_whole", WHOLE_CASES, "account_id", "valid_to", "case_id"),
        part_index("ix_case_grants_parts", PARTS_OF_CASES, "account_id"),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    item_id: Mapped[str | None] = mapped_column(ForeignKey("items.id"))
    """The one item that is opened; None where the whole case is."""
    request_id: Mapped[str | None] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    """The copy request for which it was referred; the grant ends with it."""
    ends_at: Mapped[datetime | None]
    """The moment at which an urgent reading ends; None for every other opening."""


class RightsAsk(Base):
    """A right asked for a person by who answers for it, and what the security administrator decided (三员)."""

    __tablename__ = "rights_asks"
    __table_args__ = (
        CheckConstraint("asked_by <> account_id", name="not_for_oneself"),
        CheckConstraint("decided_by <> account_id", name="not_to_oneself"),
        CheckConstraint("decided_by <> asked_by", name="decided_by_another"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[RightKind] = mapped_column(EnumText(RightKind))
    value: Mapped[str] = mapped_column(String(40))
    """A role, a level's number, a mark, or the id of a department or case."""
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    ground: Mapped[str] = mapped_column(String(500))
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[AskState] = mapped_column(EnumText(AskState), default=AskState.OPEN, index=True)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    decision_ground: Mapped[str] = mapped_column(String(500), default="")
    grant_id: Mapped[str | None] = mapped_column(String(32))
    """The row of the right that was granted."""


class WebSession(Base):
    """A session of the portal; the browser holds the token, the table only its hash."""

    __tablename__ = "web_sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    rights_version: Mapped[int] = mapped_column(default=0)
    data: Mapped[str] = mapped_column(default="{}")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45), default="")
    """From where it was begun, so that its owner knows it again."""
