"""The reader: one item, page by page, with what a query found marked on the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template, request, url_for

from portal.access import actor, services
from portal.services.viewing import THUMBNAIL, PageAsked

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.services.viewing import ReaderPage

pages = Blueprint("reader", __name__, url_prefix="/items")
ZOOMS = (100, 125, 150, 200)
"""Per cent of the width that the page has beside the lists."""
SHEET_WIDTH, LARGE_WIDTH, SMALL_WIDTH = 1400, 2000, 900
LAST = -1
THUMBNAILS = 200
"""Listed at a time."""
AT_FIRST: dict[str, Any] = {"page": 1, "turn": 0, "zoom": 100, "hit": 1, "q": ""}
"""What an address need not say."""


@pages.get("/<item_id>")
def page(item_id: str) -> str:
    """An item at one of its pages."""
    given = request.args
    query = given.get("q", "").strip()
    asked = PageAsked(given.get("page", 1, type=int), given.get("turn", 0, type=int), query)
    shown = services().viewing.reader(actor(), item_id, asked)
    zoom = given.get("zoom", 100, type=int)
    zoom = zoom if zoom in ZOOMS else 100
    hit = _hit_on(shown, given.get("hit", 1, type=int))
    return render_template(
        "reader.html",
        shown=shown,
        hit=hit,
        zoom=zoom,
        zooms=_beside(zoom),
        q=query,
        link=_links(shown, zoom, query),
        image=_images(shown),
        width=SHEET_WIDTH if zoom == ZOOMS[0] else LARGE_WIDTH,
        small=SMALL_WIDTH,
        thumbnail=THUMBNAIL,
        listed=_listed(shown),
        last=LAST,
    )


@pages.get("/<item_id>/pages/<int:number>.jpg")
def image(item_id: str, number: int) -> Response:
    """One page image, watermarked; never kept by the browser."""
    width, turn = request.args.get("width", SHEET_WIDTH, type=int), request.args.get("turn", 0, type=int)
    viewing, ahead = services().viewing, "ahead" in request.args
    jpeg = viewing.page_image(actor(), item_id, number, width, turn=turn, ahead=ahead)
    return Response(jpeg, mimetype="image/jpeg")


def _hit_on(shown: ReaderPage, wanted: int) -> int:
    """The number of the hit on this page that is looked at, from 1; 0 where the page has none."""
    count = len(shown.found.marks) if shown.found else 0
    return count if wanted == LAST else min(max(wanted, 1), count)


def _beside(zoom: int) -> tuple[int | None, int | None]:
    """The next smaller and the next larger zoom."""
    place = ZOOMS.index(zoom)
    return (ZOOMS[place - 1] if place else None), (ZOOMS[place + 1] if place + 1 < len(ZOOMS) else None)


def _listed(shown: ReaderPage) -> range:
    """The pages whose thumbnails are listed."""
    first = (shown.number - 1) // THUMBNAILS * THUMBNAILS + 1
    return range(first, min(first + THUMBNAILS, shown.pages + 1))


def _links(shown: ReaderPage, zoom: int, query: str) -> Callable[..., str]:
    """Addresses of the reader that change something and keep the rest; a new page begins at its first hit."""
    here: dict[str, Any] = {"page": shown.number, "turn": shown.turn, "zoom": zoom, "q": query}

    def link(item_id: str = "", **changes: int) -> str:
        values = here | {"hit": 1} | ({"page": 1, "turn": 0} if item_id else {}) | changes
        said = {name: value for name, value in values.items() if value != AT_FIRST[name]}
        return url_for("reader.page", item_id=item_id or shown.item.id, **said)

    return link


def _images(shown: ReaderPage) -> Callable[..., str]:
    """Addresses of page images as they are turned now."""

    def image_of(number: int, width: int, *, ahead: bool = False) -> str:
        said: dict[str, Any] = ({"turn": shown.turn} if shown.turn else {}) | ({"ahead": 1} if ahead else {})
        return url_for("reader.image", item_id=shown.item.id, number=number, width=width, **said)

    return image_of
