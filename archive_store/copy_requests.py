"""The copy request of Art. 30 as a table: which step leads where, who may take it, and who must not.

Rules kept here, with their source:

- Every request ends granted, granted in part (a ground for each item kept back), refused (a ground and the way to
  review) or withdrawn (办法 Art. 30).
- The approver is the leader in charge, never who asked for it, entered, checked, reviewed or prepared it (办法 Art. 30;
  offices of `docs/access-matrix.md`). Who prepared never reviews or decides, not even after an approval fell.
- Identity and relation to the case are checked before anything else; where an item bears a level or a mark, the
  secrecy reviewer speaks before anything is released (办法 Art. 31).
- An approval binds one release by its hash. A release that changes goes back to preparation, and its approval is void.

Pure: facts in, `RefusedError` or nothing out. Times are in `archive_store.deadlines`, grounds in
`archive_store.regulation.grounds`, what may leave at all in `archive_store.regulation.release`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError, RefusedError
from archive_store.identity import Role
from archive_store.regulation.grounds import Use
from archive_store.request_words import AT_WORK, GRANTED, UNDECIDED, RequestState, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archive_store.identity import Actor
    from archive_store.regulation.grounds import Grounds


S = RequestState


class Part(Enum):
    """What someone becomes by taking a step; the duties below ask for it ever after."""

    ACCEPTER = "accepter"
    REVIEWER = "reviewers"
    PREPARER = "preparers"
    DECIDER = "deciders"


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What is known of a request when a step is asked for. People are account ids.

    `entered_by` is the archivist who wrote the request down at the counter. `preparers` are all who ever drew, saved or
    submitted a release of it or proposed a refusal; `deciders` all leaders who ever decided it or sent it back.
    `leader_in_charge_ids` are leader and deputies in charge of the case's department today.
    """

    requester: str
    leader_in_charge_ids: frozenset[str] = frozenset()
    entered_by: str | None = None
    accepter: str | None = None
    reviewers: frozenset[str] = frozenset()
    preparers: frozenset[str] = frozenset()
    deciders: frozenset[str] = frozenset()
    identity_checked: bool = False
    relation_checked: bool = False
    needs_opinion: bool = False
    """Whether an item asked for bears a level of 秘密 or above, or a mark."""
    opinions_complete: bool = False
    """Whether the reviewer has spoken on every such item, under its present label."""
    manifest_hash: str | None = None
    """Of the release as it stands."""
    release_checked: bool = False
    """Whether what is hidden in that release was proved to be gone."""
    submitted_hash: str | None = None
    approved_hash: str | None = None
    extended: bool = False
    is_due_over: bool = False
    """Whether the last day of the time for a decision has passed."""
    case_id: str = ""
    """Whoever is a party to it has no office in its requests, whoever asked."""

    @property
    def is_accepted(self) -> bool:
        """Whether identity and relation to the case were both checked."""
        return self.identity_checked and self.relation_checked


@dataclass(frozen=True, slots=True)
class Duty:
    """A named demand on who acts, and what is said to one who does not meet it."""

    holds: Callable[[RequestFacts, Actor], bool]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Guard:
    """A named demand on the request."""

    holds: Callable[[RequestFacts], bool]
    otherwise: str


IS_REQUESTER = Duty(lambda f, a: a.account_id in (f.requester, f.entered_by), "只有申请人本人可以办理这一步。")
NOT_REQUESTER = Duty(
    lambda f, a: a.account_id != f.requester and f.case_id not in a.own_cases,
    "申请人、本案当事人及其代理人不能办理本案的申请，请由其他人员办理。",
)
NOT_ENTERER = Duty(
    lambda f, a: a.account_id != f.entered_by, "代为登记申请的人员不能审查、审批该申请，请由其他人员办理。"
)
NOT_ACCEPTER = Duty(lambda f, a: a.account_id != f.accepter, "核验受理该申请的人员不能审批，请由其他主管领导审批。")
NOT_REVIEWER = Duty(
    lambda f, a: a.account_id not in f.reviewers, "出具过保密审查意见的人员不能制作或者审批，请由其他人员办理。"
)
NOT_PREPARER = Duty(
    lambda f, a: a.account_id not in f.preparers, "制作复制件的人员不能审查或者审批，请由其他人员办理。"
)
NOT_DECIDER = Duty(
    lambda f, a: a.account_id not in f.deciders, "审批过该申请的人员不能再核验、审查或者制作，请由其他人员办理。"
)
LEADER_IN_CHARGE = Duty(
    lambda f, a: a.account_id in f.leader_in_charge_ids, "只有该案承办部门的主管领导可以审批，请转请主管领导办理。"
)

