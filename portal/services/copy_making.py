"""Making the signed copy of an approved release, in the worker: nothing is signed inside a transaction.

Run again, it does nothing; interrupted, it is begun again. What cannot be made goes back to preparation, with why.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.deadlines import local_date
from archive_store.drafts import page_file
from archive_store.errors import IntegrityError, NotFoundError
from archive_store.identity import service_actor
from archive_store.models.copies import CopyRequest, Decision, Release, SignedCopy
from archive_store.request_words import Step
from archive_store.requests import copy_of, facts_of, latest_decision, steps_of, take_step
from archive_store.sealing import MANIFEST, parse_manifest
from portal.dissemination.assemble import PageFile
from portal.dissemination.make_copy import CopyOrder, make_copy
from portal.dissemination.release import OfficeStep, ReleaseManifest, SealReference
from portal.services.decisions import OUTCOMES, void_approval
from portal.services.releases import ground_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from archive_store.blobs.base import StagingStore
    from archive_store.ocfl import StorageRoot
    from archive_store.regulation.grounds import Grounds
    from portal.dissemination.release import CopyManifest
    from portal.dissemination.sign import CopySigner
    from portal.dissemination.verdict import Report
    from portal.services.desk import Desk
    from portal.services.releases import ReleaseService

OFFICES: Mapping[Step, tuple[str, str]] = {
    Step.ACCEPT: ("档案管理机构", "核验受理"),
    Step.GIVE_OPINION: ("保密审查机构", "出具审查意见"),
    Step.SUBMIT_RELEASE: ("档案管理机构", "制作复制件"),
    Step.APPROVE: ("主管领导", "同意复制"),
    Step.APPROVE_PART: ("主管领导", "部分同意复制"),
}
"""The steps that a certificate names, with the office that took each."""
CHANGED = "密级、标识或者遮盖在审批后有变动，原审批失效，须重新制作、重新审批。"

LOST = "审批所依据的页面图像已不在存储中，没有制作复制件，原审批失效。请重新制作各页，再提交审批。"


@dataclass(frozen=True, slots=True)
class CopyTerms:
    """What every copy of this bureau says, and how long it lies ready."""

    bureau: str
    verify_at: str
    """Address of the verification page."""
    keep_days: int
    demonstration: bool


@dataclass(frozen=True, slots=True)
class CopyPress:
    """What makes a copy: the signer, the verdict on a file as anyone would reach it, a folder for pieces."""

    signer: CopySigner
    verdict: Callable[[Path], Report]
    scratch: Path


@dataclass(frozen=True, slots=True)
class _Approved:
    """An approval, read in one go."""

    request: CopyRequest
    release: ReleaseManifest
    approved_sha256: str
    offices: tuple[OfficeStep, ...]
    blobs: Mapping[str, str]


class CopyMakingService:
    """Turns approvals into signed copies."""

    def __init__(
        self,
        desk: Desk,
        store: StagingStore,
        root: StorageRoot,
        releases: ReleaseService,
        grounds: Grounds,
        press: CopyPress,
        terms: CopyTerms,
    ) -> None:
        self._desk = desk
        self._store = store
        self._root = root
        self._releases = releases
        self._grounds = grounds
        self._press = press
        self._terms = terms

    def make(self, decision_id: str) -> None:
        """Make the copy of an approval, unless it stands or the approval fell meanwhile."""
        with self._desk.database.read() as session:
            decision = session.get(Decision, decision_id)
            if decision is None or decision.voided_at is not None or copy_of(session, decision) is not None:
                return
            request = session.get_one(CopyRequest, decision.request_id)
            facts = facts_of(session, request, self._desk.today())
            approved = (
                self._approved(session, request, decision) if facts.manifest_hash == facts.approved_hash else None
            )
        if approved is None:
            self._void(decision_id, CHANGED)
            return
        with tempfile.TemporaryDirectory(dir=self._press.scratch) as folder:
            try:
                self._make(approved, decision_id, Path(folder))
            except IntegrityError as error:
                self._void(decision_id, error.message)

    # --- parts

    def _approved(self, session: Session, request: CopyRequest, decision: Decision) -> _Approved:
        release = session.get_one(Release, decision.release_id)
        if release.manifest is None or release.manifest_sha256 != decision.manifest_sha256:
            raise IntegrityError("审批所依据的放行清单与登记的不一致，没有制作复制件。请联系系统管理员核查。")
        withheld = {int(position): ground_words(self._grounds, code) for position, code in decision.withheld.items()}
        for row in request.items:
            row.item.files  # noqa: B018 - loaded while the session is open
        return _Approved(
            request=request,
            release=ReleaseManifest.parse(release.manifest.encode()).decided(withheld),
            approved_sha256=decision.manifest_sha256,
            offices=self._offices(session, request),
            blobs=release.pages,
        )

    def _offices(self, session: Session, request: CopyRequest) -> tuple[OfficeStep, ...]:
        """Each office with the last day on which it acted."""
        rows = [row for row in steps_of(session, request.id) if row.step in OFFICES]
        last = [row.step for row in rows if row.step in OUTCOMES][-1]
        days = {row.step: local_date(row.at) for row in rows if row.step is last or row.step not in OUTCOMES}
        return tuple(
            OfficeStep(office=who, act=act, on=days[step]) for step, (who, act) in OFFICES.items() if step in days
        )

    def _make(self, approved: _Approved, decision_id: str, folder: Path) -> None:
        pages = [
            PageFile(self._fetched(approved.blobs[f"{item.position}:{page.number}"], folder), page)
            for item in approved.release.items
            for page in item.pages
        ]
        moment = self._desk.clock().replace(microsecond=0)
        order = CopyOrder(
            release=approved.release,
            approved_sha256=approved.approved_sha256,
            bureau=self._terms.bureau,
            offices=approved.offices,
            made_at=moment,
            verify_at=self._terms.verify_at,
            pages=pages,
            secrets=self._releases.hidden_words(approved.request, approved.release),
            demonstration=self._terms.demonstration,
            seal=self._seal(approved),
        )
        target = folder / "copy.pdf"
        manifest = make_copy(order, self._press.signer, self._press.verdict, target)
        self._keep(approved.request.id, decision_id, target, manifest, moment)

    def _fetched(self, blob: str, folder: Path) -> Path:
        path = folder / f"{blob}.jpg"
        try:
            with self._store.open(blob) as source, path.open("wb") as out:
                shutil.copyfileobj(source, out)
        except NotFoundError as error:
            raise IntegrityError(LOST) from error
        return path

    def _seal(self, approved: _Approved) -> SealReference | None:
        """The sealed object from which the released items were taken."""
        released = {item.position for item in approved.release.items if item.pages}
        files = [page_file(row.item) for row in approved.request.items if row.position in released]
        object_ids = {file.object_id for file in files if file is not None}
        object_id = next(iter(object_ids)) if len(object_ids) == 1 else None
        if object_id is None:
            return None
        manifest = parse_manifest(self._root.read(object_id, MANIFEST))
        sealed_on = local_date(datetime.fromisoformat(manifest.sealed_at))
        return SealReference(sealed_on=sealed_on, root=manifest.merkle.root)

    def _keep(self, request_id: str, decision_id: str, target: Path, manifest: CopyManifest, moment: datetime) -> None:
        with target.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            stored = self._store.put(file)
        with self._desk.database.write() as unit:
            session = unit.session
            decision = session.get_one(Decision, decision_id)
            if decision.voided_at is not None or copy_of(session, decision) is not None:
                return  # it fell, or another worker was quicker; the sweep takes the blob
            copy = SignedCopy(
                request_id=request_id,
                decision_id=decision_id,
                blob=stored.name,
                size=stored.size,
                sha512=stored.sha512,
                sha256=sha256,
                check_code=manifest.check_code,
                made_at=moment,
                expires_at=moment + timedelta(days=self._terms.keep_days),
            )
            session.add(copy)
            subject = ("copy_request", request_id)
            self._desk.record(
                session, service_actor("copies"), EventName.COPY_REQUEST_SIGN, subject, sha256=sha256, size=stored.size
            )

    def _void(self, decision_id: str, reason: str) -> None:
        """Have an approval that still stands fall: the request goes back to preparation with the reason."""
        actor = service_actor("copies")
        with self._desk.database.write() as unit:
            decision = unit.session.get_one(Decision, decision_id)
            request = unit.session.get_one(CopyRequest, decision.request_id)
            if latest_decision(unit.session, request.id) is not decision:
                return  # it fell meanwhile, and the one that followed is not ours to judge
            facts = facts_of(unit.session, request, self._desk.today())
            moment = self._desk.clock()
            take_step(unit.session, request, Step.VOID_RELEASE, actor, facts=facts, moment=moment, reason=reason)
            void_approval(unit.session, request, self._desk, reason)
            subject = ("copy_request", request.id)
            self._desk.record(unit.session, actor, EventName.COPY_REQUEST_VOID_RELEASE, subject)
