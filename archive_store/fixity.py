"""Whether everything that was sealed is still there, whole and unchanged, and nothing else is.

The storage root is walked file by file (`ocfl_check`: layout, inventories, every digest); then each object is held
against what the caller recorded of it, and its seal against its content: manifest, list of items, Merkle tree,
signatures and time stamps. Whoever changes a byte and mends the inventories after it meets the recorded digests;
whoever has the records too meets the signature. Source: DA/T 70 (checks during storage), RFC 9162, ETSI EN 319 122.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from archive_store.errors import ArchiveError, IntegrityError
from archive_store.ocfl_check import Finding, ObjectCheck, Trouble, check_layout, check_object, object_folders
from archive_store.ocfl_inventory import object_path
from archive_store.sealing import ITEMS, MANIFEST, check_seal, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from archive_store.sealing import Proof


class SealJudge(Protocol):
    """Who judges signatures and time stamps (`seal_signature.SealVerifier`); both raise IntegrityError."""

    def verify(self, manifest: bytes, signature: bytes) -> object:
        """See that the signature is the archive's over these bytes."""
        ...

    def verify_stamp(self, data: bytes, response: bytes) -> object:
        """See that the time stamp stands over these bytes."""
        ...


@dataclass(frozen=True, slots=True)
class ExpectedObject:
    """What was recorded of an object when it was sealed; digests in hex."""

    object_id: str
    manifest_sha512: str
    inventory_sha512: str | None = None


@dataclass(frozen=True, slots=True)
class FixityStep:
    """One step of a check: the object (nothing for the root's own files), what was found, and how far it is.

    `done` of `total` objects are checked; `size` is in bytes.
    """

    path: str
    object_id: str | None
    findings: tuple[Finding, ...]
    files: int
    size: int
    done: int
    total: int


def check_storage(root: Path, expected: Iterable[ExpectedObject], judge: SealJudge) -> Iterator[FixityStep]:
    """Check a storage root against the records; yields a step for the root, each object, each missing object.

    Raises:
        UnavailableError: the root cannot be read at all.
    """
    records = {record.object_id: record for record in expected}
    folders = list(object_folders(root))
    missing = {object_id: str(object_path(object_id)) for object_id in records}
    total = len(set(missing.values()) | {str(folder) for folder in folders})
    yield FixityStep(".", None, tuple(check_layout(root)), 3, 0, 0, total)
    done = 0
    for done, folder in enumerate(folders, 1):
        check = check_object(root, folder)
        if check.object_id is not None and missing.get(check.object_id) == check.path:
            del missing[check.object_id]
        findings = (*check.findings, *_against_record(check, records), *_check_seal(root, check, judge))
        yield FixityStep(check.path, check.object_id, findings, check.files, check.size, done, total)
    for object_id, path in sorted(missing.items()):
        done += 1
        finding = Finding(path, Trouble.OBJECT_MISSING, object_id)
        yield FixityStep(path, object_id, (finding,), 0, 0, min(done, total), total)


def _against_record(check: ObjectCheck, records: dict[str, ExpectedObject]) -> Iterator[Finding]:
    record = records.get(check.object_id or "")
    if record is None:
        yield Finding(check.path, Trouble.OBJECT_FOREIGN, check.object_id)
        return
    if record.inventory_sha512 not in {None, check.inventory_sha512}:
        yield Finding(f"{check.path}/inventory.json", Trouble.CHANGED, check.object_id, "与登记的清册摘要不一致")
    place = check.inventory.content_path(MANIFEST) if check.inventory else None
    if place is None or check.digests.get(place) != record.manifest_sha512:
        path = f"{check.path}/{place or MANIFEST}"
        yield Finding(path, Trouble.CHANGED, check.object_id, "与登记的封存清单摘要不一致")


def _check_seal(root: Path, check: ObjectCheck, judge: SealJudge) -> Iterator[Finding]:
    if check.inventory is None:
        return
    try:
        manifest, items = _read(root, check, MANIFEST), _read(root, check, ITEMS)
        proofs = parse_manifest(manifest)
    except ArchiveError as error:
        yield Finding(check.path, Trouble.SEAL_INVALID, check.object_id, error.message.rstrip("。"))
        return
    places = {path: check.inventory.content_path(path) for path in check.inventory.state}
    content = {path: check.digests[place] for path, place in places.items() if place in check.digests}
    for said in check_seal(manifest, items, content):
        yield Finding(check.path, Trouble.SEAL_INVALID, check.object_id, said.rstrip("。"))
    for proof in (*proofs.signatures, *proofs.timestamps):
        if proof.path in content and (said := _judge(root, check, judge, proof, manifest)):
            path = f"{check.path}/{places[proof.path]}"
            yield Finding(path, Trouble.SEAL_INVALID, check.object_id, said.rstrip("。"))


def _judge(root: Path, check: ObjectCheck, judge: SealJudge, proof: Proof, manifest: bytes) -> str:
    try:
        data = _read(root, check, proof.path)
        if proof.scheme == "cades":
            judge.verify(manifest, data)
        elif proof.scheme == "rfc3161":
            judge.verify_stamp(manifest, data)
        else:
            return f"不认识的签名方式 {proof.scheme}"
    except ArchiveError as error:
        return error.message
    return ""


def _read(root: Path, check: ObjectCheck, path: str) -> bytes:
    place = check.inventory.content_path(path) if check.inventory else None
    if place is None:
        raise IntegrityError(f"封存包缺少 {path}。")
    try:
        return (root / PurePosixPath(check.path) / place).read_bytes()
    except OSError as error:
        raise IntegrityError(f"封存包的 {path} 不能读取。") from error
