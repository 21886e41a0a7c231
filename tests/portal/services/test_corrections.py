"""Correcting page text: for archivists alone, found at once and after a rebuild, marked in place, undone at will."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.corrections import Corrections
from archive_store.errors import ConflictError, IntegrityError, InvalidInputError, NotFoundError
from archive_store.labels import Label, Level
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Item
from archive_store.models.corrections import PageCorrection
from archive_store.models.derivatives import RecognisedPage
from archive_store.private_fields import FieldSeal
from portal.services.corrections import CHANGED
from portal.services.viewing import PageAsked
from portal.worker import Worker
from tests.portal.conftest import copy_of, log_in, make_app
from tests.portal.oracle_world import masked
from tests.portal.reading import Library, stock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.services.corrections import CorrectedPage

STRANGERS = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
WORD = "演字九千"
"""A word that stands on no page."""


@pytest.fixture(scope="module")
def stocked(prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Library]:
    folder = tmp_path_factory.mktemp("stocked")
    with copy_of(*prepared, folder / "data") as world:
        return folder / "data", stock(world, folder / "case")


@pytest.fixture
def own(stocked: tuple[Path, Library], tmp_path: Path) -> Iterator[Library]:
    """A library of one's own, to be written in."""
    data, library = stocked
    with copy_of(data, library.world.ids, tmp_path / "data") as world:
        yield Library(world, library.case_id, library.book, library.statement)


def shown(library: Library, number: int = 3, who: str = "archivist") -> CorrectedPage:
    world = library.world
    return world.opened.services.corrections.page(world.actor(who), library.book, number)


def correct(library: Library, text: str, number: int = 3, who: str = "archivist", seen: str | None = None) -> None:
    world = library.world
    state = shown(library, number, who).seen if seen is None else seen
    world.opened.services.corrections.correct(world.actor(who), library.book, number, text, state)
    Worker(world.opened).run_until_idle()


def pages_with(library: Library, query: str) -> list[int]:
    search = library.world.opened.services.search
    found = search.search(library.world.actor("archivist"), search.asked(query, {}, "relevance", 0, 20))
    return [hit.page for case in found.cases for item in case.items for hit in item.pages]


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_but_archivists_learns_that_there_is_such_a_page(own: Library, who: str) -> None:
    service, actor = own.world.opened.services.corrections, own.world.actor(who)
    for item_id in (own.book, own.statement, "0" * 32):
        for act in (
            lambda item_id=item_id: service.page(actor, item_id, 1),
            lambda item_id=item_id: service.correct(actor, item_id, 1, WORD, ""),
            lambda item_id=item_id: service.restore(actor, item_id, 1, ""),
        ):
            with pytest.raises(NotFoundError):
                act()
    client = log_in(make_app(own.world.opened), who)
    there, nothing = (client.get(f"/items/{item_id}/pages/1/text") for item_id in (own.book, "0" * 32))
    assert masked(there) == masked(nothing)
    assert there.status_code == 404


def test_an_archivist_without_the_clearance_and_pages_that_there_are_not_are_nothing(own: Library) -> None:
    for number in (0, -1, 7, 1000):
        with pytest.raises(NotFoundError):
            shown(own, number)
    with own.world.opened.database.write() as unit:
        unit.session.execute(update(Item).where(Item.id == own.book).values(label=Label.of(Level.SECRET)))
    with pytest.raises(NotFoundError):
        shown(own)


def test_a_corrected_page_is_found_by_its_new_words_and_no_more_by_the_old_ones(own: Library) -> None:
    assert (pages_with(own, WORD), pages_with(own, "车牌号码")) == ([], [3])
    correct(own, f"号牌{WORD}，另一辆车的号码是五号。")
    assert (pages_with(own, WORD), pages_with(own, "车牌号码")) == ([3], [])
    assert shown(own).is_corrected
    assert "车牌号码" in shown(own).read


def test_it_survives_a_rebuild_of_the_index(own: Library) -> None:
    correct(own, f"号牌{WORD}")
    opened = own.world.opened
    opened.index.delete_case(own.case_id)
    assert pages_with(own, WORD) == []
    opened.indexing.reconcile()
    Worker(opened).run_until_idle()
    assert pages_with(own, WORD) == [3]


