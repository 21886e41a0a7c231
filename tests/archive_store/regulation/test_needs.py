"""Every need of every rule, broken alone and fulfilled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from archive_store.regulation.evaluate import evaluate
from archive_store.regulation.facts import CaseFacts, ItemFacts, Severity
from archive_store.vocabulary import Fact, ServiceMethod, Stage
from tests.archive_store.regulation.examples import (
    EXAMPLES,
    QUIET,
    RULES,
    TODAY,
    Example,
    item,
    numbered,
    recording,
)

if TYPE_CHECKING:
    from archive_store.regulation.rules import Need, Rule

by_key = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.key)


def keys(case: CaseFacts, items: list[ItemFacts]) -> list[str]:
    return [finding.key for finding in evaluate(RULES, case, items, TODAY)]


def rule_and_need(key: str) -> tuple[Rule, Need]:
    rule_id, _, code = key.partition(".")
    rule = RULES.rule(rule_id)
    assert rule is not None
    return rule, next(need for need in rule.need if need.code == code)


by_statement = pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if rule_and_need(each.key)[1].states], ids=lambda example: example.key
)


@by_key
def test_a_file_without_the_document_is_found_and_nothing_else(example: Example) -> None:
    assert keys(example.case, numbered(*example.items[1:])) == [example.key]


@by_statement
def test_a_document_that_is_not_said_to_hold_what_it_must_is_found(example: Example) -> None:
    rule, need = rule_and_need(example.key)
    first, *rest = example.items
    silent = replace(first, contains=frozenset(s for s in first.contains if s.partition(".")[0] != rule.id))
    found = evaluate(RULES, example.case, numbered(silent, *rest), TODAY)
    assert [finding.key for finding in found] == [example.key]
    assert need.states in found[0].message
    assert found[0].severity is (need.states_severity or rule.severity)


@by_key
def test_a_missing_signature_is_found_once_at_the_item(example: Example) -> None:
    rule, need = rule_and_need(example.key)
    first, *rest = example.items
    (found,) = evaluate(RULES, example.case, numbered(replace(first, signed=False), *rest), TODAY)
    assert found.item_number == 1
    if need.signed:
        assert (found.rule_id, found.severity) == (rule.id, Severity.BLOCKS)


@by_key
def test_a_file_that_fulfils_the_rule_has_no_finding(example: Example) -> None:
    assert keys(example.case, numbered(*example.items)) == []


@by_key
def test_a_statement_made_for_the_whole_rule_counts_for_each_need(example: Example) -> None:
    first, *rest = example.items
    whole = replace(first, contains=frozenset(statement.partition(".")[0] for statement in first.contains))
    assert keys(example.case, numbered(whole, *rest)) == []


def test_every_need_of_the_rules_has_an_example() -> None:
    needs = {f"{rule.id}.{need.code}" if need.code else rule.id for rule in RULES.rules for need in rule.need}
    assert needs == {example.key for example in EXAMPLES}


@by_key
def test_every_message_says_what_is_missing_and_what_to_do(example: Example) -> None:
    (finding,) = evaluate(RULES, example.case, numbered(*example.items[1:]), TODAY)
    assert finding.article.startswith("第")
    assert "请" in finding.message
    assert finding.message.endswith("。")
    assert finding.message.isascii() is False


@pytest.mark.parametrize("event", [Fact.SITE_INSPECTION, Fact.SAMPLING, Fact.HEARING])
def test_a_note_why_a_recording_is_unsuitable_stands_in_its_place(event: Fact) -> None:
    case = replace(QUIET, facts=frozenset({event}))
    found = keys(case, [item("av_unsuitable_note")])
    assert found == []


def test_no_note_excuses_a_seizure_or_a_service_from_being_recorded() -> None:
    case = replace(
        QUIET, facts=frozenset({Fact.COERCIVE_MEASURE, Fact.SEIZURE, Fact.PERFORMANCE_OVERDUE, Fact.REMOVAL})
    )
    assert {"R13a", "R26a"} <= set(keys(case, [item("av_unsuitable_note", "R11")]))
    assert "R21.recording" in keys(replace(QUIET, served=frozenset({ServiceMethod.LEFT})), [item("av_unsuitable_note")])


def test_a_recording_named_for_one_event_does_not_serve_another() -> None:
    case = replace(QUIET, facts=frozenset({Fact.SITE_INSPECTION, Fact.HEARING}))
    assert keys(case, [recording("R11.site_inspection")]) == ["R11.hearing"]
    assert keys(case, [recording("R11.site_inspection", "R11.hearing")]) == []


def test_a_recording_of_another_stage_does_not_serve() -> None:
    left = replace(QUIET, served=frozenset({ServiceMethod.LEFT}))
    receipt = item("service_receipt", "R21")
    assert keys(left, numbered(receipt, recording(stage=Stage.INVESTIGATION))) == ["R21.recording"]


def test_photographs_are_audio_visual_records() -> None:
    case = replace(QUIET, facts=frozenset({Fact.SAMPLING}))
    assert keys(case, [item("site_photo", "R11")]) == []


@pytest.mark.parametrize(
    ("code", "statement", "facts"),
    [
        ("case_source", "R07", {Fact.COMPLAINT}),
        ("summary_record", "R08", {Fact.INVESTIGATED}),
        ("hearing_record", "R10.statement", {Fact.STATEMENT_MADE, Fact.INVESTIGATED, Fact.HEARING}),
    ],
)
def test_another_document_serves_only_with_the_statement(code: str, statement: str, facts: set[Fact]) -> None:
    case = replace(QUIET, facts=frozenset(facts))
    assert statement in keys(case, [item(code)])
    assert statement not in keys(case, [item(code, statement)])


def test_a_file_needs_both_the_statement_and_its_review_before_enforcement() -> None:
    case = replace(QUIET, facts=frozenset({Fact.PERFORMANCE_OVERDUE, Fact.STATEMENT_MADE}))
    served = (item("demand_notice"), item("mail_receipt", "R25.served"))
    assert keys(case, numbered(*served, item("statement_defence", "R25"))) == ["R25.defence"]
