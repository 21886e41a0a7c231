"""The copy request of Article 30 from the party's first click to the leader's desk, and every plain step between.

What is drawn and made of it: `preparation`; what the leader decides: `decisions`; the copy itself: `copies`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import actor_of
from archive_store.audit.events import EventName
from archive_store.cases import item_thing
from archive_store.copy_requests import available
from archive_store.deadlines import Deadline, Remaining, remaining, request_deadline
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import Role
from archive_store.models.accounts import Account, CaseGrant, RoleGrant
from archive_store.models.copies import CopyRequest, Opinion, RequestStep, SignedCopy
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may
from archive_store.private_fields import refuse_whole_numbers
from archive_store.regulation.release import needs_opinion
from archive_store.request_words import (
    AT_WORK,
    Advice,
    RequestState,
    Step,
)
from archive_store.requests import (
    copy_of,
    end_referrals,
    facts_of,
    latest_decision,
    latest_release,
    may_know_asker,
    may_with,
    opinions_of,
    release_item,
    request_for,
    steps_of,
    take_step,
    visible_requests,
)
from portal.dissemination.release import Outcome, ReleaseManifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.cases import Item
    from archive_store.models.copies import Decision, Release
    from portal.services.desk import Desk

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""For the random end of a request number: nothing that is taken for another sign."""
LONGEST_PURPOSE = 2000

PLAIN_STEPS: Mapping[Step, Permission] = {
    Step.RETURN_TO_REQUESTER: Permission.ACCEPT_REQUEST,
    Step.BEGIN_PREPARATION: Permission.PREPARE_COPY,
    Step.SUBMIT_RELEASE: Permission.PREPARE_COPY,
    Step.PROPOSE_REFUSAL: Permission.PREPARE_COPY,
    Step.WITHDRAW: Permission.SEE_REQUEST,
    Step.WITHDRAW_AT_COUNTER: Permission.ACCEPT_REQUEST,
}
"""Steps that need nothing but a reason at most; every other step has a method of its own."""


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request as one viewer sees it."""

    request: CopyRequest
    steps: list[RequestStep]
    names: Mapping[str, str]
    """Name by account id, for the staff's page."""
    left: Remaining | None
    may_take: frozenset[Step]
    opinions: Mapping[str, Opinion]
    to_review: frozenset[str]
    """Ids of items on which the reviewer speaks."""
    release: Release | None
    is_release_ready: bool
    decision: Decision | None
    outcomes: Mapping[int, Outcome]
    """By position: what became of each item, once that is decided."""
    copy: SignedCopy | None
    reads: frozenset[str]
    """Ids of the items that the viewer may read."""
    may: frozenset[Permission]
    reviewers: list[Account] = field(default_factory=list)
    """Whom the archivist may send it to."""


