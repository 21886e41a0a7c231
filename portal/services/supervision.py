"""Figures for the legal office: filing in time, findings let pass, copy requests in time; no content, no names.

Counted is only what the viewer's own clearance and marks reach, by the labels of the entries, and never what bears
举报人信息: a figure tells nothing of a case that its reader may not know.

Source: 办法 Art. 5 (supervision), 28 (filing), 30 (copies), 37 (yearly assessment).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store.audit.events import EventName
from archive_store.deadlines import local_date
from archive_store.errors import NotFoundError
from archive_store.findings import case_facts
from archive_store.labels import Mark
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, Waiver
from archive_store.models.copies import CopyRequest, Decision
from archive_store.permissions import Permission
from archive_store.policy import cleared, may
from archive_store.regulation.evaluate import filing_term
from archive_store.request_words import RequestState
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.labels import Label
    from archive_store.regulation.rules import Regulation
    from portal.services.desk import Desk


@dataclass(slots=True)
class Figures:
    """Numbers of one department in one year."""

    department: str
    cases: int = 0
    sealed: int = 0
    filed_late: int = 0
    """Taken over by the archive after the term of Art. 28."""
    overdue: int = 0
    """Not taken over yet, and the term is over."""
    let_pass: int = 0
    """Findings that an archivist let pass with a reason."""
    requests: int = 0
    """Copy requests handed in."""
    open_requests: int = 0
    late_requests: int = 0
    """Not decided when the time for it was over, or decided afterwards."""
    granted: int = 0
    partly_granted: int = 0
    refused: int = 0
    withdrawn: int = 0

    def add(self, other: Figures) -> None:
        """Add another department's."""
        for part in fields(self)[1:]:
            setattr(self, part.name, getattr(self, part.name) + getattr(other, part.name))


@dataclass(frozen=True, slots=True)
class Board:
    """What the legal office sees: a row for each department that has a case in the year, and their sum."""

    year: int
    years: list[int]
    rows: list[Figures]
    total: Figures


class SupervisionService:
    """Figures of the whole bureau."""

    def __init__(self, desk: Desk, rules: Regulation) -> None:
        self._desk = desk
        self._rules = rules

    def board(self, actor: Actor, year: int | None = None) -> Board:
        """The figures of the cases whose act ended in `year` (the latest that has any, where None); an event.

        Raises:
            NotFoundError: the actor does not supervise.
        """
        if not may(actor, Permission.SUPERVISE):
            raise NotFoundError
        with self._desk.database.write() as unit:
            session = unit.session
            labels = session.scalars(select(Case.label).distinct()).all()
            known = Case.label.in_([label for label in labels if _counts(actor, label)])
            ends = session.scalars(select(Case.ended_on).where(known).distinct())
            years = sorted({day.year for day in ends}, reverse=True)
            chosen = year if year in years else years[0] if years else self._desk.today().year
            in_year = Case.ended_on.between(date(chosen, 1, 1), date(chosen, 12, 31))
            rows = self._rows(session, known, in_year)
            self._desk.record(session, actor, EventName.SUPERVISION_VIEW, ("figures", str(chosen)))
        total = Figures("合计")
        for row in rows:
            total.add(row)
        return Board(chosen, years, rows, total)

    def _rows(self, session: Session, *which: ColumnElement[bool]) -> list[Figures]:
        """The figures of the cases for which the conditions hold, by department."""
        today = self._desk.today()
        found = {row.id: Figures(row.name) for row in session.scalars(select(Department).order_by(Department.code))}
        of_case: dict[str, Figures] = {}
        for case in session.scalars(select(Case).where(*which)):
            of_case[case.id] = found[case.department_id]
            self._count_case(of_case[case.id], case, today)
        waived = select(Waiver.case_id, func.count()).join(Case, Case.id == Waiver.case_id).where(*which)
        for case_id, number in session.execute(waived.group_by(Waiver.case_id)):
            of_case[case_id].let_pass += number
        standing = select(Decision.request_id, Decision.outcome).where(Decision.voided_at.is_(None))
        outcomes = {row.request_id: row.outcome for row in session.execute(standing.order_by(Decision.at))}
        handed_in = select(CopyRequest).join(Case, Case.id == CopyRequest.case_id).where(*which)
        for request in session.scalars(handed_in.where(CopyRequest.submitted_at.is_not(None))):
            _count_request(of_case[request.case_id], request, outcomes.get(request.id, ""), today)
        return [row for row in found.values() if row.cases]

    def _count_case(self, figures: Figures, case: Case, today: date) -> None:
        figures.cases += 1
        figures.sealed += case.state is CaseState.SEALED
        term = filing_term(self._rules, case_facts(case), today)
        if term is None:
            return
        if case.accepted_at is not None:
            figures.filed_late += local_date(case.accepted_at) > term.deadline.due
        else:
            figures.overdue += today > term.deadline.due


def _counts(actor: Actor, label: Label) -> bool:
    return cleared(actor, label) and Mark.INFORMANT not in label.marks


def _count_request(figures: Figures, request: CopyRequest, outcome: str, today: date) -> None:
    figures.requests += 1
    figures.granted += outcome == "granted"
    figures.partly_granted += outcome == "partly_granted"
    figures.refused += outcome == "refused"
    figures.withdrawn += request.state is RequestState.WITHDRAWN
    closed = local_date(request.closed_at) if request.closed_at else None
    figures.open_requests += closed is None
    figures.late_requests += request.due_on is not None and (closed or today) > request.due_on
