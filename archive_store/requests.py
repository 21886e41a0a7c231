"""Copy requests as rows: found for an actor in one place, their facts for the table of steps, a step written down.

What a person may not see raises the same error as what does not exist. No commit here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785
from sqlalchemy import ColumnElement, and_, false, or_, select, true

from archive_store.accounts import leaders_of
from archive_store.cases import case_thing
from archive_store.copy_requests import TRANSITIONS, Part, RequestFacts, check
from archive_store.errors import NotFoundError
from archive_store.models.accounts import CaseGrant
from archive_store.models.cases import Case
from archive_store.models.copies import CopyRequest, Decision, Opinion, RedactionBox, Release, RequestStep, SignedCopy
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, reach
from archive_store.regulation.release import Releasable, ReleaseItem, needs_opinion, verdict
from archive_store.request_words import RequestState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.copies import RequestedItem
    from archive_store.policy import Thing
    from archive_store.request_words import Step

MOST_LISTED = 200


# --- found for an actor


def request_thing(request: CopyRequest) -> Thing:
    """The facts of a request that rules ask for."""
    return case_thing(request.case).request(request.id, request.person_id, request.requester_id)


def may_with(actor: Actor, permission: Permission, request: CopyRequest) -> bool:
    """Whether the actor may do this to the request: for its entry, for who asks, and for every item that is asked for.

    A draft is nobody's but the one's who writes it. Who asks by an account of its own knows its own name.
    """
    if request.state is RequestState.DRAFT and actor.account_id not in (request.requester_id, request.entered_by):
        return False
    if actor.account_id != request.requester_id and not may_know_asker(actor, request):
        return False
    thing = request_thing(request)
    items = (row.item for row in request.items)
    return decide(actor, permission, thing) and all(
        decide(actor, permission, thing.item(item.id, item.label, item.volume, listable=item.listable))
        for item in items
    )


def may_know_asker(actor: Actor, request: CopyRequest) -> bool:
    """Whether the actor is cleared for the person of the case who asks: every page of a request names it."""
    return all(cleared(actor, person.label) for person in request.case.persons if person.id == request.person_id)


def request_for(
    session: Session, actor: Actor, request_id: str, permission: Permission = Permission.SEE_REQUEST
) -> CopyRequest:
    """The request, for someone who may do this to it; else as if it did not exist."""
    request = session.get(CopyRequest, request_id)
    if request is None or not may_with(actor, permission, request):
        raise NotFoundError
    return request


def visible_requests(
    session: Session, actor: Actor, states: Iterable[RequestState], most: int = MOST_LISTED
) -> list[CopyRequest]:
    """The requests in `states` that the actor may see, the soonest deadline first."""
    tokens = reach(actor, Permission.SEE_REQUEST)
    rows = session.scalars(
        select(CopyRequest)
        .join(Case, Case.id == CopyRequest.case_id)
        .where(CopyRequest.state.in_([*states]), _carries(tokens))
        .order_by(CopyRequest.due_on, CopyRequest.created_at)
    )
    found: list[CopyRequest] = []
    for row in rows:
        if may_with(actor, Permission.SEE_REQUEST, row):
            found.append(row)
            if len(found) == most:
                break
    return found


def _carries(tokens: frozenset[str] | None) -> ColumnElement[bool]:
    """The condition that a request carries one of the tokens; what passes is still decided one by one."""
    if tokens is None:
        return true()
    ways: list[ColumnElement[bool]] = [false()]
    for token in tokens:
        kind, _, value = token.partition(":")
        if kind == "case":
            ways.append(CopyRequest.case_id == value)
        elif kind == "department":
            ways.append(Case.department_id == value)
        elif kind == "request":
            ways.append(CopyRequest.id == value)
        elif kind == "asked":
            person_id, _, account_id = value.partition(":")
            ways.append(and_(CopyRequest.person_id == person_id, CopyRequest.requester_id == account_id))
    return or_(*ways)


# --- what is known of one


def release_item(row: RequestedItem) -> ReleaseItem:
    """The facts about an item that was asked for."""
    item = row.item
    return ReleaseItem(
        item.volume, item.label, item.case.label, frozenset(m for m in item.label.marks if m in row.own_marks)
    )


def boxes_of(session: Session, request_id: str) -> list[RedactionBox]:
    """The boxes as they are drawn now, in a fixed order."""
    return [
        *session.scalars(
            select(RedactionBox)
            .where(RedactionBox.request_id == request_id)
            .order_by(RedactionBox.item_id, RedactionBox.page, RedactionBox.y0, RedactionBox.x0, RedactionBox.id)
        )
    ]


def opinions_of(session: Session, request_id: str) -> dict[str, Opinion]:
    """The latest opinion on each item."""
    rows = session.scalars(select(Opinion).where(Opinion.request_id == request_id).order_by(Opinion.at, Opinion.id))
    return {row.item_id: row for row in rows}


def latest_release(session: Session, request_id: str) -> Release | None:
    """The release as it stands: the last one ordered that was not voided."""
    return session.scalars(
        select(Release)
        .where(Release.request_id == request_id, Release.voided_at.is_(None))
        .order_by(Release.prepared_at.desc(), Release.id)
    ).first()


def latest_decision(session: Session, request_id: str) -> Decision | None:
    """The decision that stands."""
    return session.scalars(
        select(Decision)
        .where(Decision.request_id == request_id, Decision.voided_at.is_(None))
        .order_by(Decision.at.desc(), Decision.id)
    ).first()


def copy_of(session: Session, decision: Decision | None) -> SignedCopy | None:
    """The copy that was made of a decision."""
    if decision is None:
        return None
    return session.scalars(select(SignedCopy).where(SignedCopy.decision_id == decision.id)).first()


def steps_of(session: Session, request_id: str) -> list[RequestStep]:
    """The dated steps, oldest first."""
    return [
        *session.scalars(
            select(RequestStep).where(RequestStep.request_id == request_id).order_by(RequestStep.at, RequestStep.id)
        )
    ]


def plan_sha256(request: CopyRequest, boxes: Sequence[RedactionBox]) -> str:
    """Hash of everything that a release is made of, present labels included: another plan makes a release stale."""
    drawn: dict[str, list[Any]] = {}
    for box in boxes:
        drawn.setdefault(box.item_id, []).append([box.page, box.x0, box.y0, box.x1, box.y1, box.ground])
    plan: dict[str, Any] = {
        "number": request.number,
        "recipient": request.recipient,
        "entry": request.case.label.code,
        "items": [
            {
                "position": row.position,
                "item": row.item_id,
                "title": row.title,
                "label": row.item.label.code,
                "volume": str(row.item.volume),
                "listable": row.item.listable,
                "own": sorted(row.own_marks),
                "withheld": row.withheld_ground,
                "boxes": drawn.get(row.item_id, []) if row.withheld_ground is None else [],
            }
            for row in request.items
        ],
    }
    return sha256(rfc8785.dumps(plan)).hexdigest()


def plan_objections(request: CopyRequest, boxes: Sequence[RedactionBox]) -> list[str]:
    """What stands against releasing by this plan, in words for the preparer (办法 Art. 30, 31)."""
    covered = {box.item_id for box in boxes}
    found = [said for row in request.items if (said := _objection(row, is_covered=row.item_id in covered))]
    if request.items and all(row.withheld_ground is not None for row in request.items):
        found.append("所申请的各件均不予提供，请改用“拟不予复制，提交审批”。")
    return found


def _objection(row: RequestedItem, *, is_covered: bool) -> str:
    if row.withheld_ground is not None:
        return ""
    if not row.item.listable:
        return f"第 {row.position} 项已改为不向当事人列示，请选择不予提供并注明依据；仍应提供的，请先恢复列示。"
    found = verdict(release_item(row))
    if found.releasable is Releasable.NEVER:
        return f"第 {row.position} 项依法不得提供，请选择不予提供并注明依据。"
    if found.releasable is Releasable.NEEDS_REDACTION and not is_covered:
        marks = "、".join(mark.zh for mark in sorted(row.item.label.marks))
        return f"第 {row.position} 项标有“{marks}”，须先遮盖，或者不予提供，或者注明该标识只涉及申请人本人。"
    return ""


def facts_of(session: Session, request: CopyRequest, today: date) -> RequestFacts:
    """Everything that the table of steps asks, read in the transaction that will record the step."""
    boxes = boxes_of(session, request.id)
    release, decision = latest_release(session, request.id), latest_decision(session, request.id)
    is_fresh = release is not None and release.plan_sha256 == plan_sha256(request, boxes)
    opinions = opinions_of(session, request.id)
    needing = [row.item for row in request.items if needs_opinion(release_item(row))]
    parts = _parts(steps_of(session, request.id))
    return RequestFacts(
        requester=request.requester_id or f"person:{request.person_id}",
        case_id=request.case_id,
        leader_in_charge_ids=leaders_of(session, request.case.department_id, today),
        entered_by=request.entered_by,
        accepter=request.accepted_by,
        reviewers=parts[Part.REVIEWER],
        preparers=parts[Part.PREPARER],
        deciders=parts[Part.DECIDER],
        identity_checked=bool(request.identity_proof),
        relation_checked=bool(request.relation_proof),
        needs_opinion=bool(needing),
        opinions_complete=all(i.id in opinions and opinions[i.id].label == i.label for i in needing),
        manifest_hash=release.manifest_sha256 if release is not None and is_fresh else None,
        release_checked=release is not None and not release.problem and not plan_objections(request, boxes),
        submitted_hash=release.manifest_sha256 if release is not None and release.submitted_at else None,
        approved_hash=decision.manifest_sha256 if decision is not None and decision.outcome != "refused" else None,
        extended=request.extended,
        is_due_over=request.due_on is not None and request.due_on < today,
    )


def _parts(steps: Iterable[RequestStep]) -> Mapping[Part, frozenset[str]]:
    found: dict[Part, set[str]] = {part: set() for part in Part}
    for row in steps:
        part = TRANSITIONS[row.step].makes
        if part is not None:
            found[part].add(row.actor_id)
    return {part: frozenset(people) for part, people in found.items()}


# --- a step written down


def take_step(  # noqa: PLR0913 - a step is asked for with its facts, its moment and its words
    session: Session,
    request: CopyRequest,
    step: Step,
    actor: Actor,
    *,
    facts: RequestFacts,
    moment: datetime,
    reason: str = "",
    seen: str | None = None,
) -> None:
    """Let the step pass and write it down, or refuse it.

    Raises:
        RefusedError: the table of steps does not let it pass; the sentence says why.
    """
    state = check(step, request.state, facts, actor, reason=reason, seen=seen)
    request.state = state
    session.add(
        RequestStep(
            request_id=request.id, step=step, state=state, actor_id=actor.account_id, reason=reason.strip(), at=moment
        )
    )
    if state.is_decided:
        request.closed_at = request.closed_at or moment
        end_referrals(session, request.id, moment)
    else:
        request.closed_at = None
    session.flush()


def end_referrals(session: Session, request_id: str, moment: datetime) -> None:
    """Close to reviewers what was opened to them for this request."""
    rows = session.scalars(select(CaseGrant).where(CaseGrant.request_id == request_id, CaseGrant.ended_at.is_(None)))
    for row in rows:
        row.ended_at = moment