CHECKED = Guard(lambda f: f.is_accepted, "尚未核验申请人身份及其与本案的关系，请先核验。")
NOT_CHECKED = Guard(lambda f: not f.is_accepted, "该申请已经核验受理，请退回重新制作。")
OPINION_NEEDED = Guard(lambda f: f.needs_opinion, "所申请的各件没有密级或标识，无须送保密审查。")
OPINION_GIVEN = Guard(
    lambda f: not f.needs_opinion or f.opinions_complete, "有密级或标识的各件尚缺保密审查意见，请先送保密审查。"
)
RELEASE_READY = Guard(
    lambda f: f.manifest_hash is not None and f.release_checked,
    "复制件尚未制作完成或者未通过遮盖检查，请先制作并检查。",
)
RELEASE_SAME = Guard(
    lambda f: f.manifest_hash is not None and f.manifest_hash == f.submitted_hash,
    "复制件在提交审批后有变动，审批无效，请退回重新制作。",
)
APPROVED_SAME = Guard(
    lambda f: f.manifest_hash is not None and f.manifest_hash == f.approved_hash,
    "复制件在审批后有变动，不能领取，请重新提交审批。",
)
NOT_EXTENDED = Guard(lambda f: not f.extended, "期限已经延长过一次，不能再延长。")
NOT_DUE_OVER = Guard(lambda f: not f.is_due_over, "办理期限已过，不能再延长，请尽快作出决定。")

