"""Copy requests under Article 30: what was asked, thought, prepared, decided, made and delivered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive_store.models.base import Base, new_id, now


class CopyRequest(Base):
    """A request for copies of named items of one case."""

    __tablename__ = "copy_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    number: Mapped[str | None] = mapped_column(String(40), unique=True)
    """Given at submission."""
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"))
    requester_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    """`party` (Art. 30), `official` (court, reconsideration, supervision, audit), `internal`."""
    channel: Mapped[str] = mapped_column(String(20))
    """`counter` or `online`."""
    purpose: Mapped[str] = mapped_column(Text, default="")
    delivery: Mapped[str] = mapped_column(String(20), default="download")
    state: Mapped[str] = mapped_column(String(30), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    submitted_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    extended: Mapped[bool] = mapped_column(default=False)
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    accepted_at: Mapped[datetime | None]
    identity_proof: Mapped[str] = mapped_column(String(500), default="")
    """What proof of identity and relation was seen (by `accepted_by`, at `accepted_at`)."""
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's form

    items: Mapped[list[RequestedItem]] = relationship(order_by="RequestedItem.position", cascade="all, delete-orphan")


class RequestedItem(Base):
    """One item asked for, and what was decided of it."""

    __tablename__ = "requested_items"
    __table_args__ = (UniqueConstraint("request_id", "item_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    position: Mapped[int]
    """The number under which the party sees it."""
    withheld_ground: Mapped[str | None] = mapped_column(String(60))
    """Code of the ground, where the preparer or the leader keeps it back."""


class Opinion(Base):
    """The secrecy reviewer's opinion on an item that bears a mark."""

    __tablename__ = "opinions"
    __table_args__ = (CheckConstraint("advice IN ('release','redact','withhold')", name="advice_known"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    reviewer_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    advice: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)


class RedactionBox(Base):
    """A box to be burnt into a page of the release, as fractions of the page (0..1, origin top left)."""

    __tablename__ = "redaction_boxes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    page: Mapped[int]
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    ground: Mapped[str] = mapped_column(String(60))
    drawn_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    drawn_at: Mapped[datetime] = mapped_column(default=now)


class Release(Base):
    """One preparation of a request: the manifest whose hash the approval binds. A change makes a new one."""

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    prepared_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    manifest: Mapped[str] = mapped_column(Text)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    pages: Mapped[dict[str, Any]]
    """Blob name of every released page image: {"<position>:<page>": name}."""
    voided_at: Mapped[datetime | None]


class Decision(Base):
    """What the leader in charge decided, on exactly one release."""

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint("outcome IN ('granted','partly_granted','refused')", name="outcome_known"),
        CheckConstraint("outcome <> 'refused' OR ground <> ''", name="refusal_has_ground"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), unique=True)
    release_id: Mapped[str] = mapped_column(ForeignKey("releases.id"))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    leader_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    ground: Mapped[str] = mapped_column(Text, default="")
    withheld: Mapped[dict[str, Any]]
    """Ground by position of each item that the leader keeps back."""
    at: Mapped[datetime] = mapped_column(default=now)


class SignedCopy(Base):
    """The copy that was made of an approved release."""

    __tablename__ = "signed_copies"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), unique=True)
    blob: Mapped[str] = mapped_column(String(80), unique=True)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    check_code: Mapped[str] = mapped_column(String(32), unique=True)
    """128 bits as hex; with the request number it opens the look-up by number."""
    made_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")


class Delivery(Base):
    """A whole transfer of a copy, written when the last byte went out."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    copy_id: Mapped[str] = mapped_column(ForeignKey("signed_copies.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    started_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]


class RequestStep(Base):
    """A dated step of a request, as the party's page and the file of the request show it."""

    __tablename__ = "request_steps"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    transition: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(30))
    actor_id: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)
