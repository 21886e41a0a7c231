from __future__ import annotations

import io
import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.files import read_only

if TYPE_CHECKING:
    from pathlib import Path


class Decrypting(io.RawIOBase):
    """A file whose content is not what lies on the disk."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = io.BytesIO(b"plain")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._rest.readinto(buffer)

    def fileno(self) -> int:
        return self._descriptor


def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading, writing = os.pipe()
    for source in (tmp_path, tmp_path / "pipe", reading):
        with pytest.raises(ParserRefusedError), read_only(source):
            pass
    os.close(reading)
    os.close(writing)


def test_the_descriptor_cannot_write_and_moves_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with path.open("r+b") as handle, read_only(handle) as descriptor:
        assert os.read(descriptor, 4) == b"cont"
        assert handle.tell() == 0
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"x")


def test_what_was_written_but_not_yet_flushed_is_there() -> None:
    with tempfile.NamedTemporaryFile() as written:
        written.write(b"new")
        with read_only(written) as descriptor:  # type: ignore[arg-type]
            assert os.read(descriptor, 10) == b"new"


def test_a_file_that_decrypts_is_copied_not_reopened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"cipher")
    with path.open("rb") as cipher:
        plain = io.BufferedReader(Decrypting(cipher.fileno()))  # type: ignore[type-var]
        with read_only(plain) as descriptor:
            assert os.pread(descriptor, 10, 0) == b"plain"


def test_descriptors_are_closed_afterwards() -> None:
    with read_only(b"content") as descriptor:
        assert os.fstat(descriptor).st_size == len(b"content")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
