"""The rules of a regulation applied to a case file: what is missing, late or out of order.

Pure: facts in, findings out; the same facts on the same day give the same findings in the same order.
Source: 办法 Art. 6-28 and 34, as listed rule by rule in the regulation's data file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.regulation.checks import CHECKS, FilingTerm, Subject
from archive_store.regulation.checks import filing_term as _term_by_rule
from archive_store.regulation.facts import CaseFacts, Finding, ItemFacts, Severity
from archive_store.regulation.needs import unmet
from archive_store.regulation.rules import Check, Regulation, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

__all__ = [
    "CaseFacts",
    "ChecklistLine",
    "FilingTerm",
    "Finding",
    "ItemFacts",
    "Severity",
    "Statement",
    "checklist",
    "evaluate",
    "filing_term",
    "statements_for",
]


def evaluate(rules: Regulation, facts: CaseFacts, items: Sequence[ItemFacts], today: date) -> list[Finding]:
    """Every finding, in the order of the rules and, within one, of needs and items."""
    subject = Subject(rules, facts, items, today)
    return [finding for rule in rules.rules for finding in _of_rule(rule, subject)]


def _of_rule(rule: Rule, subject: Subject) -> Iterator[Finding]:
    if not rule.when.holds(subject.facts):
        return
    if rule.check is not None:
        yield from CHECKS[rule.check](rule, subject)
        return
    for need in rule.needs_of(subject.facts):
        yield from unmet(subject.regulation, rule, need, subject.items)


def filing_term(rules: Regulation, facts: CaseFacts, today: date) -> FilingTerm | None:
    """The filing term of Art. 28 with the days left; None where the act has not ended or no such rule is there."""
    rule = next((rule for rule in rules.rules if rule.check is Check.FILING_TERM), None)
    return None if rule is None else _term_by_rule(rule, facts, today)


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One rule that asks this file for documents, and whether it is fulfilled."""

    rule_id: str
    article: str
    title: str
    findings: tuple[Finding, ...]

    @property
    def fulfilled(self) -> bool:
        """Whether nothing is open."""
        return not self.findings


def checklist(rules: Regulation, facts: CaseFacts, items: Sequence[ItemFacts], today: date) -> list[ChecklistLine]:
    """Every record rule that holds for the file, open or fulfilled, and every check that found something."""
    found = evaluate(rules, facts, items, today)
    lines = []
    for rule in rules.rules:
        of_rule = tuple(finding for finding in found if finding.rule_id == rule.id)
        if of_rule or any(True for _ in rule.needs_of(facts)):
            lines.append(ChecklistLine(rule.id, rule.article, rule.title, of_rule))
    return lines


@dataclass(frozen=True, slots=True)
class Statement:
    """What a handler may confirm of an item: the id that goes into `contains`, the article, the words."""

    id: str
    article: str
    text: str


def statements_for(rules: Regulation, facts: CaseFacts, item_type: str) -> list[Statement]:
    """The statements that the rules ask of an item of this type in this file, for a form's tick boxes."""
    return [
        Statement(statement_id, rule.article, text)
        for rule in rules.rules
        for statement_id, text in _asked_of(rules, rule, facts, item_type)
    ]


def _asked_of(rules: Regulation, rule: Rule, facts: CaseFacts, item_type: str) -> Iterator[tuple[str, str]]:
    if rule.check is Check.STATED_FOR_EACH and rule.when.holds(facts) and item_type in rule.params.types:
        yield rule.id, rule.states
    for need in rule.needs_of(facts):
        is_recording = need.audio_visual and item_type in rules.audio_visual
        if item_type in need.or_stated_in or (need.states and (item_type in need.documents or is_recording)):
            yield f"{rule.id}.{need.code}" if need.code else rule.id, need.states or f"本件记录了：{rule.title}"
