"""The reader from outside: the wrong person's answer, links that keep what they should, marks without script."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from archive_store.models.accounts import CaseGrant
from tests.portal.conftest import log_in
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.portal.reading import Library

STRANGERS = ("other_handler", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
PATHS = (
    "/items/{}",
    "/items/{}?q=采砂",
    "/items/{}?q=采砂&page=2&hit=1&zoom=150&turn=90",
    "/items/{}/pages/1.jpg",
    "/items/{}/pages/1.jpg?width=160",
    "/items/{}/pages/1.jpg?width=900&turn=90",
    "/items/{}/pages/2.jpg?width=1400&ahead=1",
)


def address_of(text: str, link_id: str) -> dict[str, str]:
    """The path and the query of a link of the page, by its id."""
    tag = re.search(rf'<a[^>]*id="{link_id}"[^>]*>', text)
    assert tag, link_id
    href = re.search(r'href="([^"]*)"', tag[0])
    assert href
    parts = urlsplit(unescape(href[1]))
    return {"path": parts.path} | {name: values[0] for name, values in parse_qs(parts.query).items()}


@pytest.mark.parametrize("who", STRANGERS)
def test_page_image_thumbnail_and_hits_answer_a_stranger_like_nothing(
    library: Library, library_app: Flask, who: str
) -> None:
    client = log_in(library_app, who)
    for path in PATHS:
        absent = client.get(path.format("0" * 32))
        assert absent.status_code == 404
        for item_id in (library.book, library.statement):
            assert plain(client.get(path.format(item_id))) == plain(absent), path


def test_thumbnails_and_pages_ahead_of_what_bears_a_mark_answer_like_nothing(
    library: Library, library_app: Flask
) -> None:
    client = log_in(library_app, "archivist")
    for query in ("width=160", "width=1400&ahead=1"):
        refused = client.get(f"/items/{library.statement}/pages/2.jpg?{query}")
        absent = client.get(f"/items/{'0' * 32}/pages/2.jpg?{query}")
        assert refused.status_code == 404
        assert plain(refused) == plain(absent)
        assert client.get(f"/items/{library.book}/pages/2.jpg?{query}").status_code == 200


def test_only_what_bears_no_mark_offers_thumbnails_and_the_page_ahead(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    open_book, marked = client.get(f"/items/{library.book}").text, client.get(f"/items/{library.statement}").text
    assert "data-image=" in open_book
    assert 'id="ahead"' in open_book
    assert "width=160" not in marked
    assert "ahead" not in marked.replace('id="ahead"', "ahead")
    assert "不显示缩略图" in marked


def test_reader_and_search_hold_no_inline_script_or_style(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    for path in (f"/items/{library.book}?q=采砂&zoom=150", "/search/?q=采砂", "/search/?q=((("):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*src=)", text), path
        assert not re.search(r"\sstyle=|\son\w+=|<style", text), path


def test_hits_are_marked_without_any_script(library: Library, library_app: Flask) -> None:
    text = log_in(library_app, "archivist").get(f"/items/{library.book}?q=採砂&hit=3").text
    drawing = re.search(r"<svg.*?</svg>", text, re.DOTALL)
    assert drawing
    groups = re.findall(r'<g class="([^"]*)">(.*?)</g>', drawing[0], re.DOTALL)
    assert [group.count("<rect") for _, group in groups] == [1, 1, 2]
    assert [kind for kind, _ in groups] == ["hit", "hit", "hit is-current"]
    assert 'aria-current="page"' in text
    assert "<mark>采砂</mark>" in text


def test_links_keep_query_zoom_and_turn(library: Library, library_app: Flask) -> None:
    text = log_in(library_app, "archivist").get(f"/items/{library.book}?q=采砂&page=2&zoom=125&turn=90").text
    here = {"path": f"/items/{library.book}", "q": "采砂", "turn": "90"}
    assert address_of(text, "page-after") == here | {"zoom": "125", "page": "3"}
    assert address_of(text, "page-before") == here | {"zoom": "125"}
    assert address_of(text, "zoom-in") == here | {"zoom": "150", "page": "2"}
    assert address_of(text, "zoom-out") == here | {"page": "2"}
    assert address_of(text, "turn") == here | {"zoom": "125", "page": "2", "turn": "180"}
    assert "turn=90" in re.findall(r'<img class="sheet"[^>]*>', text)[0]


def test_next_and_last_hit_lead_within_a_page_and_on_to_the_next(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    address = f"/items/{library.book}?q=采砂 OR 许可证"
    here = {"path": f"/items/{library.book}", "q": "采砂 OR 许可证"}
    assert address_of(client.get(address).text, "hit-after") == here | {"hit": "2"}
    last_of_page = client.get(f"{address}&hit=3").text
    assert address_of(last_of_page, "hit-after") == here | {"page": "2"}
    assert address_of(last_of_page, "hit-before") == here | {"hit": "2"}
    assert address_of(client.get(f"{address}&page=2").text, "hit-before") == here | {"hit": "-1"}
    assert '<span id="hit-number">3</span>' in client.get(f"{address}&hit=-1").text


def test_odd_addresses_open_the_nearest_page(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    for query in ("page=99", "page=-1", "page=x", "zoom=7", "hit=99&q=采砂", "turn=x", "q=((("):
        assert client.get(f"/items/{library.book}?{query}").status_code == 200, query
    assert client.get(f"/items/{library.book}?turn=45").status_code == 404


@pytest.fixture
def case_opened_to_legal(library: Library) -> Iterator[None]:
    """The case is opened to the legal office by name, for one test."""
    database, ids = library.world.opened.database, library.world.ids
    with database.write() as unit:
        unit.session.add(CaseGrant(id="grant", account_id=ids["legal"], case_id=library.case_id, ground="演示抽查"))
    yield
    with database.write() as unit:
        unit.session.delete(unit.session.get_one(CaseGrant, "grant"))


@pytest.mark.usefixtures("case_opened_to_legal")
def test_who_may_not_search_reads_without_hits(library: Library, library_app: Flask) -> None:
    text = log_in(library_app, "legal").get(f"/items/{library.book}?q=采砂").text
    assert "第 1 页的图像" in text
    for word in ("本件命中", "<svg", "在本件内查找", "在全部案卷中检索"):
        assert word not in text
