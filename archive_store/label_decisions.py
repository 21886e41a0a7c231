"""The things of a case that bear a label, and the latest decision on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from archive_store.labels import Label, LabelSubject
from archive_store.models.cases import Case, LabelDecision

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


class LabelledThing(NamedTuple):
    """An entry, item or person: how it is called without a word of its own, and the item's number."""

    subject: LabelSubject
    id: str
    name: str
    label: Label
    number: int | None = None


def labelled_things(case: Case) -> list[LabelledThing]:
    """Everything in a case that bears a label, the entry first."""
    found = [LabelledThing(LabelSubject.ENTRY, case.id, "案卷条目", case.label)]
    found += [
        LabelledThing(LabelSubject.ITEM, item.id, f"第{item.number}件", item.label, item.number) for item in case.items
    ]
    return [*found, *(LabelledThing(LabelSubject.PERSON, one.id, "一名人员", one.label) for one in case.persons)]


def latest_decisions(session: Session, *which: ColumnElement[bool]) -> dict[str, LabelDecision]:
    """By the id of the thing: the latest decision on each; `which` are conditions on decision and case."""
    asked = select(LabelDecision).join(Case, Case.id == LabelDecision.case_id).where(*which)
    rows = session.scalars(asked.order_by(LabelDecision.decided_at, LabelDecision.id))
    return {row.subject_id: row for row in rows}


def is_determined(decision: LabelDecision | None) -> bool:
    """Whether a label was decided on a proposal, and not just written by who made the draft."""
    return decision is not None and decision.proposal_id is not None
