"""Search through the services: what is sealed is found by those who may, and by nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.errors import InvalidInputError, NotFoundError, UnavailableError
from archive_store.models.accounts import CaseGrant
from archive_store.models.cases import StoredFile
from archive_store.models.derivatives import DerivativeState, SpeechDerivative
from indexer.backends.embedded_state import read_state, write_state
from portal.worker import Worker
from tests.portal.conftest import log_in, write_case
from tests.portal.filing import seal
from tests.portal.recorded import RECORDING

if TYPE_CHECKING:
    from pathlib import Path

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
def test_what_has_pages_is_opened_at_a_page_also_where_a_recording_beside_them_was_heard(world: World) -> None:
    found = ask(world, "archivist", "Inspection")
    before = world.opened.services.search.openings(found.cases)
    assert before.paged
    assert not before.spoken
    item_id = next(iter(before.paged))
    with world.opened.database.write() as unit:
        file = unit.session.scalars(select(StoredFile).where(StoredFile.item_id == item_id)).first()
        assert file is not None
        unit.session.add(SpeechDerivative(file_id=file.id, state=DerivativeState.READY, reason=""))
    assert world.opened.services.search.openings(found.cases) == before


@pytest.mark.usefixtures("indexed")
def test_those_without_reach_find_and_count_nothing(world: World) -> None:
    for who in ("other_handler", "reviewer"):
        for query in ("Inspection", "演示河段", "张演示", "演水检"):
            found = ask(world, who, query)
            assert (found.total, found.cases) == (0, ()), who
            assert not any(found.facets.values()), who


def refer(world: World, case_id: str, item_id: str | None) -> None:
    """Open one item, or the whole case, to the secrecy reviewer."""
    with world.opened.database.write() as unit:
        row = CaseGrant(account_id=world.ids["reviewer"], case_id=case_id, item_id=item_id, ground="演示：移送审查")
        unit.session.add(row)


def first_item(world: World, case_id: str) -> str:
    return world.opened.services.cases.page(world.actor("archivist"), case_id).items[0].id


NAMED = ("张演示", "当事人:张演示", "张演示 Inspection", "当事人:张演示 Inspection", "张 OR 张演示", "2026 张演示")


def test_who_was_referred_one_item_learns_no_name_by_search_that_the_page_hides(world: World, indexed: str) -> None:
    refer(world, indexed, first_item(world, indexed))
    page = world.opened.services.cases.page(world.actor("reviewer"), indexed)
    assert (page.persons, len(page.items)) == ([], 1)
    for query in NAMED:
        found = ask(world, "reviewer", query)
        assert (found.total, found.cases) == (0, ()), query
        assert not any(found.facets.values()), query
    for query in ("Inspection", "演示河段检查", "演水检[2026]1号", "Inspection -张演示"):
        shown = ask(world, "reviewer", query)
        assert [group.document.case_id for group in shown.cases] == [indexed], query
        assert "张演示" not in repr(shown), query


def test_whoever_sees_the_persons_on_the_page_finds_the_case_by_them(world: World, indexed: str) -> None:
    refer(world, indexed, None)
    for who in ("reviewer", "archivist", "leader", "handler"):
        shown = world.opened.services.cases.page(world.actor(who), indexed).persons
        assert [person.name for person, _ in shown] == ["张演示"], who
        for query in NAMED:
            assert ask(world, who, query).total, (who, query)


def test_the_database_refuses_names_that_an_index_behind_still_gives(world: World, indexed: str) -> None:
    reviewer, search = world.actor("reviewer"), world.opened.services.search
    refer(world, indexed, first_item(world, indexed))
    with world.opened.database.read() as session:
        ids = [f"{indexed}:persons:1", f"{indexed}:0"]
        assert search._still(session, reviewer, ids) == set()
        assert search._still(session, world.actor("reviewer"), ids) == {f"{indexed}:0"}
        assert search._still(session, world.actor("archivist"), ids) == set(ids)


def test_an_index_of_an_older_form_is_made_anew_by_itself(world: World, indexed: str) -> None:
    folder = world.opened.settings.data / "index"
    state = read_state(folder)
    write_state(folder, replace(state, form=state.form - 1))
    with pytest.raises(UnavailableError):
        ask(world, "archivist", "Inspection")
    assert world.opened.indexing.reconcile() == 1
    Worker(world.opened).run_until_idle()
    assert [group.document.case_id for group in ask(world, "archivist", "Inspection").cases] == [indexed]


@pytest.mark.parametrize("query", ["Inspection one", "演示河段检查", "演水检[2026]1号", "当事人:张演示", "结案审批表"])
def test_text_titles_numbers_and_parties_are_found(world: World, indexed: str, query: str) -> None:
    found = ask(world, "archivist", query)
    assert [group.document.case_id for group in found.cases] == [indexed]


def test_a_recording_is_found_by_the_device_that_made_it(world: World, tmp_path: Path) -> None:
    record = {"file": "01.pdf", "title": "现场记录", "type": "other", "date": "2026-11-02", "recording": RECORDING}
    folder = write_case(tmp_path / "case", items=[record])
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert outcome.case_id is not None, outcome.findings
    seal(world, outcome.case_id)
    Worker(world.opened).run_until_idle()
    for query in ("设备:演示记录仪01", "演示记录仪", "设备:记录仪 年度:2026"):
        items = [item for group in ask(world, "archivist", query).cases for item in group.items]
        assert [item.document.item_title for item in items] == ["现场记录"], query
        assert ask(world, "other_handler", query).total == 0
    assert ask(world, "archivist", "设备:演示记录仪02").total == 0


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
