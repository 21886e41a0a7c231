"""Text of scans: nobody finds what he may not read, nothing is lost, and nobody waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.derivatives import Kind
from archive_store.errors import NotFoundError, UnavailableError
from archive_store.models.base import now
from archive_store.models.cases import Item, StoredFile
from archive_store.models.derivatives import DerivativeState, RecognisedPage
from archive_store.models.work import IndexState, Lease, Work
from archive_store.parsing.errors import ParserCrashedError, ParserRefusedError, PoolBusyError
from archive_store.work import INDEX_CASE, RECOGNISE_TEXT, note_index
from portal.worker import Worker
from tests.demonstration import ANJUAN, clean_environment
from tests.portal.conftest import copy_of, log_in
from tests.portal.scans import HIDDEN_WORDS, OPEN_WORDS, read_with, seal_scans

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.portal.conftest import World
    from tests.proofs import ProofBook

    Prepared = tuple[Path, dict[str, str]]

PAGES = 3
EVERYONE = ("handler", "other_handler", "archivist", "second_archivist", "leader", "reviewer")


@pytest.fixture(scope="module")
def sealed_scans(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, str]:
    """A data folder with a sealed case of scans, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("scans")
    with copy_of(*prepared, folder / "data") as made:
        return (folder / "data", prepared[1]), seal_scans(made, folder / "case")


@pytest.fixture
def world(sealed_scans: tuple[Prepared, str], tmp_path: Path) -> Iterator[World]:
    with copy_of(*sealed_scans[0], tmp_path / "data") as made:
        yield made


@pytest.fixture
def scanned(sealed_scans: tuple[Prepared, str]) -> str:
    return sealed_scans[1]


def found_by(world: World, who: str, query: str) -> int:
    search = world.opened.services.search
    return search.search(world.actor(who), search.asked(query, {}, "relevance", 0, 20)).total


def rows(world: World) -> list[RecognisedPage]:
    with world.opened.database.read() as session:
        return [*session.scalars(select(RecognisedPage).order_by(RecognisedPage.file_id, RecognisedPage.page))]


def files_of(world: World, case_id: str) -> dict[str, StoredFile]:
    with world.opened.database.read() as session:
        found = session.scalars(select(StoredFile).join(Item).where(Item.case_id == case_id))
        return {file.media_type: file for file in found}


def indexed_times(world: World) -> int:
    with world.opened.database.read() as session:
        return len(session.scalars(select(Work.id).where(Work.kind == INDEX_CASE, Work.done_at.is_not(None))).all())


def test_recognised_text_is_found_by_those_who_may_read_it_and_by_nobody_else(
    world: World, scanned: str, proofs: ProofBook, caplog: pytest.LogCaptureFixture
) -> None:
    Worker(world.opened).run_until_idle()
    assert [row.state for row in rows(world)] == [DerivativeState.READY] * PAGES
    archivists = {"archivist", "second_archivist"}
    readers = {who for who in EVERYONE if found_by(world, who, "演示成分")}
    wrong = readers - archivists
    proofs.record("readers without the right who find a scan's text", len(wrong), "0", holds=readers == archivists)
    assert {who for who in EVERYONE if found_by(world, who, "河道内采砂")} == archivists | {"handler", "leader"}
    for who in ("party", "legal", "sysadmin", "secadmin", "auditor"):
        with pytest.raises(NotFoundError):
            found_by(world, who, "演示成分")
    assert not {HIDDEN_WORDS, OPEN_WORDS} & {word for record in caplog.records for word in record.getMessage().split()}
    files = files_of(world, scanned)
    text = world.opened.texts.page(files["image/tiff"], 1)
    assert OPEN_WORDS in text.text
    assert len(text.boxes) == len(text.text)
    kept = [path for path in world.opened.settings.data.joinpath("derivatives").rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in kept} == {"0o600"}


