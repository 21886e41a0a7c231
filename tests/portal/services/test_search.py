"""Search through the services: what is sealed is found by those who may, and by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, NotFoundError
from portal.worker import Worker
from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from flask import Flask

    from indexer.searcher import SearchResult
    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases


def ask(world: World, who: str, query: str) -> SearchResult:
    search = world.opened.services.search
    return search.search(world.actor(who), search.asked(query, {}, "relevance", 0, 20))


@pytest.mark.usefixtures("indexed")
def test_offices_without_search_get_the_answer_of_nothing(world: World) -> None:
    for who in ("party", "legal", "sysadmin", "secadmin", "auditor"):
        with pytest.raises(NotFoundError):
            ask(world, who, "Inspection")


@pytest.mark.usefixtures("indexed")
def test_those_without_reach_find_and_count_nothing(world: World) -> None:
    for who in ("other_handler", "reviewer"):
        for query in ("Inspection", "演示河段", "张演示", "演水检"):
            found = ask(world, who, query)
            assert (found.total, found.cases) == (0, ()), who
            assert not any(found.facets.values()), who


@pytest.mark.parametrize("query", ["Inspection one", "演示河段检查", "演水检[2026]1号", "当事人:张演示", "结案审批表"])
def test_text_titles_numbers_and_parties_are_found(world: World, indexed: str, query: str) -> None:
    found = ask(world, "archivist", query)
    assert [group.document.case_id for group in found.cases] == [indexed]


def test_a_query_that_cannot_be_read_is_said_so(world: World) -> None:
    with pytest.raises(InvalidInputError):
        ask(world, "archivist", "((")


def test_what_is_not_sealed_is_not_found(world: World, accepted: str) -> None:
    assert accepted
    Worker(world.opened).run_until_idle()
    assert ask(world, "archivist", "Inspection").total == 0


def test_an_index_that_was_thrown_away_comes_back_by_itself(world: World, indexed: str) -> None:
    world.opened.index.clear()
    assert ask(world, "archivist", "Inspection").total == 0
    assert world.opened.indexing.reconcile() == 1
    Worker(world.opened).run_until_idle()
    assert [group.document.case_id for group in ask(world, "archivist", "Inspection").cases] == [indexed]


def test_the_page_shows_hits_with_marks_and_leads_to_the_page_image(app: Flask, indexed: str) -> None:
    assert indexed
    client = log_in(app, "archivist")
    text = client.get("/search/?q=Inspection").text
    assert "<mark>Inspection</mark>" in text
    link = text.split('href="/items/')[1].split('"')[0]
    item = link.split("?")[0]
    image = client.get(f"/items/{item}/pages/1.jpg?width=900")
    assert image.data[:3] == b"\xff\xd8\xff"
    assert image.headers["Cache-Control"] == "no-store"
    assert log_in(app, "other_handler").get(f"/items/{item}/pages/1.jpg").status_code == 404
