"""The workbook of a result: text alone, nothing of a page's content, and no line that the page does not show."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.models.audit import AuditLeaf
from portal.services.result_list import HEADS
from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.reading import Library


def export(library: Library, who: str, query: str) -> bytes:
    search = library.world.opened.services.search
    return search.export(library.world.actor(who), search.asked(query, {}, "archival_code", 0, 20))


def rows(data: bytes) -> list[tuple[str, ...]]:
    """The lines below the heads."""
    lines = [tuple(value or "" for value in row) for row in load_workbook(io.BytesIO(data)).active.values]
    return lines[lines.index(tuple(head for head, _ in HEADS)) + 1 :]


def test_offices_without_search_get_no_list(library: Library, library_app: Flask) -> None:
    for who in ("party", "legal", "sysadmin", "secadmin", "auditor"):
        with pytest.raises(NotFoundError):
            export(library, who, "采砂")
        assert log_in(library_app, who).get("/search/list.xlsx?q=采砂").status_code == 404


def test_who_has_no_reach_gets_a_list_without_a_line(library: Library) -> None:
    for who in ("other_handler", "reviewer"):
        data = export(library, who, "采砂 OR 当事人 OR Statement")
        assert rows(data) == []
        assert "演水检" not in _texts(data)


def test_the_list_holds_the_hits_of_the_page_and_no_word_of_a_page(library: Library) -> None:
    search = library.world.opened.services.search
    query = "当事人 OR 另有 OR Statement OR 演示河段"
    found = search.search(library.world.actor("archivist"), search.asked(query, {}, "archival_code", 0, 100))
    data = export(library, "archivist", query)
    lines = rows(data)
    assert [line[0] for line in lines] == [str(n) for n in range(1, found.total + 1)]
    pages = [str(hit.page) for case in found.cases for item in case.items for hit in item.pages]
    assert [line[-1] for line in lines if line[-1].isdecimal()] == pages
    assert {line[2] for line in lines} == {"演水检〔2026〕1号"}
    assert ("询问笔录", "内部", "个人隐私") in {(line[5], line[7], line[8]) for line in lines}
    for word in ("擅自", "Statement one", "张演示"):
        assert word not in _texts(data).replace(query, "")


def test_a_query_that_cannot_be_read_is_said_so(library: Library, library_app: Flask) -> None:
    with pytest.raises(InvalidInputError):
        export(library, "archivist", "((")
    assert log_in(library_app, "archivist").get("/search/list.xlsx?q=((").status_code == 422
    assert log_in(library_app, "archivist").get("/search/list.xlsx").status_code == 422


def test_an_export_is_an_event_without_the_query(library: Library) -> None:
    export(library, "archivist", "采砂")
    with library.world.opened.database.read() as session:
        leaves = [leaf for leaf in session.scalars(select(AuditLeaf)) if leaf.name == "search:export"]
    assert leaves
    assert not any("采砂" in repr(vars(leaf)) for leaf in leaves)


def test_the_page_offers_the_list_of_what_it_shows(library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    text = client.get("/search/?q=采砂&sort=date&year=2026").text
    link = text.split('href="/search/list.xlsx')[1].split('"')[0].replace("&amp;", "&")
    answer = client.get(f"/search/list.xlsx{link}")
    assert answer.status_code == 200
    assert "year=2026" in link
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(rows(answer.data)) == 1
    assert "list.xlsx" not in client.get("/search/?q=没有这样的文字").text


def _texts(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
