"""The four checks (四性检测, DA/T 70): run at hand-over, acceptance, seal and during storage; kept and shown.

Bytes are read before the transaction that judges them; a file that came in between is a conflict, not a pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.cases import case_for, readable_items
from archive_store.deadlines import local_date
from archive_store.errors import ConflictError
from archive_store.findings import findings_of
from archive_store.four_check_facts import Readings, checked_item, missing_of_case
from archive_store.four_check_report import FourCheckReport, Moment
from archive_store.four_checks import CheckInput, SealState, run, seen_by
from archive_store.models.accounts import Account
from archive_store.models.cases import FourCheckReportRow, Transfer
from archive_store.permissions import Permission

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.four_check_report import Line
    from archive_store.four_checks import Fault
    from archive_store.identity import Actor
    from archive_store.labels import Level
    from archive_store.models.cases import Case
    from archive_store.regulation.rules import Regulation
    from portal.services.case_reader import CaseReader
    from portal.services.desk import Desk

CHANGED_MEANWHILE = "卷内文件刚有变动，没有办理。内容没有丢失，请刷新页面核对后重试。"


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as one viewer sees it, with who ran it and when."""

    report: FourCheckReport
    made_by: str
    made_at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What the caller knows of a case at the moment of a check, beside its rows."""

    readings: Readings
    at: datetime
    accepted_by: str | None = None
    """The one who is about to accept it; None where the record of transfer says who did."""
    seal: SealState = SealState.NOT_SEALED
    described_otherwise: tuple[Fault, ...] | None = None


class CheckingService:
    """Runs the four checks and keeps what they say."""

    def __init__(self, desk: Desk, reader: CaseReader, rules: Regulation, highest: Level) -> None:
        self._desk = desk
        self._reader = reader
        self._rules = rules
        self._highest = highest

    def reports(self, actor: Actor, case_id: str) -> list[KeptReport]:
        """What was found of a case, newest first: only of items that the viewer may read."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.READ_CONTENT)
            numbers = frozenset(item.number for item in readable_items(actor, case))
            rows = session.execute(
                select(FourCheckReportRow, Account.name)
                .outerjoin(Account, Account.id == FourCheckReportRow.made_by)
                .where(FourCheckReportRow.case_id == case.id)
                .order_by(FourCheckReportRow.made_at.desc(), FourCheckReportRow.id)
            )
            return [
                KeptReport(
                    seen_by(FourCheckReport.from_json(row.report), numbers),
                    name or "系统",
                    row.made_at,
                    row.confirmed_at,
                )
                for row, name in rows
            ]

    def failures_at_seal(self, session: Session, case: Case) -> tuple[Line, ...] | None:
        """What had failed when the case was sealed; None where no report of then is kept."""
        kept = session.scalars(
            select(FourCheckReportRow)
            .where(FourCheckReportRow.case_id == case.id, FourCheckReportRow.moment == Moment.SEALING)
            .order_by(FourCheckReportRow.made_at.desc(), FourCheckReportRow.id)
        ).first()
        return None if kept is None else FourCheckReport.from_json(kept.report).failures

    def read(self, actor: Actor, case_id: str, permission: Permission) -> Readings:
        """What lies in the files of a case, for someone who may take this step."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, permission)
            _ = case.persons, [item.files for item in case.items]  # loaded while the session is open
        return self._reader.read(case)

    def judge(self, session: Session, case: Case, moment: Moment, look: Look) -> FourCheckReport:
        """Judge a case as its rows stand in this session.

        Raises:
            ConflictError: it has a file that was not read.
        """
        if any(file.id not in look.readings.files for item in case.items for file in item.files):
            raise ConflictError(CHANGED_MEANWHILE)
        transfer = latest_transfer(session, case)
        found = findings_of(session, case, self._rules, local_date(look.at), checked=False)
        received = (transfer.received_by if transfer else "") or ""
        return run(
            CheckInput(
                moment=moment,
                items=[checked_item(item, look.readings) for item in case.items],
                entry_label=case.label,
                metadata_missing=missing_of_case(case, moment),
                handed_over_by=transfer.handed_over_by if transfer else "",
                accepted_by=received if look.accepted_by is None else look.accepted_by,
                findings=tuple(one.finding for one in found if one.waived_because is None),
                seal=look.seal,
                described_otherwise=look.described_otherwise,
                highest_level_allowed=self._highest,
            )
        )

    def keep(self, session: Session, case: Case, report: FourCheckReport, by: str, at: datetime) -> None:
        """Keep a report with the step that it belongs to; one that repeats the last only confirms it."""
        last = session.scalars(
            select(FourCheckReportRow)
            .where(FourCheckReportRow.case_id == case.id)
            .order_by(FourCheckReportRow.made_at.desc(), FourCheckReportRow.id)
            .limit(1)
        ).first()
        said = report.as_json()
        if last is not None and report.moment is Moment.STORAGE and last.report == said:
            last.confirmed_at = at
            return
        session.add(
            FourCheckReportRow(
                case_id=case.id,
                moment=report.moment,
                passed=report.passed,
                report=said,
                made_by=by,
                made_at=at,
                confirmed_at=at,
            )
        )


def latest_transfer(session: Session, case: Case) -> Transfer | None:
    """The latest hand-over of a case."""
    return session.scalars(
        select(Transfer).where(Transfer.case_id == case.id).order_by(Transfer.handed_over_at.desc())
    ).first()
