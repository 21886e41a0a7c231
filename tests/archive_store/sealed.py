"""Sealed objects for tests: one authority a run, and sealing as the product does it, without a database."""

from __future__ import annotations

import atexit
import hashlib
import tempfile
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from archive_store.authority import Authority, load_authority, make_authority
from archive_store.fixity import ExpectedObject
from archive_store.labels import Label
from archive_store.ocfl_inventory import Author
from archive_store.seal_signature import SealSigner, time_stamper
from archive_store.sealing import (
    ITEMS,
    MANIFEST,
    SIGNATURE,
    TIMESTAMP,
    Seal,
    SealDetails,
    SealedFile,
    SealedItem,
    build_seal,
)

if TYPE_CHECKING:
    from archive_store.ocfl import StorageRoot

BITS = 2048
AUTHOR = Author("演示单位", "urn:anjuan:account:demo")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def authority(name: str = "first") -> Authority:
    """One of the run's authorities, with shorter keys than the product's."""
    return _authority(name)


def signer(name: str = "first") -> SealSigner:
    return _signer(name)


def issuer_key(name: str = "first") -> bytes:
    """The key that certifies (PKCS#8, DER), which a serving process never holds."""
    return (_made(name) / "issuer.key").read_bytes()


@cache
def _authority(name: str) -> Authority:
    return load_authority(_made(name))


@cache
def _made(name: str) -> Path:
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    make_authority(Path(folder.name) / name, bureau="演示单位", demonstration=True, bits=BITS)
    return Path(folder.name) / name


@cache
def _signer(name: str) -> SealSigner:
    return SealSigner(authority(name), time_stamper(authority(name), "", now))


def details(object_id: str = "urn:anjuan:demo-case:main") -> SealDetails:
    return SealDetails(object_id, "demo-case", "演示-XZ·2026-D30-0001", NOON, "account-1")


def file_of(path: str, data: bytes) -> SealedFile:
    return SealedFile(path, len(data), {"sha512": hashlib.sha512(data).hexdigest()}, "application/pdf")


def seal_of(contents: list[bytes], object_id: str = "urn:anjuan:demo-case:main") -> Seal:
    """The seal of items 1..n with these contents and one part."""
    items = [SealedItem(n, file_of(f"{n:03d}.pdf", data), Label()) for n, data in enumerate(contents, 1)]
    return build_seal(details(object_id), items, [file_of("case.json", b"{}")])


def seal_object(root: StorageRoot, object_id: str, contents: list[bytes]) -> ExpectedObject:
    """Seal items 1..n with these contents into the root."""
    seal = seal_of(contents, object_id)
    with root.new_object(object_id) as build:
        for number, data in enumerate(contents, 1):
            build.add(f"{number:03d}.pdf", BytesIO(data))
        build.add_bytes("case.json", b"{}")
        build.add_bytes(MANIFEST, seal.manifest)
        build.add_bytes(ITEMS, seal.items)
        build.add_bytes(SIGNATURE, signer().sign(seal.manifest))
        build.add_bytes(TIMESTAMP, signer().stamp(seal.manifest))
        finished = build.finish("封存", AUTHOR, NOON)
        build.publish()
    return ExpectedObject(object_id, seal.manifest_sha512, finished.inventory_sha512)
