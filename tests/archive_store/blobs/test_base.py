"""The contract of every store of bytes, over every backend."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from archive_store.blobs.base import Encryption, StagingStore, StoredBlob
from archive_store.blobs.local import LocalBlobStore, LocalStagingStore
from archive_store.errors import ArchiveError, IntegrityError, InvalidInputError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive_store.blobs.base import BlobStore

ABSENT = "0" * 32


@dataclass
class Backend:
    """A store with the means to damage what lies in it."""

    store: BlobStore
    damage: Callable[[str], None]


def local_backend(folder: Path, kind: type[LocalBlobStore]) -> Backend:
    def damage(name: str) -> None:
        path = folder / name[:2] / name
        data = bytearray(path.read_bytes())
        data[0] ^= 1
        path.write_bytes(data)

    return Backend(kind(folder), damage)


@pytest.fixture(params=[LocalBlobStore, LocalStagingStore])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return local_backend(tmp_path / "store", request.param)


class Broken(BytesIO):
    """An upload that breaks off after its first chunk."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(size)


@pytest.mark.parametrize("name", [ABSENT, "", "..", "../../etc/passwd", "A" * 32, ABSENT + "\n", "0" * 31, "0/" * 16])
def test_nothing_is_found_under_a_name_that_was_not_given(backend: Backend, name: str) -> None:
    backend.store.put(BytesIO(b"something"))
    for ask in (backend.store.open, backend.store.size, lambda n: list(backend.store.read_range(n, 0, 1))):
        with pytest.raises(NotFoundError):
            ask(name)


def test_too_many_bytes_leave_nothing(backend: Backend) -> None:
    with pytest.raises(InvalidInputError):
        backend.store.put(BytesIO(b"x" * 11), limit=10)
    assert list(backend.store.names()) == []
    assert backend.store.sweep() == 0


def test_an_upload_that_breaks_off_leaves_nothing(backend: Backend) -> None:
    with pytest.raises(UnavailableError):
        backend.store.put(Broken(b"x" * (2 << 20)))
    assert list(backend.store.names()) == []
    assert backend.store.sweep() == 0


def test_a_changed_byte_is_reported(backend: Backend) -> None:
    blob = backend.store.put(BytesIO(b"evidence"))
    backend.damage(blob.name)
    with pytest.raises(IntegrityError):
        backend.store.verify(blob)


@pytest.mark.parametrize("change", [{"size": 7}, {"sha512": "0" * 128}])
def test_a_record_that_does_not_fit_is_reported(backend: Backend, change: dict[str, object]) -> None:
    blob = backend.store.put(BytesIO(b"evidence"))
    with pytest.raises(IntegrityError):
        backend.store.verify(replace(blob, **change))


def test_a_blob_that_is_gone_is_reported(backend: Backend) -> None:
    with pytest.raises(NotFoundError):
        backend.store.verify(StoredBlob(ABSENT, 0, hashlib.sha512().hexdigest()))


@pytest.mark.parametrize("data", [b"", b"a", os.urandom((1 << 20) + 1)], ids=["empty", "one", "more than a chunk"])
def test_what_is_read_is_what_was_put(backend: Backend, data: bytes) -> None:
    blob = backend.store.put(BytesIO(data), limit=len(data))
    with backend.store.open(blob.name) as file:
        assert file.read() == data
        assert file.fileno() >= 0
        assert file.seekable()
    assert (blob.size, blob.sha512) == (len(data), hashlib.sha512(data).hexdigest())
    assert backend.store.size(blob.name) == len(data)
    backend.store.verify(blob)


def test_the_same_content_twice_is_two_blobs_under_names_that_say_nothing(backend: Backend) -> None:
    first, second = backend.store.put(BytesIO(b"same")), backend.store.put(BytesIO(b"same"))
    assert first.name != second.name
    assert first.sha512[:8] not in first.name
    assert sorted(backend.store.names()) == sorted([first.name, second.name])


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [(0, 3, b"012"), (3, 4, b"3456"), (8, 100, b"89"), (10, 5, b""), (99, 1, b""), (0, 0, b"")],
)
def test_a_range_ends_where_the_blob_ends(backend: Backend, first: int, count: int, expected: bytes) -> None:
    blob = backend.store.put(BytesIO(b"0123456789"))
    assert b"".join(backend.store.read_range(blob.name, first, count)) == expected


def test_a_range_of_many_chunks_is_whole(backend: Backend) -> None:
    data = os.urandom(3 << 20)
    blob = backend.store.put(BytesIO(data))
    assert b"".join(backend.store.read_range(blob.name, 5, len(data) - 10)) == data[5:-5]


def test_every_blob_tells_how_it_is_encrypted(backend: Backend) -> None:
    assert backend.store.put(BytesIO(b"x")).encryption.as_json() == {"scheme": "none"}
    assert Encryption("aes-256-gcm", "k1").as_json() == {"scheme": "aes-256-gcm", "key_id": "k1"}


def test_sweeping_takes_nothing_that_was_acknowledged(backend: Backend) -> None:
    blob = backend.store.put(BytesIO(b"kept"))
    assert backend.store.sweep() == 0
    backend.store.verify(blob)


def test_sweeping_leaves_a_put_that_is_still_going_on(backend: Backend) -> None:
    class Sweeping(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert backend.store.sweep() == 0
            return super().read(size)

    backend.store.verify(backend.store.put(Sweeping(b"slow upload")))


def test_only_a_staging_store_deletes(tmp_path: Path) -> None:
    assert not hasattr(LocalBlobStore(tmp_path), "delete")
    store: StagingStore = LocalStagingStore(tmp_path)
    blob = store.put(BytesIO(b"draft"))
    store.delete(blob.name)
    store.delete(blob.name)
    with pytest.raises(ArchiveError):
        store.open(blob.name)
    with pytest.raises(NotFoundError):
        store.delete("../x")
