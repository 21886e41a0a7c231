"""Correcting the text of a page: seen beside its image, kept as an annotation, found from then on."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.cases import item_for
from archive_store.corrections import cleaned, history, tidy
from archive_store.drafts import page_file
from archive_store.errors import ConflictError, InvalidInputError, NotFoundError
from archive_store.models.accounts import Account
from archive_store.permissions import Permission
from archive_store.work import note_index

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.corrections import Corrections
    from archive_store.identity import Actor
    from archive_store.models.cases import Case, Item, StoredFile
    from archive_store.page_texts import PageTexts
    from portal.services.desk import Desk

CHANGED = "这一页的文字刚被其他人改过，您的校正没有保存。请对照现在的文字重新校正。"
SAME = "文字没有改动，没有保存。"


@dataclass(frozen=True, slots=True)
class Made:
    """One correction in the course of a page: by whom, from when, until when."""

    by: str
    at: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """A page with its text: as it stands now, and as it was read where that is another; `seen` names this state."""

    case: Case
    item: Item
    pages: int
    number: int
    text: str
    read: str
    is_corrected: bool
    course: tuple[Made, ...]

    @property
    def seen(self) -> str:
        """What a change must name, so that it is made to what its maker saw."""
        return digest(self.text)


def digest(text: str) -> str:
    """A name of a text."""
    return sha256(text.encode()).hexdigest()


class CorrectionService:
    """Shows and corrects the text of pages of sealed cases."""

    def __init__(self, desk: Desk, texts: PageTexts, corrections: Corrections) -> None:
        self._desk = desk
        self._texts = texts
        self._corrections = corrections

    def page(self, actor: Actor, item_id: str, number: int) -> CorrectedPage:
        """A page with its text; that it was seen is an event, durable before the answer.

        Raises:
            NotFoundError: no such page for this actor, or to correct it is not of the actor's office.
        """
        with self._desk.database.read() as session:
            case, item, file = _found(session, actor, item_id, number)
            course = tuple(
                Made(session.get_one(Account, row.made_by).name, row.made_at, row.ended_at)
                for row in history(session, file.id, number)
            )
        read = tidy(self._texts.read(file, number).text)
        text = self._corrections.on(file.id, number)
        with self._desk.database.write() as unit:
            _found(unit.session, actor, item_id, number)
            subject = ("item", item_id)
            self._desk.record(unit.session, actor, EventName.ITEM_VIEW_PAGE, subject, page=number, text=True)
        shown = read if text is None else text
        return CorrectedPage(case, item, file.pages or 0, number, shown, read, text is not None, course)

    def correct(self, actor: Actor, item_id: str, number: int, text: str, seen: str) -> None:
        """Have a text stand for what was read from a page; the index follows.

        Raises:
            NotFoundError: as for `page`.
            InvalidInputError: it is too long, no writing, or what stands there already.
            ConflictError: another changed it since it was seen.
        """
        text = cleaned(text)
        shown = self.page(actor, item_id, number)
        if text == shown.text and shown.seen == seen:
            raise InvalidInputError(SAME, "text")
        self._change(actor, shown, seen, text)

    def restore(self, actor: Actor, item_id: str, number: int, seen: str) -> None:
        """Have the text stand again that was read from the page; the index follows.

        Raises:
            NotFoundError: as for `page`, or nothing is corrected there.
            ConflictError: another changed it since it was seen.
        """
        shown = self.page(actor, item_id, number)
        if not shown.is_corrected:
            raise NotFoundError
        self._change(actor, shown, seen, None)

    def _change(self, actor: Actor, shown: CorrectedPage, seen: str, text: str | None) -> None:
        """Have a text stand for the page as it was seen, or with None what was read from it; the index follows."""
        if shown.seen != seen:
            raise ConflictError(CHANGED)
        item_id, number = shown.item.id, shown.number
        with self._desk.database.write() as unit:
            case, _, file = self._locked(unit.session, actor, shown)
            where, when = (unit.session, file.id, number), self._desk.clock()
            if text is None:
                self._corrections.end(*where, actor.account_id, when)
            else:
                self._corrections.put(*where, text, actor.account_id, when)
            note_index(unit.session, case.id)
            subject, corrected = ("item", item_id), text is not None
            self._desk.record(
                unit.session, actor, EventName.ITEM_CORRECT_TEXT, subject, page=number, corrected=corrected
            )

    def _locked(self, session: Session, actor: Actor, shown: CorrectedPage) -> tuple[Case, Item, StoredFile]:
        """The page again, in the transaction that changes it: as it was shown, or somebody was first."""
        found = _found(session, actor, shown.item.id, shown.number)
        session.refresh(found[2], with_for_update=True)
        course = history(session, found[2].id, shown.number)
        if [(row.made_at, row.ended_at) for row in course] != [(made.at, made.ended) for made in shown.course]:
            raise ConflictError(CHANGED)
        return found


def _found(session: Session, actor: Actor, item_id: str, number: int) -> tuple[Case, Item, StoredFile]:
    case, item = item_for(session, actor, item_id, Permission.CORRECT_TEXT)
    file = page_file(item)
    if file is None or not 1 <= number <= (file.pages or 0):
        raise NotFoundError
    return case, item, file
