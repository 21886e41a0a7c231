"""What goes into the index of a case, and what stays out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.blobs.base import Encryption
from archive_store.models.cases import Case
from archive_store.work import note_relabelled
from portal.worker import Worker

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
