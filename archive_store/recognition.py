"""Which pages wait for their text to be recognised, and how far that has come.

A row stands for each page of a sealed case that has no text layer. It settles as ready or, with the reason, as failed;
a page whose parser process is lost twice has failed, so that nothing waits for ever behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store.models.cases import Item, StoredFile
from archive_store.models.derivatives import DerivativeState, RecognisedPage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

MOST_ATTEMPTS = 2
GROUP = 20
"""Pages of a case after which the index follows, while others still wait."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many pages there are to recognise, how many are done, and how many cannot be."""

    total: int = 0
    ready: int = 0
    failed: int = 0

    @property
    def waiting(self) -> int:
        """Pages that are still to come."""
        return self.total - self.ready - self.failed


def want(session: Session, file_id: str, pages: Iterable[int]) -> bool:
    """Have pages recognised that have neither a text layer nor recognised text; gives whether any waits now.

    What failed stays so. What was ready and is asked for again has lost its text, and is made anew.
    """
    rows = {row.page: row for row in session.scalars(select(RecognisedPage).where(RecognisedPage.file_id == file_id))}
    for page in pages:
        row = rows.get(page)
        if row is None:
            row = RecognisedPage(file_id=file_id, page=page, state=DerivativeState.WAITING)
            session.add(row)
            rows[page] = row
        elif row.state is DerivativeState.READY:
            row.state, row.settled_at, row.attempts = DerivativeState.WAITING, None, 0
    session.flush()
    return any(row.state is DerivativeState.WAITING for row in rows.values())


def next_page(session: Session, file_id: str) -> RecognisedPage | None:
    """The first page of a file that waits."""
    waiting = (RecognisedPage.file_id == file_id, RecognisedPage.state == DerivativeState.WAITING)
    return session.scalars(select(RecognisedPage).where(*waiting).order_by(RecognisedPage.page).limit(1)).first()


def settle_ready(row: RecognisedPage, confidence: float, at: datetime) -> None:
    """The text of the page is kept."""
    row.state, row.confidence, row.reason, row.settled_at = DerivativeState.READY, confidence, "", at


def settle_failed(row: RecognisedPage, reason: str, at: datetime) -> None:
    """The page cannot be recognised."""
    row.state, row.reason, row.settled_at = DerivativeState.FAILED, reason[:500], at


def index_is_due(session: Session, case_id: str, indexed_at: datetime | None) -> bool:
    """Whether the index should follow now: nothing of the case waits any more, or a group of pages is new."""
    pages = select(func.count()).select_from(RecognisedPage)
    of_case = pages.join(StoredFile).join(Item).where(Item.case_id == case_id)
    if not session.scalar(of_case.where(RecognisedPage.state == DerivativeState.WAITING)):
        return True
    new = of_case.where(RecognisedPage.state == DerivativeState.READY)
    if indexed_at is not None:
        new = new.where(RecognisedPage.settled_at > indexed_at)
    return (session.scalar(new) or 0) >= GROUP


def progress(session: Session, file_ids: Collection[str] | None = None) -> Progress:
    """How far the given files have come, or with None all."""
    counted = select(RecognisedPage.state, func.count()).group_by(RecognisedPage.state)
    if file_ids is not None:
        counted = counted.where(RecognisedPage.file_id.in_(file_ids))
    counts = {row[0]: row[1] for row in session.execute(counted)}
    return Progress(sum(counts.values()), counts.get(DerivativeState.READY, 0), counts.get(DerivativeState.FAILED, 0))


def failures(session: Session, file_ids: Collection[str]) -> list[RecognisedPage]:
    """The pages of the given files that cannot be recognised, in order."""
    failed = (RecognisedPage.file_id.in_(file_ids), RecognisedPage.state == DerivativeState.FAILED)
    found = select(RecognisedPage).where(*failed).order_by(RecognisedPage.file_id, RecognisedPage.page)
    return [*session.scalars(found)]