def test_a_hit_on_corrected_words_is_marked_where_the_old_ones_stand(own: Library) -> None:
    text = shown(own, 1).text
    correct(own, text.replace("采砂船一艘", "釆沙船一艘"), 1)
    viewing, actor = own.world.opened.services.viewing, own.world.actor("archivist")
    before = viewing.reader(actor, own.book, PageAsked(1, 0, "船一艘")).found
    after = viewing.reader(actor, own.book, PageAsked(1, 0, "釆沙船一艘")).found
    assert before is not None
    assert after is not None
    (old,), (new,) = before.marks, after.marks
    assert len(new) == len(old)
    assert new[-1][2:] == old[-1][2:], "both end at the same place"
    assert new[0][0] < old[0][0], "the new one begins two characters earlier"


def test_the_text_that_was_read_comes_back_and_the_course_is_kept(own: Library) -> None:
    read = shown(own).text
    correct(own, f"第一次{WORD}")
    correct(own, f"第二次{WORD}", who="second_archivist")
    state = shown(own)
    assert [(made.by, made.ended is None) for made in state.course] == [("档案演示乙", True), ("档案演示甲", False)]
    own.world.opened.services.corrections.restore(own.world.actor("archivist"), own.book, 3, state.seen)
    Worker(own.world.opened).run_until_idle()
    assert (shown(own).text, shown(own).is_corrected, len(shown(own).course)) == (read, False, 2)
    assert pages_with(own, WORD) == []
    with pytest.raises(NotFoundError):
        own.world.opened.services.corrections.restore(own.world.actor("archivist"), own.book, 3, shown(own).seen)


def test_a_page_without_a_word_stays_so_and_is_not_recognised_again(own: Library) -> None:
    correct(own, "")
    assert pages_with(own, "车牌号码") == []
    with own.world.opened.database.read() as session:
        assert session.scalars(select(PageCorrection)).one().ended_at is None
    own.world.opened.indexing.index_case(own.case_id)
    with own.world.opened.database.read() as session:
        assert session.scalars(select(RecognisedPage)).all() == []


def test_two_at_once_do_not_write_over_each_other(own: Library) -> None:
    state = shown(own).seen
    correct(own, f"先写的{WORD}")
    with pytest.raises(ConflictError, match=CHANGED):
        correct(own, "后写的", seen=state)
    assert shown(own).text == f"先写的{WORD}"


def test_what_is_the_same_or_no_writing_is_refused_and_nothing_changes(own: Library) -> None:
    before = shown(own)
    for text in (before.text, f"  \r\n{before.text}\n\n".lstrip(" "), "一\x07二", "一" * 10_001):
        with pytest.raises(InvalidInputError):
            correct(own, text)
    assert shown(own).course == ()


def test_the_sealed_object_is_untouched_and_the_words_lie_encrypted(own: Library) -> None:
    opened = own.world.opened
    correct(own, f"号牌{WORD}")
    assert [*opened.services.fixity.verify_everything()] == []
    with opened.database.read() as session:
        row = session.scalars(select(PageCorrection)).one()
        assert WORD.encode() not in row.sealed_text
        leaves = session.scalars(select(AuditLeaf).where(AuditLeaf.name == "item:correct_text")).all()
    assert len(leaves) == 1
    assert WORD not in (leaves[0].details or "")
    with pytest.raises(IntegrityError):
        Corrections(opened.database, FieldSeal(bytes(32))).of(row.file_id)
    with opened.database.write() as unit:
        unit.session.get_one(PageCorrection, row.id).page = 4
    with pytest.raises(IntegrityError):  # the words of one page stand for no other
        opened.corrections.of(row.file_id)


def test_the_page_says_what_it_is_and_keeps_what_was_typed(own: Library) -> None:
    client = log_in(make_app(own.world.opened), "archivist")
    address = f"/items/{own.book}/pages/3/text"
    page = client.get(address)
    assert "封存的文件不会改动" in page.text
    assert f"/items/{own.book}/pages/3/text" in client.get(f"/items/{own.book}?page=3").text
    refused = client.post(address, data={"text": f"没有丢失的{WORD}", "seen": "0"})
    assert refused.status_code == 409
    assert f"没有丢失的{WORD}" in refused.text
    done = client.post(address, data={"text": f"号牌{WORD}\r\n第二行", "seen": shown(own).seen})
    assert done.status_code == 302
    assert "已校正" in client.get(address).text
    assert shown(own).text == f"号牌{WORD}\n第二行"
    back = client.post(f"{address}/restore", data={"seen": shown(own).seen})
    assert back.status_code == 302
    assert not shown(own).is_corrected
