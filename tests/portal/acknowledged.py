"""What must be true of an installation whatever moment it was killed at: nothing lost, nothing half."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import (
    Case,
    FourCheckReportRow,
    Item,
    LabelDecision,
    NumberSeries,
    SealedObject,
    StoredFile,
    Transfer,
    Waiver,
)
from archive_store.models.work import IndexState
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.wiring import Installation

ORDER = [CaseState.DRAFT, CaseState.HANDED_OVER, CaseState.ACCEPTED, CaseState.SEALED]
REACHED = {"hand_over": CaseState.HANDED_OVER, "accept": CaseState.ACCEPTED, "seal": CaseState.SEALED}
EVENTS = {
    CaseState.DRAFT: ("case:import",),
    CaseState.HANDED_OVER: ("case:import", "case:hand_over"),
    CaseState.ACCEPTED: ("case:import", "case:hand_over", "case:accept"),
    CaseState.SEALED: ("case:import", "case:hand_over", "case:accept", "case:seal"),
}
ITEMS_OF_A_FOLDER = 2


@dataclass
class Acknowledged:
    """Every step that was acknowledged, as (step, case, value)."""

    steps: list[tuple[str, str, str]] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take in a line of the child's; others than acknowledgements are passed over."""
        if line.startswith("ack "):
            _, step, case_id, value = line.rstrip("\n").split(" ", 3)
            self.steps.append((step, case_id, value))

    def lost(self, opened: Installation) -> list[str]:
        """Acknowledged steps of which the archive does not know."""
        with opened.database.read() as session:
            return [" ".join(step) for step in dict.fromkeys(self.steps) if not _is_kept(opened, session, *step)]


def _is_kept(opened: Installation, session: Session, step: str, case_id: str, value: str) -> bool:
    case = session.get(Case, case_id)
    if case is None:
        return False
    if step == "file":
        return session.get(Item, value) is not None
    if step == "waive":
        kept = select(Waiver).where(Waiver.case_id == case_id, Waiver.finding_key == value)
        return session.scalars(kept).first() is not None
    if step == "index":
        state = session.get(IndexState, case_id)
        return state is not None and state.indexed >= state.wanted and case_id in opened.index.case_ids()
    reached = ORDER.index(case.state) >= ORDER.index(REACHED.get(step, CaseState.DRAFT))
    return reached and (step != "accept" or case.archival_code == value)


def half_cases(opened: Installation) -> list[str]:
    """Whatever contradicts itself: rows, bytes, objects, events and numbers against each other."""
    with opened.database.read() as session:
        cases = session.scalars(select(Case)).all()
        found = [f"{case.id} ({case.state}): {said}" for case in cases for said in faults_of(opened, session, case)]
        return found + faults_of_numbers(session)


def faults_of_numbers(session: Session) -> list[str]:
    """What is wrong with the archive as a whole: codes given twice or to nobody, files of no item."""
    found = []
    codes = session.scalars(select(Case.archival_code).where(Case.archival_code.is_not(None))).all()
    given = session.scalar(select(func.sum(NumberSeries.next_number - 1))) or 0
    if len(set(codes)) != len(codes) or given != len(codes):
        found.append(f"{given} numbers were given for codes {codes}")
    if orphans := session.scalars(select(StoredFile.id).where(StoredFile.item_id.not_in(select(Item.id)))).all():
        found.append(f"files of no item: {orphans}")
    return found


def faults_of(opened: Installation, session: Session, case: Case) -> Iterator[str]:
    """What contradicts itself in one case."""
    files = [file for item in case.items for file in item.files]
    if [item.number for item in case.items] != list(range(1, len(case.items) + 1)):
        yield "numbers are not 1..n"
    if len(case.items) < ITEMS_OF_A_FOLDER or len(files) != len(case.items):
        yield f"{len(case.items)} items with {len(files)} files"
    subjects = set(session.scalars(select(LabelDecision.subject_id).where(LabelDecision.case_id == case.id)))
    if not {case.id, *(item.id for item in case.items), *(person.id for person in case.persons)} <= subjects:
        yield "a label without its decision"
    yield from _events(session, case)
    yield from _transfers(session, case)
    objects = set(session.scalars(select(SealedObject.object_id).where(SealedObject.case_id == case.id)))
    if case.state is CaseState.SEALED:
        if any(file.blob or file.object_id not in objects or not file.content_path for file in files):
            yield "a sealed file is not in an object"
        if not objects or not all(opened.root.has(object_id) for object_id in objects):
            yield "an object is not in the root"
        if session.get(IndexState, case.id) is None:
            yield "nothing was noted for the index"
    else:
        if objects or any(not file.blob or file.object_id for file in files):
            yield "parts of a seal"
        if any(opened.root.has(f"urn:anjuan:{case.id}:{name}") for name in ("main", "auxiliary")):
            yield "an object in the root"


def _events(session: Session, case: Case) -> Iterator[str]:
    names = Counter(
        session.scalars(select(AuditLeaf.name).where(AuditLeaf.object_id == case.id, AuditLeaf.outcome == "done"))
    )
    if {name: names[name] for name in EVENTS[CaseState.SEALED] if names[name]} != dict.fromkeys(EVENTS[case.state], 1):
        yield f"events are {dict(names)}"


def _transfers(session: Session, case: Case) -> Iterator[str]:
    transfers = session.scalars(select(Transfer).where(Transfer.case_id == case.id)).all()
    wanted = {CaseState.DRAFT: [], CaseState.HANDED_OVER: [None]}.get(case.state, [True])
    if [transfer.accepted for transfer in transfers] != wanted:
        yield f"transfers are {[transfer.accepted for transfer in transfers]}"
    if bool(case.archival_code) != (case.state in (CaseState.ACCEPTED, CaseState.SEALED)):
        yield f"archival code is {case.archival_code}"
    reports = session.scalars(select(FourCheckReportRow.moment).where(FourCheckReportRow.case_id == case.id)).all()
    least = ORDER.index(case.state)
    if len(set(reports) - {"storage"}) < least:
        yield f"reports of the four checks are {reports}"
