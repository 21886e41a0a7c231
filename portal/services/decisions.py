"""The leader's desk: approve, approve in part, refuse, send back; an approval binds one release by its hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import update

from archive_store.audit.events import EventName
from archive_store.copy_requests import check_decision
from archive_store.errors import ConflictError, NotFoundError
from archive_store.models.copies import Decision, Release
from archive_store.permissions import Permission
from archive_store.regulation.grounds import Use
from archive_store.request_words import Step
from archive_store.requests import (
    copy_of,
    facts_of,
    latest_decision,
    latest_release,
    opinions_of,
    request_for,
    steps_of,
    take_step,
)
from archive_store.work import MAKE_COPY, note
from portal.dissemination.release import Outcome, ReleaseManifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.copies import CopyRequest, Opinion
    from archive_store.regulation.grounds import Ground, Grounds
    from portal.services.desk import Desk

OUTCOMES = {Step.APPROVE: "granted", Step.APPROVE_PART: "partly_granted", Step.REFUSE: "refused"}


@dataclass(frozen=True, slots=True)
class StripPage:
    """One page in the leader's strip: what becomes of it."""

    position: int
    number: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class StripItem:
    """One item in the leader's strip; `ground` where it is kept back."""

    position: int
    title: str
    outcome: Outcome
    pages: list[StripPage]
    ground: Ground | None
    covered: list[tuple[Ground, int]]
    """Grounds of the boxes with how many of each."""
    opinion: Opinion | None


@dataclass(frozen=True, slots=True)
class Approval:
    """Everything on the leader's one screen."""

    request: CopyRequest
    release_hash: str
    items: list[StripItem]
    withhold_grounds: list[Ground]
    refuse_grounds: list[Ground]
    review: str
    proposal: str
    """The preparer's reason, where a refusal is proposed."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the leader decides: the step, the hash of the release that was seen, grounds by position, words."""

    step: Step
    seen: str = ""
    withheld: Mapping[int, str] = field(default_factory=dict)
    ground: str = ""
    reason: str = ""


