"""Completeness: whether the documents that a rule needs are there, signed, and stated to hold what they must.

An item can only ever help: adding one never opens a finding about the whole file (a property test keeps this).
What is wrong with an item itself is a finding at that item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.regulation.facts import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive_store.regulation.facts import ItemFacts
    from archive_store.regulation.rules import Need, Regulation, Rule


def unmet(regulation: Regulation, rule: Rule, need: Need, items: Sequence[ItemFacts]) -> Iterator[Finding]:
    """What one need misses: the document, the statement of its content, a signature."""
    if any(item.type in need.unless and _speaks_for(item, rule, need) for item in items):
        return
    candidates = [item for item in items if _may_fulfil(regulation, rule, need, item)]
    stated = [item for item in candidates if not item.contains.isdisjoint(_statements(rule, need))]
    if not _present(regulation, need, candidates, stated):
        yield _finding(rule, need, need.message, rule.severity)
        return
    if need.states and not stated:
        titles = "、".join(dict.fromkeys(regulation.catalogue.title(item.type) for item in candidates))
        text = f"请承办人核对{titles}，并确认：{need.states}。"
        yield _finding(rule, need, text, need.states_severity or rule.severity)
    if need.signed:
        yield from _unsigned(regulation, rule, need, candidates)


def _unsigned(regulation: Regulation, rule: Rule, need: Need, candidates: Sequence[ItemFacts]) -> Iterator[Finding]:
    for item in candidates:
        if not item.signed and item.type in (*need.any_of, *need.all_of):
            text = f"{regulation.catalogue.title(item.type)}缺少应有的签名或盖章，请补正，或在备考表中说明。"
            yield _finding(rule, need, text, rule.severity, item.number)


def _finding(rule: Rule, need: Need, message: str, severity: Severity, number: int | None = None) -> Finding:
    return Finding(rule.id, rule.article, message, severity, number, need.code)


def _statements(rule: Rule, need: Need) -> set[str]:
    return {rule.id, f"{rule.id}.{need.code}"} if need.code else {rule.id}


def _speaks_for(item: ItemFacts, rule: Rule, need: Need) -> bool:
    """Whether the item may count here: it states this need, or states nothing of this rule at all."""
    of_rule = {word for word in item.contains if word == rule.id or word.startswith(f"{rule.id}.")}
    return not of_rule or not of_rule.isdisjoint(_statements(rule, need))


def _may_fulfil(regulation: Regulation, rule: Rule, need: Need, item: ItemFacts) -> bool:
    states = not item.contains.isdisjoint(_statements(rule, need))
    if item.type in need.or_stated_in and states:
        return True
    if item.type in (*need.any_of, *need.all_of):
        return True
    if not (need.audio_visual and item.type in regulation.audio_visual):
        return False
    return states or (_speaks_for(item, rule, need) and need.stage in (None, item.stage))


def _present(regulation: Regulation, need: Need, candidates: Sequence[ItemFacts], stated: Sequence[ItemFacts]) -> bool:
    types = {item.type for item in candidates}
    if not types.issuperset(need.all_of):
        return False
    if not (need.any_of or need.audio_visual):
        return True
    wanted = set(need.any_of) | (regulation.audio_visual if need.audio_visual else set())
    return not types.isdisjoint(wanted) or any(item.type in need.or_stated_in for item in stated)
