"""An index made anew beside the one in use: nothing is missed while it grows, nothing is lost when it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.models.cases import Case
from archive_store.models.work import Work
from archive_store.work import BUILD_INDEX
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.switched import ELASTICSEARCH, EMBEDDED
from portal.services import index_building
from portal.worker import Worker
from tests.portal.conftest import open_installation, write_case
from tests.portal.filing import seal
from tests.portal.services.test_search import ask

if TYPE_CHECKING:
    from pathlib import Path

    from portal.wiring import Installation
    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases


def add_second(opened: Installation, folder: Path) -> None:
    """A second engine under the other's name."""
    opened.index._makers[ELASTICSEARCH] = lambda: EmbeddedBackend(folder)  # type: ignore[index]


@pytest.fixture
def second(world: World, indexed: str, tmp_path: Path) -> str:
    add_second(world.opened, tmp_path / "second")
    return indexed


def found(world: World) -> int:
    return ask(world, "archivist", "Inspection").total


@pytest.mark.usefixtures("indexed")
def test_an_engine_that_is_not_configured_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="elasticsearch_url"):
        world.opened.building.ask(ELASTICSEARCH)
    assert not world.opened.building.is_waiting(ELASTICSEARCH)


@pytest.mark.usefixtures("second")
def test_the_worker_moves_the_archive_and_every_hit_is_found_again(world: World) -> None:
    before = ask(world, "archivist", "Inspection")
    world.opened.building.ask(ELASTICSEARCH)
    Worker(world.opened).run_until_idle()
    assert world.opened.index.engine == ELASTICSEARCH
    after = ask(world, "archivist", "Inspection")
    assert (after.total, after.cases) == (before.total, before.cases)
    assert ask(world, "other_handler", "Inspection").total == 0
    assert ("检索引擎", "Elasticsearch") in world.opened.building.state()


@pytest.mark.usefixtures("second")
def test_the_later_wish_replaces_the_earlier(world: World) -> None:
    world.opened.building.ask(ELASTICSEARCH)
    world.opened.building.ask(EMBEDDED)
    Worker(world.opened).run_until_idle()
    assert world.opened.index.engine == EMBEDDED
    assert not world.opened.building.is_waiting(ELASTICSEARCH)


@pytest.mark.usefixtures("second")
def test_what_is_sealed_while_a_build_grows_is_found_after_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_building, "PART_SECONDS", 0.0)
    building = world.opened.building
    building.ask(ELASTICSEARCH)
    assert building.carry_on(ELASTICSEARCH)  # begun, nothing written yet
    assert building.progress() == index_building.Progress(ELASTICSEARCH, 0, 1)
    later = world.opened.services.intake.import_case(
        world.actor("handler"), write_case(tmp_path / "later", case_number="演水罚〔2026〕9号")
    ).case_id
    assert later is not None
    seal(world, later)
    world.opened.indexing.index_case(later)
    both = found(world)
    assert world.opened.index.engine == EMBEDDED
    monkeypatch.undo()
    assert not building.carry_on(ELASTICSEARCH)
    assert (world.opened.index.engine, found(world)) == (ELASTICSEARCH, both)
    assert later in world.opened.index.case_ids()
    assert building.progress() is None


@pytest.mark.usefixtures("second")
def test_a_build_that_was_stopped_is_begun_again_by_another_process(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(world)
    monkeypatch.setattr(index_building, "PART_SECONDS", 0.0)
    world.opened.building.ask(ELASTICSEARCH)
    world.opened.building.carry_on(ELASTICSEARCH)
    monkeypatch.undo()
    world.opened.index.close()  # as when its process ends
    with open_installation(world.opened.settings.data) as other:
        add_second(other, tmp_path / "second")
        Worker(other).run_until_idle()
        assert other.index.engine == ELASTICSEARCH
    add_second(world.opened, tmp_path / "second")
    assert found(world) == before


@pytest.mark.usefixtures("second")
def test_an_engine_that_does_not_answer_is_tried_again_and_the_search_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: str) -> None:
        raise UnavailableError("检索引擎没有应答。")

    before = found(world)
    monkeypatch.setattr(world.opened.index, "start_build", silent)
    world.opened.building.ask(ELASTICSEARCH)
    Worker(world.opened).run_until_idle()
    assert world.opened.building.is_waiting(ELASTICSEARCH)
    assert world.opened.building.trouble(ELASTICSEARCH) == "检索引擎没有应答。"
    assert (world.opened.index.engine, found(world)) == (EMBEDDED, before)


@pytest.mark.usefixtures("second")
def test_an_engine_that_says_nothing_of_itself_is_told_on_the_page_of_the_system(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> str:
        raise UnavailableError("检索引擎没有应答。")

    assert ("检索引擎", "内置引擎") in world.opened.services.system.state(world.actor("sysadmin")).figures
    monkeypatch.setattr(world.opened.index, "health", silent)
    assert ("检索引擎", "内置引擎，没有应答") in world.opened.building.state()


@pytest.mark.usefixtures("second")
def test_a_draft_is_in_no_build(world: World, tmp_path: Path) -> None:
    write_case(tmp_path / "draft", case_number="演水罚〔2026〕8号")
    list(world.opened.services.intake.import_folder(world.actor("handler"), tmp_path / "draft"))
    world.opened.building.ask(ELASTICSEARCH)
    Worker(world.opened).run_until_idle()
    with world.opened.database.read() as session:
        sealed = set(session.scalars(select(Case.id).where(Case.archival_code.is_not(None))))
        assert not session.scalars(select(Work).where(Work.kind == BUILD_INDEX, Work.done_at.is_(None))).all()
    assert world.opened.index.case_ids() == sealed
