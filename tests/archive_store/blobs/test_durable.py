"""Files that are on the disk when the call returns."""

from __future__ import annotations

import os
import stat
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from archive_store.blobs.durable import (
    SEALED_FILE,
    Scratch,
    exchange,
    make_folder,
    storage_trouble,
    write_bytes,
    write_stream,
)
from archive_store.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_is_there_is_not_opened_for_writing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            write_bytes(b"new", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert not (tmp_path / "elsewhere").exists()


def test_a_sealed_file_is_read_only_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_stream(BytesIO(b"x"), tmp_path / "a", mode=SEALED_FILE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o444


def test_an_error_of_the_disk_becomes_a_sentence_and_keeps_its_cause() -> None:
    with pytest.raises(UnavailableError) as caught, storage_trouble():
        raise OSError(28, "No space left on device")
    assert "磁盘空间" in caught.value.message
    assert isinstance(caught.value.__cause__, OSError)


def test_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "a", tmp_path / "a" / "b")} == {0o700}


def test_two_folders_change_places_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    exchange(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name / "file").read_text() for name in ("a", "b")] == ["b", "a"]
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "a", tmp_path / "missing")


def test_work_is_gone_when_its_block_ends_badly(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch")
    with pytest.raises(FileExistsError), scratch.piece() as work:
        write_bytes(write_bytes(b"half", work / "a").sha512.encode(), work / "a")
    assert [path.name for path in scratch.folder.iterdir()] == ["lock"]


def test_the_living_keep_their_work_and_the_dead_lose_it(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch")
    for left in ("killed-early", "killed-late/work"):
        make_folder(scratch.folder / left)
    (scratch.folder / "killed-late" / "lock").touch()
    with scratch.piece() as work:
        assert scratch.sweep() == 2
        assert work.is_dir()
