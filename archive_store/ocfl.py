"""A storage root of OCFL 1.1 in a folder: objects are built beside it and enter it whole, or not at all.

An object is written and flushed in a scratch folder beside the root, `NAME.building`, and enters by one rename:
of its own folder, or of the highest folder on its path that the root does not have yet, so that the root never
holds an empty folder. It is immutable; a supplement makes a further version in a copy of hard links that takes
the old one's place in one step. Files are read-only (0444), folders open to their owner only (0700).

`sweep` at start removes what processes that died left in the scratch folder; nothing of theirs is in the root.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from archive_store.blobs.durable import (
    SEALED_FILE,
    Readable,
    Scratch,
    Written,
    exchange,
    make_folder,
    storage_trouble,
    sync_folder,
    sync_tree,
    write_bytes,
    write_stream,
)
from archive_store.errors import ConflictError, IntegrityError, InvalidInputError, NotFoundError
from archive_store.ocfl_inventory import (
    CONTENT,
    INVENTORY,
    OBJECT_DECLARATION,
    OBJECT_DECLARATION_BYTES,
    SIDECAR,
    Author,
    Inventory,
    Version,
    is_logical_path,
    layout_files,
    object_path,
    sidecar,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

BUILDING = ".building"


@dataclass(frozen=True, slots=True)
class FinishedVersion:
    """A version that lies complete and flushed in the scratch folder: what to record of it before it is published."""

    object_id: str
    version: str
    inventory_sha512: str


class ObjectBuild:
    """One version being built: `add` as often as needed, then `finish`, then `publish`.

    Made by `StorageRoot.new_object` and `StorageRoot.add_version`.
    """

    def __init__(self, root: StorageRoot, work: Path, object_id: str, old: Inventory | None) -> None:
        self.object_id = object_id
        self._root, self._work, self._old = root, work, old
        self._folder = work / object_path(object_id)
        self._version = f"v{len(old.versions) + 1}" if old else "v1"
        self._written: dict[str, str] = {}
        self._finished = False

    def add(self, path: str, source: Readable) -> Written:
        """Stream a file into the version, under a logical path such as "003.pdf".

        Raises:
            InvalidInputError: the path is not one that may stand in an object.
            ConflictError: the version has such a file already.
            UnavailableError: the disk cannot take it.
        """
        if not is_logical_path(path):
            raise InvalidInputError(f"封存包内的文件名不合规定：{path}。")
        if self._finished or path in self._written:
            raise ConflictError(f"封存包内已有文件 {path}，不能重复写入。")
        target = self._folder / self._version / CONTENT / path
        with storage_trouble():
            make_folder(target.parent, flush=False)
            written = write_stream(source, target, mode=SEALED_FILE)
        self._written[path] = written.sha512
        return written

    def add_bytes(self, path: str, data: bytes) -> Written:
        """Write a small file into the version; errors as for `add`."""
        return self.add(path, BytesIO(data))

    def finish(self, message: str, author: Author, created: datetime) -> FinishedVersion:
        """Write declaration and inventories and flush everything; nothing can be added after this.

        Args:
            message: why the version exists, one sentence.
            author: who made it.
            created: when, with time zone.

        Raises:
            InvalidInputError: the version is empty.
        """
        if not self._written:
            raise InvalidInputError("封存包是空的，不能封存。请先加入文件。")
        data = self._inventory(message, author, created).to_bytes()
        with storage_trouble():
            if self._old is None:
                write_bytes(OBJECT_DECLARATION_BYTES, self._folder / OBJECT_DECLARATION, SEALED_FILE)
            for folder in (self._folder / self._version, self._folder):
                write_bytes(data, folder / INVENTORY, SEALED_FILE)
                write_bytes(sidecar(data), folder / SIDECAR, SEALED_FILE)
            sync_tree(self._work)
        self._finished = True
        return FinishedVersion(self.object_id, self._version, hashlib.sha512(data).hexdigest())

    def publish(self) -> None:
        """Move the finished version into the root; on return it is there for good.

        Raises:
            ConflictError: the root has the object already (or another version of it); nothing was changed.
        """
        if not self._finished:
            raise ConflictError("封存包尚未写完，不能入库。")
        self._root.take_in(self._work, self.object_id, self._old)

    def _inventory(self, message: str, author: Author, created: datetime) -> Inventory:
        before, versions = (dict(self._old.manifest), self._old.versions) if self._old else ({}, ())
        state = (dict(self._old.state) if self._old else {}) | self._written
        added = {f"{self._version}/{CONTENT}/{path}": digest for path, digest in self._written.items()}
        return Inventory(self.object_id, before | added, (*versions, Version(created, message, author, state)))


class StorageRoot:
    """The storage root in `folder`; `open` makes it where it does not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._scratch = Scratch(folder.with_name(folder.name + BUILDING))

    @classmethod
    def open(cls, folder: Path) -> StorageRoot:
        """The root in `folder`, made now (whole or not at all) where nothing is there."""
        root = cls(folder)
        with storage_trouble():
            make_folder(folder.parent)
            with root._scratch.piece() as work, root._scratch.lock():
                if not folder.exists():
                    _write_layout(work / "root")
                    (work / "root").rename(folder)
                    sync_folder(folder.parent)
        return root

    def sweep(self) -> int:
        """Remove what died in the making; gives how many pieces were removed. Safe while others build."""
        with storage_trouble():
            return self._scratch.sweep()

    def has(self, object_id: str) -> bool:
        """Whether the root holds the object."""
        return self.object_folder(object_id).is_dir()

    def object_folder(self, object_id: str) -> Path:
        """Where the object lies, or would lie."""
        return self.folder / object_path(object_id)

    @contextmanager
    def new_object(self, object_id: str) -> Iterator[ObjectBuild]:
        """Build a new object; what was not published when the block ends is gone.

        Raises:
            ConflictError: the root has the object already.
        """
        if self.has(object_id):
            raise ConflictError("该封存包已经存在，封存后不能更改。")
        with self._scratch.piece() as work:
            yield ObjectBuild(self, work, object_id, None)

    @contextmanager
    def add_version(self, object_id: str) -> Iterator[ObjectBuild]:
        """Build a further version that keeps every file of the one before and adds to it (a supplement).

        Raises:
            NotFoundError: there is no such object.
        """
        old = self.inventory(object_id)
        with self._scratch.piece() as work:
            copy = work / object_path(object_id)
            with storage_trouble():
                _link_tree(self.object_folder(object_id), copy)
                for name in (INVENTORY, SIDECAR):
                    (copy / name).unlink()
            yield ObjectBuild(self, work, object_id, old)

    def inventory(self, object_id: str) -> Inventory:
        """The object's inventory, its digest checked against the sidecar.

        Raises:
            NotFoundError: there is no such object.
            IntegrityError: the inventory is not what was written.
        """
        folder = self.object_folder(object_id)
        try:
            data, side = (folder / INVENTORY).read_bytes(), (folder / SIDECAR).read_bytes()
        except FileNotFoundError:
            raise NotFoundError from None
        inventory = Inventory.parse(data)
        if side != sidecar(data) or inventory.object_id != object_id:
            raise IntegrityError("封存包的清册已被改动或损坏。请勿使用，并从备份恢复。")
        return inventory

    def open_file(self, object_id: str, path: str) -> BinaryIO:
        """The newest content of a logical path, as a file that can seek and has a descriptor.

        Raises:
            NotFoundError: no such object, or no such file in it.
            IntegrityError: the inventory is not what was written, or the file cannot be opened.
        """
        found = self.inventory(object_id).content_path(path)
        if found is None:
            raise NotFoundError
        place = self.object_folder(object_id) / found
        try:
            return open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")  # noqa: PTH123
        except OSError as error:
            raise IntegrityError("封存包中的一个文件缺失或不能读取。请联系系统管理员检查存储。") from error

    def read(self, object_id: str, path: str) -> bytes:
        """The whole of a small file (manifest, signature); errors as for `open_file`."""
        with self.open_file(object_id, path) as file:
            return file.read()

    def withdraw(self, object_id: str) -> None:
        """Take an object out that was published but never acknowledged (its record was not committed).

        What was acknowledged is never withdrawn: the caller's record decides. Nothing happens where the object
        is not in the root.
        """
        folder = self.object_folder(object_id)
        with storage_trouble(), self._scratch.piece() as work, self._scratch.lock():
            if not folder.is_dir():
                return
            while folder.parent != self.folder and len(list(folder.parent.iterdir())) == 1:
                folder = folder.parent
            folder.rename(work / "withdrawn")
            sync_folder(folder.parent)

    def take_in(self, work: Path, object_id: str, old: Inventory | None) -> None:
        """Move a finished build in (called by `ObjectBuild.publish`)."""
        relative = object_path(object_id)
        with storage_trouble(), self._scratch.lock():
            if old is None:
                self._enter(work, relative)
            elif self.inventory(object_id) == old:
                exchange(work / relative, self.folder / relative)
            else:
                raise ConflictError("该封存包刚刚有了新的版本，本次补充没有写入。请刷新后重试。")

    def _enter(self, work: Path, relative: PurePosixPath) -> None:
        for depth in range(1, len(relative.parts) + 1):
            part = Path(*relative.parts[:depth])
            if not (self.folder / part).exists():
                (work / part).rename(self.folder / part)
                sync_folder((self.folder / part).parent)
                return
        raise ConflictError("该封存包已经存在，封存后不能更改。")


def _write_layout(folder: Path) -> None:
    for path, data in layout_files().items():
        make_folder((folder / path).parent, flush=False)
        write_bytes(data, folder / path, SEALED_FILE)
    sync_tree(folder)


def _link_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)
