"""Work that must not be lost, who may do it, and what the index holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, BigId, now


class Work(Base):
    """A piece of work noted in the transaction that causes it; the worker carries it out, again if need be."""

    __tablename__ = "work"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    subject_id: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]
    noted_at: Mapped[datetime] = mapped_column(default=now)
    not_before: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    last_error: Mapped[str] = mapped_column(Text, default="")


class Lease(Base):
    """Who holds a duty that only one process may have at a time."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


class IndexState(Base):
    """What the index holds of a case."""

    __tablename__ = "index_states"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    wanted: Mapped[int] = mapped_column(default=1)
    """Raised with each change that the index has to follow."""
    indexed: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    pages_without_text: Mapped[int] = mapped_column(default=0)
    indexed_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")


class IndexHold(Base):
    """A case that was relabelled and must not be found until the index has followed: its pages are left out."""

    __tablename__ = "index_holds"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    wanted: Mapped[int]
    """The change of `IndexState.wanted` that the index has to follow first."""
