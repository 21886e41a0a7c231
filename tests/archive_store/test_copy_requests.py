"""Art. 30 as a table: the wrong people first, then the way through, then every way that there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive_store.copy_requests import TRANSITIONS, RequestFacts, available, check, check_decision, joined
from archive_store.errors import InvalidInputError, RefusedError
from archive_store.identity import Actor, Role, service_actor
from archive_store.regulation.grounds import load_grounds
from archive_store.request_words import AT_WORK, DECIDED, GRANTED, UNDECIDED, RequestState, Step

S = RequestState
GROUNDS = load_grounds()
HASH, OTHER = "a" * 64, "b" * 64
DECISIONS = (Step.APPROVE, Step.APPROVE_PART, Step.REFUSE, Step.SEND_BACK)
PREPARING = {
    Step.BEGIN_PREPARATION: S.ACCEPTED,
    Step.PREPARE: S.IN_PREPARATION,
    Step.SUBMIT_RELEASE: S.IN_PREPARATION,
    Step.PROPOSE_REFUSAL: S.ACCEPTED,
    Step.CHANGE_RELEASE: S.AWAITING_APPROVAL,
}


def person(account_id: str, *roles: Role) -> Actor:
    return Actor(account_id, account_id, frozenset(roles))


PARTY = person("party", Role.PARTY)
CLERK = person("clerk", Role.ARCHIVIST)
PREPARER = person("preparer", Role.ARCHIVIST)
REVIEWER = person("reviewer", Role.SECRECY_REVIEWER)
LEADER = person("leader", Role.LEADER)
READY = RequestFacts(
    requester="party",
    leader_in_charge_ids=frozenset({"leader"}),
    accepter="clerk",
    reviewers=frozenset({"reviewer"}),
    preparers=frozenset({"preparer"}),
    identity_checked=True,
    relation_checked=True,
    needs_opinion=True,
    opinions_complete=True,
    manifest_hash=HASH,
    release_checked=True,
    submitted_hash=HASH,
)


def take(
    step: Step,
    state: RequestState,
    facts: RequestFacts,
    actor: Actor,
    *,
    reason: str = "见附件",
    seen: str | None = "the present one",
) -> RequestState:
    return check(
        step, state, facts, actor, reason=reason, seen=facts.manifest_hash if seen == "the present one" else seen
    )


# --- the wrong people


@pytest.mark.parametrize("step", DECISIONS)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEADER])
def test_only_a_leader_decides(step: Step, role: Role) -> None:
    with pytest.raises(RefusedError, match="岗位不能"):
        take(step, S.AWAITING_APPROVAL, READY, person("leader", role))


@pytest.mark.parametrize("step", DECISIONS)
def test_only_the_leader_in_charge_decides(step: Step) -> None:
    with pytest.raises(RefusedError, match="主管领导"):
        take(step, S.AWAITING_APPROVAL, READY, person("another", Role.LEADER))


@pytest.mark.parametrize("step", DECISIONS)
@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (replace(READY, requester="leader"), "申请人"),
        (replace(READY, entered_by="leader"), "代为登记"),
        (replace(READY, accepter="leader"), "核验受理"),
        (replace(READY, reviewers=frozenset({"reviewer", "leader"})), "保密审查意见"),
        (replace(READY, preparers=frozenset({"preparer", "leader"})), "制作复制件"),
    ],
)
def test_a_leader_who_had_a_part_in_it_does_not_decide(step: Step, facts: RequestFacts, says: str) -> None:
    both = person("leader", Role.LEADER, Role.ARCHIVIST, Role.SECRECY_REVIEWER, Role.PARTY)
    with pytest.raises(RefusedError, match=says):
        take(step, S.AWAITING_APPROVAL, facts, both)


@pytest.mark.parametrize(("step", "state"), PREPARING.items())
@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (replace(READY, requester="preparer"), "申请人"),
        (replace(READY, reviewers=frozenset({"preparer"})), "保密审查意见"),
        (replace(READY, deciders=frozenset({"preparer"})), "审批过"),
    ],
)
def test_who_asked_reviewed_or_decided_does_not_prepare(
    step: Step, state: RequestState, facts: RequestFacts, says: str
) -> None:
    with pytest.raises(RefusedError, match=says):
        take(step, state, facts, PREPARER)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (replace(READY, requester="reviewer"), "申请人"),
        (replace(READY, entered_by="reviewer"), "代为登记"),
        (replace(READY, preparers=frozenset({"reviewer"})), "制作复制件"),
        (replace(READY, deciders=frozenset({"reviewer"})), "审批过"),
    ],
)
def test_who_asked_prepared_or_decided_does_not_review(facts: RequestFacts, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        take(Step.GIVE_OPINION, S.IN_REVIEW, facts, REVIEWER)


def test_nobody_accepts_his_own_request() -> None:
    with pytest.raises(RefusedError, match="申请人"):
        take(Step.ACCEPT, S.SUBMITTED, replace(READY, requester="clerk"), CLERK)


@pytest.mark.parametrize(
    ("step", "state"),
    [(Step.SUBMIT, S.DRAFT), (Step.WITHDRAW, S.ACCEPTED), (Step.DOWNLOAD, S.APPROVED)],
)
def test_another_party_does_not_act_for_the_requester(step: Step, state: RequestState) -> None:
    with pytest.raises(RefusedError, match="申请人本人"):
        take(step, state, replace(READY, approved_hash=HASH), person("stranger", Role.PARTY))


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.SECURITY_AUDITOR])
def test_administrators_take_no_step(role: Role) -> None:
    for state in S:
        assert available(state, READY, person("someone", role)) == []


def test_only_the_service_lets_copies_expire_and_voids_releases() -> None:
    for step, state in ((Step.EXPIRE, S.APPROVED), (Step.VOID_RELEASE, S.APPROVED)):
        with pytest.raises(RefusedError):
            take(step, state, READY, PREPARER)
        assert take(step, state, READY, service_actor("worker")) is TRANSITIONS[step].target


# --- the wrong time


@pytest.mark.parametrize("step", Step)
def test_a_step_from_a_state_that_is_not_its_own_is_refused(step: Step) -> None:
    everyone = Actor("someone", "某人", frozenset(Role))
    for state in set(S) - TRANSITIONS[step].sources:
        with pytest.raises(RefusedError, match=f"申请现在是“{state.zh}”"):
            take(step, state, READY, everyone)


@pytest.mark.parametrize("unchecked", ["identity_checked", "relation_checked"])
def test_identity_and_relation_are_checked_before_acceptance_and_approval(unchecked: str) -> None:
    facts = replace(READY, **{unchecked: False})  # type: ignore[arg-type]
    for step, state, actor in (
        (Step.ACCEPT, S.SUBMITTED, CLERK),
        (Step.BEGIN_PREPARATION, S.ACCEPTED, PREPARER),
        (Step.SUBMIT_RELEASE, S.IN_PREPARATION, PREPARER),
        (Step.APPROVE, S.AWAITING_APPROVAL, LEADER),
        (Step.APPROVE_PART, S.AWAITING_APPROVAL, LEADER),
    ):
        with pytest.raises(RefusedError, match="尚未核验"):
            take(step, state, facts, actor)


def test_where_an_item_bears_a_mark_the_reviewer_speaks_first() -> None:
    facts = replace(READY, opinions_complete=False)
    for step, state, actor in (
        (Step.BEGIN_PREPARATION, S.ACCEPTED, PREPARER),
        (Step.BEGIN_PREPARATION, S.IN_REVIEW, PREPARER),
        (Step.SUBMIT_RELEASE, S.IN_PREPARATION, PREPARER),
        (Step.APPROVE, S.AWAITING_APPROVAL, LEADER),
    ):
        with pytest.raises(RefusedError, match="保密审查意见"):
            take(step, state, facts, actor)
        assert take(step, state, replace(facts, needs_opinion=False), actor)


def test_what_bears_no_mark_is_not_referred() -> None:
    with pytest.raises(RefusedError, match="无须"):
        take(Step.REFER, S.ACCEPTED, replace(READY, needs_opinion=False), CLERK)


@pytest.mark.parametrize("facts", [replace(READY, manifest_hash=None), replace(READY, release_checked=False)])
def test_a_release_that_is_not_made_and_checked_goes_to_nobody(facts: RequestFacts) -> None:
    with pytest.raises(RefusedError, match="遮盖检查"):
        take(Step.SUBMIT_RELEASE, S.IN_PREPARATION, facts, PREPARER)
    with pytest.raises(RefusedError, match="遮盖检查"):
        take(Step.APPROVE, S.AWAITING_APPROVAL, facts, LEADER)


@pytest.mark.parametrize("step", [Step.APPROVE, Step.APPROVE_PART])
def test_a_release_changed_after_it_was_submitted_is_not_approved(step: Step) -> None:
    with pytest.raises(RefusedError, match="有变动"):
        take(step, S.AWAITING_APPROVAL, replace(READY, manifest_hash=OTHER), LEADER)


@pytest.mark.parametrize("step", [Step.APPROVE, Step.APPROVE_PART])
@pytest.mark.parametrize("seen", [None, "", OTHER])
def test_a_leader_who_saw_another_release_does_not_approve_this_one(step: Step, seen: str | None) -> None:
    with pytest.raises(RefusedError, match="不一致"):
        take(step, S.AWAITING_APPROVAL, READY, LEADER, seen=seen)


@pytest.mark.parametrize("approved", [None, OTHER])
def test_only_the_release_that_was_approved_is_delivered(approved: str | None) -> None:
    facts = replace(READY, approved_hash=approved)
    for step, actor in ((Step.DOWNLOAD, PARTY), (Step.HAND_OUT, CLERK)):
        with pytest.raises(RefusedError, match="审批后有变动"):
            take(step, S.APPROVED, facts, actor)


def test_a_request_is_extended_once() -> None:
    for state in AT_WORK:
        assert take(Step.EXTEND, state, READY, LEADER) is state
    with pytest.raises(RefusedError, match="不能再延长"):
        take(Step.EXTEND, S.ACCEPTED, replace(READY, extended=True), LEADER)


@pytest.mark.parametrize("step", [step for step, row in TRANSITIONS.items() if row.needs_reason])
def test_what_needs_a_reason_is_refused_without_one(step: Step) -> None:
    row = TRANSITIONS[step]
    (role,) = row.roles
    facts = replace(
        READY, leader_in_charge_ids=frozenset({"new"}), identity_checked=step is not Step.SEND_BACK_PROPOSAL
    )
    for state in row.sources:
        with pytest.raises(RefusedError, match="须写明理由"):
            take(step, state, facts, person("new", role), reason="  ")
        assert take(step, state, facts, person("new", role))


# --- the content of a decision


@pytest.mark.parametrize(
    ("step", "withheld", "ground", "says"),
    [
        (Step.APPROVE, {2: "personal_privacy"}, "", "部分同意复制"),
        (Step.APPROVE_PART, {}, "", "逐件说明"),
        (Step.APPROVE_PART, {1: "minor", 2: "minor"}, "", "不予复制"),
        (Step.APPROVE_PART, {3: "minor"}, "", "不在所申请"),
        (Step.APPROVE_PART, {1: "no_ground"}, "", "没有“no_ground”"),
        (Step.APPROVE_PART, {1: "not_a_party"}, "", "另选理由"),
        (Step.REFUSE, {}, "", "选择一项"),
        (Step.REFUSE, {}, "personal_privacy", "选择一项"),
        (Step.REFUSE, {}, "no_ground", "没有“no_ground”"),
    ],
)
def test_a_decision_without_its_grounds_is_refused(
    step: Step, withheld: dict[int, str], ground: str, says: str
) -> None:
    with pytest.raises(InvalidInputError, match=says):
        check_decision(step, frozenset({1, 2}), withheld, GROUNDS, ground)


def test_a_decision_with_its_grounds_passes() -> None:
    requested = frozenset({1, 2})
    check_decision(Step.APPROVE, requested, {}, GROUNDS)
    check_decision(Step.APPROVE_PART, requested, {2: "auxiliary_volume"}, GROUNDS)
    check_decision(Step.REFUSE, requested, {1: "minor", 2: "minor"}, GROUNDS, "nothing_releasable")


# --- the way through


def test_a_plain_request_goes_its_way() -> None:
    facts = RequestFacts("party", frozenset({"leader"}), identity_checked=True, relation_checked=True)
    state = S.DRAFT
    for step, actor in (
        (Step.SUBMIT, PARTY),
        (Step.ACCEPT, CLERK),
        (Step.BEGIN_PREPARATION, PREPARER),
        (Step.PREPARE, PREPARER),
    ):
        assert step in available(state, facts, actor)
        state, facts = take(step, state, facts, actor), joined(step, facts, actor)
    facts = replace(facts, manifest_hash=HASH, release_checked=True)
    state = take(Step.SUBMIT_RELEASE, state, facts, PREPARER)
    facts = replace(facts, submitted_hash=HASH)
    state = take(Step.APPROVE, state, facts, LEADER)
    facts = replace(facts, approved_hash=HASH)
    assert state is S.APPROVED
    assert take(Step.DOWNLOAD, state, facts, PARTY) is S.DELIVERED
    assert take(Step.DOWNLOAD, S.DELIVERED, facts, PARTY) is S.DELIVERED
    assert take(Step.HAND_OUT, state, facts, CLERK) is S.DELIVERED


def test_the_counter_acts_for_a_party_without_an_account() -> None:
    facts = replace(READY, requester="person:7", entered_by="clerk")
    assert take(Step.SUBMIT, S.DRAFT, facts, CLERK) is S.SUBMITTED
    assert take(Step.ACCEPT, S.SUBMITTED, facts, CLERK) is S.ACCEPTED
    assert take(Step.WITHDRAW_AT_COUNTER, S.ACCEPTED, facts, CLERK) is S.WITHDRAWN


def test_a_refusal_proposed_before_acceptance_goes_back_to_be_checked() -> None:
    facts = replace(READY, identity_checked=False)
    assert take(Step.PROPOSE_REFUSAL, S.SUBMITTED, facts, PREPARER) is S.AWAITING_APPROVAL
    with pytest.raises(RefusedError):
        take(Step.SEND_BACK, S.AWAITING_APPROVAL, facts, LEADER)
    assert take(Step.SEND_BACK_PROPOSAL, S.AWAITING_APPROVAL, facts, LEADER) is S.SUBMITTED
    with pytest.raises(RefusedError):
        take(Step.SEND_BACK_PROPOSAL, S.AWAITING_APPROVAL, READY, LEADER)


@pytest.mark.parametrize("state", sorted(GRANTED | {S.AWAITING_APPROVAL}))
def test_a_release_that_is_to_change_goes_back_to_preparation(state: RequestState) -> None:
    assert take(Step.CHANGE_RELEASE, state, READY, PREPARER) is S.IN_PREPARATION
    assert take(Step.VOID_RELEASE, state, READY, service_actor("worker")) is S.IN_PREPARATION


def test_what_was_delivered_or_refused_is_not_changed() -> None:
    for state in (S.DELIVERED, S.REFUSED, S.WITHDRAWN, S.EXPIRED):
        with pytest.raises(RefusedError):
            take(Step.CHANGE_RELEASE, state, READY, PREPARER)


# --- every way


def test_every_request_can_come_to_an_end_and_none_stays_undecided_for_want_of_a_step() -> None:
    reach = {state: {row.target or state for row in TRANSITIONS.values() if state in row.sources} for state in S}
    for start in UNDECIDED:
        seen, frontier = {start}, {start}
        while frontier:
            frontier = {after for state in frontier for after in reach[state]} - seen
            seen |= frontier
        assert seen >= {S.APPROVED, S.PARTLY_APPROVED, S.REFUSED, S.WITHDRAWN}
    assert set(S) == UNDECIDED | DECIDED
    assert not UNDECIDED & DECIDED


def test_every_step_has_a_row_and_every_state_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(Step)
    assert {row.target for row in TRANSITIONS.values()} - {None} | {S.DRAFT} == set(S)
    assert all(row.name is step for step, row in TRANSITIONS.items())


# --- who is a party to the case has no office in its requests


@pytest.mark.parametrize("step", [*DECISIONS, *PREPARING, Step.ACCEPT, Step.REFER, Step.GIVE_OPINION, Step.EXTEND])
def test_a_party_to_the_case_holds_no_office_in_its_requests(step: Step) -> None:
    """Also where another asked, or the counter wrote it down for the very person that the account stands for."""
    facts = replace(READY, requester="person:x", case_id="case", leader_in_charge_ids=frozenset({"both"}))
    roles = frozenset(Role) - {Role.SERVICE}
    both = Actor("both", "both", roles, own_cases=frozenset({"case"}))
    state = next(iter(TRANSITIONS[step].sources))
    with pytest.raises(RefusedError, match="当事人"):
        take(step, state, facts, both)


def test_a_request_is_sent_to_another_reviewer_where_the_first_does_not_answer() -> None:
    assert take(Step.REFER, S.IN_REVIEW, replace(READY, opinions_complete=False), CLERK) is S.IN_REVIEW