def test_progress_counts_only_what_the_viewer_may_read(world: World, app: Flask, scanned: str) -> None:
    read_with(world, lambda *_: "文字")
    Worker(world.opened).run_until_idle()
    recognition = world.opened.services.recognition
    with pytest.raises(NotFoundError):
        recognition.of_case(world.actor("other_handler"), "0" * 32)
    assert recognition.of_case(world.actor("handler"), scanned).progress.total == PAGES - 1
    assert recognition.of_case(world.actor("archivist"), scanned).progress.total == PAGES
    assert "文字识别：3 / 3 页" in log_in(app, "archivist").get(f"/cases/{scanned}").text
    assert "3 / 3 页" in log_in(app, "sysadmin").get("/system").text


def test_a_case_is_found_by_its_text_pages_before_its_scans_are_recognised(world: World, scanned: str) -> None:
    found: list[int] = []

    def look(media_type: str, page: int) -> str:
        found.append(found_by(world, "archivist", "Inspection"))
        return f"{media_type} {page}"

    assert scanned
    read_with(world, look)
    Worker(world.opened).run_until_idle()
    assert len(found) == PAGES
    assert all(found)


def test_other_work_is_done_while_a_page_is_being_recognised(world: World, scanned: str) -> None:
    begun, may_end = Event(), Event()

    def dawdle(media_type: str, page: int) -> str:
        begun.set()
        assert may_end.wait(60)
        return f"{media_type} {page}"

    read_with(world, dawdle)
    worker = Worker(world.opened)
    while not begun.is_set():
        worker.step()
    before = indexed_times(world)
    with world.opened.database.write() as unit:
        note_index(unit.session, scanned)
    worker.step()
    assert indexed_times(world) == before + 1
    assert all(row.state is DerivativeState.WAITING for row in rows(world))
    may_end.set()
    worker.run_until_idle()
    assert all(row.state is DerivativeState.READY for row in rows(world))


def test_the_index_is_not_written_for_each_page(world: World, scanned: str) -> None:
    assert scanned
    read_with(world, lambda *_: "文字")
    Worker(world.opened).run_until_idle()
    assert indexed_times(world) == 2  # with the text pages, and with all scans


def test_a_page_that_cannot_be_recognised_is_marked_and_the_rest_goes_on(
    world: World, app: Flask, scanned: str
) -> None:
    troubles = {("image/tiff", 1): ParserRefusedError("图像已损坏。"), ("image/png", 1): ParserCrashedError()}
    reader = read_with(world, lambda *asked: troubles.get(asked, "第二页文字"))
    Worker(world.opened).run_until_idle()
    states = sorted((row.state, row.reason[:5]) for row in rows(world))
    assert states == [("failed", "图像已损坏"), ("failed", "识别程序两"), ("ready", "")]
    assert reader.asked.count(("image/png", 1)) == 2
    assert found_by(world, "archivist", "第二页文字") == 1
    page = log_in(app, "archivist").get(f"/cases/{scanned}").text
    assert "2 处文字不能检索" in page
    assert "第 2 件第 1 页：图像已损坏。" in page
    assert "图像已损坏" in log_in(app, "handler").get(f"/cases/{scanned}").text
    assert "识别程序两次" not in log_in(app, "handler").get(f"/cases/{scanned}").text


def test_failed_pages_are_not_tried_again_with_each_index(world: World, scanned: str) -> None:
    reader = read_with(world, lambda *_: ParserRefusedError())
    Worker(world.opened).run_until_idle()
    with world.opened.database.write() as unit:
        note_index(unit.session, scanned)
    Worker(world.opened).run_until_idle()
    assert len(reader.asked) == PAGES


def test_a_process_that_is_closing_blames_no_page(world: World, scanned: str) -> None:
    assert scanned
    read_with(world, lambda *_: PoolBusyError())
    Worker(world.opened).run_until_idle()
    assert {(row.state, row.attempts) for row in rows(world)} == {(DerivativeState.WAITING, 0)}
    with pytest.raises(UnavailableError):
        world.opened.services.recognition.recognise_page(rows(world)[0].file_id)


