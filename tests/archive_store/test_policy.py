"""The policy: what each office may never do, and that `decide` and `scope` come from the same rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.identity import ADMINISTRATORS, Actor, Role
from archive_store.labels import Label, Level, Mark, Volume, partition_of
from archive_store.permissions import Permission
from archive_store.policy import Thing, decide, may, scope, tokens_of_case
from archive_store.vocabulary import CaseState

labels = st.builds(Label.of, st.sampled_from(Level), st.sets(st.sampled_from(Mark), max_size=2))
ids = st.sets(st.sampled_from(["a", "b", "c"]), max_size=2).map(frozenset)
actors = st.builds(
    Actor,
    account_id=st.sampled_from(["h1", "h2", "x"]),
    name=st.just("演示"),
    roles=st.sets(st.sampled_from([r for r in Role if r is not Role.SERVICE]), max_size=2).map(frozenset),
    departments=ids,
    in_charge=ids,
    clearance=st.sampled_from(Level),
    marks=st.sets(st.sampled_from(Mark)).map(frozenset),
    case_grants=st.sets(st.sampled_from(["k1", "k2"])).map(frozenset),
    department_grants=ids,
    own_cases=st.sets(st.sampled_from(["k1", "k2"])).map(frozenset),
)
things = st.builds(
    Thing,
    tokens=st.builds(
        tokens_of_case, st.sampled_from(["k1", "k2", "k3"]), st.sampled_from(["a", "b"]), st.just(frozenset({"h1"}))
    ),
    entry_label=labels,
    state=st.sampled_from(CaseState),
    label=labels,
    volume=st.sampled_from(Volume),
    listable=st.booleans(),
)


@given(actors, things)
def test_nobody_reads_above_clearance_or_without_the_mark(actor: Actor, thing: Thing) -> None:
    assert thing.label is not None
    if decide(actor, Permission.READ_CONTENT, thing):
        for label in (thing.label, thing.entry_label):
            assert label.level <= actor.clearance
            assert label.marks <= actor.marks


@given(actors, things)
def test_administrators_and_parties_read_no_content_by_that_office(actor: Actor, thing: Thing) -> None:
    if actor.roles and actor.roles <= ADMINISTRATORS | {Role.PARTY}:
        assert not decide(actor, Permission.READ_CONTENT, thing)
        assert not may(actor, Permission.SEARCH)


@given(actors, things)
def test_a_party_is_never_shown_the_auxiliary_volume_secrets_or_informants(actor: Actor, thing: Thing) -> None:
    assert thing.label is not None
    if decide(actor, Permission.SEE_LISTED, thing):
        assert thing.volume is Volume.MAIN
        assert thing.listable
        assert thing.label.level < Level.CONFIDENTIAL
        assert Mark.INFORMANT not in thing.label.marks | thing.entry_label.marks


@given(actors, things)
def test_scope_finds_exactly_what_decide_allows(actor: Actor, thing: Thing) -> None:
    assert thing.label is not None
    assert thing.volume is not None
    found = scope(actor, Permission.READ_CONTENT, thing.state)
    partition = partition_of(thing.entry_label, thing.label, thing.volume)
    within = found.tokens is None or bool(found.tokens & thing.tokens)
    expected = bool(found.states) and within and found.permits(partition)
    assert expected == decide(actor, Permission.READ_CONTENT, thing)


@pytest.mark.parametrize(("role", "state"), [*product([Role.HANDLER, Role.ARCHIVIST], CaseState)])
def test_nobody_seals_a_case_of_his_own(role: Role, state: CaseState) -> None:
    actor = Actor("h1", "演示", frozenset({role, Role.ARCHIVIST}), clearance=Level.TOP_SECRET, marks=frozenset(Mark))
    thing = Thing(tokens_of_case("k1", "a", frozenset({"h1"})), Label(), state)
    assert not decide(actor, Permission.SEAL, thing)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.LEADER, Role.SECRECY_REVIEWER, Role.LEGAL_OFFICE])
@pytest.mark.parametrize("grant", [{"case_grants": frozenset({"k"})}, {"department_grants": frozenset({"a"})}])
def test_what_is_opened_by_name_is_read_sealed_and_no_more_is_done_with_it(
    role: Role, grant: dict[str, frozenset[str]]
) -> None:
    actor = Actor("x", "演示", frozenset({role}), clearance=Level.INTERNAL, **grant)
    tokens = tokens_of_case("k", "a", frozenset())
    sealed, draft = (Thing(tokens, Label(), state) for state in (CaseState.SEALED, CaseState.DRAFT))
    open_ones = {Permission.SEE_ENTRY, Permission.READ_CONTENT}
    if role is Role.SECRECY_REVIEWER:
        open_ones.add(Permission.PROPOSE_LABEL)
    for thing, wanted in ((sealed, open_ones), (draft, set())):
        assert {permission for permission in Permission if decide(actor, permission, thing)} == wanted
    assert not decide(Actor("x", "演示", frozenset({role}), clearance=Level.INTERNAL), Permission.SEE_ENTRY, sealed)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.LEADER])
def test_an_urgent_reading_opens_a_sealed_case_but_nothing_top_secret_and_no_informant(role: Role) -> None:
    actor = Actor("x", "演示", frozenset({role}), clearance=Level.TOP_SECRET, marks=frozenset(Mark))
    tokens = tokens_of_case("k", "a", frozenset())
    sealed = Thing(tokens, Label(), CaseState.SEALED)
    assert not decide(actor, Permission.SEE_ENTRY, sealed)
    reader = replace(actor, urgent_cases=frozenset({"k"}))
    for permission in Permission:
        reading = permission in (Permission.SEE_ENTRY, Permission.READ_CONTENT)
        assert decide(reader, permission, sealed) == reading
        assert not decide(reader, permission, replace(sealed, state=CaseState.ACCEPTED))
        assert not decide(reader, permission, replace(sealed, tokens=tokens_of_case("other", "a", frozenset())))
        for label in (Label.of(Level.TOP_SECRET), Label.of(Level.INTERNAL, [Mark.INFORMANT])):
            assert not decide(reader, permission, replace(sealed, entry_label=label))
            assert not decide(reader, permission, sealed.item("i", label, Volume.MAIN, listable=True))
            assert not scope(reader, permission).permits(partition_of(Label(), label, Volume.MAIN))
