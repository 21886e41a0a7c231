"""Copy requests under Article 30: what was asked, thought, prepared, decided, made and delivered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive_store.labels import Label
from archive_store.models.base import Base, EnumText, new_id, now
from archive_store.models.cases import Case, Item
from archive_store.request_words import Advice, Channel, DeliveryWay, RequestKind, RequestState, Step


class CopyRequest(Base):
    """A request for copies of named items of one case."""

    __tablename__ = "copy_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    number: Mapped[str | None] = mapped_column(String(40), unique=True)
    """Given at submission."""
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"))
    requester_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """The party's account; None where a party without one came to the counter."""
    entered_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    """The archivist who wrote the request down at the counter."""
    recipient: Mapped[str] = mapped_column(String(200))
    kind: Mapped[RequestKind] = mapped_column(EnumText(RequestKind))
    channel: Mapped[Channel] = mapped_column(EnumText(Channel))
    purpose: Mapped[str] = mapped_column(Text, default="")
    delivery: Mapped[DeliveryWay] = mapped_column(EnumText(DeliveryWay), default=DeliveryWay.DOWNLOAD)
    state: Mapped[RequestState] = mapped_column(EnumText(RequestState), index=True, default=RequestState.DRAFT)
    created_at: Mapped[datetime] = mapped_column(default=now)
    submitted_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    extended: Mapped[bool] = mapped_column(default=False)
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    accepted_at: Mapped[datetime | None]
    identity_proof: Mapped[str] = mapped_column(String(500), default="")
    relation_proof: Mapped[str] = mapped_column(String(500), default="")
    """What proof of identity, and of the tie to the case, was seen (by `accepted_by`, at `accepted_at`)."""
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's form

    case: Mapped[Case] = relationship()
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
    title: Mapped[str] = mapped_column(String(200))
    """The neutral title under which it was asked for."""
    own_marks: Mapped[list[str]]
    """Marks on it that the preparer found to concern nobody but the requester."""
    withheld_ground: Mapped[str | None] = mapped_column(String(60))
    """Code of the ground, where the preparer proposes to keep it back; the leader's own stand in the decision."""

    item: Mapped[Item] = relationship()


class Opinion(Base):
    """The secrecy reviewer's opinion on an item that bears a level or a mark, under the label that it had then."""

    __tablename__ = "opinions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    reviewer_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    label: Mapped[Label]
    advice: Mapped[Advice] = mapped_column(EnumText(Advice))
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
    """One preparation of a request: the manifest whose hash the approval binds. A change makes a new one.

    The row is made when pages are ordered, and filled in by the worker; without `manifest` it is not made yet.
    """

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    prepared_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    plan_sha256: Mapped[str] = mapped_column(String(64))
    """Of what it was to be made of: items, labels, boxes, grounds; another plan makes it stale."""
    page_total: Mapped[int] = mapped_column(default=0)
    pages_done: Mapped[int] = mapped_column(default=0)
    manifest: Mapped[str | None] = mapped_column(Text)
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[dict[str, Any]]
    """Blob name of every released page image: {"<position>:<page>": name}."""
    problem: Mapped[str] = mapped_column(Text, default="")
    """Why it could not be made, in Chinese."""
    submitted_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class Decision(Base):
    """What the leader in charge decided, on exactly one release, or on a proposal to refuse that has none."""

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint("outcome IN ('granted','partly_granted','refused')", name="outcome_known"),
        CheckConstraint("outcome <> 'refused' OR ground <> ''", name="refusal_has_ground"),
        CheckConstraint("outcome = 'refused' OR release_id IS NOT NULL", name="grant_binds_release"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    release_id: Mapped[str | None] = mapped_column(ForeignKey("releases.id"))
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    leader_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    ground: Mapped[str] = mapped_column(String(60), default="")
    """Code of the ground of a refusal."""
    reason: Mapped[str] = mapped_column(Text, default="")
    withheld: Mapped[dict[str, Any]]
    """Ground by position of each item that the leader keeps back."""
    at: Mapped[datetime] = mapped_column(default=now)
    voided_at: Mapped[datetime | None]
    """When the release changed afterwards: the decision binds nothing any more."""


class SignedCopy(Base):
    """The copy that was made of an approved release."""

    __tablename__ = "signed_copies"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("copy_requests.id"), index=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions.id"), unique=True)
    blob: Mapped[str | None] = mapped_column(String(80), unique=True)
    """Where it lies until it expires."""
    size: Mapped[int] = mapped_column(BigInteger)
    sha512: Mapped[str] = mapped_column(String(128))
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
    step: Mapped[Step] = mapped_column(EnumText(Step))
    state: Mapped[RequestState] = mapped_column(EnumText(RequestState))
    """Where it led."""
    actor_id: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)
