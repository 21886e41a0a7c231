"""Urgent readings (紧急查阅): one case opened for an hour to someone whose rights do not reach it, and the review."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.identity import UrgentState
from archive_store.models.base import Base, EnumText, new_id, now


class UrgentReading(Base):
    """What was asked for by number, who agreed, until when it was open, and what the auditor found."""

    __tablename__ = "urgent_readings"
    __table_args__ = (
        CheckConstraint("decided_by <> account_id", name="decided_by_another"),
        CheckConstraint("reviewed_by <> account_id AND reviewed_by <> decided_by", name="reviewed_by_a_third"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    number: Mapped[str] = mapped_column(String(120))
    """Case number or archival code as it was typed; whether there is such a case is not looked at when it is."""
    ground: Mapped[str] = mapped_column(String(500))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[UrgentState] = mapped_column(EnumText(UrgentState), default=UrgentState.OPEN, index=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    """The case, once someone decided on it."""
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    decision_ground: Mapped[str] = mapped_column(String(500), default="")
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("case_grants.id"))
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When it was ended early, or its end was noted."""
    reviewed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    reviewed_at: Mapped[datetime | None]
    review: Mapped[str] = mapped_column(String(1000), default="")
