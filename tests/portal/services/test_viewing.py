"""Reading: only for those who may, every image an event, nothing unasked of what bears a mark, hits in place."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from archive_store.errors import NotFoundError, UnavailableError
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Item
from portal.services.viewing import THUMBNAIL, WIDTHS, PageAsked
from tests.portal.reading import PAGES, QUERIES

if TYPE_CHECKING:
    from portal.services.viewing import Found, ReaderPage
    from tests.portal.conftest import World
    from tests.portal.reading import Library

STRANGERS = ("other_handler", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
WIDTH = 900


def opened(library: Library, who: str, item_id: str, number: int = 1, query: str = "", turn: int = 0) -> ReaderPage:
    world = library.world
    return world.opened.services.viewing.reader(world.actor(who), item_id, PageAsked(number, turn, query))


def found(library: Library, number: int, query: str, turn: int = 0) -> Found:
    shown = opened(library, "archivist", library.book, number, query, turn)
    assert shown.found is not None
    return shown.found


def events(library: Library, name: str, item_id: str) -> list[dict[str, object]]:
    with library.world.opened.database.read() as session:
        leaves = session.scalars(
            select(AuditLeaf).where(AuditLeaf.name == name, AuditLeaf.object_id == item_id).order_by(AuditLeaf.id)
        )
        return [json.loads(leaf.details or "{}") for leaf in leaves]


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_get_no_page_no_image_no_thumbnail_and_no_hits(library: Library, who: str) -> None:
    services, stranger = library.world.opened.services, library.world.actor(who)
    for item_id in (library.book, library.statement, "0" * 32):
        for query in ("", "采砂"):
            with pytest.raises(NotFoundError):
                services.viewing.reader(stranger, item_id, PageAsked(1, 0, query))
        for width in WIDTHS:
            with pytest.raises(NotFoundError):
                services.viewing.page_image(stranger, item_id, 1, width)
        with pytest.raises(NotFoundError):
            services.viewing.page_image(stranger, item_id, 1, WIDTH, ahead=True)
        with pytest.raises(NotFoundError):
            services.search.in_item(stranger, item_id, "采砂")
    assert not any(leaf for leaf in events(library, "search:query", "0" * 32))


@pytest.mark.parametrize(
    ("page", "width", "turn"), [(0, 900, 0), (7, 900, 0), (1, 901, 0), (1, 100_000, 0), (1, 900, 45)]
)
def test_what_is_not_offered_does_not_exist(library: Library, page: int, width: int, turn: int) -> None:
    viewing, archivist = library.world.opened.services.viewing, library.world.actor("archivist")
    with pytest.raises(NotFoundError):
        viewing.page_image(archivist, library.book, page, width, turn=turn)


def test_what_bears_a_mark_is_never_sent_unasked(library: Library) -> None:
    viewing, archivist = library.world.opened.services.viewing, library.world.actor("archivist")
    assert not opened(library, "archivist", library.statement).sends_ahead
    before = events(library, "item:view_page", library.statement)
    with pytest.raises(NotFoundError):
        viewing.page_image(archivist, library.statement, 2, WIDTH, ahead=True)
    with pytest.raises(NotFoundError):
        viewing.page_image(archivist, library.statement, 2, THUMBNAIL)
    assert events(library, "item:view_page", library.statement) == before
    assert viewing.page_image(archivist, library.statement, 2, WIDTH)


def test_every_image_is_an_event_that_tells_what_was_sent(library: Library) -> None:
    viewing, archivist = library.world.opened.services.viewing, library.world.actor("archivist")
    assert opened(library, "archivist", library.book).sends_ahead
    before = len(events(library, "item:view_page", library.book))
    viewing.page_image(archivist, library.book, 2, THUMBNAIL)
    viewing.page_image(archivist, library.book, 3, WIDTH, turn=90, ahead=True)
    assert events(library, "item:view_page", library.book)[before:] == [
        {"page": 2, "width": THUMBNAIL, "turn": 0, "ahead": False},
        {"page": 3, "width": WIDTH, "turn": 90, "ahead": True},
    ]


def test_the_log_tells_that_hits_were_asked_for_and_not_what(library: Library) -> None:
    found(library, 1, "采砂")
    assert events(library, "search:query", library.book)[-1] == {"length": 2}


def test_a_turned_image_is_turned(library: Library) -> None:
    viewing, archivist = library.world.opened.services.viewing, library.world.actor("archivist")
    upright = Image.open(io.BytesIO(viewing.page_image(archivist, library.book, 1, WIDTH)))
    turned = Image.open(io.BytesIO(viewing.page_image(archivist, library.book, 1, WIDTH, turn=90)))
    assert upright.width > upright.height
    assert turned.width < turned.height
    assert upright.width == turned.width == WIDTH


@pytest.mark.parametrize("turn", [0, 90])
@pytest.mark.parametrize("query", QUERIES)
def test_exactly_what_the_search_found_is_marked_on_the_image(library: Library, query: str, turn: int) -> None:
    for number in QUERIES[query]:
        red, dark = ink(library, number, turn)
        inside = np.zeros_like(red)
        marks = found(library, number, query, turn).marks
        assert marks
        for x0, y0, x1, y1 in (box for boxes in marks for box in boxes):
            rows, columns = slice(*place(y0, y1, red.shape[0])), slice(*place(x0, x1, red.shape[1]))
            assert red[rows, columns].any()
            inside[rows, columns] = True
        assert not (red & ~inside).any()
        assert not (dark & inside).any()


def place(start: float, end: float, pixels: int) -> tuple[int, int]:
    return int(start * pixels), int(-(-end * pixels // 1))


def ink(library: Library, number: int, turn: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the page is clearly red, and where it is clearly black."""
    world = library.world
    with world.opened.database.read() as session:
        file = session.get_one(Item, library.book).files[0]
        with world.opened.originals.open(file) as handle:
            image = world.opened.documents.render(handle, file.media_type, number, width=WIDTH, turn=turn)
    pixels = np.frombuffer(image.rgb, np.uint8).reshape(image.height, image.width, 3).astype(int)
    strong_red = (pixels[..., 0] > 200) & (pixels[..., 1] < 80)
    return strong_red, pixels.max(axis=-1) < 60


