"""Keeping the index level with the archive: from a sealed case to its documents, in the worker."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from archive_store import hearing, playback
from archive_store.cases import case_thing, item_thing
from archive_store.corrections import CorrectedText
from archive_store.drafts import is_encrypted, page_file, playing_file, transcript_file, worded_file
from archive_store.findings import late_flags
from archive_store.labels import Level
from archive_store.models.accounts import Department
from archive_store.models.cases import Case
from archive_store.models.work import IndexState, Work
from archive_store.parsing.documents import RecognisedText
from archive_store.policy import REMEMBERED
from archive_store.recognition import want
from archive_store.vocabulary import CaseState, PersonRole
from archive_store.work import INDEX_CASE, RECOGNISE_TEXT, note, note_once, release_hold
from indexer.documents import CaseFacts, ItemFacts, Person, documents_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from archive_store.models.cases import Item, StoredFile
    from archive_store.page_texts import PageTexts
    from archive_store.regulation.rules import Regulation
    from archive_store.vocabulary import Late
    from indexer.backends.switched import SwitchedBackend
    from indexer.documents import PageDocument
    from portal.services.desk import Desk

    Texts = Sequence[tuple[Item, Sequence["PageWords"]]]

ENTRY, CONTENT, EVERYWHERE = "entry", "content", "*"
PARTIES = (PersonRole.PARTY, PersonRole.APPLICANT, PersonRole.THIRD_PERSON)


@lru_cache(maxsize=REMEMBERED)
def index_tokens(grade: str, tokens: frozenset[str] | None) -> frozenset[str]:
    """The tokens of reach as they stand in the index: those of entries apart from those of content."""
    return frozenset(f"{grade}:{token}" for token in (tokens if tokens is not None else {EVERYWHERE}))


class PageWords(NamedTuple):
    """The text of a page, and whether it was recognised or corrected (and may be nothing)."""

    text: str
    recognised: bool
    number: int | None = None
    """Of what was said in a recording: the second in which it begins, from 1."""


class IndexingService:
    """Writes what can be found of a case; run again, it writes the same."""

    def __init__(
        self, desk: Desk, backend: SwitchedBackend, texts: PageTexts, rules: Regulation, *, hears: bool = False
    ) -> None:
        self._desk = desk
        self._rules = rules
        self._hears = hears
        self._backend = backend
        self._texts = texts

    def reconcile(self) -> int:
        """Note work for every case that the index lacks, holds stale, or holds without reason; gives how many."""
        self._backend.clear_left()
        if self._backend.needs_rebuild and self._backend.generation:  # of an older form: none of it can be read
            self._backend.clear()
        held = self._backend.case_ids()
        with self._desk.database.write() as unit:
            session = unit.session
            pending = set(
                session.scalars(select(Work.subject_id).where(Work.kind == INDEX_CASE, Work.done_at.is_(None)))
            )
            states = {row.case_id: row for row in session.scalars(select(IndexState))}
            stale = {case_id for case_id, row in states.items() if row.indexed < row.wanted or case_id not in held}
            wrong = (stale | (held - states.keys())) - pending
            for case_id in sorted(wrong):
                note(session, INDEX_CASE, case_id)
        return len(wrong)

    def index_case(self, case_id: str) -> None:
        """Have the index hold exactly what the archive holds of a case."""
        with self._desk.database.read() as session:
            case = session.get(Case, case_id)
            state = session.get(IndexState, case_id)
            if case is None or state is None:
                self._backend.delete_case(case_id)
                return
            wanted = state.wanted
            texts = self._texts_of(case)
            self._backend.replace_case(case_id, self._documents(session, case, texts))
        with self._desk.database.write() as unit:
            row = unit.session.get_one(IndexState, case_id)
            row.indexed, row.indexed_at = wanted, self._desk.clock()
            release_hold(unit.session, case_id, wanted)
            row.pages = sum(len(found) for _, found in texts)
            row.pages_without_text = sum(not page.text.strip() for _, found in texts for page in found)
            _want_recognised(unit.session, ((page_file(item), found) for item, found in texts))
            self._want_recordings(unit.session, [item for item, _ in texts])

    def _want_recordings(self, session: Session, items: Iterable[Item]) -> None:
        """Have recordings made ready for playing, and heard where a program is named and nobody wrote them down."""
        for item in items:
            file = playing_file(item)
            if file:
                playback.want(session, file.id)
                if self._hears and transcript_file(item) is None:
                    hearing.want(session, file.id)

    def build_case(self, case_id: str) -> None:
        """Write what the archive holds of a case to the build beside the index in use.

        What changed while it was read is read again: the build never gets something older than it holds.
        """
        while True:
            wanted, found = self._read_for_build(case_id)
            with self._backend.lock:
                if self._wanted(case_id) == wanted:
                    self._backend.build_case(case_id, found)
                    return

    def _read_for_build(self, case_id: str) -> tuple[int | None, list[PageDocument]]:
        with self._desk.database.read() as session:
            case, state = session.get(Case, case_id), session.get(IndexState, case_id)
            if case is None or state is None:
                return None, []
            return state.wanted, list(self._documents(session, case, self._texts_of(case)))

    def _wanted(self, case_id: str) -> int | None:
        with self._desk.database.read() as session:
            return session.scalar(select(IndexState.wanted).where(IndexState.case_id == case_id))

    def _documents(self, session: Session, case: Case, texts: Texts) -> Iterable[PageDocument]:
        """What is to be found of a case; nothing of one that is not sealed."""
        if case.state is not CaseState.SEALED:
            return ()
        department = session.get_one(Department, case.department_id).name
        late = late_flags(case, self._rules, self._desk.today())
        pages = [
            (_item_facts(case, item, found, late.get(item.number, ())), [page.text for page in found])
            for item, found in texts
        ]
        return documents_of(_case_facts(case, department, late.get(None, ())), pages)

    def _texts_of(self, case: Case) -> Texts:
        """The items of a sealed case with the text of their pages; none of another."""
        return [(item, self._pages(item)) for item in case.items] if case.state is CaseState.SEALED else []

    def _pages(self, item: Item) -> list[PageWords]:
        """The text of each page, empty where a page has none; of an item without pages its text in parts.

        None of what is 绝密 or encrypted where it lies: it is not even read.
        """
        file, worded, recording = page_file(item), worded_file(item), playing_file(item)
        if item.case.label.join(item.label).level is Level.TOP_SECRET or is_encrypted(item):
            return []
        if recording and not file:
            said = self._texts.said(item)
            return [PageWords(cue.words, said.recognised, cue.second + 1) for cue in said.cues]
        if worded:
            return [PageWords(part, recognised=False) for part in self._texts.unpaged(worded).parts]
        found = self._texts.pages(file) if file else ()
        return [PageWords(page.text, isinstance(page, RecognisedText | CorrectedText)) for page in found]


def _want_recognised(session: Session, texts: Iterable[tuple[StoredFile | None, Sequence[PageWords]]]) -> None:
    """Have the pages recognised that have no text and were not recognised; for the worker, after the index."""
    for file, found in texts:
        bare = [n for n, page in enumerate(found, 1) if not (page.recognised or page.text.strip())]
        if file is not None and bare and want(session, file.id, bare):
            note_once(session, RECOGNISE_TEXT, file.id)


def _case_facts(case: Case, department: str, late: Iterable[Late]) -> CaseFacts:
    tokens = case_thing(case).tokens | {EVERYWHERE}
    return CaseFacts(
        case_id=case.id,
        archival_code=case.archival_code or "",
        case_number=case.case_number,
        title=case.title,
        department_id=case.department_id,
        department=department,
        year=case.ended_on.year,
        day=case.ended_on,
        kind=str(case.kind),
        procedure=str(case.procedure),
        handlers=tuple(handler.name for handler in case.handlers),
        persons=tuple(Person(p.name, p.label, p.role in PARTIES) for p in case.persons),
        label=case.label,
        late=tuple(map(str, late)),
        tokens=index_tokens(ENTRY, tokens),
        name_tokens=index_tokens(CONTENT, tokens),
    )


def _item_facts(case: Case, item: Item, found: Sequence[PageWords], late: Iterable[Late]) -> ItemFacts:
    return ItemFacts(
        numbers=tuple(page.number for page in found if page.number is not None),
        item_id=item.id,
        number=item.number,
        title=item.title,
        document_type=item.type_code,
        document_number=item.document_number,
        archival_code=case.archival_code or "",
        stage=str(item.stage),
        volume=item.volume,
        day=item.dated,
        device=str((item.recording or {}).get("device", "")),
        label=item.label,
        late=tuple(map(str, late)),
        tokens=index_tokens(CONTENT, item_thing(case, item).tokens | {EVERYWHERE}),
    )
