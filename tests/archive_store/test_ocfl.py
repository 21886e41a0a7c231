"""The storage root: objects enter whole or not at all, stay as they are, and other programs read them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import pytest

from archive_store import ocfl
from archive_store.errors import ConflictError, IntegrityError, InvalidInputError, NotFoundError, UnavailableError
from archive_store.ocfl import StorageRoot
from archive_store.ocfl_check import check_layout, check_root
from archive_store.ocfl_inventory import object_path
from tests.archive_store.sealed import AUTHOR, NOON
from tests.services import need_java

MAIN = "urn:anjuan:demo:main"
JUDGES = Path(__file__).parent.parent / "judges"


@pytest.fixture
def root(tmp_path: Path) -> StorageRoot:
    return StorageRoot.open(tmp_path / "root")


def put(root: StorageRoot, object_id: str = MAIN, data: bytes = b"evidence") -> str:
    with root.new_object(object_id) as build:
        build.add("001.pdf", BytesIO(data))
        build.add_bytes("case.json", b"{}")
        finished = build.finish("封存", AUTHOR, NOON)
        build.publish()
    return finished.inventory_sha512


def supplement(root: StorageRoot, path: str = "s2/002.pdf") -> None:
    with root.add_version(MAIN) as build:
        build.add_bytes(path, b"found later")
        build.finish("补充", AUTHOR, NOON)
        build.publish()


def everything_below(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def is_clean(root: StorageRoot) -> bool:
    return not check_layout(root.folder) and not any(check.findings for check in check_root(root.folder))


def test_an_object_is_never_replaced(root: StorageRoot) -> None:
    put(root)
    before = everything_below(root.folder)
    with pytest.raises(ConflictError):
        put(root, data=b"forged")
    assert everything_below(root.folder) == before


def test_of_two_who_build_the_same_object_one_gets_in(root: StorageRoot) -> None:
    with root.new_object(MAIN) as slow:
        slow.add_bytes("001.pdf", b"slow")
        slow.finish("封存", AUTHOR, NOON)
        put(root, data=b"fast")
        with pytest.raises(ConflictError):
            slow.publish()
    assert root.read(MAIN, "001.pdf") == b"fast"
    assert is_clean(root)


def test_what_is_not_published_leaves_no_trace(root: StorageRoot) -> None:
    before = everything_below(root.folder)
    with root.new_object(MAIN) as build:
        build.add_bytes("001.pdf", b"x")
        build.finish("封存", AUTHOR, NOON)
    assert everything_below(root.folder) == before
    assert [p.name for p in root.folder.with_name("root.building").iterdir()] == ["lock"]


def test_nothing_is_published_unfinished_or_empty_or_added_to_afterwards(root: StorageRoot) -> None:
    with root.new_object(MAIN) as build:
        with pytest.raises(InvalidInputError):
            build.finish("封存", AUTHOR, NOON)
        build.add_bytes("001.pdf", b"x")
        with pytest.raises(ConflictError):
            build.publish()
        with pytest.raises(ConflictError):
            build.add_bytes("001.pdf", b"y")
        build.finish("封存", AUTHOR, NOON)
        with pytest.raises(ConflictError):
            build.add_bytes("002.pdf", b"y")


@pytest.mark.parametrize("path", ["../escape", "/etc/x", "内部.pdf", ""])
def test_no_file_leaves_its_object(root: StorageRoot, path: str) -> None:
    with root.new_object(MAIN) as build, pytest.raises(InvalidInputError):
        build.add_bytes(path, b"x")


def test_what_is_not_there_is_not_found(root: StorageRoot) -> None:
    put(root)
    for object_id, path in [("urn:anjuan:other:main", "001.pdf"), (MAIN, "999.pdf"), (MAIN, "../../0=ocfl_1.1")]:
        with pytest.raises(NotFoundError):
            root.open_file(object_id, path)
    with pytest.raises(NotFoundError), root.add_version("urn:anjuan:other:main"):
        pass


def test_a_changed_inventory_is_not_read_from(root: StorageRoot) -> None:
    put(root)
    inventory = root.object_folder(MAIN) / "inventory.json"
    inventory.chmod(0o600)
    inventory.write_bytes(inventory.read_bytes().replace("封存".encode(), "开启".encode()))
    with pytest.raises(IntegrityError):
        root.open_file(MAIN, "001.pdf")


def test_a_file_that_is_gone_is_an_integrity_error(root: StorageRoot) -> None:
    put(root)
    (root.object_folder(MAIN) / "v1/content/001.pdf").unlink()
    with pytest.raises(IntegrityError):
        root.open_file(MAIN, "001.pdf")


def test_a_full_disk_leaves_nothing(root: StorageRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = everything_below(root.folder)
    monkeypatch.setattr(ocfl, "write_bytes", full)
    with pytest.raises(UnavailableError):
        put(root)
    assert everything_below(root.folder) == before


def test_what_is_read_is_what_was_put(root: StorageRoot) -> None:
    put(root, data=b"evidence")
    with root.open_file(MAIN, "001.pdf") as file:
        assert file.read() == b"evidence"
        assert file.fileno() > 0
    assert root.has(MAIN)


def test_files_are_read_only_and_folders_their_owners(root: StorageRoot) -> None:
    put(root)
    for path in root.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o444)


def test_everything_is_flushed_before_an_object_enters(root: StorageRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    sync, rename = os.fsync, Path.rename

    def noted_sync(descriptor: int) -> None:
        calls.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    def noted_rename(source: Path, target: Path) -> Path:
        calls.append("enters")
        return rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    put(root)
    before, after = calls[: calls.index("enters")], calls[calls.index("enters") + 1 :]
    wanted = {"001.pdf", "case.json", "inventory.json", "inventory.json.sha512", "0=ocfl_object_1.1", "content", "v1"}
    assert wanted <= set(before)
    assert set(object_path(MAIN).parts) <= set(before)
    assert "root" in after


def test_a_supplement_keeps_what_was_there(root: StorageRoot) -> None:
    put(root)
    supplement(root)
    assert root.inventory(MAIN).head == "v2"
    assert root.read(MAIN, "001.pdf") == b"evidence"
    assert root.read(MAIN, "s2/002.pdf") == b"found later"
    assert is_clean(root)


def test_of_two_supplements_at_once_one_gets_in(root: StorageRoot) -> None:
    put(root)
    with root.add_version(MAIN) as late:
        late.add_bytes("s2/late.pdf", b"late")
        late.finish("补充", AUTHOR, NOON)
        supplement(root)
        with pytest.raises(ConflictError):
            late.publish()
    assert root.inventory(MAIN).head == "v2"
    assert is_clean(root)


def test_an_unacknowledged_object_can_be_withdrawn_without_a_trace(root: StorageRoot) -> None:
    put(root, "urn:anjuan:kept:main")
    before = everything_below(root.folder)
    put(root)
    root.withdraw(MAIN)
    root.withdraw(MAIN)
    assert everything_below(root.folder) == before
    put(root)
    assert is_clean(root)


def test_objects_that_enter_at_once_do_not_hinder_each_other(root: StorageRoot) -> None:
    ids = [f"urn:anjuan:{number}:main" for number in range(24)]
    share = threading.Semaphore(8)

    def work(object_id: str) -> None:
        with share:
            put(root, object_id)

    threads = [threading.Thread(target=work, args=(object_id,)) for object_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(map(root.has, ids))
    assert is_clean(root)


def test_opening_a_root_again_changes_nothing(root: StorageRoot) -> None:
    put(root)
    before = everything_below(root.folder)
    StorageRoot.open(root.folder)
    assert everything_below(root.folder) == before


def test_ocfl_py_accepts_root_and_objects(root: StorageRoot) -> None:
    put(root)
    put(root, "urn:anjuan:demo:c-1")
    supplement(root)
    program = Path(sys.executable).parent / "ocfl-root.py"
    command = [sys.executable, program, "validate", "--root", root.folder, "--validate-objects", "--check-digests"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 / 2 are VALID" in done.stdout, done.stdout


def test_ocfl_java_accepts_every_object_without_a_warning_and_sees_a_changed_byte(root: StorageRoot) -> None:
    need_java()
    put(root)
    put(root, "urn:anjuan:demo:c-1")
    supplement(root)
    command = ["bash", JUDGES / "ocfl.sh", "--warnings-fail", root.folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("VERDICT PASSED") == 2
    content = root.object_folder(MAIN) / "v1/content/001.pdf"
    content.chmod(0o600)
    content.write_bytes(b"Evidence")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
