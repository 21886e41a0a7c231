"""What a person searched for and wants to search for again; nobody else ever sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, new_id, now


class PastSearch(Base):
    """A search as it was asked last."""

    __tablename__ = "past_searches"
    __table_args__ = (Index(None, "account_id", "asked_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    query: Mapped[str] = mapped_column(Text)
    filters: Mapped[dict[str, Any]]
    """Chosen values by facet, sorted."""
    sort: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    total: Mapped[int]
    """Hits that the person was shown then."""


class SavedSearch(Base):
    """A search kept under a name; a watched one is asked again by the worker, under its person's rights of then."""

    __tablename__ = "saved_searches"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)
    filters: Mapped[dict[str, Any]]
    sort: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime] = mapped_column(default=now)
    watched_since: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    known: Mapped[list[str]]
    """Ids of the documents that the person has seen in its answer, or was told of before."""
    fresh: Mapped[list[str]]
    """Ids of those that came since; each is checked again before it is told of."""
