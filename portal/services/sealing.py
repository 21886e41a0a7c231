"""Sealing: sheets, manifest, signature and stamp first, then objects into the root, then one commit (Art. 28, 29).

What the commit records is what counts: objects that entered the root for a seal that was never committed are taken out
again by the next attempt or by the sweep, each under the lease of its case, so that no live seal is disturbed.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.cases import case_for
from archive_store.compartments import (
    SealFacts,
    closing,
    compartments,
    content_path,
    contents,
    cover,
    visible_persons,
)
from archive_store.deadlines import local_date
from archive_store.errors import ConflictError, NotFoundError, RefusedError
from archive_store.findings import blocking, findings_of
from archive_store.forms import closing_note_pdf, contents_pdf, cover_pdf
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, SealedObject, StoredFile
from archive_store.ocfl_inventory import Author
from archive_store.permissions import Permission
from archive_store.sealing import ITEMS, MANIFEST, SIGNATURE, TIMESTAMP, SealDetails, SealedFile, SealedItem, build_seal
from archive_store.vocabulary import CaseState
from archive_store.work import drop_lease, hold_lease, note_index

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from archive_store.blobs.base import StagingStore
    from archive_store.compartments import Compartment
    from archive_store.findings import OpenFinding
    from archive_store.identity import Actor
    from archive_store.labels import Label
    from archive_store.ocfl import ObjectBuild, StorageRoot
    from archive_store.regulation.rules import Regulation
    from archive_store.seal_signature import SealSigner
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

    def __init__(self, desk: Desk, vault: Vault, rules: Regulation, *, bureau: str, demonstration: bool) -> None:
        self._desk = desk
        self._vault = vault
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
            RefusedError: findings are open that block it, or the actor handled the case.
            ConflictError: somebody else is sealing it, or changed it meanwhile.
        """
        holder = uuid4().hex
        self._take(actor, case_id, holder)
        try:
            self._seal(actor, case_id)
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
        holder = uuid4().hex
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

    def _take(self, actor: Actor, case_id: str, holder: str) -> None:
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.SEAL)
            open_findings = blocking(findings_of(unit.session, case, self._rules, self._desk.today()))
            if open_findings:
                said = "；".join(found.finding.message for found in open_findings[:3])
                raise RefusedError(f"还有 {len(open_findings)} 项须补正，不能封存：{said}")
            if not hold_lease(unit.session, _lease(case_id), holder, LEASE_SECONDS):
                raise ConflictError("本案正在封存，请稍候刷新页面。")

    def _seal(self, actor: Actor, case_id: str) -> None:
        moment = self._desk.clock().replace(microsecond=0)
        with self._desk.database.read() as session, ExitStack() as builds:
            case = case_for(session, actor, case_id, Permission.SEAL)
            version = case.version
            department = session.get_one(Department, case.department_id).name
            facts = self._facts(case, department, actor, findings_of(session, case, self._rules, self._desk.today()))
            ready = [self._build(builds, case, part, facts, actor, moment) for part in compartments(case)]
            for one in ready:
                self._vault.root.withdraw(one.build.object_id)  # left by an attempt that was never committed
                one.build.publish()
        self._commit(actor, case_id, version, [one.row for one in ready], moment)

    def _facts(self, case: Case, department: str, actor: Actor, findings: list[OpenFinding]) -> SealFacts:
        notes = [f"{f.finding.message}（准予归档理由：{f.waived_because}）" for f in findings if f.waived_because]
        if case.handed_over_at is None or case.accepted_at is None:
            raise ConflictError("案卷的移交记录不完整，不能封存。")
        return SealFacts(
            bureau=self._bureau,
            department=department,
            sealed_by=actor.name,
            sealed=self._desk.today(),
            handed_over=local_date(case.handed_over_at),
            accepted=local_date(case.accepted_at),
            notes=notes,
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
            "case.json": (_description(case, part, facts), JSON_TYPE),
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


def _lease(case_id: str) -> str:
    return f"seal:{case_id}"


def _description(case: Case, part: Compartment, facts: SealFacts) -> bytes:
    """`case.json` of an object: what the sheets say, for programs, with original names."""
    data = {
        "archival_code": case.archival_code,
        "fonds": case.fonds,
        "case_number": case.case_number,
        "title": case.title,
        "kind": case.kind,
        "procedure": case.procedure,
        "facts": case.facts,
        "served": case.served,
        "department": facts.department,
        "handlers": [handler.name for handler in case.handlers],
        "started": case.started_on.isoformat(),
        "ended": case.ended_on.isoformat(),
        "handed_over": facts.handed_over.isoformat(),
        "accepted": facts.accepted.isoformat(),
        "sealed": facts.sealed.isoformat(),
        "retention": case.retention,
        "label": case.label.code,
        "note": case.note,
        "persons": [{"name": p.name, "kind": p.kind, "role": p.role} for p in visible_persons(case, part)],
        "items": [
            {
                "number": item.number,
                "pages": [item.page_from, item.page_to],
                "title": item.title,
                "type": item.type_code,
                "stage": item.stage,
                "volume": item.volume,
                "document_number": item.document_number,
                "originator": item.originator,
                "date": item.dated.isoformat(),
                "label": item.label.code,
                "carrier": {"kind": item.carrier, **item.carrier_data},
                "recording": item.recording,
                "rendition_made_by": item.rendition_made_by,
                "files": [{"role": f.role, "path": content_path(item, f), "name": f.name} for f in item.files],
            }
            for item in part.items
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode()
