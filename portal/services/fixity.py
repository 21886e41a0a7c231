"""Checking that everything kept is as it was sealed: storage root against the database, drafts, log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.blobs.base import Encryption, StoredBlob
from archive_store.case_description import differences, undecided_labels
from archive_store.errors import ArchiveError
from archive_store.fixity import ExpectedObject, check_storage
from archive_store.four_check_facts import Reading, Readings
from archive_store.four_check_report import Moment, Property
from archive_store.four_checks import SealState
from archive_store.models.cases import Case, SealedObject, StoredFile
from archive_store.vocabulary import CaseState
from portal.services.checking import Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive_store.blobs.base import BlobStore
    from archive_store.ocfl import StorageRoot
    from archive_store.ocfl_inventory import Inventory
    from archive_store.seal_signature import SealSigner
    from portal.services.audit import AuditService
    from portal.services.checking import CheckingService
    from portal.services.copies import CopyService
    from portal.services.desk import Desk

SERVICE = "service:verify"


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not as it was: where, and a sentence."""

    place: str
    message: str


class FixityService:
    """Verifies the whole installation."""

    def __init__(
        self,
        desk: Desk,
        root: StorageRoot,
        staging: BlobStore,
        signer: SealSigner,
        audit: AuditService,
        checking: CheckingService,
        copies: CopyService,
    ) -> None:
        self._desk = desk
        self._root = root
        self._staging = staging
        self._signer = signer
        self._audit = audit
        self._checking = checking
        self._copies = copies

    def verify_everything(self) -> Iterator[Damage]:
        """Every file of the storage root, every record against its object, every draft's bytes, every copy, the log.

        Of a case whose objects are whole the four checks of storage are run and kept; each object that was found whole
        bears the moment.
        """
        with self._desk.database.read() as session:
            objects = session.scalars(select(SealedObject)).all()
            files = session.scalars(select(StoredFile)).all()
        expected = [ExpectedObject(row.object_id, row.manifest_sha512, row.inventory_sha512) for row in objects]
        whole, damage = set(), 0
        for step in check_storage(self._root.folder, expected, self._signer.verifier):
            yield from (Damage(finding.path, finding.zh) for finding in step.findings)
            damage += len(step.findings)
            if step.object_id and not step.findings:
                whole.add(step.object_id)
        for found in (*self._sealed(objects, whole), *self._drafts(files), *self._lying_ready(), *self._log()):
            damage += 1
            yield found
        self._note(whole, damage)

    def _sealed(self, objects: Sequence[SealedObject], whole: set[str]) -> Iterator[Damage]:
        """The four checks of storage, for every case; what is wrong with an object itself was told already.

        What was found at the seal and let pass with a reason is no damage, nor is what is a matter of judgement.
        """
        by_case: dict[str, list[str]] = {}
        for row in objects:
            by_case.setdefault(row.case_id, []).append(row.object_id)
        with self._desk.database.read() as session:
            sealed = session.scalars(select(Case.id).where(Case.state == CaseState.SEALED)).all()
        for case_id in sorted({*by_case, *sealed}):
            if whole.issuperset(by_case.get(case_id, [])):
                yield from self._case(case_id)

    def _case(self, case_id: str) -> Iterator[Damage]:
        with self._desk.database.read() as session:
            case = session.get(Case, case_id)
            if case is None or case.state is not CaseState.SEALED:
                yield Damage(case_id, "有封存包而案卷在数据库中不是已封存状态，请核查数据库")
                return
            look = Look(
                self._recorded(case),
                self._desk.clock(),
                seal=SealState.VALID,
                described_otherwise=(*differences(session, self._root, case), *undecided_labels(session, case)),
            )
            report = self._checking.judge(session, case, Moment.STORAGE, look)
            known = self._checking.failures_at_seal(session, case)
            place = case.archival_code or case.id
        with self._desk.database.write() as unit:
            self._checking.keep(unit.session, case, report, SERVICE, look.at)
        authenticity = report.part(Property.AUTHENTICITY).lines if known is not None else ()
        for line in report.failures:
            if line not in (known or ()) and (line in authenticity or not line.waivable):
                yield Damage(place, line.text)

    def _recorded(self, case: Case) -> Readings:
        """Of each file, what its object's inventory says, every byte of which was compared with the files just now."""
        inventories: dict[str, Inventory] = {}
        readings: dict[str, Reading | None] = {}
        for file in (file for item in case.items for file in item.files):
            readings[file.id] = None
            if not file.object_id or not file.content_path:
                continue
            with suppress(ArchiveError):
                inventory = inventories.setdefault(file.object_id, self._root.inventory(file.object_id))
                digest, place = inventory.state.get(file.content_path), inventory.content_path(file.content_path)
                if digest and place:
                    size = (self._root.object_folder(file.object_id) / place).stat().st_size
                    readings[file.id] = Reading(digest, size)
        return Readings(readings)

    def _lying_ready(self) -> Iterator[Damage]:
        """Signed copies that wait for their recipients."""
        for number, message in self._copies.damaged():
            yield Damage(f"复制件 {number}", message)

    def _log(self) -> Iterator[Damage]:
        yield from (Damage(finding.place, finding.message) for finding in self._audit.verify())

    def _note(self, whole: set[str], damage: int) -> None:
        """When the objects were last found whole, and that everything was looked at."""
        with self._desk.database.write() as unit:
            now = self._desk.clock()
            for row in unit.session.scalars(select(SealedObject)):
                if row.object_id in whole:
                    row.checked_at = now
            outcome = "failed" if damage else "done"
            self._desk.record(
                unit.session,
                SERVICE,
                EventName.STORAGE_VERIFY,
                ("storage", ""),
                outcome,
                whole=len(whole),
                damage=damage,
            )

    def _drafts(self, files: Sequence[StoredFile]) -> Iterator[Damage]:
        for file in files:
            if file.blob:
                try:
                    self._staging.verify(StoredBlob(file.blob, file.size, file.sha512, Encryption()))
                except ArchiveError as error:
                    yield Damage(f"暂存 {file.blob[:8]}", error.message)
