"""Recordings are made ready, marked where they cannot be, made anew where they are gone, and on record when played."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.derivatives import Kind
from archive_store.errors import NotFoundError
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Item
from archive_store.models.derivatives import DerivativeState, PlayingDerivative
from archive_store.parsing.errors import ParserCrashedError, ParserTimedOutError, PoolBusyError
from portal.services.playback_address import LIFETIME
from portal.services.playing import FORM
from portal.worker import Worker
from tests.portal.conftest import copy_of
from tests.portal.recorded import seal_recordings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.services.playing import Player
    from tests.portal.conftest import World

    Prepared = tuple[Path, dict[str, str]]

SESSION = "s" * 32


@pytest.fixture(scope="module")
def recorded(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, dict[str, str]]:
    """A data folder with recordings that are ready, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("recorded")
    with copy_of(*prepared, folder / "data") as made:
        return (folder / "data", prepared[1]), seal_recordings(made, folder / "case")


@pytest.fixture
def world(recorded: tuple[Prepared, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with copy_of(*recorded[0], tmp_path / "data") as made:
        yield made


@pytest.fixture
def items(recorded: tuple[Prepared, dict[str, str]]) -> dict[str, str]:
    return recorded[1]


def opened(world: World, who: str, item_id: str) -> Player:
    return world.opened.services.playing.open(world.actor(who), SESSION, item_id)


def row_of(world: World, item_id: str) -> PlayingDerivative:
    with world.opened.database.read() as session:
        (file,) = session.get_one(Item, item_id).files
        return session.get_one(PlayingDerivative, file.id)


def plays(world: World, item_id: str) -> int:
    with world.opened.database.read() as session:
        same = AuditLeaf.name == "item:play", AuditLeaf.object_id == item_id
        return len(session.scalars(select(AuditLeaf.id).where(*same)).all())


class Maker:
    """Stands for the processes that make recordings playable, and loses them."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.asked = 0

    def playable(self, *_: object) -> None:
        self.asked += 1
        raise self._error


def make_with(world: World, error: Exception) -> Maker:
    service, maker = world.opened.services.playing, Maker(error)
    service._studio = replace(service._studio, maker=maker)  # type: ignore[arg-type]
    return maker


@pytest.mark.parametrize("who", ["other_handler", "party", "legal", "reviewer", "sysadmin", "secadmin", "auditor"])
def test_those_who_may_not_read_it_open_nothing(world: World, items: dict[str, str], who: str) -> None:
    for item_id in (*items.values(), "0" * 32):
        with pytest.raises(NotFoundError):
            opened(world, who, item_id)


def test_an_address_is_good_for_its_holder_and_its_time_only(world: World, items: dict[str, str]) -> None:
    playing, archivist = world.opened.services.playing, world.actor("archivist")
    address = opened(world, "archivist", items["现场录像"]).address
    hidden = opened(world, "archivist", items["车间录像"]).address
    for who, session_id, item_id, given in (
        ("second_archivist", SESSION, items["现场录像"], address),
        ("archivist", "t" * 32, items["现场录像"], address),
        ("archivist", SESSION, items["谈话录音"], address),
        ("handler", SESSION, items["车间录像"], hidden),
    ):
        for ask in (lambda *a: playing.medium(*a, 0), playing.poster):
            with pytest.raises(NotFoundError):
                ask(world.actor(who), session_id, item_id, given)
    later = replace(world.opened.desk, clock=lambda: world.opened.desk.clock() + LIFETIME)
    playing._desk = later
    with pytest.raises(NotFoundError):
        playing.medium(archivist, SESSION, items["现场录像"], address, 0)


def test_a_right_that_ends_while_it_plays_ends_the_playing(world: World, items: dict[str, str]) -> None:
    address = opened(world, "archivist", items["车间录像"]).address
    now_without = replace(world.actor("archivist"), marks=frozenset())
    with pytest.raises(NotFoundError):
        world.opened.services.playing.medium(now_without, SESSION, items["车间录像"], address, 0)


def test_films_and_sounds_are_ready_after_the_worker_and_broken_ones_say_why(
    world: World, items: dict[str, str]
) -> None:
    states = {title: opened(world, "archivist", item_id) for title, item_id in items.items()}
    assert [states[title].state for title in items] == ["ready", "ready", "ready", "failed"]
    assert [states[title].is_film for title in items] == [True, True, False, True]
    assert "损坏" in states["损坏录像"].reason or "不完整" in states["损坏录像"].reason
    assert not states["损坏录像"].address
    places = [path for path in (world.opened.settings.data / "derivatives").rglob(FORM) if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in places} == {0o600}


def test_playing_is_on_record_before_the_first_byte_and_once_a_minute(world: World, items: dict[str, str]) -> None:
    playing, item_id = world.opened.services.playing, items["现场录像"]
    archivist, desk = world.actor("archivist"), world.opened.desk
    address = opened(world, "archivist", item_id).address
    assert plays(world, item_id) == 1
    for minutes, expected in ((0, 1), (0, 1), (2, 2), (2, 2), (4, 3)):
        playing._desk = replace(desk, clock=lambda m=minutes: desk.clock() + timedelta(minutes=m))
        playing.medium(archivist, SESSION, item_id, address, 5).file.close()
        assert plays(world, item_id) == expected
    opened(world, "second_archivist", item_id)
    assert plays(world, item_id) == 4
    assert not world.opened.services.audit.verify()


def test_a_form_that_was_thrown_away_is_made_anew(world: World, items: dict[str, str]) -> None:
    row = row_of(world, items["现场录像"])
    address = opened(world, "archivist", items["现场录像"]).address
    world.opened.derivatives.remove(Kind.PLAYING, row.file_id)
    with pytest.raises(NotFoundError):
        world.opened.services.playing.medium(world.actor("archivist"), SESSION, items["现场录像"], address, 0)
    assert opened(world, "archivist", items["现场录像"]).state == DerivativeState.WAITING
    Worker(world.opened).run_until_idle()
    again = row_of(world, items["现场录像"])
    assert again.state is DerivativeState.READY
    assert again.tag != row.tag


def test_lost_forms_are_noted_and_orphans_go_by_themselves(world: World, items: dict[str, str]) -> None:
    file_id = row_of(world, items["现场录像"]).file_id
    world.opened.derivatives.remove(Kind.PLAYING, file_id)
    with world.opened.derivatives.making(Kind.PLAYING, "f" * 32, FORM) as place:
        place.write(b"orphan")
    world.opened.services.playing.reconcile()
    assert "f" * 32 not in set(world.opened.derivatives.file_ids(Kind.PLAYING))
    Worker(world.opened).run_until_idle()
    assert file_id in set(world.opened.derivatives.file_ids(Kind.PLAYING))


@pytest.mark.parametrize(
    ("error", "asked", "said"),
    [(ParserCrashedError(), 2, "两次中断"), (ParserTimedOutError(), 1, "30 分钟")],
)
def test_a_recording_that_kills_or_outlasts_its_process_is_marked(
    world: World, items: dict[str, str], error: Exception, asked: int, said: str
) -> None:
    maker = make_with(world, error)
    row = row_of(world, items["谈话录音"])
    world.opened.derivatives.remove(Kind.PLAYING, row.file_id)
    opened(world, "archivist", items["谈话录音"])
    Worker(world.opened).run_until_idle()
    shown = opened(world, "archivist", items["谈话录音"])
    assert (maker.asked, shown.state) == (asked, DerivativeState.FAILED)
    assert said in shown.reason


def test_a_process_that_is_closing_blames_no_recording(world: World, items: dict[str, str]) -> None:
    make_with(world, PoolBusyError())
    row = row_of(world, items["谈话录音"])
    world.opened.derivatives.remove(Kind.PLAYING, row.file_id)
    opened(world, "archivist", items["谈话录音"])
    Worker(world.opened).run_until_idle()
    assert row_of(world, items["谈话录音"]).state is DerivativeState.WAITING


def test_a_draft_plays_for_its_handler_and_its_form_goes_with_it(
    world: World, recorded: tuple[Prepared, dict[str, str]], tmp_path: Path
) -> None:
    folder = tmp_path / "again"
    shutil.copytree(recorded[0][0].parent / "case", folder)
    case = (folder / "case.json").read_text(encoding="utf-8").replace("7号", "8号")
    (folder / "case.json").write_text(case, encoding="utf-8")
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert outcome.case_id is not None
    with world.opened.database.read() as session:
        first = session.scalars(select(Item.id).where(Item.case_id == outcome.case_id).order_by(Item.number)).all()[0]
    assert opened(world, "handler", first).state == DerivativeState.WAITING
    Worker(world.opened).run_until_idle()
    assert opened(world, "handler", first).state == DerivativeState.READY
    with pytest.raises(NotFoundError):
        opened(world, "archivist", first)
    file_id = row_of(world, first).file_id
    world.opened.services.intake.remove_item(world.actor("handler"), outcome.case_id, first)
    world.opened.services.playing.reconcile()
    assert file_id not in set(world.opened.derivatives.file_ids(Kind.PLAYING))
