"""What goes into the index of a case, and what stays out of it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from archive_store.blobs.base import Encryption
from archive_store.models.cases import Case
from archive_store.work import note_relabelled
from portal.worker import Worker
from tests.portal.conftest import log_in, make_app

if TYPE_CHECKING:
    from tests.portal.conftest import World

WHO = "archivist"


def texts_found(world: World, query: str) -> set[str]:
    """The titles of the items of which pages are found."""
    search = world.opened.services.search
    found = search.search(world.actor(WHO), search.asked(query, {}, "relevance", 0, 20))
    return {item.document.item_title for case in found.cases for item in case.items for page in item.pages if page.page}


def test_no_text_of_what_is_encrypted_at_rest_lies_in_an_index_in_the_open(world: World, indexed: str) -> None:
    titles = texts_found(world, "Inspection")
    assert titles
    with world.opened.database.write() as unit:
        case = unit.session.get_one(Case, indexed)
        item = next(item for item in case.items if item.title in titles)
        item.files[0].encryption = Encryption("aes-256-gcm", "key-1").as_json()
        hidden = item.title
        note_relabelled(unit.session, indexed)
    Worker(world.opened).run_until_idle()
    assert texts_found(world, "Inspection") == titles - {hidden}


def test_what_was_late_is_a_facet_and_a_filter_with_exact_counts(world: World, indexed: str) -> None:
    search = world.opened.services.search
    asked = search.asked("Inspection OR 标题:案", {}, "relevance", 0, 20)
    before = search.search(world.actor(WHO), asked)
    assert before.total
    assert before.facets["late"] == {}
    with world.opened.database.write() as unit:
        case = unit.session.get_one(Case, indexed)
        assert case.ended_on
        case.accepted_at = datetime.combine(case.ended_on + timedelta(days=400), time(4), UTC)
        recorded = case.items[0]
        recorded.recording = {"recorded_at": "2026-01-01T08:00:00+08:00", "stored_at": "2026-01-09T08:00:00+08:00"}
        recorded_id = recorded.id
        note_relabelled(unit.session, indexed)
    Worker(world.opened).run_until_idle()
    everything = search.search(world.actor(WHO), search.asked("逾期:归档", {}, "relevance", 0, 100))
    assert everything.facets["late"]["filing"] == everything.total
    of_item = search.search(world.actor(WHO), search.asked("逾期:音像", {}, "relevance", 0, 100))
    assert {item.document.item_id for case in of_item.cases for item in case.items} == {recorded_id}
    after = search.search(world.actor(WHO), asked)
    assert after.facets["late"]["filing"] == after.total == before.total
    chosen = search.asked(asked.query, {"late": frozenset({"recording"})}, "relevance", 0, 20)
    assert search.search(world.actor(WHO), chosen).total == after.facets["late"].get("recording", 0) > 0
    page = log_in(make_app(world.opened), WHO).get("/search/?q=逾期:归档").text
    assert "音像记录存储逾期" in page
    assert "facet-late" in page, "not all hits are of the item"
