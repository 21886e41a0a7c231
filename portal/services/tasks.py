"""What waits for a person, soonest deadline first, each with the one next step."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.cases import visible_cases
from archive_store.copy_requests import available
from archive_store.deadlines import Deadline, remaining
from archive_store.findings import case_facts
from archive_store.models.cases import Case, CaseHandler
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.regulation.evaluate import filing_term
from archive_store.request_words import AT_WORK, RequestState, Step
from archive_store.requests import facts_of, may_with, visible_requests
from archive_store.vocabulary import CaseState
from portal.services.work_list import Task, label_tasks, office_tasks, urgent_tasks

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from archive_store.copy_requests import RequestFacts
    from archive_store.identity import Actor
    from archive_store.models.copies import CopyRequest
    from archive_store.regulation.rules import Regulation
    from portal.services.desk import Desk

MOST = 200


class TaskService:
    """Work lists, made from what the person may see and do."""

    def __init__(self, desk: Desk, rules: Regulation) -> None:
        self._desk = desk
        self._rules = rules

    def of(self, actor: Actor) -> list[Task]:
        """The person's work list."""
        with self._desk.database.read() as session:
            tasks = [*self._cases(session, actor), *self._requests(session, actor)]
            tasks += office_tasks(session, actor, self._desk.today())
            tasks += label_tasks(session, actor)
            tasks += urgent_tasks(session, actor, self._desk.clock(), self._desk.today())
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

    def _requests(self, session: Session, actor: Actor) -> list[Task]:
        if not may(actor, Permission.SEE_REQUEST):
            return []
        found = []
        for request in visible_requests(session, actor, AT_WORK | {RequestState.SUBMITTED}):
            facts = facts_of(session, request, self._desk.today())
            next_step = _next_step(request, facts, actor)
            if next_step is None or request.due_on is None:
                continue
            kind, action, endpoint = next_step
            left = remaining(Deadline(request.due_on, working=True), self._desk.today())
            title = f"{request.number} {request.recipient} 申请复制 {request.case.case_number}"
            found.append(Task(kind, title, action, endpoint, {"request_id": request.id}, request.due_on, left))
        return found

    def _in_state(self, session: Session, actor: Actor, state: CaseState) -> Select[Case]:
        return select(Case).where(visible_cases(session, actor), Case.state == state).limit(MOST)

    def _filing(self, case: Case, kind: str, action: str, endpoint: str) -> Task:
        term = filing_term(self._rules, case_facts(case), self._desk.today())
        due, left = (term.deadline.due, term.left) if term else (None, None)
        return Task(kind, f"{case.case_number} {case.title}", action, endpoint, {"case_id": case.id}, due, left)


def _next_step(request: CopyRequest, facts: RequestFacts, actor: Actor) -> tuple[str, str, str] | None:
    """What the actor would do next with a request: kind, words of the link, page; None where it waits for others."""
    if request.state is RequestState.SUBMITTED and may_with(actor, Permission.ACCEPT_REQUEST, request):
        return "待核验申请", "核验受理", "requests.page"
    steps = set(available(request.state, facts, actor))
    if Step.GIVE_OPINION in steps and not facts.opinions_complete:
        return "待保密审查", "出具意见", "requests.page"
    if steps & {Step.APPROVE, Step.REFUSE}:
        return "待审批申请", "审批", "decisions.screen"
    if Step.BEGIN_PREPARATION in steps:
        return "待制作", "开始制作", "requests.page"
    if Step.REFER in steps and request.state is RequestState.ACCEPTED:
        return "待送审", "送保密审查", "requests.page"
    return ("制作中", "继续制作", "preparation.bench") if Step.PREPARE in steps else None
