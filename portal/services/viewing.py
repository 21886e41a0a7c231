"""Reading pages: images with the viewer's name and time burnt in; the original is never sent, every image an event.

What bears a mark, or is secret, is sent only when its page is asked for: no page ahead and no thumbnail.
Hits are marked by rectangles beside the image and not in its pixels, so that the image of a page is the same however
it was found, moving from hit to hit sends no image again, and the watermark stays whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.cases import item_for, item_thing, readable_items
from archive_store.deadlines import CHINA
from archive_store.drafts import page_file
from archive_store.errors import NotFoundError, UnavailableError
from archive_store.page_texts import NOTHING
from archive_store.parsing.documents import TURNS
from archive_store.permissions import Permission
from archive_store.policy import decide, may
from portal.services.marking import Box, rectangles

if TYPE_CHECKING:
    from archive_store.identity import Actor
    from archive_store.models.cases import Case, Item, StoredFile
    from archive_store.pages import Pages
    from archive_store.parsing.documents import PageText
    from indexer.results import Hit, ItemHits
    from portal.dissemination.watermark import WatermarkPress
    from portal.services.desk import Desk
    from portal.services.search import SearchService

THUMBNAIL = 160
WIDTHS = (THUMBNAIL, 900, 1400, 2000)
"""Pixels; only these, so that nobody makes us render at will."""
ROWS = 30
"""Hits in a file that are listed at a time, around the page that is open: each extract costs a millisecond."""


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which page of an item to open: its number, clockwise turn in degrees, and the query that led there."""

    number: int = 1
    turn: int = 0
    query: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of a query in one item, seen from the page that is open.

    `total` pages have hits, `rows` are those around this page, `before` and `after` the next ones to either side,
    beginning again at the ends.
    `marks` are the rectangles on this page, a tuple for each hit; `unplaced` tells that this page has hits whose
    places are not known.
    """

    query: str
    total: int
    rows: tuple[Hit, ...]
    before: int
    after: int
    marks: tuple[tuple[Box, ...], ...] = ()
    unplaced: bool = False
    as_question: bool = False


@dataclass(frozen=True, slots=True)
class ReaderPage:
    """An item open in the reader, with its readable neighbours.

    `found` is None without a query, for those who may not search, and where the index does not answer
    (`search_is_away`). `sends_ahead` tells whether thumbnails and the next page may be sent unasked.
    """

    case: Case
    item: Item
    pages: int
    number: int
    turn: int
    before: Item | None
    after: Item | None
    sends_ahead: bool
    found: Found | None = None
    search_is_away: bool = False
    corrects: bool = False
    """Whether the reader may correct the text of its pages."""


class ViewingService:
    """Page images and the reader."""

    def __init__(
        self,
        desk: Desk,
        pages: Pages,
        press: WatermarkPress,
        search: SearchService,
    ) -> None:
        self._desk = desk
        self._pages = pages
        self._press = press
        self._search = search

    def reader(self, actor: Actor, item_id: str, asked: PageAsked) -> ReaderPage:
        """What the reader shows of an item at a page; a page beyond the end is the last one.

        Raises:
            NotFoundError: no such item for this actor, it has no pages, or a turn that there is not.
        """
        with self._desk.database.read() as session:
            case, item = item_for(session, actor, item_id)
            file = page_file(item)
            if file is None or not file.pages or asked.turn not in TURNS:
                raise NotFoundError
            paged = [other for other in readable_items(actor, case) if page_file(other)]
            place = next(n for n, other in enumerate(paged) if other.id == item.id)
            before = paged[place - 1] if place else None
            after = paged[place + 1] if place + 1 < len(paged) else None
        number = min(max(asked.number, 1), file.pages)
        found, is_away = self._found(actor, item, file, PageAsked(number, asked.turn, asked.query))
        ahead = _may_be_sent_ahead(case, item)
        corrects = decide(actor, Permission.CORRECT_TEXT, item_thing(case, item))
        return ReaderPage(case, item, file.pages, number, asked.turn, before, after, ahead, found, is_away, corrects)

    def page_image(
        self, actor: Actor, item_id: str, page: int, width: int, *, turn: int = 0, ahead: bool = False
    ) -> bytes:
        """One page as JPEG, watermarked for the viewer; the event is durable before the image leaves.

        `ahead` tells that it is sent before it was asked for, which the event then says too.

        Raises:
            NotFoundError: no such page for this actor, a width or turn that is not offered, or what bears a mark
                was asked for ahead or as a thumbnail.
        """
        if width not in WIDTHS or turn not in TURNS:
            raise NotFoundError
        with self._desk.database.read() as session:
            case, item = item_for(session, actor, item_id)
            file = page_file(item)
            if file is None or not file.pages or not 1 <= page <= file.pages:
                raise NotFoundError
            if (ahead or width == THUMBNAIL) and not _may_be_sent_ahead(case, item):
                raise NotFoundError
        image = self._pages.image(file, page, width=width, turn=turn)
        moment = self._desk.clock().astimezone(CHINA)
        jpeg = self._press.view_jpeg(image, actor.name, moment)
        with self._desk.database.write() as unit:
            item_for(unit.session, actor, item_id)
            self._desk.record(
                unit.session,
                actor,
                EventName.ITEM_VIEW_PAGE,
                ("item", item_id),
                page=page,
                width=width,
                turn=turn,
                ahead=ahead,
            )
        return jpeg

    def _found(self, actor: Actor, item: Item, file: StoredFile, asked: PageAsked) -> tuple[Found | None, bool]:
        """The hits, and whether they are missing because the index does not answer: reading goes on without it."""
        if not asked.query or not may(actor, Permission.SEARCH):
            return None, False
        try:
            hits = self._search.in_item(actor, item.id, asked.query)
        except UnavailableError:
            return None, True
        return self._seen_from(hits, file, asked), False

    def _seen_from(self, hits: ItemHits, file: StoredFile, asked: PageAsked) -> Found:
        pages = hits.pages
        before = [page for page in pages if page < asked.number]
        after = [page for page in pages if page > asked.number]
        first = max(0, min(len(before) - ROWS // 2, len(pages) - ROWS))
        rows = tuple(hits.hit(place) for place in range(first, min(first + ROWS, len(pages))))
        layer = self._layer(file, asked.number) if {asked.number, asked.number - 1} & set(pages) else NOTHING
        marks = rectangles(layer, hits.marks_on(asked.number, layer.text), asked.turn)
        return Found(
            query=asked.query,
            total=len(pages),
            rows=rows,
            before=[asked.number, *pages, *before][-1],
            after=[*after, *pages, asked.number][0],
            marks=marks,
            unplaced=asked.number in pages and not marks,
            as_question=hits.as_question,
        )

    def _layer(self, file: StoredFile, page: int) -> PageText:
        """The text of one page with its places; empty where it has none, or no parser process is free."""
        try:
            return self._pages.text(file, page)
        except UnavailableError:
            return NOTHING


def _may_be_sent_ahead(case: Case, item: Item) -> bool:
    return case.label.join(item.label).may_be_sent_ahead
