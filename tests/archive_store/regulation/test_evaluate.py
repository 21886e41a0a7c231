"""The rules as a whole: all of them are there, and what no file, however odd, may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from archive_store.regulation.evaluate import checklist, evaluate, filing_term, statements_for
from archive_store.regulation.facts import CaseFacts, ItemFacts
from archive_store.vocabulary import ActKind, Fact, Procedure, ServiceMethod, Stage
from tests.archive_store.regulation.examples import (
    CATALOGUE,
    ENDED,
    FILED,
    QUIET,
    RULES,
    STARTED,
    TODAY,
    item,
    numbered,
)

if TYPE_CHECKING:
    from random import Random


RECORD_RULES = [
    *("R06", "R06a", "R06b", "R07", "R07a", "R08", "R09", "R10", "R11", "R12", "R13", "R13a", "R14", "R15", "R16"),
    *("R17", "R18", "R18a", "R19", "R20", "R21", "R22", "R23", "R24", "R24a", "R25", "R26", "R26a", "R27"),
]
TIME_RULES = ["T06", "T28", "T28a", "T34"]


def keys(case: CaseFacts, items: list[ItemFacts]) -> list[str]:
    return [finding.key for finding in evaluate(RULES, case, items, TODAY)]


def test_every_rule_of_the_obligations_is_there() -> None:
    ids = {rule.id for rule in RULES.rules}
    assert ids.issuperset(RECORD_RULES)
    assert ids.issuperset(TIME_RULES)


def test_a_draft_whose_act_goes_on_has_no_filing_term() -> None:
    case = replace(QUIET, ended=None, accepted_at=None)
    assert filing_term(RULES, case, TODAY) is None
    assert keys(case, []) == []


def test_days_left_are_told_before_the_term_ends() -> None:
    case = replace(QUIET, handed_over_at=None, accepted_at=None)
    term = filing_term(RULES, case, ENDED + timedelta(days=27))
    assert term is not None
    assert term.left.zh == "剩 3 日"
    assert not term.late


def test_the_checklist_shows_open_and_fulfilled_rules() -> None:
    case = replace(QUIET, facts=frozenset({Fact.EX_OFFICIO, Fact.MAJOR_ACT}))
    lines = checklist(RULES, case, [item("start_approval", "R06")], TODAY)
    assert [(line.rule_id, line.fulfilled) for line in lines] == [("R06", True), ("R06b", False)]


def test_a_form_offers_the_statements_that_the_file_asks_for() -> None:
    case = replace(QUIET, facts=frozenset({Fact.EX_OFFICIO, Fact.MAJOR_ACT}))
    offered = statements_for(RULES, case, "start_approval")
    assert [statement.id for statement in offered] == ["R06", "R06b"]
    assert all(statement.text and statement.article for statement in offered)
    assert statements_for(RULES, case, "service_receipt") == []
    assert [statement.id for statement in statements_for(RULES, case, "av_record")] == ["T34"]


case_facts = st.builds(
    CaseFacts,
    kind=st.sampled_from(ActKind),
    procedure=st.sampled_from(Procedure),
    started=st.just(STARTED),
    ended=st.just(ENDED),
    facts=st.frozensets(st.sampled_from(Fact)),
    served=st.frozensets(st.sampled_from(ServiceMethod)),
    accepted_at=st.just(FILED),
)
item_facts = st.builds(
    lambda code, stage, signed, contains: replace(item(code), stage=stage, signed=signed, contains=contains),
    st.sampled_from([kind.code for kind in CATALOGUE]),
    st.sampled_from(Stage),
    st.booleans(),
    st.frozensets(st.sampled_from(sorted(RULES.statements)), max_size=4),
)


@given(case_facts, st.lists(item_facts, max_size=8), item_facts)
def test_adding_an_item_never_opens_a_finding_about_the_whole_file(
    case: CaseFacts, items: list[ItemFacts], more: ItemFacts
) -> None:
    def whole(found: list[ItemFacts]) -> set[str]:
        return {finding.key for finding in evaluate(RULES, case, found, TODAY) if finding.item_number is None}

    assert whole(numbered(*items, more)) <= whole(numbered(*items))


@given(case_facts, st.lists(item_facts, max_size=8), st.randoms())
def test_the_order_of_items_changes_no_verdict_on_the_whole(
    case: CaseFacts, items: list[ItemFacts], random: Random
) -> None:
    before = numbered(*items)
    after = list(before)
    random.shuffle(after)
    assert {f.key for f in evaluate(RULES, case, before, TODAY)} == {f.key for f in evaluate(RULES, case, after, TODAY)}


@given(case_facts, st.lists(item_facts, max_size=8))
def test_findings_have_keys_of_their_own_that_fit_their_column(case: CaseFacts, items: list[ItemFacts]) -> None:
    found = keys(case, numbered(*items))
    assert len(set(found)) == len(found)
    assert all(len(key) <= 120 for key in found)


def test_every_finding_of_an_empty_file_with_every_fact_is_about_the_whole() -> None:
    case = replace(QUIET, facts=frozenset(Fact), served=frozenset(ServiceMethod), kind=ActKind.PENALTY)
    found = evaluate(RULES, case, [], TODAY)
    assert {finding.rule_id for finding in found} == set(RECORD_RULES) - {"R18", "R18a"}
    assert all(finding.item_number is None and finding.blocks for finding in found)
