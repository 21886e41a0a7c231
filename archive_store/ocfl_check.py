"""Whether a storage root is exactly what OCFL and its inventories say: every file, and nothing else.

The rules: the three layout files have their exact bytes; an object lies where its id puts it; its declaration,
its inventories and their sidecars are there and agree (OCFL 1.1, 3.2-3.7); every content file has the SHA-512
of the manifest; there is no other file, no link, no device, no empty folder, in an object or between objects
(4.1: nothing but objects below the root). A slip is a finding; nothing here stops at the first.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from archive_store.blobs.durable import sha512_of
from archive_store.ocfl_inventory import (
    CONTENT,
    INVENTORY,
    NUMBER_OF_TUPLES,
    OBJECT_DECLARATION,
    OBJECT_DECLARATION_BYTES,
    SIDECAR,
    Inventory,
    InventoryError,
    layout_files,
    object_path,
    sidecar,
)
from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SMALL_FILE = 64 << 20


class Trouble(TitledEnum):
    """What can be wrong with a stored file or object."""

    MISSING = "missing", "缺少应有的文件"
    FOREIGN = "foreign", "多出不应有的文件或文件夹"
    CHANGED = "changed", "内容与登记的摘要不一致"
    MALFORMED = "malformed", "格式不正确"
    MISPLACED = "misplaced", "存放的位置不正确"
    UNREADABLE = "unreadable", "不能读取"
    OBJECT_MISSING = "object_missing", "封存包不存在"
    OBJECT_FOREIGN = "object_foreign", "存储中有未登记的封存包"
    SEAL_INVALID = "seal_invalid", "封存签名或时间戳无效"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where (path below the storage root), which object, what, and the sentence for people."""

    path: str
    trouble: Trouble
    object_id: str | None = None
    detail: str = ""

    @property
    def zh(self) -> str:
        """The sentence for people."""
        return f"{self.path}：{self.trouble.zh}{f'（{self.detail}）' if self.detail else ''}。"


@dataclass(slots=True)
class ObjectCheck:
    """What was found of one object.

    `path` is its folder below the root; `digests` holds the SHA-512 of each content file as it is on the disk, by
    its path below the object; `files` and `size` (bytes) count what was read.
    """

    path: str
    object_id: str | None = None
    inventory: Inventory | None = None
    inventory_sha512: str | None = None
    digests: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    size: int = 0

    def slip(self, path: str, trouble: Trouble, detail: str = "") -> None:
        """Note a finding at a path below the object."""
        where = f"{self.path}/{path}" if path else self.path
        self.findings.append(Finding(where, trouble, self.object_id, detail))


def check_layout(root: Path) -> list[Finding]:
    """Check the files of the root itself and that nothing but objects lies beside them.

    What lies in the folders of the objects is checked by `check_object`.
    """
    findings = []
    expected = layout_files()
    for path, data in expected.items():
        found = _read(root / path)
        if found is None:
            findings.append(Finding(path, Trouble.MISSING))
        elif found != data:
            findings.append(Finding(path, Trouble.CHANGED))
    known = {*expected, *(str(parent) for path in expected for parent in PurePosixPath(path).parents)}
    return findings + list(_foreign_in_root(root, known))


def object_folders(root: Path) -> Iterator[PurePosixPath]:
    """Every folder, relative to the root, in which an object lies or ought to lie, in the order of the names."""
    folders = [PurePosixPath()]
    for depth in range(NUMBER_OF_TUPLES + 1):
        folders = [
            folder / name
            for folder in folders
            for name in _names(root / folder)
            if _is_folder(root / folder / name) and (depth > 0 or name != "extensions")
        ]
    yield from folders


def check_object(root: Path, folder: PurePosixPath) -> ObjectCheck:
    """Check one object: form, place, inventories, the digest of each file, and that there is nothing else.

    A supplement may take the object's place in the midst of it; then the object is read again.
    """
    while True:
        check = _check_object(root, folder)
        data = _read(root / folder / INVENTORY)
        if not check.findings or data is None or check.inventory_sha512 == _digest(data):
            return check


def _check_object(root: Path, folder: PurePosixPath) -> ObjectCheck:
    check = ObjectCheck(str(folder))
    place = root / folder
    present = _walk(place, check)
    inventory = _check_inventory(place, check)
    expected = {OBJECT_DECLARATION, INVENTORY, SIDECAR}
    if inventory is not None:
        _check_versions(place, inventory, check)
        expected |= set(inventory.manifest)
        expected |= {f"v{n}/{name}" for n in range(1, len(inventory.versions) + 1) for name in (INVENTORY, SIDECAR)}
        _check_contents(place, inventory, present, check)
        for path in sorted(present - expected):
            check.slip(path, Trouble.FOREIGN)
    if OBJECT_DECLARATION in present and _read(place / OBJECT_DECLARATION) != OBJECT_DECLARATION_BYTES:
        check.slip(OBJECT_DECLARATION, Trouble.CHANGED)
    for path in sorted(expected - present):
        check.slip(path, Trouble.MISSING)
    check.files = len(present)
    return check


