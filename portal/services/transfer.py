"""From the handler's hands into the archive's: findings, hand-over, acceptance or return, waivers (Art. 28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.cases import case_for
from archive_store.drafts import contents_list, renumber
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.findings import OpenFinding, case_facts, findings_of
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, NumberSeries, Transfer, Waiver
from archive_store.permissions import Permission
from archive_store.regulation.evaluate import statements_for
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.archival_codes import CodeTemplate
    from archive_store.identity import Actor
    from archive_store.regulation.evaluate import Statement
    from archive_store.regulation.rules import Regulation
    from portal.services.cases import CasePage
    from portal.services.desk import Desk


class TransferService:
    """Hand-over and acceptance."""

    def __init__(self, desk: Desk, rules: Regulation, codes: CodeTemplate) -> None:
        self._desk = desk
        self._rules = rules
        self._codes = codes

    def findings(self, actor: Actor, case_id: str) -> list[OpenFinding]:
        """What is found of a case, for those who may read what is in it."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.READ_CONTENT)
            return findings_of(session, case, self._rules, self._desk.today())

    def statements(self, shown: CasePage) -> dict[str, list[Statement]]:
        """By item: what the rules let the handler state about its content."""
        facts = case_facts(shown.case)
        return {item.id: statements_for(self._rules, facts, item.type_code) for item in shown.items}

    def hand_over(self, actor: Actor, case_id: str) -> None:
        """Give the file to the archive with its list.

        Raises:
            RefusedError: the file is empty.
        """
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.HAND_OVER)
            if not case.items:
                raise RefusedError("卷内没有任何文件，不能移交。请先收入文件。")
            renumber(case)
            case.state, case.handed_over_at = CaseState.HANDED_OVER, self._desk.clock()
            transfer = Transfer(case_id=case.id, handed_over_by=actor.account_id, handed_over_at=case.handed_over_at)
            transfer.contents = dict(contents_list(case))
            unit.session.add(transfer)
            subject = ("case", case.id)
            self._desk.record(unit.session, actor, EventName.CASE_HAND_OVER, subject, items=len(case.items))

    def accept(self, actor: Actor, case_id: str) -> str:
        """Take the file over; the program gives the archival code, which is never given twice."""
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.RECEIVE)
            self._close_transfer(unit.session, case, actor, accepted=True, reasons="")
            case.archival_code = case.archival_code or self._next_code(unit.session, case)
            case.state, case.accepted_at, case.checked_by = CaseState.ACCEPTED, self._desk.clock(), actor.name
            subject = ("case", case.id)
            self._desk.record(unit.session, actor, EventName.CASE_ACCEPT, subject, code=case.archival_code)
            return case.archival_code

    def send_back(self, actor: Actor, case_id: str, reasons: str) -> None:
        """Return the file to its handler, with reasons."""
        if not reasons.strip():
            raise InvalidInputError("退回须写明理由，便于承办人补正。", "reasons")
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.RECEIVE)
            self._close_transfer(unit.session, case, actor, accepted=False, reasons=reasons.strip())
            case.state, case.handed_over_at = CaseState.DRAFT, None
            self._desk.record(unit.session, actor, EventName.CASE_RETURN, ("case", case.id))

    def waive(self, actor: Actor, case_id: str, finding_key: str, reason: str) -> None:
        """Let a finding pass, with the reason."""
        if not reason.strip():
            raise InvalidInputError("准予通过须写明理由。", "reason")
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.WAIVE)
            open_keys = {
                found.finding.key for found in findings_of(unit.session, case, self._rules, self._desk.today())
            }
            if finding_key not in open_keys:
                raise NotFoundError
            waiver = Waiver(case_id=case.id, finding_key=finding_key, reason=reason.strip())
            waiver.waived_by = actor.account_id
            unit.session.add(waiver)
            subject = ("case", case.id)
            self._desk.record(unit.session, actor, EventName.CASE_WAIVE, subject, finding=finding_key)

    def last_return(self, actor: Actor, case_id: str) -> str:
        """The reasons of the latest return, empty where there was none."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.SEE_ENTRY)
            transfer = self._latest(session, case)
            return transfer.reasons if transfer is not None and transfer.accepted is False else ""

    def _close_transfer(self, session: Session, case: Case, actor: Actor, *, accepted: bool, reasons: str) -> None:
        transfer = self._latest(session, case)
        if transfer is None:
            raise NotFoundError
        if transfer.handed_over_by == actor.account_id:
            raise RefusedError("接收人不得是移交人本人，请由其他档案管理员办理。")
        transfer.received_by, transfer.received_at = actor.account_id, self._desk.clock()
        transfer.accepted, transfer.reasons = accepted, reasons

    def _latest(self, session: Session, case: Case) -> Transfer | None:
        return session.scalars(
            select(Transfer).where(Transfer.case_id == case.id).order_by(Transfer.handed_over_at.desc())
        ).first()

    def _next_code(self, session: Session, case: Case) -> str:
        department = session.get_one(Department, case.department_id)
        key = self._codes.series_key(case, department.code)
        return self._codes.format_case(case, department.code, take_number(session, key))


def take_number(session: Session, key: str) -> int:
    """The next number of a series, never given again."""
    series = session.get(NumberSeries, key, with_for_update=True)
    if series is None:
        series = NumberSeries(key=key, next_number=1)
        session.add(series)
    number = series.next_number
    series.next_number += 1
    session.flush()
    return number
