"""The check of a storage root: whatever is not exactly as it was written is found."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from archive_store.ocfl import StorageRoot
from archive_store.ocfl_check import Finding, Trouble, check_layout, check_root
from archive_store.ocfl_inventory import LAYOUT, sidecar
from tests.archive_store.sealed import AUTHOR, NOON

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST, SECOND = "urn:anjuan:first:main", "urn:anjuan:second:main"


def filled(folder: Path) -> StorageRoot:
    """Two objects, one of them with two versions."""
    root = StorageRoot.open(folder)
    for object_id in (FIRST, SECOND):
        with root.new_object(object_id) as build:
            build.add_bytes("001.pdf", b"one")
            build.add_bytes("002.pdf", b"two")
            build.finish("封存", AUTHOR, NOON)
            build.publish()
    with root.add_version(FIRST) as build:
        build.add_bytes("s2/003.pdf", b"three")
        build.finish("补充", AUTHOR, NOON)
        build.publish()
    return root


@pytest.fixture
def root(tmp_path: Path) -> StorageRoot:
    return filled(tmp_path / "root")


def findings(root: StorageRoot) -> list[Finding]:
    return check_layout(root.folder) + [found for check in check_root(root.folder) for found in check.findings]


def rewrite(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def mend(root: StorageRoot, object_id: str, change: Callable[[dict[str, object]], None]) -> None:
    """Change an inventory and make sidecars and the newest version's copy fit it."""
    folder = root.object_folder(object_id)
    document = json.loads((folder / "inventory.json").read_bytes())
    change(document)
    data = json.dumps(document).encode()
    for place in (folder, folder / str(document["head"])):
        if place.is_dir():
            rewrite(place / "inventory.json", data)
            rewrite(place / "inventory.json.sha512", sidecar(data))


def test_every_missing_file_is_reported(root: StorageRoot) -> None:
    for path in [p for p in root.folder.rglob("*") if p.is_file()]:
        kept = path.read_bytes()
        path.unlink()
        assert findings(root), path
        path.write_bytes(kept)
    assert findings(root) == []


def test_a_foreign_file_in_any_folder_is_reported(root: StorageRoot) -> None:
    for folder in [root.folder, *(p for p in root.folder.rglob("*") if p.is_dir())]:
        (folder / "note.txt").write_bytes(b"x")
        assert findings(root), folder
        (folder / "note.txt").unlink()


def test_an_empty_folder_in_any_folder_is_reported(root: StorageRoot) -> None:
    for folder in [root.folder, *(p for p in root.folder.rglob("*") if p.is_dir())]:
        for name in ("abc", "other"):
            (folder / name).mkdir()
            assert findings(root), folder / name
            (folder / name).rmdir()


def test_links_and_pipes_are_reported_even_where_the_bytes_would_fit(root: StorageRoot, tmp_path: Path) -> None:
    content = root.object_folder(SECOND) / "v1/content/001.pdf"
    content.rename(tmp_path / "moved")
    content.symlink_to(tmp_path / "moved")
    assert {Trouble.FOREIGN, Trouble.MISSING} <= {found.trouble for found in findings(root)}
    content.unlink()
    os.mkfifo(content)
    assert {Trouble.FOREIGN, Trouble.MISSING} <= {found.trouble for found in findings(root)}


def test_an_object_in_the_wrong_place_is_reported(root: StorageRoot) -> None:
    folder = root.object_folder(SECOND)
    folder.rename(folder.with_name("other"))
    assert Trouble.MISPLACED in {found.trouble for found in findings(root)}


def test_an_object_within_an_object_is_reported(root: StorageRoot) -> None:
    shutil.copytree(root.object_folder(SECOND), root.object_folder(FIRST) / "inner")
    assert Trouble.FOREIGN in {found.trouble for found in findings(root)}


def test_an_object_that_takes_anothers_name_is_reported(root: StorageRoot) -> None:
    shutil.rmtree(root.object_folder(SECOND))
    shutil.copytree(root.object_folder(FIRST), root.object_folder(SECOND))
    assert Trouble.MISPLACED in {found.trouble for found in findings(root)}


def test_an_older_inventory_must_be_the_beginning_of_the_newer(root: StorageRoot) -> None:
    other = (root.object_folder(SECOND) / "inventory.json").read_bytes()
    for name, data in (("inventory.json", other), ("inventory.json.sha512", sidecar(other))):
        rewrite(root.object_folder(FIRST) / "v1" / name, data)
    assert [found.trouble for found in findings(root)] == [Trouble.CHANGED]


def test_a_history_rewritten_in_the_newest_inventory_is_reported(root: StorageRoot) -> None:
    mend(root, FIRST, lambda document: document["versions"]["v1"].update(message="另有原因"))  # type: ignore[index]
    assert [found.path.rsplit("/", 2)[1] for found in findings(root)] == ["v1"]


def test_a_malformed_inventory_is_reported_with_its_path(root: StorageRoot) -> None:
    mend(root, SECOND, lambda document: document.update(head="v7"))
    found = findings(root)
    assert Trouble.MALFORMED in {one.trouble for one in found}
    assert all(one.path in one.zh and one.trouble.zh in one.zh for one in found)


def test_another_layout_is_reported(root: StorageRoot) -> None:
    (root.folder / "extensions" / "0007-other").mkdir()
    (root.folder / "extensions" / "0007-other" / "config.json").write_bytes(b"{}")
    assert [found.path for found in findings(root)] == ["extensions/0007-other"]
    rewrite(root.folder / "extensions" / LAYOUT / "config.json", b"{}")
    assert Trouble.CHANGED in {found.trouble for found in findings(root)}


def test_a_whole_root_has_no_finding_and_is_counted(root: StorageRoot) -> None:
    checks = list(check_root(root.folder))
    assert findings(root) == []
    assert {check.object_id for check in checks} == {FIRST, SECOND}
    assert sum(check.files for check in checks) + 3 == sum(p.is_file() for p in root.folder.rglob("*"))
    assert sum(check.size for check in checks) == 2 * 6 + 5


def test_an_empty_root_is_whole(tmp_path: Path) -> None:
    assert findings(StorageRoot.open(tmp_path / "empty")) == []
