"""The page of one's own searches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from tests.portal.reading import Library


def test_a_search_is_kept_run_renamed_and_forgotten(library: Library, library_app) -> None:  # noqa: ANN001 - the fixture
    client = log_in(library_app, "archivist")
    assert "保存这项检索" in client.get("/search/?q=采砂&level=1").text
    sent = {"q": "采砂", "level": "1", "sort": "date", "name": "采砂案件", "watched": "on"}
    assert client.post("/search/saved", data=sent).headers["Location"] == "/search/saved"
    page = client.get("/search/saved").text
    assert "采砂案件" in page
    assert "密级：内部" in page
    saved_id = re.findall(r"/search/saved/([0-9a-f]{32})/look", page)[0]
    asked = client.post(f"/search/saved/{saved_id}/look").headers["Location"]
    assert "level=1" in asked
    assert "sort=date" in asked
    assert "第 1 页" in client.get(asked).text
    assert client.post(f"/search/saved/{saved_id}/name", data={"name": ""}).status_code == 422
    client.post(f"/search/saved/{saved_id}/name", data={"name": "改了名"})
    client.post(f"/search/saved/{saved_id}/watch", data={"watched": "no"})
    page = client.get("/search/saved").text
    assert "改了名" in page
    assert "不提醒" in page
    client.post(f"/search/saved/{saved_id}/forget")
    client.post("/search/saved/history/clear")
    page = client.get("/search/saved").text
    assert "还没有保存的检索" in page
    assert "还没有检索记录" in page
    assert library.case_id


def test_a_search_that_cannot_be_read_is_not_kept(library: Library, library_app) -> None:  # noqa: ANN001 - the fixture
    answer = log_in(library_app, "archivist").post("/search/saved", data={"q": "((", "name": "不通"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert library.case_id


def test_the_page_is_not_there_for_who_does_not_search(library_app) -> None:  # noqa: ANN001 - the fixture
    for who in ("sysadmin", "auditor", "legal"):
        assert log_in(library_app, who).get("/search/saved").status_code == 404
