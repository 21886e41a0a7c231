"""Recognising the text of scanned pages in the background, page by page, and saying how far it has come.

One page is one step: its text is on the disk before its row says so, so that a kill loses at most the page in hand.
The index follows in groups (`archive_store.recognition`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store import recognition
from archive_store.cases import case_for, readable_items
from archive_store.derivatives import Kind
from archive_store.drafts import page_file, playing_file, worded_file
from archive_store.errors import IntegrityError, NotFoundError
from archive_store.models.cases import Item, StoredFile
from archive_store.models.derivatives import DerivativeState, RecognisedPage
from archive_store.models.work import IndexState
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError
from archive_store.permissions import Permission
from archive_store.work import RECOGNISE_TEXT, note_index, note_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.derivatives import Derivatives
    from archive_store.identity import Actor
    from archive_store.originals import Originals
    from archive_store.page_texts import PageTexts, Spoken, Unpaged
    from archive_store.parsing.documents import Documents, RecognisedText
    from archive_store.recognition import Progress
    from portal.services.desk import Desk

ONLY_PART = "文字过多，只能检索到前面的部分。文件本身完好。"
LOST = "识别程序两次中断或超时，未能识别此页。页面图像和原件完好，可以正常查阅。"


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A page whose text cannot be had: of which item, which page (0: the whole item), and why."""

    item_number: int
    page: int
    reason: str


@dataclass(frozen=True, slots=True)
class CaseRecognition:
    """How far the recognition of the items that the viewer may read has come."""

    progress: Progress
    failures: tuple[Unrecognised, ...]


class RecognitionService:
    """Recognises noted pages; `reader` is its own parser process, so that it takes none from those who wait."""

    def __init__(
        self, desk: Desk, originals: Originals, reader: Documents, texts: PageTexts, derivatives: Derivatives
    ) -> None:
        self._desk = desk
        self._originals = originals
        self._reader = reader
        self._texts = texts
        self._derivatives = derivatives

    def recognise_page(self, file_id: str) -> bool:
        """Recognise the next waiting page of a file; gives whether more of it waits.

        Raises:
            UnavailableError: nothing can be done now (the disk is full, the process is closing); the page still waits.
        """
        with self._desk.database.read() as session:
            row = recognition.next_page(session, file_id)
            file = session.get(StoredFile, file_id)
        if row is None or file is None:
            return False
        try:
            with self._originals.open(file) as handle:
                found = self._reader.ocr(handle, file.media_type, row.page)
        except (ParserRefusedError, IntegrityError, NotFoundError) as error:
            return self._settled(row, failed_because=error.message)
        except ParserFailedError:
            return self._lost(row)
        self._texts.keep(file_id, row.page, found)
        return self._settled(row, found)

    def reconcile(self) -> None:
        """Note again what was lost: work, kept texts, cases indexed before recognition was known.

        Texts of which no row knows are thrown away.
        """
        kept = {name: self._derivatives.names(Kind.TEXT, name) for name in self._derivatives.file_ids(Kind.TEXT)}
        with self._desk.database.write() as unit:
            session = unit.session
            known: set[str] = set()
            for row in session.scalars(select(RecognisedPage)):
                known.add(row.file_id)
                if row.state is DerivativeState.READY and str(row.page) not in kept.get(row.file_id, frozenset()):
                    recognition.want(session, row.file_id, [row.page])
            waiting = select(RecognisedPage.file_id).where(RecognisedPage.state == DerivativeState.WAITING)
            for file_id in session.scalars(waiting.distinct()):
                note_once(session, RECOGNISE_TEXT, file_id)
            with_rows = select(Item.case_id).join(StoredFile).join(RecognisedPage)
            unknown = IndexState.pages_without_text > 0, IndexState.case_id.not_in(with_rows)
            for case_id in session.scalars(select(IndexState.case_id).where(*unknown)).all():
                note_index(session, case_id)
        for file_id in kept.keys() - known:
            self._derivatives.remove(Kind.TEXT, file_id)
        with self._desk.database.read() as session:
            files = set(session.scalars(select(StoredFile.id)))
        for file_id in set(self._derivatives.file_ids(Kind.WORDS)) - files:
            self._derivatives.remove(Kind.WORDS, file_id)

    def of_case(self, actor: Actor, case_id: str) -> CaseRecognition:
        """How far a case has come, counted over the items that the actor may read.

        Raises:
            NotFoundError: no such case for this actor.
        """
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.SEE_ENTRY)
            items = readable_items(actor, case)
            numbers = {file.id: item.number for item in items if (file := page_file(item))}
            failures = [
                Unrecognised(numbers[row.file_id], row.page, row.reason)
                for row in recognition.failures(session, numbers)
            ]
            for item in items:
                kept = self._of_words(item)
                if kept and (kept.problem or kept.cut):
                    failures.append(Unrecognised(item.number, 0, kept.problem or ONLY_PART))
            ordered = sorted(failures, key=lambda failure: (failure.item_number, failure.page))
            return CaseRecognition(recognition.progress(session, numbers), tuple(ordered))

    def _of_words(self, item: Item) -> Unpaged | Spoken | None:
        """What is kept of the words of an item without pages, or of what was said in a recording."""
        if playing_file(item):
            return self._texts.kept_said(item)
        file = worded_file(item)
        return self._texts.kept_unpaged(file.id) if file else None

    def state(self) -> list[tuple[str, str]]:
        """Totals of the installation, without content."""
        with self._desk.database.read() as session:
            found = recognition.progress(session)
        unable = f"，{found.failed} 页不能识别" if found.failed else ""
        return [("文字识别", f"{found.ready} / {found.total} 页{unable}")]

    def _lost(self, row: RecognisedPage) -> bool:
        """The parser process was lost: once may be chance, twice is the page's fault."""
        if row.attempts + 1 >= recognition.MOST_ATTEMPTS:
            return self._settled(row, failed_because=LOST)
        with self._desk.database.write() as unit:
            unit.session.get_one(RecognisedPage, (row.file_id, row.page)).attempts += 1
        return True

    def _settled(self, page: RecognisedPage, found: RecognisedText | None = None, *, failed_because: str = "") -> bool:
        with self._desk.database.write() as unit:
            session = unit.session
            row = session.get(RecognisedPage, (page.file_id, page.page))
            if row is None:
                return False  # its file was taken out meanwhile
            if found is None:
                recognition.settle_failed(row, failed_because, self._desk.clock())
            else:
                recognition.settle_ready(row, found.confidence, self._desk.clock())
            session.flush()
            self._have_the_index_follow(session, row.file_id)
            return recognition.next_page(session, row.file_id) is not None

    def _have_the_index_follow(self, session: Session, file_id: str) -> None:
        item_id = session.get_one(StoredFile, file_id).item_id
        case_id = session.get_one(Item, item_id).case_id
        state = session.get(IndexState, case_id)
        if state is not None and recognition.index_is_due(session, case_id, state.indexed_at):
            note_index(session, case_id)
