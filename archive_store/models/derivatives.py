"""How far derivatives have come: pages whose text is recognised, recordings that are made ready for playing.

The derivatives themselves are content and lie as files (`archive_store.derivatives`); here stand only states, figures
and reasons. Rows go with their file and can be made anew.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, EnumText


class DerivativeState(StrEnum):
    """How far a derivative has come."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class RecognisedPage(Base):
    """A page without a text layer, and how far the recognition of its text has come."""

    __tablename__ = "recognised_pages"

    file_id: Mapped[str] = mapped_column(ForeignKey("stored_files.id", ondelete="CASCADE"), primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[DerivativeState] = mapped_column(EnumText(DerivativeState), default=DerivativeState.WAITING)
    confidence: Mapped[float | None]
    """How sure the recognition is, 0..1, over all characters of the page."""
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why it cannot be recognised, in Chinese; empty unless it failed."""
    settled_at: Mapped[datetime | None]


class SpeechDerivative(Base):
    """A recording without a transcript, and how far the recognition of what is said in it has come."""

    __tablename__ = "speech_derivatives"

    file_id: Mapped[str] = mapped_column(ForeignKey("stored_files.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[DerivativeState] = mapped_column(EnumText(DerivativeState), default=DerivativeState.WAITING)
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why nothing could be recognised, in Chinese; empty unless it failed."""
    settled_at: Mapped[datetime | None]


class PlayingDerivative(Base):
    """A recording, and how far the form of it that browsers play has come."""

    __tablename__ = "playing_derivatives"

    file_id: Mapped[str] = mapped_column(ForeignKey("stored_files.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[DerivativeState] = mapped_column(EnumText(DerivativeState), default=DerivativeState.WAITING)
    media_type: Mapped[str] = mapped_column(String(100), default="")
    tag: Mapped[str] = mapped_column(String(32), default="")
    """Random, new with each making: tells two makings apart (the entity tag of answers)."""
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why it cannot be played, in Chinese; empty unless it failed."""
    settled_at: Mapped[datetime | None]
