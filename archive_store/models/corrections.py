"""What an archivist put in the place of the text that was read from a page; the sealed object stays as it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, new_id, now, part_index


class PageCorrection(Base):
    """The text of one page as somebody wrote it; one is in force at a time, and none is ever taken away."""

    __tablename__ = "page_corrections"
    __table_args__ = (part_index("uq_page_corrections_in_force", "ended_at IS NULL", "file_id", "page", unique=True),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    file_id: Mapped[str] = mapped_column(ForeignKey("stored_files.id"), index=True)
    page: Mapped[int]
    """From 1."""
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted, bound to file and page: the words of a page are content."""
    made_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
