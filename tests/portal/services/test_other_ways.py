"""Other ways to ask what found nothing: offered where they find something for who asks, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import NotFoundError
from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.reading import Library


def test_other_ways_are_offered_only_where_they_find_something_for_who_asks(library: Library) -> None:
    search = library.world.opened.services.search
    asked = search.asked("采沙", {}, "", 0, 20)
    for who in ("archivist", "handler"):
        found = search.search(library.world.actor(who), asked)
        (way,) = search.other_ways(library.world.actor(who), asked, found)
        assert way.search.query == "采砂"
        shown = search.search(library.world.actor(who), way.search)
        assert (way.total, bool(shown.cases)) == (shown.total, True)
    assert search.other_ways(library.world.actor("other_handler"), asked, found) == []
    for who in ("party", "sysadmin", "legal"):
        with pytest.raises(NotFoundError):
            search.other_ways(library.world.actor(who), asked, found)


def test_what_is_found_without_the_filters_is_offered(library: Library) -> None:
    search = library.world.opened.services.search
    asked = search.asked("采砂", {"year": frozenset({"1999"})}, "", 0, 20)
    actor = library.world.actor("archivist")
    first, *_ = search.other_ways(actor, asked, search.search(actor, asked))
    assert (first.search.query, first.search.filters) == ("采砂", {})


def test_the_page_and_the_api_offer_the_same(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    assert "您是不是要找" in client.get("/search/?q=采沙").text
    assert "您是不是要找" not in client.get("/search/?q=采砂").text
    told = client.get("/api/v1/search?q=采沙").json["did_you_mean"]
    assert [(way["query"], way["without_filters"]) for way in told] == [("采砂", False)]
    assert client.get("/api/v1/search?q=采砂").json["did_you_mean"] == []
    assert library.case_id
