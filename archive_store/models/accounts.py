"""People: accounts, departments, what each may do (from, to, ground, granted by), sessions, tokens."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.identity import Role
from archive_store.labels import Mark
from archive_store.models.base import Base, EnumText, new_id, now


class Department(Base):
    """A department of the bureau."""

    __tablename__ = "departments"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    """The department's part of an archival code (DA/T 13)."""


class Leadership(Base):
    """The leader in charge of a department, or a deputy, with a term."""

    __tablename__ = "leaderships"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    is_deputy: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


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
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Membership(Base):
    """A person's department, with its time."""

    __tablename__ = "memberships"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Grant:
    """What every right has: whose, from, to, ground, granted by; ended, never deleted."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    ground: Mapped[str] = mapped_column(String(500))
    granted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    """None only for what the first set-up granted."""
    granted_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class RoleGrant(Grant, Base):
    """A role given to a person; ended, never deleted. One person holds at most one of the three administrators."""

    __tablename__ = "role_grants"
    __table_args__ = (
        Index(
            "uq_role_grants_one_administrator",
            "account_id",
            unique=True,
            sqlite_where=text(
                "ended_at IS NULL AND role IN ('system_administrator','security_administrator','security_auditor')"
            ),
            postgresql_where=text(
                "ended_at IS NULL AND role IN ('system_administrator','security_administrator','security_auditor')"
            ),
        ),
    )

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


class CaseGrant(Base):
    """A case, or one item of it, opened to one person by name (a sampled case, an item referred), with its end."""

    __tablename__ = "case_grants"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    item_id: Mapped[str | None] = mapped_column(ForeignKey("items.id"))
    """The one item that is opened; None where the whole case is."""
    request_id: Mapped[str | None] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    """The copy request for which it was referred; the grant ends with it."""
    ground: Mapped[str] = mapped_column(String(500))
    granted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    granted_at: Mapped[datetime] = mapped_column(default=now)
    valid_to: Mapped[date | None]
    ended_at: Mapped[datetime | None]


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