def test_a_word_over_a_line_end_is_one_hit_of_two_rectangles(library: Library) -> None:
    assert [len(boxes) for boxes in found(library, 1, "采砂").marks] == [1, 1, 2]


def test_hits_lead_from_page_to_page_and_begin_again_at_the_ends(library: Library) -> None:
    query = "当事人 OR 另有 OR 立即"
    pages = [row.page for row in found(library, 2, query).rows]
    assert pages == [1, 2, 4, 6]
    around = {number: (found(library, number, query).before, found(library, number, query).after) for number in pages}
    assert around == {1: (6, 2), 2: (1, 4), 4: (2, 6), 6: (4, 1)}
    assert (found(library, 3, query).before, found(library, 3, query).after) == (2, 4)
    assert found(library, 3, query).marks == ()


def test_a_page_beyond_the_end_is_the_last_one(library: Library) -> None:
    assert opened(library, "archivist", library.book, 99).number == len(PAGES)
    assert opened(library, "archivist", library.book, -3).number == 1
    with pytest.raises(NotFoundError):
        opened(library, "archivist", library.book, turn=45)


def test_a_query_that_finds_nothing_or_cannot_be_read_leaves_the_page_open(library: Library) -> None:
    for query in ("无此词语", "((("):
        assert (found(library, 1, query).total, found(library, 1, query).marks) == (0, ())


def test_reading_goes_on_where_the_index_does_not_answer(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise UnavailableError("演示")

    monkeypatch.setattr(library.world.opened.services.search, "in_item", away)
    shown = opened(library, "archivist", library.book, 2, "采砂")
    assert (shown.number, shown.found, shown.search_is_away) == (2, None, True)


def test_a_draft_is_read_by_its_handler_and_has_no_hits(world: World, draft: str) -> None:
    item = world.opened.services.cases.page(world.actor("handler"), draft).items[0]
    shown = world.opened.services.viewing.reader(world.actor("handler"), item.id, PageAsked(1, 0, "Inspection"))
    assert shown.found is not None
    assert shown.found.total == 0


@pytest.mark.parametrize(("number", "listed"), [(1, [1, 2]), (3, [2, 4]), (6, [4, 6])])
def test_of_many_hits_those_around_the_page_are_listed(
    library: Library, monkeypatch: pytest.MonkeyPatch, number: int, listed: list[int]
) -> None:
    monkeypatch.setattr("portal.services.viewing.ROWS", 2)
    seen = found(library, number, "当事人 OR 另有 OR 立即")
    assert ([row.page for row in seen.rows], seen.total) == (listed, 4)