def check_root(root: Path) -> Iterator[ObjectCheck]:
    """Check every object of a root, one by one; `check_layout` checks what is not an object."""
    for folder in object_folders(root):
        yield check_object(root, folder)


def _foreign_in_root(root: Path, known: set[str]) -> Iterator[Finding]:
    """Files between the objects, folders that lead to none, and whatever is neither file nor folder."""
    waiting = [PurePosixPath()]
    while waiting:
        folder = waiting.pop()
        entries = _names(root / folder)
        if not entries:
            yield Finding(str(folder), Trouble.FOREIGN, detail="空文件夹")
        for name in entries:
            path = folder / name
            between_objects = len(path.parts) <= NUMBER_OF_TUPLES and folder.parts[:1] != ("extensions",)
            if str(path) in known or (_is_folder(root / path) and between_objects and _is_tuple(name)):
                waiting.extend([path] if _is_folder(root / path) else [])
            elif len(path.parts) != NUMBER_OF_TUPLES + 1 or not _is_folder(root / path):
                yield Finding(str(path), Trouble.FOREIGN)


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _digest(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


def _is_tuple(name: str) -> bool:
    return len(name) == NUMBER_OF_TUPLES and set(name) <= set("0123456789abcdef")


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


def _walk(place: Path, check: ObjectCheck) -> set[str]:
    """Regular files below an object; links, devices and empty folders are noted."""
    present: set[str] = set()
    waiting = [PurePosixPath()]
    while waiting:
        folder = waiting.pop()
        entries = _names(place / folder)
        if not entries:
            check.slip(str(folder), Trouble.FOREIGN, "空文件夹")
        for name in entries:
            mode = (place / folder / name).lstat().st_mode
            if stat.S_ISDIR(mode):
                waiting.append(folder / name)
            elif stat.S_ISREG(mode):
                present.add(str(folder / name))
            else:
                check.slip(str(folder / name), Trouble.FOREIGN, "不是普通文件")
    return present


def _check_inventory(place: Path, check: ObjectCheck) -> Inventory | None:
    data, side = _read(place / INVENTORY), _read(place / SIDECAR)
    if data is None:
        return None
    if side is not None and side != sidecar(data):
        check.slip(INVENTORY, Trouble.CHANGED, "与其摘要文件不一致")
    check.inventory_sha512 = _digest(data)
    try:
        inventory = Inventory.parse(data)
    except InventoryError:
        check.slip(INVENTORY, Trouble.MALFORMED)
        return None
    check.object_id, check.inventory = inventory.object_id, inventory
    if str(object_path(inventory.object_id)) != check.path:
        check.slip("", Trouble.MISPLACED)
    return inventory


def _check_versions(place: Path, inventory: Inventory, check: ObjectCheck) -> None:
    """Each version's own inventory: the newest is the object's, byte for byte; older ones are its beginning."""
    for number in range(1, len(inventory.versions) + 1):
        path = f"v{number}/{INVENTORY}"
        data, side = _read(place / path), _read(place / f"v{number}/{SIDECAR}")
        if data is None:
            continue
        if side is not None and side != sidecar(data):
            check.slip(path, Trouble.CHANGED, "与其摘要文件不一致")
        if number == len(inventory.versions):
            same = data == _read(place / INVENTORY)
        else:
            same = _is_beginning(data, inventory, number)
        if not same:
            check.slip(path, Trouble.CHANGED, "与封存包的清册不一致")


def _is_beginning(data: bytes, inventory: Inventory, number: int) -> bool:
    try:
        old = Inventory.parse(data)
    except InventoryError:
        return False
    kept = {path: digest for path, digest in inventory.manifest.items() if int(path.split("/")[0][1:]) <= number}
    return (
        old.object_id == inventory.object_id
        and old.versions == inventory.versions[:number]
        and dict(old.manifest) == kept
    )


def _check_contents(place: Path, inventory: Inventory, present: set[str], check: ObjectCheck) -> None:
    for path, digest in inventory.manifest.items():
        if path not in present:
            continue
        try:
            with (place / path).open("rb") as file:
                found = sha512_of(file)
        except OSError:
            check.slip(path, Trouble.UNREADABLE)
            continue
        check.digests[path] = found.sha512
        check.size += found.size
        if found.sha512 != digest:
            check.slip(path, Trouble.CHANGED, "原始内容" if f"/{CONTENT}/" in path else "")


def _read(path: Path) -> bytes | None:
    """A small file's bytes; nothing where it is not there or is no regular file that can be read."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > MAX_SMALL_FILE:
            return None
        return path.read_bytes()
    except OSError:
        return None
