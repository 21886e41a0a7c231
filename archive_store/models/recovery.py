"""Recoveries of accounts whose password was forgotten: begun by one, confirmed by another, used once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.identity import RecoveryState
from archive_store.models.base import Base, EnumText, new_id, now


class Recovery(Base):
    """One way back into one account; the table itself refuses that one person takes two of its steps."""

    __tablename__ = "recoveries"
    __table_args__ = (
        CheckConstraint("begun_by <> account_id", name="not_for_oneself"),
        CheckConstraint("settled_by <> account_id", name="not_by_oneself"),
        CheckConstraint("settled_by <> begun_by OR state = 'withdrawn'", name="settled_by_another"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    ground: Mapped[str] = mapped_column(String(500))
    """How it was made sure who asks, e.g. identity seen in person."""
    lifts_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the second factor goes too, because its device and recovery codes are lost."""
    begun_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    begun_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[RecoveryState] = mapped_column(EnumText(RecoveryState), default=RecoveryState.OPEN, index=True)
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    settled_at: Mapped[datetime | None]
    settle_ground: Mapped[str] = mapped_column(String(500), default="")
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the one-time code, until it was used or ran out."""
    code_ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When the code was used, or the recovery found to have run out."""
