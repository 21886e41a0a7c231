"""Reading pages: images with the viewer's name and time burnt in; the original is never sent, every image an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.cases import item_for, readable_items
from archive_store.deadlines import CHINA
from archive_store.drafts import page_file
from archive_store.errors import NotFoundError

if TYPE_CHECKING:
    from archive_store.identity import Actor
    from archive_store.models.cases import Case, Item
    from archive_store.originals import Originals
    from archive_store.parsing.documents import Documents
    from portal.dissemination.watermark import WatermarkPress
    from portal.services.desk import Desk

WIDTHS = (160, 900, 1400, 2000)
"""Pixels; only these, so that nobody makes us render at will."""


@dataclass(frozen=True, slots=True)
class ReaderPage:
    """An item open in the reader, with its readable neighbours."""

    case: Case
    item: Item
    pages: int
    before: Item | None
    after: Item | None


class ViewingService:
    """Page images and the reader."""

    def __init__(self, desk: Desk, originals: Originals, documents: Documents, press: WatermarkPress) -> None:
        self._desk = desk
        self._originals = originals
        self._documents = documents
        self._press = press

    def reader(self, actor: Actor, item_id: str) -> ReaderPage:
        """What the reader shows around an item.

        Raises:
            NotFoundError: no such item for this actor, or it has no pages.
        """
        with self._desk.database.read() as session:
            case, item = item_for(session, actor, item_id)
            file = page_file(item)
            if file is None or not file.pages:
                raise NotFoundError
            paged = [other for other in readable_items(actor, case) if page_file(other)]
            place = next(n for n, other in enumerate(paged) if other.id == item.id)
            before = paged[place - 1] if place else None
            after = paged[place + 1] if place + 1 < len(paged) else None
            return ReaderPage(case, item, file.pages, before, after)

    def page_image(self, actor: Actor, item_id: str, page: int, width: int) -> bytes:
        """One page as JPEG, watermarked for the viewer; the event is durable before the image leaves.

        Raises:
            NotFoundError: no such page for this actor, or a width that is not offered.
        """
        if width not in WIDTHS:
            raise NotFoundError
        with self._desk.database.read() as session:
            _, item = item_for(session, actor, item_id)
            file = page_file(item)
            if file is None or not file.pages or not 1 <= page <= file.pages:
                raise NotFoundError
        with self._originals.open(file) as handle:
            image = self._documents.render(handle, file.media_type, page, width=width)
        moment = self._desk.clock().astimezone(CHINA)
        jpeg = self._press.view_jpeg(image, actor.name, moment)
        with self._desk.database.write() as unit:
            item_for(unit.session, actor, item_id)
            subject = ("item", item_id)
            self._desk.record(unit.session, actor, EventName.ITEM_VIEW_PAGE, subject, page=page, width=width)
        return jpeg
