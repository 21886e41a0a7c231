"""A person's own searches: what it asked, what it keeps under a name, and what came new to a kept one.

A watched search is asked again by the worker as its person would be answered at that moment. What was found new is
told only as far as the person may still see it when it is told. Nothing here is ever shown to anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm import defer

from archive_store.accounts import actor_of
from archive_store.audit.events import EventName
from archive_store.errors import ArchiveError, NotFoundError, RefusedError
from archive_store.models.searches import PastSearch, SavedSearch
from archive_store.permissions import Permission
from archive_store.policy import may
from indexer.query_tree import QueryError
from portal.services.search_history import NEWEST_FIRST
from portal.services.words import one_line
from portal.services.work_list import Task

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from indexer.searcher import Search
    from portal.services.desk import Desk
    from portal.services.search import SearchService

MOST_SAVED = 50
MOST_WATCHED_HITS = 2000
"""A watched search may find so many documents; who finds more is told to narrow it."""
LONGEST_NAME = 60
CHECKED_EVERY = timedelta(minutes=50)
"""The worker comes by each hour."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A search as its person sees it: `news` documents came since it was looked at; `trouble` says why it fails."""

    saved: SavedSearch
    search: Search
    news: int
    trouble: str = ""


class SavedSearchService:
    """What one keeps of one's own searches."""

    def __init__(self, desk: Desk, search: SearchService) -> None:
        self._desk = desk
        self._search = search

    # --- what was asked

    def history(self, actor: Actor) -> list[PastSearch]:
        """One's own searches, the latest first."""
        _check_office(actor)
        with self._desk.database.read() as session:
            own = select(PastSearch).where(PastSearch.account_id == actor.account_id)
            return [*session.scalars(own.order_by(*NEWEST_FIRST))]

    def clear_history(self, actor: Actor) -> None:
        """Forget what one asked."""
        _check_office(actor)
        with self._desk.database.write() as unit:
            unit.session.execute(delete(PastSearch).where(PastSearch.account_id == actor.account_id))
            self._desk.record(unit.session, actor, EventName.SEARCH_FORGET, ("account", actor.account_id))

    # --- what is kept

    def listed(self, actor: Actor) -> list[Kept]:
        """The searches that one keeps, by name, with what came new and may be seen now."""
        _check_office(actor)
        return self._listed(actor)

    def save(self, actor: Actor, name: str, search: Search, *, watched: bool = False) -> str:
        """Keep a search under a name; gives its id.

        Raises:
            QueryError: it cannot be read; the sentence says why.
            InvalidInputError: no name, or too long a one.
            RefusedError: there are too many, or a watched one finds too much.
        """
        _check_office(actor)
        name = _name(name)
        known = self._known(actor, search, watched=watched)
        with self._desk.database.write() as unit:
            if (unit.session.scalar(select(func.count()).select_from(_of(actor).subquery())) or 0) >= MOST_SAVED:
                raise RefusedError(f"最多保存 {MOST_SAVED} 项检索。请先删除不用的。")
            row = SavedSearch(account_id=actor.account_id, name=name, query=search.query, sort=search.sort.value)
            row.filters, row.made_at, row.known, row.fresh = {**search.plain_filters}, self._desk.clock(), known, []
            self._watch(row, watched=watched)
            unit.session.add(row)
            unit.session.flush()
            self._desk.record(unit.session, actor, EventName.SEARCH_SAVE, ("saved_search", row.id), watched=watched)
            return row.id

    def rename(self, actor: Actor, saved_id: str, name: str) -> None:
        """Give a kept search another name."""
        name = _name(name)
        with self._desk.database.write() as unit:
            _own(unit.session, actor, saved_id).name = name

    def watch(self, actor: Actor, saved_id: str, *, watched: bool) -> None:
        """Be told, or not any more, of what comes new to a kept search.

        Raises:
            RefusedError: it finds too much.
        """
        with self._desk.database.read() as session:
            search = self.search_of(_own(session, actor, saved_id))
        known = self._known(actor, search, watched=watched)
        with self._desk.database.write() as unit:
            row = _own(unit.session, actor, saved_id)
            row.known, row.fresh = known, []
            self._watch(row, watched=watched)
            self._desk.record(unit.session, actor, EventName.SEARCH_SAVE, ("saved_search", row.id), watched=watched)

    def look(self, actor: Actor, saved_id: str) -> Search:
        """The search, to be asked now; what came new counts as seen."""
        with self._desk.database.write() as unit:
            row = _own(unit.session, actor, saved_id)
            row.known, row.fresh = [*dict.fromkeys([*row.known, *row.fresh])], []
            return self.search_of(row)

    def forget(self, actor: Actor, saved_id: str) -> None:
        """Keep a search no longer."""
        with self._desk.database.write() as unit:
            row = _own(unit.session, actor, saved_id)
            unit.session.delete(row)
            self._desk.record(unit.session, actor, EventName.SEARCH_FORGET, ("saved_search", saved_id))

    def search_of(self, saved: SavedSearch | PastSearch) -> Search:
        """The search behind a row."""
        filters = {name: frozenset(values) for name, values in saved.filters.items()}
        return self._search.asked(saved.query, filters, saved.sort, 0, 1)

    # --- what comes new

    def tasks(self, actor: Actor) -> list[Task]:
        """Rows of the work list: kept searches to which something came."""
        if not may(actor, Permission.SEARCH):
            return []
        return [
            Task("检索提醒", f"{kept.saved.name}：新增 {kept.news} 处", "查看", "saved.page")
            for kept in self._listed(actor, SavedSearch.watched_since.is_not(None))
            if kept.news
        ]

    def check_watched(self) -> int:
        """Ask every watched search that is due, each under its person's rights of now; for the worker.

        Gives how many were asked.
        """
        due = self._desk.clock() - CHECKED_EVERY
        waiting = SavedSearch.watched_since.is_not(None), SavedSearch.checked_at <= due
        with self._desk.database.read() as session:
            found = session.execute(select(SavedSearch.id, SavedSearch.account_id).where(*waiting)).all()
        for saved_id, account_id in found:
            self._check(saved_id, account_id)
        return len(found)

    def _check(self, saved_id: str, account_id: str) -> None:
        with self._desk.database.read() as session:
            actor, row = actor_of(session, account_id), session.get(SavedSearch, saved_id)
        if row is None:
            return
        try:
            ids = self._search.ids_of(actor, self.search_of(row), MOST_WATCHED_HITS) if actor else []
        except ArchiveError:  # no office for it any more, a query that is not read any more, an index that is away
            ids = []
        with self._desk.database.write() as unit:
            kept = unit.session.get(SavedSearch, saved_id, with_for_update=True)
            if kept is not None and kept.watched_since is not None:
                old = {*kept.known, *kept.fresh}
                kept.fresh = [*kept.fresh, *(one for one in ids if one not in old)][:MOST_WATCHED_HITS]
                kept.checked_at = self._desk.clock()

    # --- parts

    def _listed(self, actor: Actor, *which: ColumnElement[bool]) -> list[Kept]:
        asked = _of(actor).where(*which).order_by(SavedSearch.name, SavedSearch.id)
        with self._desk.database.read() as session:  # what is known may be long, and is not shown
            rows = [*session.scalars(asked.options(defer(SavedSearch.known)))]
        return [self._kept(actor, row) for row in rows]

    def _kept(self, actor: Actor, row: SavedSearch) -> Kept:
        search = self.search_of(row)
        try:
            self._search.check(search)
        except QueryError as error:
            return Kept(row, search, 0, error.message)
        news = self._search.still(actor, row.fresh) if row.fresh else set()
        return Kept(row, search, len(news))

    def _known(self, actor: Actor, search: Search, *, watched: bool) -> list[str]:
        self._search.check(search)
        if not watched:
            return []
        ids = self._search.ids_of(actor, search, MOST_WATCHED_HITS + 1)
        if len(ids) > MOST_WATCHED_HITS:
            raise RefusedError(f"结果超过 {MOST_WATCHED_HITS} 处，不能提醒。请加上年度、类别等条件后再保存。")
        return ids

    def _watch(self, row: SavedSearch, *, watched: bool) -> None:
        row.watched_since = row.checked_at = self._desk.clock() if watched else None


def _check_office(actor: Actor) -> None:
    if not may(actor, Permission.SEARCH):
        raise NotFoundError


def _of(actor: Actor) -> Select[SavedSearch]:
    return select(SavedSearch).where(SavedSearch.account_id == actor.account_id)


def _own(session: Session, actor: Actor, saved_id: str) -> SavedSearch:
    _check_office(actor)
    row = session.get(SavedSearch, saved_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFoundError
    return row


def _name(text: str) -> str:
    return one_line(
        text, "name", LONGEST_NAME, "请写明这项检索的名称，例如：采砂案件。", f"名称不超过 {LONGEST_NAME} 字。"
    )
