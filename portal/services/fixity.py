"""Checking that everything kept is as it was sealed: storage root, database against objects, log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.blobs.base import Encryption, StoredBlob
from archive_store.errors import ArchiveError
from archive_store.models.cases import SealedObject, StoredFile
from archive_store.ocfl_check import check_layout, check_root
from archive_store.sealing import ITEMS, MANIFEST, SIGNATURE, check_seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive_store.blobs.base import BlobStore
    from archive_store.ocfl import StorageRoot
    from archive_store.ocfl_check import ObjectCheck
    from archive_store.seal_signature import SealSigner
    from portal.services.audit import AuditService
    from portal.services.desk import Desk


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not as it was: where, and a sentence."""

    place: str
    message: str


class FixityService:
    """Verifies the whole installation."""

    def __init__(
        self, desk: Desk, root: StorageRoot, staging: BlobStore, signer: SealSigner, audit: AuditService
    ) -> None:
        self._desk = desk
        self._root = root
        self._staging = staging
        self._signer = signer
        self._audit = audit

    def verify_everything(self) -> Iterator[Damage]:
        """Every file of the storage root, every record against its object, every draft's bytes, the log."""
        yield from (Damage(str(finding.path), finding.zh) for finding in check_layout(self._root.folder))
        with self._desk.database.read() as session:
            recorded = {row.object_id: row for row in session.scalars(select(SealedObject))}
            files = session.scalars(select(StoredFile)).all()
        sealed = {(f.object_id, f.content_path): f.sha512 for f in files if f.object_id and f.content_path}
        present: set[str] = set()
        for check in check_root(self._root.folder):
            yield from (Damage(str(finding.path), finding.zh) for finding in check.findings)
            object_id = check.object_id or ""
            present.add(object_id)
            if object_id in recorded:
                yield from self._against_record(check, recorded[object_id], sealed)
            else:
                yield Damage(object_id, "存储中有未登记的封存包")
        for object_id in sorted(set(recorded) - present):
            yield Damage(object_id, "登记的封存包不在存储中")
        yield from self._drafts(files)
        yield from (Damage(finding.place, finding.message) for finding in self._audit.verify())

    def _against_record(
        self, check: ObjectCheck, row: SealedObject, sealed: dict[tuple[str, str], str]
    ) -> Iterator[Damage]:
        if check.inventory_sha512 != row.inventory_sha512:
            yield Damage(row.object_id, "封存包的清册与登记不一致")
        try:
            manifest = self._root.read(row.object_id, MANIFEST)
            listed = self._root.read(row.object_id, ITEMS)
            self._signer.check(manifest, self._root.read(row.object_id, SIGNATURE))
            content = dict(self._root.inventory(row.object_id).state)
        except ArchiveError as error:
            yield Damage(row.object_id, error.message)
            return
        yield from (Damage(row.object_id, said) for said in check_seal(manifest, listed, content))
        for (object_id, path), digest in sealed.items():
            if object_id == row.object_id and content.get(path) != digest:
                yield Damage(f"{object_id} {path}", "文件与数据库登记的指纹不一致")

    def _drafts(self, files: Sequence[StoredFile]) -> Iterator[Damage]:
        for file in files:
            if file.blob:
                try:
                    self._staging.verify(StoredBlob(file.blob, file.size, file.sha512, Encryption()))
                except ArchiveError as error:
                    yield Damage(f"暂存 {file.blob[:8]}", error.message)
