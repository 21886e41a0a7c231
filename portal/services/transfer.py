"""From the handler's hands into the archive's: findings, hand-over, acceptance or return, waivers (Art. 28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

from archive_store.audit.events import EventName
from archive_store.cases import case_for, readable_items, visible_cases
from archive_store.drafts import contents_list, renumber
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.findings import OF_PERSONS, OpenFinding, case_facts, findings_of
from archive_store.four_check_report import Moment
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, NumberSeries, Transfer, Waiver
from archive_store.permissions import Permission
from archive_store.policy import cleared
from archive_store.regulation.evaluate import statements_for
from archive_store.vocabulary import CaseState
from portal.services.checking import Look, latest_transfer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.archival_codes import CodeTemplate
    from archive_store.four_check_report import FourCheckReport
    from archive_store.identity import Actor
    from archive_store.regulation.evaluate import Statement
    from archive_store.regulation.rules import Regulation
    from portal.services.cases import CasePage
    from portal.services.checking import CheckingService
    from portal.services.desk import Desk


MOST_TOLD = 3


class TransferService:
    """Hand-over and acceptance."""

    def __init__(self, desk: Desk, rules: Regulation, codes: CodeTemplate, checking: CheckingService) -> None:
        self._desk = desk
        self._rules = rules
        self._codes = codes
        self._checking = checking

    def findings(self, actor: Actor, case_id: str) -> list[OpenFinding]:
        """What is found of a case, for those who may read what is in it; of items hidden from them, nothing."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.READ_CONTENT)
            numbers = {None, *(item.number for item in readable_items(actor, case))}
            if all(cleared(actor, person.label) for person in case.persons):
                numbers.add(OF_PERSONS)
            known = visible_cases(session, actor)
            found = findings_of(session, case, self._rules, self._desk.today(), known=known)
            return [one for one in found if one.finding.item_number in numbers]

    def statements(self, shown: CasePage) -> dict[str, list[Statement]]:
        """By item: what the rules let the handler state about its content."""
        facts = case_facts(shown.case)
        return {item.id: statements_for(self._rules, facts, item.type_code) for item in shown.items}

    def hand_over(self, actor: Actor, case_id: str) -> None:
        """Give the file to the archive with its list.

        Raises:
            RefusedError: the file is empty.
        """
        readings = self._checking.read(actor, case_id, Permission.HAND_OVER)
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.HAND_OVER)
            if not case.items:
                raise RefusedError("卷内没有任何文件，不能移交。请先收入文件。")
            renumber(case)
            now = self._desk.clock()
            report = self._checking.judge(unit.session, case, Moment.FILING, Look(readings, now))
            self._checking.keep(unit.session, case, report, actor.account_id, now)
            case.state, case.handed_over_at = CaseState.HANDED_OVER, now
            transfer = Transfer(case_id=case.id, handed_over_by=actor.account_id, handed_over_at=case.handed_over_at)
            transfer.contents = dict(contents_list(case))
            unit.session.add(transfer)
            subject = ("case", case.id)
            self._desk.record(unit.session, actor, EventName.CASE_HAND_OVER, subject, items=len(case.items))

    def accept(self, actor: Actor, case_id: str) -> str:
        """Take the file over; the program gives the archival code, which is never given twice.

        Raises:
            RefusedError: the four checks found what no reason mends (changed bytes, say); it can only be returned.
        """
        readings = self._checking.read(actor, case_id, Permission.RECEIVE)
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.RECEIVE)
            now, subject = self._desk.clock(), ("case", case.id)
            look = Look(readings, now, accepted_by=actor.account_id)
            report = self._checking.judge(unit.session, case, Moment.TRANSFER, look)
            self._checking.keep(unit.session, case, report, actor.account_id, now)
            refusal = _refusal(report)
            if not refusal:
                self._close_transfer(unit.session, case, actor, accepted=True, reasons="")
                code = case.archival_code = case.archival_code or self._next_code(unit.session, case)
                case.state, case.accepted_at, case.checked_by = CaseState.ACCEPTED, now, actor.name
                self._desk.record(unit.session, actor, EventName.CASE_ACCEPT, subject, code=code)
                return code
            self._desk.record(unit.session, actor, EventName.CASE_ACCEPT, subject, outcome="refused")
        raise RefusedError(refusal)

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
            known = visible_cases(unit.session, actor)
            found = findings_of(unit.session, case, self._rules, self._desk.today(), known=known)
            chosen = next((one for one in found if one.finding.key == finding_key), None)
            if chosen is None:
                raise NotFoundError
            if not chosen.waivable:
                raise RefusedError("此项不能以说明理由代替，须先查明处理。")
            waiver = Waiver(case_id=case.id, finding_key=finding_key, reason=reason.strip())
            waiver.waived_by = actor.account_id
            unit.session.add(waiver)
            subject = ("case", case.id)
            self._desk.record(unit.session, actor, EventName.CASE_WAIVE, subject, finding=finding_key)

    def last_return(self, actor: Actor, case_id: str) -> str:
        """The reasons of the latest return, empty where there was none."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.SEE_ENTRY)
            transfer = latest_transfer(session, case)
            return transfer.reasons if transfer is not None and transfer.accepted is False else ""

    def _close_transfer(self, session: Session, case: Case, actor: Actor, *, accepted: bool, reasons: str) -> None:
        transfer = latest_transfer(session, case)
        if transfer is None:
            raise NotFoundError
        if transfer.handed_over_by == actor.account_id:
            raise RefusedError("接收人不得是移交人本人，请由其他档案管理员办理。")
        transfer.received_by, transfer.received_at = actor.account_id, self._desk.clock()
        transfer.accepted, transfer.reasons = accepted, reasons

    def _next_code(self, session: Session, case: Case) -> str:
        department = session.get_one(Department, case.department_id)
        key = self._codes.series_key(case, department.code)
        return self._codes.format_case(case, department.code, take_number(session, key))


def _refusal(report: FourCheckReport) -> str:
    """Why a file cannot be taken over at all, in words; empty where it can."""
    said = [line.text for line in report.failures if not line.waivable]
    more = f"等 {len(said)} 项" if len(said) > MOST_TOLD else ""
    told = "；".join(text.rstrip("。") for text in said[:MOST_TOLD])
    return f"四性检测未通过，没有接收：{told}{more}。请退回承办人重新收入。" if said else ""


def take_number(session: Session, key: str) -> int:
    """The next number of a series, never given again; whoever asks at the same time waits for this transaction."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(NumberSeries).values(key=key, next_number=1).on_conflict_do_nothing())
    series = session.get_one(NumberSeries, key, with_for_update=True, populate_existing=True)
    number = series.next_number
    series.next_number += 1
    session.flush()
    return number