_NO_PART_IN_IT = (NOT_REQUESTER, NOT_ENTERER, NOT_ACCEPTER, NOT_PREPARER, NOT_REVIEWER)
_DECIDES = (LEADER_IN_CHARGE, *_NO_PART_IN_IT)
_PREPARES = (NOT_REQUESTER, NOT_REVIEWER, NOT_DECIDER)
_MAY_LEAVE = (CHECKED, OPINION_GIVEN, RELEASE_READY, RELEASE_SAME)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: a step, the states it starts from, the state it leads to (None: it stays), roles, duties, guards."""

    name: Step
    sources: frozenset[RequestState]
    target: RequestState | None
    roles: frozenset[Role]
    duties: tuple[Duty, ...] = ()
    guards: tuple[Guard, ...] = ()
    makes: Part | None = None
    needs_reason: bool = False
    binds_release: bool = False
    """Whether the one who acts names the hash of the very release that he saw."""


def _rows() -> tuple[Transition, ...]:
    archivist, leader = frozenset({Role.ARCHIVIST}), frozenset({Role.LEADER})
    reviewer, service, party = frozenset({Role.SECRECY_REVIEWER}), frozenset({Role.SERVICE}), frozenset({Role.PARTY})
    draft, submitted, awaiting = frozenset({S.DRAFT}), frozenset({S.SUBMITTED}), frozenset({S.AWAITING_APPROVAL})
    preparing, reviewing = frozenset({S.IN_PREPARATION}), frozenset({S.IN_REVIEW})
    changeable = GRANTED | awaiting
    takeable = GRANTED | {S.DELIVERED}
    row = Transition
    return (
        row(Step.SUBMIT, draft, S.SUBMITTED, party | archivist, (IS_REQUESTER,)),
        row(Step.RETURN_TO_REQUESTER, submitted, S.DRAFT, archivist, (NOT_REQUESTER, NOT_DECIDER), needs_reason=True),
        row(Step.ACCEPT, submitted, S.ACCEPTED, archivist, (NOT_REQUESTER, NOT_DECIDER), (CHECKED,), Part.ACCEPTER),
        row(
            Step.REFER,
            frozenset({S.ACCEPTED, S.IN_REVIEW, S.IN_PREPARATION}),
            S.IN_REVIEW,
            archivist,
            (NOT_REQUESTER, NOT_DECIDER),
            (CHECKED, OPINION_NEEDED),
        ),
        row(
            Step.GIVE_OPINION,
            reviewing,
            None,
            reviewer,
            (NOT_REQUESTER, NOT_ENTERER, NOT_PREPARER, NOT_DECIDER),
            makes=Part.REVIEWER,
        ),
        row(
            Step.BEGIN_PREPARATION,
            frozenset({S.ACCEPTED, S.IN_REVIEW}),
            S.IN_PREPARATION,
            archivist,
            _PREPARES,
            (CHECKED, OPINION_GIVEN),
            Part.PREPARER,
        ),
        row(Step.PREPARE, preparing, None, archivist, _PREPARES, (CHECKED,), Part.PREPARER),
        row(
            Step.SUBMIT_RELEASE,
            preparing,
            S.AWAITING_APPROVAL,
            archivist,
            _PREPARES,
            (CHECKED, OPINION_GIVEN, RELEASE_READY),
            Part.PREPARER,
        ),
        row(
            Step.PROPOSE_REFUSAL,
            submitted | {S.ACCEPTED, S.IN_REVIEW, S.IN_PREPARATION},
            S.AWAITING_APPROVAL,
            archivist,
            _PREPARES,
            makes=Part.PREPARER,
            needs_reason=True,
        ),
        row(
            Step.SEND_BACK,
            awaiting,
            S.IN_PREPARATION,
            leader,
            _DECIDES,
            (CHECKED,),
            Part.DECIDER,
            needs_reason=True,
        ),
        row(
            Step.SEND_BACK_PROPOSAL,
            awaiting,
            S.SUBMITTED,
            leader,
            _DECIDES,
            (NOT_CHECKED,),
            Part.DECIDER,
            needs_reason=True,
        ),
        row(Step.APPROVE, awaiting, S.APPROVED, leader, _DECIDES, _MAY_LEAVE, Part.DECIDER, binds_release=True),
        row(
            Step.APPROVE_PART,
            awaiting,
            S.PARTLY_APPROVED,
            leader,
            _DECIDES,
            _MAY_LEAVE,
            Part.DECIDER,
            binds_release=True,
        ),
        row(Step.REFUSE, awaiting, S.REFUSED, leader, _DECIDES, makes=Part.DECIDER, needs_reason=True),
        row(
            Step.CHANGE_RELEASE,
            changeable,
            S.IN_PREPARATION,
            archivist,
            _PREPARES,
            (CHECKED,),
            Part.PREPARER,
            needs_reason=True,
        ),
        row(Step.VOID_RELEASE, changeable, S.IN_PREPARATION, service, (), (CHECKED,), needs_reason=True),
        row(
            Step.EXTEND,
            AT_WORK,
            None,
            leader,
            (LEADER_IN_CHARGE, NOT_REQUESTER, NOT_ENTERER),
            (NOT_EXTENDED, NOT_DUE_OVER),
            needs_reason=True,
        ),
        row(Step.WITHDRAW, UNDECIDED, S.WITHDRAWN, party, (IS_REQUESTER,)),
        row(Step.WITHDRAW_AT_COUNTER, UNDECIDED, S.WITHDRAWN, archivist, (), needs_reason=True),
        row(Step.DOWNLOAD, takeable, S.DELIVERED, party, (IS_REQUESTER,), (APPROVED_SAME,)),
        row(Step.HAND_OUT, takeable, S.DELIVERED, archivist, (NOT_REQUESTER,), (APPROVED_SAME,)),
        row(Step.EXPIRE, takeable, S.EXPIRED, service),
    )


TRANSITIONS: Mapping[Step, Transition] = {row.name: row for row in _rows()}


def check(
    step: Step, state: RequestState, facts: RequestFacts, actor: Actor, *, reason: str = "", seen: str | None = None
) -> RequestState:
    """Let the step pass, or refuse it; the state it leads to is given back.

    Args:
        step: What is asked for.
        state: Where the request stands.
        facts: What is known of it now, read in the transaction that will record the step.
        actor: Who asks.
        reason: The words that go with it, where the step asks for them.
        seen: Hash of the release that the leader saw, where the step binds one.

    Raises:
        RefusedError: State, role, a duty or a guard stands against it; the message says which.

    """
    transition = TRANSITIONS[step]
    objection = _objection(transition, state, facts, actor) or _objection_to_words(transition, facts, reason, seen)
    if objection is not None:
        raise RefusedError(objection)
    return transition.target or state


def available(state: RequestState, facts: RequestFacts, actor: Actor) -> list[Step]:
    """The steps that this actor may take now, reason and seen release aside: for buttons and work lists."""
    return [step for step, row in TRANSITIONS.items() if _objection(row, state, facts, actor) is None]


def joined(step: Step, facts: RequestFacts, actor: Actor) -> RequestFacts:
    """The facts with the part that the actor takes by this step."""
    who = actor.account_id
    match TRANSITIONS[step].makes:
        case Part.ACCEPTER:
            return replace(facts, accepter=who)
        case Part.REVIEWER:
            return replace(facts, reviewers=facts.reviewers | {who})
        case Part.PREPARER:
            return replace(facts, preparers=facts.preparers | {who})
        case Part.DECIDER:
            return replace(facts, deciders=facts.deciders | {who})
        case None:
            return facts


def check_decision(
    step: Step, requested: frozenset[int], withheld: Mapping[int, str], grounds: Grounds, ground: str = ""
) -> None:
    """Let a decision's content pass: every item kept back has its ground, a refusal has one for the whole.

    Args:
        step: APPROVE, APPROVE_PART or REFUSE.
        requested: Positions of the items asked for.
        withheld: Ground by position of every item kept back, by the preparer or by the leader.
        grounds: The bureau's grounds.
        ground: Code of the ground of a refusal.

    Raises:
        InvalidInputError: The decision does not have the content that its kind asks for.

    """
    if not withheld.keys() <= requested:
        raise InvalidInputError("不予提供的件不在所申请的各件之内，请核对。", "withheld")
    for position, code in sorted(withheld.items()):
        if Use.WITHHOLD not in grounds.get(code).use:
            raise InvalidInputError(f"第{position}项不能以此理由不予提供，请另选理由。", "withheld")
    if step is Step.APPROVE and withheld:
        raise InvalidInputError("有不予提供的件，请选择“部分同意复制”。", "withheld")
    if step is Step.APPROVE_PART and not 0 < len(withheld) < len(requested):
        raise InvalidInputError(
            "部分同意须逐件说明不予提供的理由，且至少提供一件；全部不提供的，请选择“不予复制”。", "withheld"
        )
    if step is Step.REFUSE and (not ground or Use.REFUSE not in grounds.get(ground).use):
        raise InvalidInputError("不予复制须从列出的理由中选择一项。", "ground")


def _objection(transition: Transition, state: RequestState, facts: RequestFacts, actor: Actor) -> str | None:
    if state not in transition.sources:
        return f"申请现在是“{state.zh}”，不能{transition.name.zh}。请刷新页面查看最新情况。"
    if not actor.has(*transition.roles):
        return f"您的岗位不能{transition.name.zh}。"
    for duty in transition.duties:
        if not duty.holds(facts, actor):
            return duty.otherwise
    return next((guard.otherwise for guard in transition.guards if not guard.holds(facts)), None)


def _objection_to_words(transition: Transition, facts: RequestFacts, reason: str, seen: str | None) -> str | None:
    if transition.needs_reason and not reason.strip():
        return f"{transition.name.zh}须写明理由。"
    if transition.binds_release and seen != facts.manifest_hash:
        return "您看到的复制件与现在的不一致，请重新打开核对后再审批。"
    return None