class DecisionService:
    """Approvals and what undoes them."""

    def __init__(self, desk: Desk, grounds: Grounds) -> None:
        self._desk = desk
        self.grounds = grounds

    def screen(self, actor: Actor, request_id: str) -> Approval:
        """What is put before the leader in charge."""
        with self._desk.database.read() as session:
            request = request_for(session, actor, request_id, Permission.DECIDE_REQUEST)
            release = latest_release(session, request.id)
            made = release.manifest if release is not None and release.submitted_at else None
            manifest = ReleaseManifest.parse(made.encode()) if made else None
            opinions = opinions_of(session, request.id)
            return Approval(
                request=request,
                release_hash=manifest.sha256 if manifest else "",
                items=self._strip(request, manifest, opinions) if manifest else [],
                withhold_grounds=[*self.grounds.usable_for(Use.WITHHOLD)],
                refuse_grounds=[*self.grounds.usable_for(Use.REFUSE)],
                review=self.grounds.review,
                proposal=self._proposal(session, request),
            )

    def decide(self, actor: Actor, request_id: str, ruling: Ruling) -> None:
        """Approve, approve in part, or refuse; the copy is made by the worker afterwards.

        Raises:
            RefusedError: the table of steps stands against it, or the release is not the one that was seen.
            InvalidInputError: a ground is missing or not allowed.
        """
        if ruling.step not in OUTCOMES:
            raise NotFoundError
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id, Permission.DECIDE_REQUEST)
            kept_back = {row.position: row.withheld_ground for row in request.items if row.withheld_ground}
            positions = frozenset(row.position for row in request.items)
            if ruling.step is Step.REFUSE:
                check_decision(ruling.step, positions, {}, self.grounds, ruling.ground)
            else:
                check_decision(ruling.step, positions, kept_back | dict(ruling.withheld), self.grounds)
            self._take(session, request, ruling.step, actor, reason=ruling.reason, seen=ruling.seen or None)
            release = latest_release(session, request.id)
            if ruling.step is not Step.REFUSE and release is None:
                raise ConflictError("复制件有变动，没有作出决定。请刷新页面。")
            decision = Decision(
                request_id=request.id,
                release_id=release.id if release is not None and ruling.step is not Step.REFUSE else None,
                manifest_sha256=ruling.seen if ruling.step is not Step.REFUSE else "",
                leader_id=actor.account_id,
                outcome=OUTCOMES[ruling.step],
                ground=ruling.ground if ruling.step is Step.REFUSE else "",
                reason=ruling.reason.strip(),
                withheld={str(position): ground for position, ground in ruling.withheld.items()},
                at=self._desk.clock(),
            )
            session.add(decision)
            session.flush()
            if ruling.step is not Step.REFUSE:
                note(session, MAKE_COPY, decision.id)

    def send_back(self, actor: Actor, request_id: str, reason: str) -> None:
        """Back to preparation, or to the check of identity where a refusal was proposed before any."""
        with self._desk.database.write() as unit:
            request = request_for(unit.session, actor, request_id, Permission.DECIDE_REQUEST)
            facts = facts_of(unit.session, request, self._desk.today())
            step = Step.SEND_BACK if facts.is_accepted else Step.SEND_BACK_PROPOSAL
            self._take(unit.session, request, step, actor, reason=reason)
            _unsubmit(unit.session, request.id)

    def change_release(self, actor: Actor, request_id: str, reason: str) -> None:
        """Take a release back into preparation; an approval of it falls, and a copy made of it is withdrawn."""
        with self._desk.database.write() as unit:
            request = request_for(unit.session, actor, request_id, Permission.PREPARE_COPY)
            self._take(unit.session, request, Step.CHANGE_RELEASE, actor, reason=reason)
            void_approval(unit.session, request, self._desk, reason)

    # --- parts

    def _take(
        self,
        session: Session,
        request: CopyRequest,
        step: Step,
        actor: Actor,
        *,
        reason: str = "",
        seen: str | None = None,
    ) -> None:
        facts = facts_of(session, request, self._desk.today())
        take_step(session, request, step, actor, facts=facts, moment=self._desk.clock(), reason=reason, seen=seen)
        details = {"release": seen} if seen else {}
        self._desk.record(session, actor, EventName(f"copy_request:{step}"), ("copy_request", request.id), **details)

    def _strip(
        self, request: CopyRequest, manifest: ReleaseManifest, opinions: Mapping[str, Opinion]
    ) -> list[StripItem]:
        by_position = {row.position: row for row in request.items}
        strip = []
        for item in manifest.items:
            covered_pages = {box.page for box in item.boxes}
            codes = [box.ground for box in item.boxes]
            pages = [
                StripPage(
                    item.position, page.number, Outcome.PARTLY if page.number in covered_pages else Outcome.GRANTED
                )
                for page in item.pages
            ]
            strip.append(
                StripItem(
                    position=item.position,
                    title=item.title,
                    outcome=item.outcome,
                    pages=pages,
                    ground=self.grounds.get(item.withheld) if item.withheld else None,
                    covered=[(self.grounds.get(code), codes.count(code)) for code in dict.fromkeys(codes)],
                    opinion=opinions.get(by_position[item.position].item_id),
                )
            )
        return strip

    def _proposal(self, session: Session, request: CopyRequest) -> str:
        from_steps = [row for row in steps_of(session, request.id) if row.step is Step.PROPOSE_REFUSAL]
        release = latest_release(session, request.id)
        submitted = release is not None and release.submitted_at is not None
        return from_steps[-1].reason if from_steps and not submitted else ""


def _unsubmit(session: Session, request_id: str) -> None:
    session.execute(update(Release).where(Release.request_id == request_id).values(submitted_at=None))


def void_approval(session: Session, request: CopyRequest, desk: Desk, reason: str) -> None:
    """Have the present approval bind nothing any more, and withdraw the copy that was made of it."""
    moment = desk.clock()
    decision = latest_decision(session, request.id)
    if decision is not None:
        decision.voided_at = moment
        copy = copy_of(session, decision)
        if copy is not None:
            copy.withdrawn_at, copy.withdrawn_reason = copy.withdrawn_at or moment, reason.strip()
    _unsubmit(session, request.id)
