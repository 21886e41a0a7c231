"""Search: the actor's scope from the policy, the index asked within it, every hit checked again in the database."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, or_, select

from archive_store.audit.events import EventName
from archive_store.cases import item_for, things_of
from archive_store.deadlines import CHINA
from archive_store.drafts import RENDITION
from archive_store.errors import NotFoundError
from archive_store.labels import Label, Level
from archive_store.models.accounts import Department
from archive_store.models.base import AMONG
from archive_store.models.cases import StoredFile
from archive_store.models.derivatives import SpeechDerivative
from archive_store.models.work import IndexHold
from archive_store.parsing.formats import TRANSCRIPTS
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may, scope
from indexer.fields import Sort, choices
from indexer.query_tree import QueryError
from indexer.searcher import MOST_HITS, Scope, Search
from indexer.suggestions import variants
from portal.services.indexing import CONTENT, ENTRY, index_tokens
from portal.services.result_list import workbook
from portal.services.search_history import remember

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.policy import Thing
    from archive_store.regulation.catalogue import DocumentCatalogue
    from indexer.backends.base import SearchBackend
    from indexer.results import CaseGroup, ItemHits
    from indexer.searcher import Recheck, Searcher, SearchResult
    from portal.services.desk import Desk


PAGE_SIZE = 20
MOST_EXPORTED = 2000
"""So many hits go into a workbook."""
FACET_TITLES = {
    "year": "年度",
    "kind": "类别",
    "procedure": "程序",
    "department_id": "部门",
    "document_type": "文书",
    "stage": "阶段",
    "level": "密级",
    "volume": "卷别",
    "late": "逾期",
}
SORTS = {"relevance": "相关程度", "date_newest": "日期（新在前）", "date": "日期（旧在前）", "archival_code": "档号"}


@dataclass(frozen=True, slots=True)
class OtherWay:
    """A search that finds something where another found nothing; `without_filters` tells that it leaves them out."""

    search: Search
    total: int
    without_filters: bool


class Openings(NamedTuple):
    """Of items that were found: those with pages to read, and recordings without, of which seconds were found."""

    paged: frozenset[str]
    spoken: frozenset[str]


class SearchService:
    """Finds what the actor may see."""

    def __init__(self, desk: Desk, searcher: Searcher, backend: SearchBackend, catalogue: DocumentCatalogue) -> None:
        self._desk = desk
        self._searcher = searcher
        self._backend = backend
        self._titles = choices({kind.code: kind.title for kind in catalogue})

    def search(self, actor: Actor, search: Search, *, remember: bool = False) -> SearchResult:
        """Answer a search; that it was asked is an event, durable before the answer.

        With `remember` the words are kept too, for the actor alone.

        Raises:
            NotFoundError: search is not of the actor's office.
            QueryError: the query cannot be read; the sentence says why.
        """
        if not may(actor, Permission.SEARCH):
            raise NotFoundError
        began = time.perf_counter()
        while True:
            found = self._found(actor, search)
            shown = {group.document.case_id for group in found.cases}
            kept = (search, found.total) if remember else None
            if self._note(actor, search.item_id or "archive", search.query, shown, kept):
                return replace(found, seconds=time.perf_counter() - began)

    def other_ways(self, actor: Actor, search: Search, found: SearchResult) -> list[OtherWay]:
        """Other ways to ask, each of which finds something for this actor now; none where it was found as asked."""
        if not may(actor, Permission.SEARCH):
            raise NotFoundError
        if found.total and not found.as_question:
            return []
        asked = [replace(search, filters={})] if search.filters else []
        asked += [replace(search, query=query) for query in variants(search.query)]
        ways = []
        for one in asked:
            try:
                with self._reach(actor) as reach:
                    total = self._searcher.total(one, *reach)
            except QueryError:
                continue
            if total:
                ways.append(OtherWay(one, total, without_filters=bool(search.filters) and not one.filters))
        return ways

    def export(self, actor: Actor, search: Search) -> bytes:
        """The list of a result, its first `MOST_EXPORTED` hits, as a workbook; an event tells how many.

        What is 绝密 leaves in no list.

        Raises:
            NotFoundError: search is not of the actor's office.
            QueryError: the query cannot be read; the sentence says why.
        """
        if not may(actor, Permission.SEARCH):
            raise NotFoundError
        cases: list[CaseGroup] = []
        total, seen = 1, 0
        while seen < min(total, MOST_EXPORTED):
            found = self._found(actor, replace(search, offset=seen, size=MOST_HITS), below=Level.TOP_SECRET)
            cases += found.cases
            total, seen = found.total, seen + MOST_HITS
        made = f"{self._desk.clock().astimezone(CHINA):%Y-%m-%d %H:%M}"
        notes = [f"检索：{search.query}", f"{actor.name} 于 {made} 导出，只含导出人当时有权看到的内容；共 {total} 处"]
        if total > MOST_EXPORTED:
            notes.append(f"结果较多，本表只列前 {MOST_EXPORTED} 处。请加上年度、类别等条件分批导出。")
        with self._desk.database.write() as unit:
            subject = ("search", "archive")
            self._desk.record(unit.session, actor, EventName.SEARCH_EXPORT, subject, hits=min(total, MOST_EXPORTED))
        return workbook(notes, cases, self.openings(cases).spoken)

    def in_item(self, actor: Actor, item_id: str, query: str) -> ItemHits:
        """The pages of an item that a query finds, for the reader: the same answer as a search, of this item alone.

        Raises:
            NotFoundError: no such item for this actor, or search is not of the actor's office.
            UnavailableError: the index does not answer.
        """
        if not may(actor, Permission.SEARCH):
            raise NotFoundError
        with self._desk.database.read() as session:
            item_for(session, actor, item_id)
        with self._reach(actor) as reach:
            found = self._searcher.in_item(query, item_id, *reach)
        shown = {document.case_id for document in found.documents}
        return found if self._note(actor, item_id, query, shown) else self.in_item(actor, item_id, query)

    def openings(self, cases: Iterable[CaseGroup]) -> Openings:
        """How the items that were found are opened."""
        ids = {item.document.item_id for group in cases for item in group.items}
        if not ids:
            return Openings(frozenset(), frozenset())
        with self._desk.database.read() as session:
            rows = session.execute(_OPENINGS, {"ids": list(ids)}).all()
        read = frozenset(row.item_id for row in rows if row[1])
        return Openings(read, frozenset(row.item_id for row in rows) - read)

    def _note(
        self, actor: Actor, where: str, query: str, shown: set[str], kept: tuple[Search, int] | None = None
    ) -> bool:
        """That it was asked, and where; never what: a query may name persons.

        False, and nothing noted, where a label in one of the cases to be shown changed meanwhile.
        """
        with self._desk.database.write() as unit:
            if shown and unit.session.scalars(_HELD, {"ids": list(shown)}).first():
                return False
            self._desk.record(unit.session, actor, EventName.SEARCH_QUERY, ("search", where), length=len(query))
            if kept:
                remember(unit.session, actor, *kept, self._desk.clock())
        return True

    def check(self, search: Search) -> None:
        """Read a query, and ask nothing.

        Raises:
            QueryError: it cannot be read; the sentence says why.
        """
        self._searcher.check(search)

    def ids_of(self, actor: Actor, search: Search, most: int) -> list[str]:
        """The documents that a search finds for the actor, their ids, at most so many; nothing is shown, so no event.

        Raises:
            NotFoundError: search is not of the actor's office.
            QueryError: the query cannot be read.
        """
        if not may(actor, Permission.SEARCH):
            raise NotFoundError
        found: list[str] = []
        total = 1
        while len(found) < min(total, most):
            with self._reach(actor) as reach:
                answer = self._searcher.ids(replace(search, offset=len(found), size=MOST_HITS), *reach)
            found += answer.ids
            total = answer.total if answer.ids else 0
        return found[:most]

    def still(self, actor: Actor, ids: Sequence[str]) -> set[str]:
        """Those of the documents that the actor may see now."""
        with self._desk.database.read() as session:
            return self._still(session, actor, ids) if may(actor, Permission.SEARCH) else set()

    def asked(self, query: str, filters: Mapping[str, frozenset[str]], sort: str, offset: int, size: int) -> Search:
        """A search from what a page was given; an unknown order is by relevance."""
        order = Sort(sort) if sort in {one.value for one in Sort} else Sort.RELEVANCE
        return Search(query, filters, order, offset, size)

    def facet_titles(self) -> dict[str, Mapping[str, str]]:
        """For each facet, what its values are called."""
        with self._desk.database.read() as session:
            departments = {row.id: row.name for row in session.execute(_DEPARTMENTS)}
        return {**self._titles, "department_id": departments}

    def _found(self, actor: Actor, search: Search, *, below: Level | None = None) -> SearchResult:
        """What is found, of all that the actor may find or of what lies below a level."""
        with self._reach(actor) as (whole, recheck):
            partitions = tuple(p for p in whole.partitions if below is None or p.label.level < below)
            return self._searcher.search(search, replace(whole, partitions=partitions), recheck)

    @contextmanager
    def _reach(self, actor: Actor) -> Iterator[tuple[Scope, Recheck]]:
        """What the actor may find, and what checks every hit of it again in the database."""
        with self._desk.database.read() as session:
            yield self._scope(actor), lambda ids: self._still(session, actor, ids)

    def _scope(self, actor: Actor) -> Scope:
        entries, content = scope(actor, Permission.SEE_ENTRY), scope(actor, Permission.READ_CONTENT)
        tokens = index_tokens(ENTRY, entries.tokens) | index_tokens(CONTENT, content.tokens)
        names = index_tokens(CONTENT, _of_whole_cases(content.tokens))
        return Scope(tuple(p for p in self._backend.partitions() if entries.permits(p)), tokens, names)

    def _still(self, session: Session, actor: Actor, ids: Sequence[str]) -> set[str]:
        """Those of the ids (`item:page`, `case:0`, `case:persons:label`, see `indexer.documents`) that may be seen."""
        things = things_of(session, {page_id.partition(":")[0] for page_id in ids})
        return {page_id for page_id in ids if _may_see(actor, things, page_id)}


# made once: putting them together anew would take as long as asking them
_DEPARTMENTS = select(Department.id, Department.name)
_PAGED = StoredFile.pages > 0
_WRITTEN = and_(StoredFile.role == RENDITION, StoredFile.media_type.in_(TRANSCRIPTS))
_HEARD = StoredFile.id.in_(select(SpeechDerivative.file_id))
_OPENINGS = select(StoredFile.item_id, _PAGED).where(StoredFile.item_id.in_(AMONG), or_(_PAGED, _WRITTEN, _HEARD))
_HELD = select(IndexHold.case_id).where(IndexHold.case_id.in_(AMONG)).limit(1)


def _may_see(actor: Actor, things: Mapping[str, Thing], page_id: str) -> bool:
    owner, _, rest = page_id.partition(":")
    if owner not in things:
        return False
    thing = things[owner]
    if thing.label is not None:  # an item
        return decide(actor, Permission.READ_CONTENT, thing)
    if rest == "0":
        return decide(actor, Permission.SEE_ENTRY, thing)
    known = decide(actor, Permission.READ_CONTENT, thing)  # as on the page of the case
    return known and cleared(actor, Label.parse(rest.partition(":")[2]))


def _of_whole_cases(tokens: frozenset[str] | None) -> frozenset[str] | None:
    """The reach over whole cases: to whom one item was referred, the persons of its case are not known."""
    return None if tokens is None else frozenset(token for token in tokens if not token.startswith("item:"))
