"""A sealed case with everyone in it: party, agents in and out of term, witness, informant; items of every kind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archive_store.accounts import office_today
from archive_store.labels import LabelSubject, ProposalState
from archive_store.models.cases import Case, LabelDecision
from archive_store.models.classification import LabelProposal
from tests.portal.conftest import pdf, write_case
from tests.portal.filing import accept
from tests.portal.rights import given

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World

TERM = office_today() + timedelta(days=30)
PERSONS = [
    {"name": "张演示", "role": "party"},
    {"name": "陈代理", "role": "agent", "represents": "张演示", "representation_until": TERM.isoformat()},
    {"name": "孙法人", "role": "legal_representative", "represents": "张演示"},
    {
        "name": "过期代理",
        "role": "agent",
        "represents": "张演示",
        "representation_until": (office_today() - timedelta(days=1)).isoformat(),
    },
    {"name": "周证人", "role": "witness"},
    {"name": "举报演示", "role": "informant", "label": {"level": "internal", "marks": ["informant"]}},
]
ITEMS = [
    ("01.pdf", "现场检查笔录", "site_inspection_record", {}),
    ("02.pdf", "结案审批表", "closing_report", {}),
    ("03.pdf", "涉密图纸", "site_inspection_record", {"label": {"level": "confidential"}}),
    ("04.pdf", "举报材料", "site_inspection_record", {"label": {"level": "internal", "marks": ["informant"]}}),
]


def seal_crowded(world: World, folder: Path) -> str:
    """Import, hand over, accept and seal it; the second archivist may see all of it. Gives the case's id."""
    services = world.opened.services
    items = [
        {"file": file, "title": title, "type": kind, "date": "2026-11-02"} | more for file, title, kind, more in ITEMS
    ]
    write_case(folder, persons=PERSONS, items=items)
    for name in ("03.pdf", "04.pdf"):
        (folder / name).write_bytes(pdf(f"Page of {name}"))
    given(world, "second_archivist", "clearance:2", "mark:informant")
    outcome = services.intake.import_case(world.actor("handler"), folder)
    assert outcome.case_id is not None, outcome.findings
    accept(world, outcome.case_id, archivist="second_archivist")
    determine_secrets(world, outcome.case_id)
    services.sealing.seal(world.actor("second_archivist"), outcome.case_id)
    return outcome.case_id


def determine_secrets(world: World, case_id: str) -> None:
    """Have every state secret of a case determined, by rows: nobody here is cleared for it and classifies."""
    with world.opened.database.write() as unit:
        case = unit.session.get_one(Case, case_id)
        for subject, thing in ((LabelSubject.ENTRY, case), *((LabelSubject.ITEM, item) for item in case.items)):
            if thing.label.level.is_state_secret:
                about: dict[str, Any] = {"case_id": case_id, "subject": subject, "subject_id": thing.id}
                proposal = LabelProposal(label=thing.label, former=thing.label, ground="演示", **about)
                proposal.state, proposal.proposed_by = ProposalState.DECIDED, world.ids["handler"]
                unit.session.add(proposal)
                unit.session.flush()
                decision = LabelDecision(label=thing.label, decided_by=world.ids["leader"], readers=[], **about)
                decision.proposal_id, decision.declassify_on = proposal.id, TERM
                unit.session.add(decision)


def persons_of(world: World, case_id: str) -> dict[str, str]:
    """Id by name of the persons of a case."""
    with world.opened.database.read() as session:
        return {person.name: person.id for person in session.get_one(Case, case_id).persons}


def items_of(world: World, case_id: str) -> dict[int, str]:
    """Id by number of the items of a case."""
    with world.opened.database.read() as session:
        return {item.number: item.id for item in session.get_one(Case, case_id).items}
