"""Derivatives: what is made from originals to find and to play them, thrown away and made anew at will.

`FOLDER/<kind>/ab/<file id>/<name>`, readable by the owner only, apart from the sealed store. A derivative is content
of its item and as secret as that: it lies in a file of its own, not in the database, so that it goes with its item,
stays out of dumps of the tables, and can be encrypted by itself. A file is complete or not there.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from archive_store.blobs.base import checked_name
from archive_store.blobs.durable import PRIVATE_FILE, Scratch, make_folder, storage_trouble, sync_folder
from archive_store.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INCOMING = "incoming"
LEAST_FREE_BYTES = 2**28
"""What derivatives leave to the rest of the archive."""
NO_ROOM = "磁盘空间不足，暂时不能制作派生文件。原件完好。请联系系统管理员清理磁盘，之后会自动继续。"


class Kind(StrEnum):
    """Kinds of derivatives."""

    TEXT = "text"
    """Recognised text, one file a page, named by the page's number."""
    WORDS = "words"
    """The text of a file without pages, or why there is none; one file, named `words`."""
    PLAYING = "playing"
    """The form of a recording that browsers play."""


class Derivatives:
    """Keeps derivatives by kind, the id of the stored file that they were made from, and a name of ours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = Scratch(folder / INCOMING)

    @contextmanager
    def making(self, kind: Kind, file_id: str, name: str, *, expected: int = 0) -> Iterator[BinaryIO]:
        """An empty file to write to and read from; at the end of the block it takes the place of what was there.

        Whoever else was handed its descriptor must be gone by then. An error leaves what was there before.
        `expected` is about how many bytes will be written.

        Raises:
            UnavailableError: the disk cannot be written to now, or would be full afterwards.
        """
        with storage_trouble(), self._incoming.piece() as work:
            if shutil.disk_usage(work).free < expected + LEAST_FREE_BYTES:
                raise UnavailableError(NO_ROOM)
            place = work / "made"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(place, flags, PRIVATE_FILE), "r+b") as file:  # noqa: PTH123 - a descriptor
                yield file
                file.flush()
                os.fchmod(file.fileno(), PRIVATE_FILE)
                os.fsync(file.fileno())
            final = self._place(kind, file_id)
            make_folder(final)
            place.replace(final / name)
            sync_folder(final)

    def open(self, kind: Kind, file_id: str, name: str) -> BinaryIO:
        """A derivative, for reading.

        Raises:
            NotFoundError: it is not there.
        """
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            return open(os.open(self._place(kind, file_id) / name, flags), "rb")  # noqa: PTH123 - a descriptor
        except FileNotFoundError:
            raise NotFoundError from None

    def names(self, kind: Kind, file_id: str) -> frozenset[str]:
        """The names of what there is of one kind for one file."""
        place = self._place(kind, file_id)
        return frozenset(entry.name for entry in place.iterdir()) if place.is_dir() else frozenset()

    def file_ids(self, kind: Kind) -> Iterator[str]:
        """The files from which something of this kind was made."""
        for folder in sorted((self._folder / kind).glob("[0-9a-f][0-9a-f]")):
            yield from (entry.name for entry in sorted(folder.iterdir()))

    def remove(self, kind: Kind, file_id: str) -> None:
        """Throw away what was made of one kind from one file."""
        place = self._place(kind, file_id)
        if place.is_dir():
            with storage_trouble():
                shutil.rmtree(place)
                sync_folder(place.parent)

    def sweep(self) -> None:
        """Remove what interrupted making left behind."""
        with storage_trouble():
            self._incoming.sweep()

    def _place(self, kind: Kind, file_id: str) -> Path:
        return self._folder / kind / checked_name(file_id)[:2] / file_id
