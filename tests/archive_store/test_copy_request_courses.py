"""Whatever five people who each hold every office do, in any order: nobody approves what he asked for or had a hand in.

Twice: every state that five people can reach is visited, and random courses also change papers and release on the way.
Both oracles keep a diary of who did what, apart from the table's own facts and duties.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from archive_store.copy_requests import TRANSITIONS, RequestFacts, available, check, joined
from archive_store.errors import RefusedError
from archive_store.identity import Actor, Role
from archive_store.request_words import RequestState, Step

if TYPE_CHECKING:
    from tests.proofs import ProofBook

HASH, OTHER = "a" * 64, "b" * 64
PEOPLE = [Actor(f"p{n}", f"演示{n}", frozenset(Role) - {Role.SERVICE}) for n in range(5)]
OVER = {RequestState.REFUSED, RequestState.WITHDRAWN, RequestState.EXPIRED}
PREPARES = {Step.BEGIN_PREPARATION, Step.PREPARE, Step.SUBMIT_RELEASE, Step.PROPOSE_REFUSAL, Step.CHANGE_RELEASE}
APPROVES = {Step.APPROVE, Step.APPROVE_PART}
DECIDES = APPROVES | {Step.REFUSE}
# in this order the first that is let pass leads onward, never round in a circle
ONWARD = [Step.SUBMIT, Step.ACCEPT, Step.SUBMIT_RELEASE, Step.BEGIN_PREPARATION, Step.GIVE_OPINION, Step.REFER]
KINDS = (Step.PREPARE, Step.GIVE_OPINION, Step.APPROVE)
TRANSITIONS_FROM = {state: [s for s, row in TRANSITIONS.items() if state in row.sources] for state in RequestState}
people = st.sampled_from(PEOPLE)
digests = st.sampled_from([HASH, OTHER])


class AnyCourse(RuleBasedStateMachine):
    """One request; every rule tries something, and what is let pass goes into the diary and is judged."""

    counts: Counter[str] = Counter()  # noqa: RUF012 - one count over all courses

    def __init__(self) -> None:
        super().__init__()
        self.state = RequestState.DRAFT
        self.facts = RequestFacts("p0")
        self.diary: list[tuple[Step, str]] = []
        self.begun = self.facts
        self.order = PEOPLE

    @initialize(
        order=st.permutations(PEOPLE),
        entered=st.sampled_from([None, "p1"]),
        marked=st.booleans(),
        leaders=st.sets(st.integers(0, 4), min_size=2),
    )
    def begin(self, order: list[Actor], entered: str | None, *, marked: bool, leaders: set[int]) -> None:
        in_charge = frozenset(f"p{n}" for n in leaders)
        self.order = order
        self.facts = replace(self.facts, entered_by=entered, needs_opinion=marked, leader_in_charge_ids=in_charge)
        self.begun = self.facts

    @initialize(far=st.integers(0, 8))
    def some_way_on(self, far: int) -> None:
        self._onward(far)

    @rule(identity=st.booleans(), relation=st.booleans())
    def look_at_papers(self, *, identity: bool, relation: bool) -> None:
        if self.state is RequestState.SUBMITTED:
            self.facts = replace(self.facts, identity_checked=identity, relation_checked=relation)

    @rule(digest=digests, checked=st.booleans())
    def change_the_release_behind_the_table(self, digest: str, *, checked: bool) -> None:
        self.facts = replace(self.facts, manifest_hash=digest, release_checked=checked)

    @rule(step=st.sampled_from(Step), actor=people, seen=digests)
    def try_any_step(self, step: Step, actor: Actor, seen: str) -> None:
        self._try(step, actor, seen)

    @rule(data=st.data(), actor=people, seen=digests)
    def take_an_open_step(self, data: st.DataObject, actor: Actor, seen: str) -> None:
        if steps := available(self.state, self.facts, actor):
            self._try(data.draw(st.sampled_from(steps)), actor, seen)

    @rule(far=st.integers(1, 8))
    def go_on(self, far: int) -> None:
        self._onward(far)

    @rule(order=st.permutations(PEOPLE), step=st.sampled_from(sorted(DECIDES)))
    def everyone_tries_to_decide(self, order: list[Actor], step: Step) -> None:
        any(self._try(step, actor, self.facts.manifest_hash or "") for actor in order)

    @precondition(lambda self: self.state in OVER)
    @rule()
    def the_next_request(self) -> None:
        self.state, self.facts, self.diary = RequestState.DRAFT, self.begun, []

    def _onward(self, far: int) -> None:
        """The papers are in order and the release is made: whoever may take the next step takes it."""
        for _ in range(far):
            if self.state is RequestState.SUBMITTED:
                self.facts = replace(self.facts, identity_checked=True, relation_checked=True)
            if self.state is RequestState.IN_PREPARATION:
                self.facts = replace(self.facts, manifest_hash=HASH, release_checked=True)
            if not any(self._try(step, actor, HASH) for step in ONWARD for actor in self.order):
                break

    def _try(self, step: Step, actor: Actor, seen: str) -> bool:
        try:
            after = check(step, self.state, self.facts, actor, reason="理由", seen=seen)
        except RefusedError:
            return False
        if step in DECIDES:
            self._judge(step, actor, seen)
        self._write_down(step, actor, after)
        return True

    def _judge(self, step: Step, actor: Actor, seen: str) -> None:
        facts = self.facts
        hands = {who for did, who in self.diary if did in PREPARES | {Step.ACCEPT, Step.GIVE_OPINION}}
        allowed = actor.account_id in facts.leader_in_charge_ids
        allowed &= actor.account_id not in hands | {facts.requester, facts.entered_by}
        if step in APPROVES:
            spoken = not facts.needs_opinion or Step.GIVE_OPINION in {did for did, _ in self.diary}
            allowed &= spoken and facts.identity_checked and facts.relation_checked
            allowed &= seen == facts.manifest_hash == facts.submitted_hash
        AnyCourse.counts["decisions"] += 1
        AnyCourse.counts["approvals"] += step in APPROVES
        AnyCourse.counts["forbidden"] += not allowed
        assert allowed, (step, actor.account_id, self.diary)

    def _write_down(self, step: Step, actor: Actor, after: RequestState) -> None:
        self.diary.append((step, actor.account_id))
        self.facts = joined(step, self.facts, actor)
        if step is Step.GIVE_OPINION:
            self.facts = replace(self.facts, opinions_complete=True)
        if step is Step.SUBMIT_RELEASE:
            self.facts = replace(self.facts, submitted_hash=self.facts.manifest_hash)
        if step in APPROVES:
            self.facts = replace(self.facts, approved_hash=self.facts.manifest_hash)
        self.state = after

    @invariant()
    def nobody_prepares_reviews_and_decides_two_of_three(self) -> None:
        did = {
            "prepare": {who for step, who in self.diary if step in PREPARES},
            "review": {who for step, who in self.diary if step is Step.GIVE_OPINION},
            "decide": {who for step, who in self.diary if step in DECIDES | {Step.SEND_BACK}},
        }
        assert not did["prepare"] & did["review"]
        assert not did["prepare"] & did["decide"]
        assert not did["review"] & did["decide"]


Diary = frozenset[tuple[Step, str]]
Node = tuple[RequestState, RequestFacts, Diary]
REMEMBERED = PREPARES | DECIDES | {Step.ACCEPT, Step.GIVE_OPINION, Step.SEND_BACK, Step.SEND_BACK_PROPOSAL}


def after(node: Node, step: Step, actor: Actor) -> Node | None:
    """Where a step leads; None where it is refused. Papers are in order and the release is made."""
    state, facts, diary = node
    try:
        reached = check(step, state, facts, actor, reason="理由", seen=HASH)
    except RefusedError:
        return None
    facts = joined(step, facts, actor)
    if step is Step.GIVE_OPINION:
        facts = replace(facts, opinions_complete=True)
    return reached, facts, diary | ({(ROLE_OF[step], actor.account_id)} if step in REMEMBERED else frozenset())


# the diary of the search remembers one step for each kind of hand in it
ROLE_OF = dict.fromkeys(PREPARES, Step.PREPARE) | {
    Step.ACCEPT: Step.ACCEPT,
    Step.GIVE_OPINION: Step.GIVE_OPINION,
    **dict.fromkeys(DECIDES | {Step.SEND_BACK, Step.SEND_BACK_PROPOSAL}, Step.APPROVE),
}


def beginnings() -> list[Node]:
    ready = RequestFacts(
        "p0",
        frozenset(actor.account_id for actor in PEOPLE),
        entered_by="p1",
        manifest_hash=HASH,
        release_checked=True,
        submitted_hash=HASH,
        approved_hash=HASH,
    )
    return [
        (
            RequestState.DRAFT,
            replace(ready, identity_checked=checked, relation_checked=checked, needs_opinion=marked),
            frozenset(),
        )
        for checked in (True, False)
        for marked in (True, False)
    ]


def misdeed(node: Node, step: Step, actor: Actor, reached: Node) -> bool:
    """Whether one who had a hand in the request decided, or two of three offices came to one person."""
    hands = {who for did, who in node[2] if did is not Step.APPROVE} | {"p0", "p1"}
    offices = [{who for did, who in reached[2] if did is kind} for kind in KINDS]
    return (step in DECIDES and actor.account_id in hands) or sum(map(len, offices)) > len(set[str]().union(*offices))


def test_in_no_state_that_can_be_reached_does_one_who_had_a_hand_in_it_decide(proofs: ProofBook) -> None:
    frontier = beginnings()
    seen = set(frontier)
    decisions, misdeeds = 0, 0
    while frontier:
        node = frontier.pop()
        for step, actor in product(TRANSITIONS_FROM[node[0]], PEOPLE):
            reached = after(node, step, actor)
            if reached is None:
                continue
            decisions += step in DECIDES
            misdeeds += misdeed(node, step, actor, reached)
            if reached not in seen:
                seen.add(reached)
                frontier.append(reached)
    assert decisions > 100
    assert misdeeds == 0
    goal = f"0 of {decisions} decisions in all {len(seen)} states that five people can reach"
    proofs.record("decisions by one who had a hand in the request", misdeeds, goal, holds=misdeeds == 0)


def test_no_course_lets_requester_preparer_or_reviewer_approve(full: bool, proofs: ProofBook) -> None:  # noqa: FBT001
    courses = 3_000 if full else 150
    AnyCourse.counts.clear()
    run_state_machine_as_test(AnyCourse, settings=settings(max_examples=courses, stateful_step_count=30, deadline=None))
    counts = AnyCourse.counts
    assert counts["approvals"] > courses / 20, counts  # else nothing was proved
    goal = f"0 of {counts['decisions']} decisions in {courses} courses"
    proofs.record(
        "approvals by requester, preparer or reviewer", counts["forbidden"], goal, holds=not counts["forbidden"]
    )
