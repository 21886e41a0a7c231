"""Levels proposed and decided (定密), and the reviews that are due."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.labels import Label, LabelSubject, ProposalState, ReviewKind
from archive_store.models.base import Base, EnumText, new_id, now


class LabelProposal(Base):
    """A label proposed for the entry, an item or a person of a case, and what the classifying officer decided."""

    __tablename__ = "label_proposals"
    __table_args__ = (CheckConstraint("decided_by <> proposed_by", name="decided_by_another"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    subject: Mapped[LabelSubject] = mapped_column(EnumText(LabelSubject))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    label: Mapped[Label]
    former: Mapped[Label]
    """What the label was when this was proposed; where it is another by then, the proposal no longer holds."""
    ground: Mapped[str] = mapped_column(String(500))
    declassify_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(300), default="")
    """Whose decision the level is derived from; empty where it is original."""
    origin_document: Mapped[str] = mapped_column(String(200), default="")
    """Number of the origin's written decision by which a derived level falls."""
    proposed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[ProposalState] = mapped_column(EnumText(ProposalState), default=ProposalState.OPEN, index=True)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    decision_ground: Mapped[str] = mapped_column(String(500), default="")


class LabelReview(Base):
    """That a label is to be looked at: a year went by, or its term ended and the level fell by itself."""

    __tablename__ = "label_reviews"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    subject: Mapped[LabelSubject] = mapped_column(EnumText(LabelSubject))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[ReviewKind] = mapped_column(EnumText(ReviewKind))
    due_on: Mapped[date]
    raised_at: Mapped[datetime] = mapped_column(default=now)
    done_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(String(500), default="")