def test_texts_that_were_thrown_away_come_back_by_themselves(world: World, scanned: str) -> None:
    reader = read_with(world, lambda *_: "文字")
    Worker(world.opened).run_until_idle()
    tiff = files_of(world, scanned)["image/tiff"]
    world.opened.derivatives.remove(Kind.TEXT, tiff.id)
    assert world.opened.texts.page(tiff, 1).text == ""
    Worker(world.opened).run_until_idle()
    assert len(reader.asked) == PAGES + 2
    assert world.opened.texts.page(tiff, 1).text == "文字"


def test_a_damaged_text_is_made_anew_and_an_orphan_goes(world: World, scanned: str) -> None:
    read_with(world, lambda *_: "文字")
    Worker(world.opened).run_until_idle()
    tiff = files_of(world, scanned)["image/tiff"]
    for file_id in (tiff.id, "f" * 32):
        with world.opened.derivatives.making(Kind.TEXT, file_id, "1") as place:
            place.write(b"nonsense")
    with world.opened.database.write() as unit:
        note_index(unit.session, scanned)
    Worker(world.opened).run_until_idle()
    assert world.opened.texts.page(tiff, 1).text == "文字"
    assert "f" * 32 not in set(world.opened.derivatives.file_ids(Kind.TEXT))


def test_a_case_indexed_before_recognition_was_known_is_taken_up(world: World, scanned: str) -> None:
    read_with(world, lambda *_: "文字")
    Worker(world.opened).run_until_idle()
    with world.opened.database.write() as unit:
        for row in unit.session.scalars(select(RecognisedPage)):
            unit.session.delete(row)
        unit.session.get_one(IndexState, scanned).pages_without_text = PAGES
    world.opened.services.recognition.reconcile()
    Worker(world.opened).run_until_idle()
    assert [row.state for row in rows(world)] == [DerivativeState.READY] * PAGES


def test_a_text_layer_goes_before_recognition(world: World, scanned: str) -> None:
    reader = read_with(world, lambda *_: "文字")
    Worker(world.opened).run_until_idle()
    assert {media_type for media_type, _ in reader.asked} == {"image/tiff", "image/png"}
    files = files_of(world, scanned)
    assert world.opened.texts.page(files["application/pdf"], 1).text.startswith("Inspection")
    assert [page.text for page in world.opened.texts.pages(files["image/tiff"])] == ["文字", "文字"]


def test_a_worker_killed_in_the_middle_loses_at_most_the_page_in_hand(
    world: World, scanned: str, proofs: ProofBook
) -> None:
    assert scanned
    command = [*ANJUAN, "--data", str(world.opened.settings.data), "worker", "--once"]
    with subprocess.Popen(command, env=clean_environment(), start_new_session=True) as first:
        while not (done := _ready(world)):
            assert first.poll() is None
            time.sleep(0.05)
        os.killpg(first.pid, signal.SIGKILL)
    kept = _ready(world) | done
    with world.opened.database.write() as unit:
        for lease in unit.session.scalars(select(Lease)):
            lease.until = now() - timedelta(seconds=1)  # as after the lease's time
    subprocess.run(command, env=clean_environment(), check=True, timeout=280)
    after = {(row.file_id, row.page): row.settled_at for row in rows(world)}
    lost = [page for page, at in kept.items() if after[page] != at]
    proofs.record("recognised pages lost by killing the worker", len(lost), "0", holds=not lost)
    assert [row.state for row in rows(world)] == [DerivativeState.READY] * PAGES
    assert found_by(world, "archivist", "演示成分") == 1
    with world.opened.database.read() as session:
        assert not session.scalars(select(Work).where(Work.kind == RECOGNISE_TEXT, Work.done_at.is_(None))).all()


def _ready(world: World) -> dict[tuple[str, int], object]:
    return {(row.file_id, row.page): row.settled_at for row in rows(world) if row.state is DerivativeState.READY}
