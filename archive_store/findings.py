"""From the rows of a case to the facts that rules are applied to, and to the findings that stay open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.drafts import original_file, page_file
from archive_store.four_check_facts import findings_from
from archive_store.four_check_report import FourCheckReport
from archive_store.label_decisions import is_determined, labelled_things, latest_decisions
from archive_store.labels import LabelSubject
from archive_store.models.cases import Case, FourCheckReportRow, LabelDecision, Waiver
from archive_store.regulation.evaluate import evaluate
from archive_store.regulation.facts import CaseFacts, Finding, ItemFacts, Severity
from archive_store.vocabulary import CaseState, Fact, Late, ServiceMethod

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from archive_store.models.cases import Item
    from archive_store.regulation.rules import Regulation

OF_PERSONS = 0
"""Stands as the number of an item where a finding concerns a person."""
UNDETERMINED_RULE = "L01"
UNDETERMINED = (
    "{}拟定为{}，尚未定密。移交后由承办人或保密审查员写明依据和解密日期提出建议，经定密责任人决定，才能封存。"
)


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding and, where an archivist let it pass, the reason; not every finding may be let pass."""

    finding: Finding
    waived_because: str | None = None
    waivable: bool = True

    @property
    def blocks(self) -> bool:
        """Whether it still keeps the file from being sealed."""
        return self.finding.blocks and self.waived_because is None


def case_facts(case: Case) -> CaseFacts:
    """The case's own facts."""
    return CaseFacts(
        kind=case.kind,
        procedure=case.procedure,
        started=case.started_on,
        ended=case.ended_on,
        facts=frozenset(Fact(fact) for fact in case.facts),
        served=frozenset(ServiceMethod(way) for way in case.served),
        handed_over_at=case.handed_over_at,
        accepted_at=case.accepted_at,
    )


def item_facts(item: Item) -> ItemFacts:
    """One item's facts."""
    recording = item.recording or {}
    problems = [file.problem for file in item.files if file.problem]
    original = original_file(item)
    return ItemFacts(
        number=item.number,
        type=item.type_code,
        stage=item.stage,
        volume=item.volume,
        date=item.dated,
        signed=item.signed,
        contains=frozenset(item.contains),
        has_pages=page_file(item) is not None or bool(original and original.duration_seconds),
        recorded_at=_moment(recording.get("recorded_at")),
        stored_at=_moment(recording.get("stored_at")),
        problem="；".join(problems),
    )


def findings_of(
    session: Session,
    case: Case,
    rules: Regulation,
    today: date,
    *,
    checked: bool = True,
    known: ColumnElement[bool] | None = None,
) -> list[OpenFinding]:
    """Everything found of a case as it stands: rules of the regulation, then the archive's own checks.

    With `checked`, what failed when the four checks last ran on it as well. `known` narrows the other cases that may
    be spoken of to those that the reader may know; without it nothing is said of any other case, as it must be in
    what is kept or sealed.
    """
    found = _by_rules(case, rules, today)
    found += _own_checks(case)
    undetermined = _undetermined(session, case) if checked else []
    if known is not None:
        found += _twins(session, case, known)
    failed = _four_checks(session, case) if checked else []
    reasons = {
        waiver.finding_key: waiver.reason for waiver in session.scalars(select(Waiver).where(Waiver.case_id == case.id))
    }
    return [
        OpenFinding(finding, reasons.get(finding.key) if waivable else None, waivable)
        for finding, waivable in [*((one, True) for one in found), *failed, *((one, False) for one in undetermined)]
    ]


def late_flags(case: Case, rules: Regulation, today: date) -> dict[int | None, tuple[Late, ...]]:
    """What was late, of the whole file (None) and of each item by its number."""
    found: dict[int | None, set[Late]] = {}
    for finding in _by_rules(case, rules, today):
        if finding.late is not None:
            found.setdefault(finding.item_number, set()).add(finding.late)
    return {number: tuple(sorted(flags)) for number, flags in found.items()}


def _by_rules(case: Case, rules: Regulation, today: date) -> list[Finding]:
    return evaluate(rules, case_facts(case), [item_facts(item) for item in case.items], today)


def _four_checks(session: Session, case: Case) -> list[tuple[Finding, bool]]:
    """Failures of the latest run; a draft may have changed since, so what was said of it no longer counts."""
    if case.state is CaseState.DRAFT:
        return []
    kept = session.scalars(
        select(FourCheckReportRow)
        .where(FourCheckReportRow.case_id == case.id)
        .order_by(FourCheckReportRow.made_at.desc(), FourCheckReportRow.id)
        .limit(1)
    ).first()
    return [] if kept is None else findings_from(FourCheckReport.from_json(kept.report))


def _own_checks(case: Case) -> list[Finding]:
    if case.items:
        return []
    return [Finding("A01", "第二十八条", "卷内没有任何文件。请先收入文件。", Severity.BLOCKS)]


def _undetermined(session: Session, case: Case) -> list[Finding]:
    """State secrets that no classifying officer has determined; of a sealed case none, for none could be sealed.

    Source: 保守国家秘密法 (2024) Art. 16, 18.
    """
    secret = [thing for thing in labelled_things(case) if thing.label.level.is_state_secret]
    if not secret or case.state is CaseState.SEALED:
        return []
    latest = latest_decisions(session, LabelDecision.case_id == case.id)
    return [
        Finding(
            UNDETERMINED_RULE,
            "第三十一条",
            UNDETERMINED.format(thing.name, thing.label.level.zh),
            Severity.BLOCKS,
            OF_PERSONS if thing.subject is LabelSubject.PERSON else thing.number,
        )
        for thing in secret
        if not is_determined(latest.get(thing.id))
    ]


def _twins(session: Session, case: Case, known: ColumnElement[bool]) -> list[Finding]:
    """A second use of the case's number, where the reader may know the other case."""
    twin = select(Case.id).where(Case.case_number == case.case_number, Case.id != case.id, known)
    if session.scalars(twin.limit(1)).first() is None:
        return []
    message = f"案号“{case.case_number}”已用于其他案卷。一案一卷，请核对案号。"
    return [Finding("A02", "第二十八条", message, Severity.WARNS)]


def blocking(findings: Sequence[OpenFinding]) -> list[OpenFinding]:
    """Those that keep the file from being sealed."""
    return [finding for finding in findings if finding.blocks]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
