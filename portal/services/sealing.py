"""Sealing: sheets, manifest, signature and stamp first, then objects into the root, then one commit (Art. 28, 29).

What the commit records is what counts: objects that entered the root for a seal that was never committed are taken out
again by the next attempt or by the sweep, each under the lease of its case, so that no live seal is disturbed.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.case_description import DESCRIPTION, description
from archive_store.cases import case_for, readable_items
from archive_store.compartments import Remark, SealFacts, closing, compartments, content_path, contents, cover
from archive_store.deadlines import local_date
from archive_store.errors import ConflictError, NotFoundError, RefusedError
from archive_store.findings import blocking, findings_of
from archive_store.forms import closing_note_pdf, contents_pdf, cover_pdf
from archive_store.four_check_report import Moment
from archive_store.holders import Holder
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, SealedObject, StoredFile
from archive_store.ocfl_inventory import Author
from archive_store.permissions import Permission
from archive_store.sealing import ITEMS, MANIFEST, SIGNATURE, TIMESTAMP, SealDetails, SealedFile, SealedItem, build_seal
from archive_store.vocabulary import CaseState
from archive_store.work import drop_lease, hold_lease, note_index
from portal.services.checking import Look

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from archive_store.blobs.base import StagingStore
    from archive_store.compartments import Compartment
    from archive_store.findings import OpenFinding
    from archive_store.four_check_report import FourCheckReport
    from archive_store.identity import Actor
    from archive_store.labels import Label
    from archive_store.ocfl import ObjectBuild, StorageRoot
    from archive_store.regulation.rules import Regulation
    from archive_store.seal_signature import SealSigner
    from portal.services.checking import CheckingService
    from portal.services.desk import Desk

LEASE_SECONDS = 1800
PDF = "application/pdf"
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Vault:
    """Where sealed things go and what seals them."""

    root: StorageRoot
    staging: StagingStore
    signer: SealSigner


@dataclass(frozen=True, slots=True)
class _Ready:
    """A build that only waits to be published, with what the database will keep of it."""

    build: ObjectBuild
    row: SealedObject


class SealingService:
    """Seals accepted cases."""

    def __init__(
        self,
        desk: Desk,
        vault: Vault,
        checking: CheckingService,
        rules: Regulation,
        *,
        bureau: str,
        demonstration: bool,
    ) -> None:
        self._desk = desk
        self._vault = vault
        self._checking = checking
        self._rules = rules
        self._bureau = bureau
        self._demonstration = demonstration

    def seal_by_code(self, actor: Actor, code: str) -> None:
        """Seal the case with this archival code."""
        with self._desk.database.read() as session:
            case_id = session.scalar(select(Case.id).where(Case.archival_code == code))
        if case_id is None:
            raise NotFoundError
        self.seal(actor, case_id)

    def seal(self, actor: Actor, case_id: str) -> None:
        """Close the file for good.

        Raises:
            RefusedError: findings are open that block it, failures of the four checks among them, or the actor
                handled the case.
            ConflictError: somebody else is sealing it, or changed it meanwhile.
        """
        holder = str(Holder.here())
        checks = self._take(actor, case_id, holder)
        try:
            self._seal(actor, case_id, checks)
        finally:
            with self._desk.database.write() as unit:
                drop_lease(unit.session, _lease(case_id), holder)

    def sweep(self) -> int:
        """Take out what entered the root for seals that were never committed; gives how many objects."""
        with self._desk.database.read() as session:
            waiting = session.scalars(select(Case).where(Case.state == CaseState.ACCEPTED)).all()
            planned = [(case.id, [part.object_id(case.id) for part in compartments(case)]) for case in waiting]
        return sum(
            self._withdraw_if_free(case_id, ids) for case_id, ids in planned if any(map(self._vault.root.has, ids))
        )

    def _withdraw_if_free(self, case_id: str, object_ids: list[str]) -> int:
        holder = str(Holder.here())
        with self._desk.database.write() as unit:
            case = unit.session.get(Case, case_id)
            free = case is not None and case.state is CaseState.ACCEPTED
            if not free or not hold_lease(unit.session, _lease(case_id), holder, LEASE_SECONDS):
                return 0
        present = [object_id for object_id in object_ids if self._vault.root.has(object_id)]
        for object_id in present:
            self._vault.root.withdraw(object_id)
        with self._desk.database.write() as unit:
            drop_lease(unit.session, _lease(case_id), holder)
        return len(present)

    def _take(self, actor: Actor, case_id: str, holder: str) -> FourCheckReport:
        """Check the case once more and take its lease; what the checks said is kept, also where it blocks the seal."""
        readings = self._checking.read(actor, case_id, Permission.SEAL)
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.SEAL)
            now = self._desk.clock()
            report = self._checking.judge(unit.session, case, Moment.SEALING, Look(readings, now))
            self._checking.keep(unit.session, case, report, actor.account_id, now)
            unit.session.flush()
            found = blocking(findings_of(unit.session, case, self._rules, self._desk.today()))
            refusal = _refusal(found, frozenset(item.number for item in readable_items(actor, case)))
            if not refusal and not hold_lease(unit.session, _lease(case_id), holder, LEASE_SECONDS):
                raise ConflictError("本案正在封存，请稍候刷新页面。")
        if refusal:
            raise RefusedError(refusal)
        return report

    def _seal(self, actor: Actor, case_id: str, checks: FourCheckReport) -> None:
        moment = self._desk.clock().replace(microsecond=0)
        with self._desk.database.read() as session, ExitStack() as builds:
            case = case_for(session, actor, case_id, Permission.SEAL)
            version = case.version
            department = session.get_one(Department, case.department_id).name
            found = findings_of(session, case, self._rules, self._desk.today())
            facts = self._facts(case, department, actor, moment, found, checks)
            ready = [self._build(builds, case, part, facts, actor, moment) for part in compartments(case)]
            for one in ready:
                self._vault.root.withdraw(one.build.object_id)  # left by an attempt that was never committed
                one.build.publish()
        self._commit(actor, case_id, version, [one.row for one in ready], moment)

    def _facts(
        self,
        case: Case,
        department: str,
        actor: Actor,
        moment: datetime,
        found: list[OpenFinding],
        checks: FourCheckReport,
    ) -> SealFacts:
        if case.handed_over_at is None or case.accepted_at is None:
            raise ConflictError("案卷的移交记录不完整，不能封存。")
        return SealFacts(
            bureau=self._bureau,
            department=department,
            sealed_by=actor.name,
            sealed=local_date(moment),
            handed_over=local_date(case.handed_over_at),
            accepted=local_date(case.accepted_at),
            remarks=[
                Remark(f"{one.finding.message}（准予归档理由：{one.waived_because}）", one.finding.item_number)
                for one in found
                if one.waived_because
            ],
            checks=checks,
            demonstration=self._demonstration,
        )

    def _build(
        self, builds: ExitStack, case: Case, part: Compartment, facts: SealFacts, actor: Actor, moment: datetime
    ) -> _Ready:
        object_id = part.object_id(case.id)
        build = builds.enter_context(self._fresh(object_id))
        items = [
            self._add_original(build, item.number, item.label, file, content_path(item, file))
            for item in part.items
            for file in item.files
        ]
        sheets = {
            "cover.pdf": (cover_pdf(cover(case, part, facts)), PDF),
            "contents.pdf": (contents_pdf(contents(case, part, facts)), PDF),
            "closing.pdf": (closing_note_pdf(closing(case, part, facts)), PDF),
            DESCRIPTION: (description(case, part, facts), JSON_TYPE),
        }
        parts = [self._add_part(build, path, data, kind) for path, (data, kind) in sheets.items()]
        details = SealDetails(object_id, case.id, case.archival_code or "", moment, actor.account_id)
        seal = build_seal(details, items, parts)
        build.add_bytes(MANIFEST, seal.manifest)
        build.add_bytes(ITEMS, seal.items)
        build.add_bytes(SIGNATURE, self._vault.signer.sign(seal.manifest))
        build.add_bytes(TIMESTAMP, self._vault.signer.stamp(seal.manifest))
        finished = build.finish("封存", Author(self._bureau, f"urn:anjuan:account:{actor.account_id}"), moment)
        row = SealedObject(
            object_id=object_id,
            case_id=case.id,
            compartment=part.volume.zh + (f" {part.part}" if part.part else ""),
            label=part.label,
            manifest_sha512=seal.manifest_sha512,
            inventory_sha512=finished.inventory_sha512,
            sealed_at=moment,
            checked_at=moment,
        )
        return _Ready(build, row)

    def _fresh(self, object_id: str) -> AbstractContextManager[ObjectBuild]:
        self._vault.root.withdraw(object_id)
        return self._vault.root.new_object(object_id)

    def _add_original(self, build: ObjectBuild, number: int, label: Label, file: StoredFile, path: str) -> SealedItem:
        if file.blob is None:
            raise ConflictError("案卷的文件已不在暂存区，请刷新页面。")
        with self._vault.staging.open(file.blob) as stream:
            written = build.add(path, stream)
        if written.sha512 != file.sha512:
            raise ConflictError(f"第{number}件在收入后发生了变化，不能封存。请联系系统管理员核查。")
        sealed = SealedFile(path, written.size, {"sha512": written.sha512}, file.media_type)
        return SealedItem(number, sealed, label, "rendition" if file.role == "rendition" else "original")

    def _add_part(self, build: ObjectBuild, path: str, data: bytes, media_type: str) -> SealedFile:
        written = build.add(path, BytesIO(data))
        return SealedFile(path, written.size, {"sha512": written.sha512}, media_type)

    def _commit(self, actor: Actor, case_id: str, version: int, rows: list[SealedObject], moment: datetime) -> None:
        """The one commit; afterwards the staged bytes may go."""
        staged: list[str] = []
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.SEAL)
            if case.version != version:
                raise ConflictError("案卷在封存过程中有改动，没有封存。请重新核对后再封存。")
            unit.session.add_all(rows)
            for part in compartments(case):
                for item in part.items:
                    for file in item.files:
                        staged += [file.blob] if file.blob else []
                        file.blob = None
                        file.object_id, file.content_path = part.object_id(case.id), content_path(item, file)
            case.state, case.sealed_at, case.sealed_by = CaseState.SEALED, moment, actor.account_id
            note_index(unit.session, case.id)
            digests = [row.manifest_sha512 for row in rows]
            self._desk.record(unit.session, actor, EventName.CASE_SEAL, ("case", case.id), manifests=digests)
            unit.after_commit(lambda: self._forget(staged))

    def _forget(self, blobs: list[str]) -> None:
        for blob in blobs:
            self._vault.staging.delete(blob)


def _refusal(found: list[OpenFinding], numbers: frozenset[int]) -> str:
    """What keeps the case from being sealed, in words; of items that the archivist may not read, nothing."""
    if not found:
        return ""
    told = [
        one.finding.message for one in found if one.finding.item_number is None or one.finding.item_number in numbers
    ]
    said = "；".join(message.rstrip("。") for message in told[:3]) or "须由有权查阅全部材料的档案管理员办理"
    return f"还有须补正的事项，没有封存：{said}。请在案卷页处理后再封存。"


def _lease(case_id: str) -> str:
    return f"seal:{case_id}"