class CopyRequestService:
    """Requests and their plain steps."""

    def __init__(self, desk: Desk, *, working_days: int, extension_days: int) -> None:
        self._desk = desk
        self._working_days = working_days
        self._extension_days = extension_days

    # --- the archivist's and the reviewer's steps

    def accept(self, actor: Actor, request_id: str, identity_proof: str, relation_proof: str) -> None:
        """Take a request up after identity and relation to the case were checked."""
        identity_proof, relation_proof = identity_proof.strip(), relation_proof.strip()
        if not identity_proof or not relation_proof:
            raise InvalidInputError("请写明核验了什么身份证明，以及申请人与本案的关系依据。", "identity_proof")
        refuse_whole_numbers(identity_proof, "identity_proof")
        refuse_whole_numbers(relation_proof, "relation_proof")
        with self._desk.database.write() as unit:
            request = request_for(unit.session, actor, request_id, Permission.ACCEPT_REQUEST)
            request.identity_proof, request.relation_proof = identity_proof[:500], relation_proof[:500]
            self._take(unit.session, request, Step.ACCEPT, actor)
            request.accepted_by, request.accepted_at = actor.account_id, self._desk.clock()

    def refer(self, actor: Actor, request_id: str, reviewer_id: str) -> None:
        """Send the items that bear a level or a mark to a secrecy reviewer; they alone are opened to that person."""
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id, Permission.ACCEPT_REQUEST)
            if reviewer_id not in {account.id for account in self._reviewers(session, request)}:
                raise InvalidInputError("请从列出的保密审查员中选择。", "reviewer")
            self._take(session, request, Step.REFER, actor)
            end_referrals(session, request.id, self._desk.clock())  # sent anew, it is with the new reviewer alone
            ground = f"复制申请 {request.number} 送保密审查"
            common = {"account_id": reviewer_id, "case_id": request.case_id, "granted_by": actor.account_id}
            session.add_all(
                CaseGrant(item_id=item.id, request_id=request.id, ground=ground, **common)
                for item in _to_review(request)
            )

    def give_opinion(self, actor: Actor, request_id: str, opinions: Mapping[str, tuple[Advice, str]]) -> None:
        """The reviewer's advice, item by item; each item that bears a level or a mark needs one."""
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id, Permission.GIVE_OPINION)
            items = {item.id: item for item in _to_review(request)}
            if opinions.keys() != items.keys():
                raise InvalidInputError("请对列出的每一件都给出意见。", "advice")
            if not all(_reads(actor, item) for item in items.values()):
                raise RefusedError(
                    "有的文件在送审后才标注密级或标识，尚未对您开放，意见没有保存。请档案管理员重新送审。"
                )
            if any(advice is not Advice.RELEASE and not text.strip() for advice, text in opinions.values()):
                raise InvalidInputError("意见为遮盖或者不予提供的，须写明理由。", "text")
            self._take(session, request, Step.GIVE_OPINION, actor)
            moment = self._desk.clock()
            session.add_all(
                Opinion(
                    request_id=request.id,
                    item_id=item_id,
                    reviewer_id=actor.account_id,
                    label=items[item_id].label,
                    advice=advice,
                    text=text.strip(),
                    at=moment,
                )
                for item_id, (advice, text) in opinions.items()
            )

    def extend(self, actor: Actor, request_id: str, days: int, reason: str) -> None:
        """Prolong the deadline once."""
        with self._desk.database.write() as unit:
            request = request_for(unit.session, actor, request_id, Permission.DECIDE_REQUEST)
            if request.submitted_at is None:
                raise NotFoundError
            if days < 1:
                raise InvalidInputError("请填写延长的工作日数。", "days")
            due = request_deadline(
                request.submitted_at, days=self._working_days, extension=days, most_extension=self._extension_days
            ).due
            self._take(unit.session, request, Step.EXTEND, actor, reason=reason)
            request.extended, request.due_on = True, due

    def take(self, actor: Actor, request_id: str, step: Step, reason: str = "") -> None:
        """Take a step that needs nothing but a reason (`PLAIN_STEPS`).

        Raises:
            NotFoundError: no such request for this actor, or a step that is not taken this way.
            RefusedError: the table of steps stands against it.
        """
        if step not in PLAIN_STEPS:
            raise NotFoundError
        with self._desk.database.write() as unit:
            request = request_for(unit.session, actor, request_id, PLAIN_STEPS[step])
            if request.number is None and step in {Step.WITHDRAW, Step.WITHDRAW_AT_COUNTER}:
                raise RefusedError("申请尚未提交，不必撤回，可以删除草稿。")  # withdrawn, others would learn of it
            self._take(unit.session, request, step, actor, reason=reason)
            if step is Step.SUBMIT_RELEASE:
                release = latest_release(unit.session, request.id)
                if release is not None:
                    release.submitted_at = self._desk.clock()

    # --- seeing

    def page(self, actor: Actor, request_id: str) -> RequestPage:
        """A request with what the viewer may see and do; the look is an event."""
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id)
            facts = facts_of(session, request, self._desk.today())
            may_take = frozenset(available(request.state, facts, actor))
            steps = steps_of(session, request.id)
            decision, release = latest_decision(session, request.id), latest_release(session, request.id)
            needing = frozenset(item.id for item in _to_review(request))
            self._desk.record(session, actor, EventName.COPY_REQUEST_VIEW, ("copy_request", request.id))
            return RequestPage(
                request=request,
                steps=steps,
                names=_names(session, {row.actor_id for row in steps}),
                left=self._left(request),
                may_take=may_take,
                opinions=opinions_of(session, request.id),
                to_review=needing,
                release=release,
                is_release_ready=facts.manifest_hash is not None and facts.release_checked,
                decision=decision,
                outcomes=_outcomes(request, decision, release),
                copy=copy_of(session, decision),
                reads=frozenset(row.item_id for row in request.items if _reads(actor, row.item)),
                may=frozenset(permission for permission in Permission if may_with(actor, permission, request)),
                reviewers=self._reviewers(session, request) if Step.REFER in may_take else [],
            )

    def listed(self, actor: Actor, states: Iterable[RequestState]) -> list[tuple[CopyRequest, Remaining | None]]:
        """The requests in `states` that the actor may see, soonest deadline first, with the days left."""
        if not may(actor, Permission.SEE_REQUEST):
            raise NotFoundError
        with self._desk.database.read() as session:
            return [(row, self._left(row)) for row in visible_requests(session, actor, states)]

    # --- parts

    def _take(self, session: Session, request: CopyRequest, step: Step, actor: Actor, *, reason: str = "") -> None:
        facts = facts_of(session, request, self._desk.today())
        take_step(session, request, step, actor, facts=facts, moment=self._desk.clock(), reason=reason)
        self._desk.record(session, actor, EventName(f"copy_request:{step}"), ("copy_request", request.id))

    def _reviewers(self, session: Session, request: CopyRequest) -> list[Account]:
        """Secrecy reviewers who may be told of the items in question, and had no other part in the request."""
        facts = facts_of(session, request, self._desk.today())
        ids = session.scalars(
            select(RoleGrant.account_id).where(RoleGrant.role == Role.SECRECY_REVIEWER, RoleGrant.ended_at.is_(None))
        )
        barred = facts.preparers | facts.deciders | {facts.requester, facts.entered_by or ""}
        found = []
        for account_id in sorted(set(ids) - barred):
            person = actor_of(session, account_id, today=self._desk.today())
            if person is None or Role.SECRECY_REVIEWER not in person.roles or request.case_id in person.own_cases:
                continue
            labels = [request.case.label, *(item.label for item in _to_review(request))]
            if may_know_asker(person, request) and all(cleared(person, label) for label in labels):
                found.append(session.get_one(Account, account_id))
        return found

    def _left(self, request: CopyRequest) -> Remaining | None:
        if request.due_on is None or request.state not in AT_WORK | {RequestState.SUBMITTED}:
            return None
        return remaining(Deadline(request.due_on, working=True), self._desk.today())


def _outcomes(request: CopyRequest, decision: Decision | None, release: Release | None) -> dict[int, Outcome]:
    if decision is None:
        return {}
    if decision.outcome == "refused" or release is None or release.manifest is None:
        return {row.position: Outcome.WITHHELD for row in request.items}
    made = ReleaseManifest.parse(release.manifest.encode())
    kept_back = {int(position) for position in decision.withheld}
    return {item.position: Outcome.WITHHELD if item.position in kept_back else item.outcome for item in made.items}


def _reads(actor: Actor, item: Item) -> bool:
    return decide(actor, Permission.READ_CONTENT, item_thing(item.case, item))


def _to_review(request: CopyRequest) -> list[Item]:
    return [row.item for row in request.items if needs_opinion(release_item(row))]


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    return {row.id: row.name for row in session.scalars(select(Account).where(Account.id.in_(ids)))}
