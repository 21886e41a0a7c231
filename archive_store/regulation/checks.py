"""Checks that documents alone cannot answer: times, order, and the soundness of each item.

Each check is a generator over one rule; `CHECKS` says which. Times are judged in China; a date without a time of day
is judged only where the date alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from archive_store.deadlines import Deadline, Remaining, filing_deadline, local_date, remaining
from archive_store.labels import Volume
from archive_store.regulation.facts import CaseFacts, Finding, ItemFacts
from archive_store.regulation.rules import Check, Regulation, Rule
from archive_store.vocabulary import Late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that a check may look at."""

    regulation: Regulation
    facts: CaseFacts
    items: Sequence[ItemFacts]
    today: date


@dataclass(frozen=True, slots=True)
class FilingTerm:
    """The term of Art. 28 for one file: the last day, the day of filing if it was filed, and what is left.

    `left` counts to today while the file is open, and to the day of filing ever after: a late file stays late.
    """

    deadline: Deadline
    filed_on: date | None
    left: Remaining

    @property
    def late(self) -> bool:
        """Whether the file is or was late."""
        return self.left.overdue


def filing_term(rule: Rule, facts: CaseFacts, today: date) -> FilingTerm | None:
    """The filing term by a rule whose check is `filing_term`; None while the act has not ended."""
    if facts.ended is None:
        return None
    deadline = filing_deadline(facts.ended, rule.params.days_by_kind.get(facts.kind, rule.params.days))
    filed = facts.accepted_at if rule.params.counts_to == "acceptance" else facts.handed_over_at
    filed_on = None if filed is None else local_date(filed)
    return FilingTerm(deadline, filed_on, remaining(deadline, filed_on or today))


def _finding(rule: Rule, message: str, item: ItemFacts | None = None, late: Late | None = None) -> Finding:
    return Finding(rule.id, rule.article, message, rule.severity, None if item is None else item.number, late=late)


def _titled(subject: Subject, item: ItemFacts) -> str:
    return f"第{item.number}件（{subject.regulation.catalogue.title(item.type)}）"


def _holds(rule: Rule, _subject: Subject) -> Iterator[Finding]:
    yield _finding(rule, rule.message)


def _filing_term(rule: Rule, subject: Subject) -> Iterator[Finding]:
    term = filing_term(rule, subject.facts, subject.today)
    if term is None or not term.late:
        return
    due = term.deadline.due
    if term.filed_on is not None:
        course = f"于{_zh(term.filed_on)}归档"
    elif subject.facts.handed_over_at is not None:
        course = "已移交，尚待档案管理员接收"
    else:
        course = "尚未移交"
    yield _finding(rule, f"应于{_zh(due)}前归档，{course}，{term.left.zh}。{rule.message}", late=Late.FILING)


def _emergency_form(rule: Rule, subject: Subject) -> Iterator[Finding]:
    facts, limit = subject.facts, timedelta(hours=rule.params.hours)
    if facts.started_at is not None and facts.emergency_form_at is not None:
        if facts.emergency_form_at - facts.started_at > limit:
            yield _finding(rule, rule.message, late=Late.EMERGENCY_FORM)
        return
    forms = [item.date for item in subject.items if item.type in rule.params.types and item.date is not None]
    # of two dates alone only this is certain: later than the day on which the last hour of the limit falls
    if forms and min(forms) > facts.started + timedelta(days=-(-rule.params.hours // 24)):
        yield _finding(rule, rule.message, late=Late.EMERGENCY_FORM)


def _recording_lag(rule: Rule, subject: Subject) -> Iterator[Finding]:
    limit = timedelta(hours=rule.params.hours)
    for item in subject.items:
        if item.recorded_at is None or item.stored_at is None:
            if item.type in rule.params.types or item.recorded_at is not None:
                yield _finding(rule, "没有填写录制时间和存储时间，无法核对是否按时存储，请补填。", item)
            continue
        lag = item.stored_at - item.recorded_at
        if lag < timedelta(0):
            yield _finding(rule, "存储时间早于录制时间，请核对。", item)
        elif lag > limit:
            hours = -(-lag // timedelta(hours=1))
            yield _finding(rule, f"制作完成后约{hours}小时才存储。{rule.message}", item, Late.RECORDING)


def _order(rule: Rule, subject: Subject) -> Iterator[Finding]:
    earlier = [item.date for item in subject.items if item.type in rule.params.types and item.date is not None]
    for item in subject.items:
        if earlier and item.type in rule.params.later and item.date is not None and item.date < min(earlier):
            yield _finding(rule, f"{_titled(subject, item)}{rule.message}", item)


def _stated_for_each(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        if item.type in rule.params.types and rule.id not in item.contains:
            yield _finding(rule, rule.message, item)


def _undeclared_fact(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        fact = rule.params.facts.get(item.type)
        if fact is not None and fact not in subject.facts.facts:
            title = subject.regulation.catalogue.title(item.type)
            yield _finding(rule, f"卷内有{title}，但没有勾选“{fact.zh}”，请核对案卷情况。", item)


def _signed(rule: Rule, subject: Subject) -> Iterator[Finding]:
    needs = [need for other in subject.regulation.rules for need in other.needs_of(subject.facts) if need.signed]
    covered = {kind for need in needs for kind in (*need.any_of, *need.all_of)}
    for item in subject.items:
        if not item.signed and item.type not in covered:
            yield _finding(rule, f"{_titled(subject, item)}{rule.message}", item)


def _dated(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        if item.date is not None and item.date > subject.today:
            yield _finding(rule, f"{_titled(subject, item)}{rule.message}", item)


def _readable(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        if item.problem:
            yield _finding(rule, f"{_titled(subject, item)}{rule.message}（{item.problem}）", item)


def _pages(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        is_recording = item.recorded_at is not None or item.type in subject.regulation.audio_visual
        if not (item.has_pages or item.problem or is_recording):
            yield _finding(rule, f"{_titled(subject, item)}{rule.message}", item)


def _usual_volume(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        if item.type not in subject.regulation.catalogue or item.volume is Volume.AUXILIARY:
            continue
        usual = subject.regulation.catalogue.get(item.type)
        if usual.volume is Volume.AUXILIARY and usual.code not in rule.params.types:
            yield _finding(rule, f"{_titled(subject, item)}{rule.message}", item)


def _known_type(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for item in subject.items:
        if item.type not in subject.regulation.catalogue:
            yield _finding(rule, f"第{item.number}件：{rule.message}", item)


def _known_statement(rule: Rule, subject: Subject) -> Iterator[Finding]:
    known = subject.regulation.statements
    for item in subject.items:
        if unknown := sorted(item.contains - known):
            yield _finding(rule, f"{rule.message}（{'、'.join(unknown)}）", item)


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


CHECKS: Mapping[Check, Callable[[Rule, Subject], Iterator[Finding]]] = {
    Check.HOLDS: _holds,
    Check.EMERGENCY_FORM: _emergency_form,
    Check.FILING_TERM: _filing_term,
    Check.RECORDING_LAG: _recording_lag,
    Check.ORDER: _order,
    Check.STATED_FOR_EACH: _stated_for_each,
    Check.UNDECLARED_FACT: _undeclared_fact,
    Check.READABLE: _readable,
    Check.PAGES: _pages,
    Check.SIGNED: _signed,
    Check.DATED: _dated,
    Check.USUAL_VOLUME: _usual_volume,
    Check.KNOWN_TYPE: _known_type,
    Check.KNOWN_STATEMENT: _known_statement,
}
