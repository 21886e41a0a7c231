"""Checking that everything kept is as it was sealed: storage root against the database, drafts, log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.blobs.base import Encryption, StoredBlob
from archive_store.errors import ArchiveError
from archive_store.fixity import ExpectedObject, check_storage
from archive_store.models.cases import SealedObject, StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive_store.blobs.base import BlobStore
    from archive_store.ocfl import StorageRoot
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
        with self._desk.database.read() as session:
            objects = session.scalars(select(SealedObject)).all()
            files = session.scalars(select(StoredFile)).all()
        expected = [ExpectedObject(row.object_id, row.manifest_sha512, row.inventory_sha512) for row in objects]
        for step in check_storage(self._root.folder, expected, self._signer.verifier):
            yield from (Damage(finding.path, finding.zh) for finding in step.findings)
        yield from self._sealed(files)
        yield from self._drafts(files)
        yield from (Damage(finding.place, finding.message) for finding in self._audit.verify())

    def _sealed(self, files: Sequence[StoredFile]) -> Iterator[Damage]:
        """The digest that the database keeps of each sealed file, against its object's inventory."""
        states: dict[str, dict[str, str]] = {}
        for file in files:
            if not file.object_id or not file.content_path:
                continue
            try:
                if file.object_id not in states:
                    states[file.object_id] = dict(self._root.inventory(file.object_id).state)
            except ArchiveError:
                continue  # told already by the check of the storage
            if states[file.object_id].get(file.content_path) != file.sha512:
                yield Damage(f"{file.object_id} {file.content_path}", "文件与数据库登记的指纹不一致")

    def _drafts(self, files: Sequence[StoredFile]) -> Iterator[Damage]:
        for file in files:
            if file.blob:
                try:
                    self._staging.verify(StoredBlob(file.blob, file.size, file.sha512, Encryption()))
                except ArchiveError as error:
                    yield Damage(f"暂存 {file.blob[:8]}", error.message)
