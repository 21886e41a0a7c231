"""Blobs as files in a folder: the embedded default.

`FOLDER/ab/ab12…` with the first two digits as a subfolder, `FOLDER/incoming` for what is being written.
Files are readable by their owner only. A hard link gives a blob its name, so that no name is ever taken twice.
"""

from __future__ import annotations

import os
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO

from archive_store.blobs.base import StoredBlob, checked_name
from archive_store.blobs.durable import (
    CHUNK,
    Scratch,
    make_folder,
    sha512_of,
    storage_trouble,
    sync_folder,
    write_stream,
)
from archive_store.errors import IntegrityError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive_store.blobs.durable import Readable

INCOMING = "incoming"


class LocalBlobStore:
    """Keeps blobs for ever in a folder; see `BlobStore` for the promises."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = Scratch(folder / INCOMING)

    def put(self, source: Readable, limit: int | None = None) -> StoredBlob:
        with storage_trouble(), self._incoming.piece() as work:
            name = token_hex(16)
            written = write_stream(source, work / name, limit=limit)
            final = self._path(name)
            make_folder(final.parent)
            os.link(work / name, final)
            sync_folder(final.parent)
            sync_folder(self.folder)  # another process may have made the subfolder a moment ago
        return StoredBlob(name, written.size, written.sha512)

    def open(self, name: str) -> BinaryIO:
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFoundError from None
        except OSError as error:
            raise IntegrityError("存储中的一个文件不能读取。请联系系统管理员检查存储。") from error
        return open(descriptor, "rb")  # noqa: PTH123 - a descriptor, not a path

    def read_range(self, name: str, first: int, count: int) -> Iterator[bytes]:
        return _chunks(self.open(name), first, count)

    def size(self, name: str) -> int:
        with self.open(name) as file:
            return os.fstat(file.fileno()).st_size

    def verify(self, blob: StoredBlob) -> None:
        with self.open(blob.name) as file, storage_trouble():
            found = sha512_of(file)
        if (found.size, found.sha512) != (blob.size, blob.sha512):
            raise IntegrityError("存储中的一个文件与登记的摘要不一致，内容已被改动或损坏。请勿使用，并从备份恢复。")

    def names(self) -> Iterator[str]:
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            yield from (path.name for path in sorted(folder.iterdir()))

    def sweep(self) -> int:
        with storage_trouble():
            return self._incoming.sweep()

    def _path(self, name: str) -> Path:
        return self.folder / checked_name(name)[:2] / name


class LocalStagingStore(LocalBlobStore):
    """Keeps blobs in a folder until they are deleted: drafts and derivatives."""

    def delete(self, name: str) -> None:
        path = self._path(name)
        with storage_trouble():
            try:
                path.unlink()
            except FileNotFoundError:
                return
            sync_folder(path.parent)


def _chunks(file: BinaryIO, first: int, count: int) -> Iterator[bytes]:
    """Lazily, but the file is open already: a missing blob is told before the first byte is asked for."""
    with file:
        file.seek(first)
        while count > 0 and (chunk := file.read(min(CHUNK, count))):
            count -= len(chunk)
            yield chunk
