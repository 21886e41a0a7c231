"""Blobs in a folder: whose they are, and that nothing is acknowledged too early or overwritten."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from archive_store.blobs import local
from archive_store.blobs.local import LocalBlobStore
from archive_store.errors import IntegrityError, UnavailableError

PUT_THAT_NEVER_ENDS = """
import sys
from pathlib import Path
from archive_store.blobs.local import LocalBlobStore
class Endless:
    def read(self, size=-1):
        print("reading", flush=True)
        return sys.stdin.buffer.read(1)
LocalBlobStore(Path(sys.argv[1])).put(Endless())
"""


def test_a_name_is_never_taken_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalBlobStore(tmp_path)
    monkeypatch.setattr(local, "token_hex", lambda _: "ab" * 16)
    blob = store.put(BytesIO(b"first"))
    with pytest.raises(UnavailableError):
        store.put(BytesIO(b"second"))
    store.verify(blob)


def test_a_link_in_place_of_a_blob_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"key")
    store = LocalBlobStore(tmp_path / "store")
    blob = store.put(BytesIO(b"x"))
    path = tmp_path / "store" / blob.name[:2] / blob.name
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(IntegrityError):
        store.open(blob.name)


def test_only_the_owner_reads(tmp_path: Path) -> None:
    LocalBlobStore(tmp_path / "store").put(BytesIO(b"x"))
    for path in (tmp_path / "store").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_a_blob_is_flushed_before_it_is_named_and_its_name_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalBlobStore(tmp_path / "store")
    store.put(BytesIO(b"the folders are there now"))
    calls: list[str] = []
    sync, link = os.fsync, os.link

    def noted_sync(descriptor: int) -> None:
        calls.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def noted_link(source: Path, target: Path) -> None:
        calls.append(f"name {target.name}")
        link(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "link", noted_link)
    name = store.put(BytesIO(b"data")).name
    assert calls.index(f"sync {name}") < calls.index(f"name {name}")
    assert f"sync {name[:2]}" in calls[calls.index(f"name {name}") :]


def test_what_a_killed_put_left_is_swept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PUT_THAT_NEVER_ENDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert LocalBlobStore(tmp_path).sweep() == 0
        process.kill()
    assert LocalBlobStore(tmp_path).sweep() == 1
    assert list(LocalBlobStore(tmp_path).names()) == []
