"""Files and folders that are on the disk when the call returns.

The rules: a file is created exclusively and never opened for writing again; file, then folder are flushed
(`fsync`) before anything is acknowledged; a new folder is flushed into its parent. Linux only (flock, renameat2).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from secrets import token_hex
from typing import TYPE_CHECKING, Protocol

from archive_store.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 20
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SEALED_FILE = 0o444
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Readable(Protocol):
    """What bytes are taken from: a file, an upload, a socket."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the size in bytes and the SHA-512 in hex."""

    size: int
    sha512: str


@contextmanager
def storage_trouble() -> Iterator[None]:
    """Turn an error of the disk into the sentence that a person can act on."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            "存储暂时不能读写，本次操作没有保存任何内容。请稍后再试；仍不成功的，请联系系统管理员检查磁盘空间和权限。"
        ) from error


def write_stream(source: Readable, target: Path, mode: int = PRIVATE_FILE, limit: int | None = None) -> Written:
    """Copy `source` into the new file `target`, hashing on the way, and flush it.

    The folder is not flushed: that is the caller's, once for many files.

    Raises:
        InvalidInputError: more than `limit` bytes came.
        FileExistsError: `target` exists; it was not touched.
    """
    digest, size = hashlib.sha512(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if limit is not None and size > limit:
                raise InvalidInputError(f"文件超过允许的大小（{limit // 1024} KB），没有保存。请拆分或压缩后再提交。")
            digest.update(chunk)
            _write_all(file.fileno(), chunk)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    return Written(size, digest.hexdigest())


def write_bytes(data: bytes, target: Path, mode: int = PRIVATE_FILE) -> Written:
    """Write `data` into the new file `target` and flush it; the folder is the caller's to flush."""
    return write_stream(BytesIO(data), target, mode)


def replace_bytes(data: bytes, target: Path) -> None:
    """Put `data` in the place of a small file: readers see the old or the new one, whole, and the new one stays.

    One process writes it at a time.
    """
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)  # of a write that was killed
    write_bytes(data, fresh)
    fresh.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Flush the entries of a folder and of all folders below it (files are flushed when they are written)."""
    for path, _, _ in os.walk(folder):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path, *, flush: bool = True) -> None:
    """Make a folder and its missing parents, readable by the owner only, each flushed into its parent.

    With `flush` false the caller flushes the whole tree later (`sync_tree`).
    """
    if folder.is_dir():
        return
    make_folder(folder.parent, flush=flush)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    if flush:
        sync_folder(folder.parent)


def sha512_of(source: Readable) -> Written:
    """Size and digest of what can be read from `source`."""
    digest, size = hashlib.sha512(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return Written(size, digest.hexdigest())


def exchange(first: Path, second: Path) -> None:
    """Swap two folders in one step (renameat2 with RENAME_EXCHANGE).

    Raises:
        OSError: the file system cannot do it (EINVAL), or one of the two is missing.
    """
    call = ctypes.CDLL(None, use_errno=True).renameat2
    if call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(first))
    sync_folder(first.parent)
    sync_folder(second.parent)


class Scratch:
    """A folder of unfinished work, on the file system of the store that it serves.

    Each piece of work has a folder of its own and holds a lock on it while its process lives; `sweep` removes
    what no living process holds. The lock of the area is held only while pieces come and go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def piece(self) -> Iterator[Path]:
        """An empty folder that is removed at the end, with whatever still lies in it."""
        place = self.folder / token_hex(16)
        with self.lock():
            place.mkdir(mode=PRIVATE_FOLDER)
            holder = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
            fcntl.flock(holder, fcntl.LOCK_EX)
        try:
            work = place / "work"
            work.mkdir(mode=PRIVATE_FOLDER)
            yield work
        finally:
            os.close(holder)
            shutil.rmtree(place, ignore_errors=True)  # what stays is swept at the next start

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the area against every other thread and process."""
        make_folder(self.folder)
        holder = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(holder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(holder)

    def sweep(self) -> int:
        """Remove the work of processes that have died; gives how many pieces were removed."""
        swept = 0
        with self.lock():
            for place in [entry for entry in self.folder.iterdir() if entry.is_dir()]:
                if _nobody_holds(place / "lock"):
                    shutil.rmtree(place)
                    swept += 1
        return swept


def _nobody_holds(lock: Path) -> bool:
    try:
        holder = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # killed between making the folder and its lock
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    finally:
        os.close(holder)
    return True


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]
