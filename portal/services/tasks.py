"""What waits for a person, soonest deadline first, each with the one next step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.cases import visible_cases
from archive_store.findings import case_facts
from archive_store.models.cases import Case, CaseHandler
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.regulation.evaluate import filing_term
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from archive_store.deadlines import Remaining
    from archive_store.identity import Actor
    from archive_store.regulation.rules import Regulation
    from portal.services.desk import Desk

MOST = 200


@dataclass(frozen=True, slots=True)
class Task:
    """One row of a work list: what it is, until when, and where the next step is taken."""

    kind: str
    title: str
    action: str
    endpoint: str
    arguments: dict[str, str] = field(default_factory=dict)
    due: date | None = None
    left: Remaining | None = None


class TaskService:
    """Work lists, made from what the person may see and do."""

    def __init__(self, desk: Desk, rules: Regulation) -> None:
        self._desk = desk
        self._rules = rules

    def of(self, actor: Actor) -> list[Task]:
        """The person's work list."""
        with self._desk.database.read() as session:
            tasks = [*self._cases(session, actor)]
        return sorted(tasks, key=lambda task: (task.due is None, task.due or date.max, task.title))

    def _cases(self, session: Session, actor: Actor) -> list[Task]:
        tasks: list[Task] = []
        if may(actor, Permission.HAND_OVER):
            own = Case.handlers.any(CaseHandler.account_id == actor.account_id)
            tasks += [
                self._filing(case, "整理移交", "继续整理", "intake.draft")
                for case in session.scalars(self._in_state(session, actor, CaseState.DRAFT).where(own))
            ]
        if may(actor, Permission.RECEIVE):
            waiting = session.scalars(self._in_state(session, actor, CaseState.HANDED_OVER))
            tasks += [self._filing(case, "待接收", "核对接收", "cases.page") for case in waiting]
        if may(actor, Permission.SEAL):
            taken = session.scalars(self._in_state(session, actor, CaseState.ACCEPTED))
            tasks += [
                Task("待封存", f"{case.archival_code} {case.title}", "核对封存", "cases.page", {"case_id": case.id})
                for case in taken
                if not any(handler.account_id == actor.account_id for handler in case.handlers)
            ]
        return tasks

    def _in_state(self, session: Session, actor: Actor, state: CaseState) -> Select[Case]:
        return select(Case).where(visible_cases(session, actor), Case.state == state).limit(MOST)

    def _filing(self, case: Case, kind: str, action: str, endpoint: str) -> Task:
        term = filing_term(self._rules, case_facts(case), self._desk.today())
        due, left = (term.deadline.due, term.left) if term else (None, None)
        return Task(kind, f"{case.case_number} {case.title}", action, endpoint, {"case_id": case.id}, due, left)
