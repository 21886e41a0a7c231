"""Labels from the hand-over on: proposed by handler or reviewer, decided by the classifying officer, ended by a term.

A decision is appended, repeated on the thing, and holds at once for everything that asks the policy. The index follows
by the worker; until it has, nothing of the case is found at all (`archive_store.work.note_relabelled`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.cases import case_thing, item_thing
from archive_store.classification import FELL, REVIEW_EVERY, Standing, Wanted, fallen, objection
from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.label_decisions import latest_decisions
from archive_store.labels import Label, LabelSubject, ProposalState, ReviewKind
from archive_store.models.accounts import Account
from archive_store.models.cases import Case, Item, LabelDecision, Person
from archive_store.models.classification import LabelProposal, LabelReview
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may
from archive_store.vocabulary import CaseState
from archive_store.work import note_relabelled
from portal.services.words import one_line

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.labels import Level
    from portal.services.desk import Desk

    Labelled = Case | Item | Person

LONGEST_GROUND = 500
LONGEST_SOURCE, LONGEST_NUMBER = 300, 200
SERVICE = "service:classification"
CHANGED = "密级或标识在此期间已有变动，这项建议不再适用。请不予采纳，由建议人重新提出。"


@dataclass(frozen=True, slots=True)
class NewProposal:
    """What is proposed for which thing of a case; the rest is as `archive_store.classification.Wanted` has it."""

    subject: LabelSubject
    subject_id: str
    label: Label
    ground: str
    declassify_on: date | None = None
    source: str = ""
    origin_document: str = ""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A thing with its label as it stands, and what is proposed for it."""

    subject: LabelSubject
    subject_id: str
    name: str
    label: Label
    decision: LabelDecision | None
    proposal: LabelProposal | None


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A proposal for who decides it."""

    proposal: LabelProposal
    case: Case
    name: str
    decision: LabelDecision | None
    proposed_by: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A label to be looked at."""

    review: LabelReview
    case: Case
    name: str
    label: Label


class ClassificationService:
    """Proposals, decisions, terms and reviews of labels."""

    def __init__(self, desk: Desk, *, highest: Level) -> None:
        self._desk = desk
        self._highest = highest

    def page(self, actor: Actor, case_id: str) -> tuple[Case, list[LabelRow]]:
        """The things of a case for which the actor may propose a label."""
        with self._desk.database.read() as session:
            case = session.get(Case, case_id)
            found = [] if case is None else _things(actor, case, Permission.PROPOSE_LABEL)
            if case is None or not found:
                raise NotFoundError
            return case, [self._row(session, subject, thing) for subject, thing in found]

    def propose(self, actor: Actor, case_id: str, new: NewProposal) -> str:
        """Propose a label; gives the proposal's id.

        Raises:
            NotFoundError: no such thing for this actor.
            InvalidInputError: the label, its term or ground cannot be.
            RefusedError: another proposal waits.
        """
        ground = _words(new.ground, "请写明定密依据。")
        source, number = new.source.strip()[:LONGEST_SOURCE], new.origin_document.strip()[:LONGEST_NUMBER]
        wanted = Wanted(new.label, new.declassify_on, source, number)
        with self._desk.database.write() as unit:
            session = unit.session
            thing = _thing_for(session, actor, case_id, (new.subject, new.subject_id), Permission.PROPOSE_LABEL)
            against = objection(_standing(session, thing), wanted, self._desk.today(), self._highest)
            if against:
                raise InvalidInputError(against, "level")
            if _open_proposal(session, thing.id) is not None:
                raise RefusedError("已有一项建议正在等待定密，请等待办理或先撤回。")
            made = LabelProposal(case_id=case_id, subject=new.subject, subject_id=thing.id, ground=ground)
            made.label, made.former, made.declassify_on = new.label, thing.label, new.declassify_on
            made.source, made.origin_document = source, number
            made.proposed_by, made.proposed_at = actor.account_id, self._desk.clock()
            session.add(made)
            session.flush()
            self._record(session, actor, EventName.LABEL_PROPOSE, made)
            return made.id

    def withdraw(self, actor: Actor, proposal_id: str) -> None:
        """Take one's own proposal back while it waits."""
        with self._desk.database.write() as unit:
            proposal = unit.session.get(LabelProposal, proposal_id, with_for_update=True)
            if proposal is None or proposal.proposed_by != actor.account_id:
                raise NotFoundError
            _still_open(proposal)
            proposal.state, proposal.decided_at = ProposalState.WITHDRAWN, self._desk.clock()
            self._record(unit.session, actor, EventName.LABEL_WITHDRAW, proposal)

    def waiting(self, actor: Actor) -> list[ProposalPage]:
        """What waits for the classifying officer, oldest first."""
        if not may(actor, Permission.DECIDE_LABEL):
            raise NotFoundError
        with self._desk.database.read() as session:
            proposals = session.scalars(
                select(LabelProposal)
                .where(LabelProposal.state == ProposalState.OPEN)
                .order_by(LabelProposal.proposed_at)
            )
            pages = (self._proposal_page(session, actor, proposal) for proposal in proposals)
            return [page for page in pages if page is not None]

    def proposal(self, actor: Actor, proposal_id: str) -> ProposalPage:
        """One proposal, for who decides it."""
        with self._desk.database.read() as session:
            proposal = session.get(LabelProposal, proposal_id)
            page = self._proposal_page(session, actor, proposal) if proposal else None
        if page is None:
            raise NotFoundError
        return page

    def decide(self, actor: Actor, proposal_id: str, *, granted: bool, ground: str) -> None:
        """Decide as proposed, or not; the label holds at once.

        Raises:
            NotFoundError: no such proposal for this actor.
            RefusedError: it is settled, one's own, above one's clearance, or no longer allowed.
            ConflictError: the label became another meanwhile.
        """
        ground = _words(ground, "请写明决定的依据。")
        with self._desk.database.write() as unit:
            session = unit.session
            proposal = session.get(LabelProposal, proposal_id, with_for_update=True)
            if proposal is None:
                raise NotFoundError
            where = proposal.subject, proposal.subject_id
            thing = _thing_for(session, actor, proposal.case_id, where, Permission.DECIDE_LABEL)
            _still_open(proposal)
            if proposal.proposed_by == actor.account_id:
                raise RefusedError("不能决定自己提出的建议，须由另一位定密责任人办理。")
            if granted:
                self._apply(session, actor, proposal, thing, ground)
            proposal.state = ProposalState.DECIDED if granted else ProposalState.REFUSED
            proposal.decided_by, proposal.decided_at = actor.account_id, self._desk.clock()
            proposal.decision_ground = ground
            self._record(session, actor, EventName.LABEL_DECIDE if granted else EventName.LABEL_REFUSE, proposal)

    def reviews(self, actor: Actor) -> list[ReviewRow]:
        """Labels to be looked at, the earliest first, for the classifying officer."""
        if not may(actor, Permission.DECIDE_LABEL):
            raise NotFoundError
        with self._desk.database.read() as session:
            found = session.scalars(
                select(LabelReview).where(LabelReview.done_at.is_(None)).order_by(LabelReview.due_on, LabelReview.id)
            )
            rows = []
            for review in found:
                thing = _find(session, review.case_id, review.subject, review.subject_id)
                if thing is not None and _may(session, actor, thing, Permission.DECIDE_LABEL):
                    rows.append(ReviewRow(review, _case_of(session, thing), _name(thing), thing.label))
            return rows

    def close_review(self, actor: Actor, review_id: str, outcome: str) -> None:
        """Note what the review came to; another label is proposed and decided like any."""
        outcome = _words(outcome, "请写明审核结论。")
        with self._desk.database.write() as unit:
            review = unit.session.get(LabelReview, review_id, with_for_update=True)
            if review is None or review.done_at is not None:
                raise NotFoundError
            where = review.subject, review.subject_id
            _thing_for(unit.session, actor, review.case_id, where, Permission.DECIDE_LABEL)
            review.done_by, review.done_at, review.outcome = actor.account_id, self._desk.clock(), outcome
            subject = (review.subject.value, review.subject_id)
            self._desk.record(unit.session, actor, EventName.LABEL_REVIEW, subject, kind=review.kind.value)

    # --- by themselves

    def fall_due(self) -> int:
        """Let every level fall whose last day has come, and raise its review; for the worker. Gives how many."""
        fell, today = 0, self._desk.today()
        with self._desk.database.read() as session:
            due = [row.subject_id for row in _latest(session).values() if _is_due(row, today)]
        for subject_id in due:
            with self._desk.database.write() as unit:
                row = _latest(unit.session, subject_id).get(subject_id)
                fell += row is not None and _is_due(row, today) and self._fall(unit.session, row)
        return fell

    def raise_reviews(self) -> int:
        """Raise a review of every state secret that nobody looked at for a year; for the worker. Gives how many."""
        raised, day = 0, self._desk.today()
        with self._desk.database.write() as unit:
            session = unit.session
            for row in _latest(session).values():
                seen = _seen_last(session, row)
                if row.label.level.is_state_secret and seen is not None and seen + REVIEW_EVERY <= day:
                    self._raise(session, row, ReviewKind.YEARLY, seen + REVIEW_EVERY)
                    raised += 1
        return raised

    # --- parts

    def _apply(self, session: Session, actor: Actor, proposal: LabelProposal, thing: Labelled, ground: str) -> None:
        if thing.label != proposal.former:
            raise ConflictError(CHANGED)
        if not cleared(actor, proposal.label):
            raise RefusedError("拟定的密级或标识超出您的可阅范围，须由有相应权限的定密责任人决定。")
        wanted = Wanted(proposal.label, proposal.declassify_on, proposal.source, proposal.origin_document)
        against = objection(_standing(session, thing), wanted, self._desk.today(), self._highest)
        if against:
            raise RefusedError(against)
        decision = LabelDecision(case_id=proposal.case_id, subject=proposal.subject.value, subject_id=thing.id)
        decision.label, decision.ground, decision.declassify_on = proposal.label, ground, proposal.declassify_on
        decision.is_derived, decision.source = bool(proposal.source), proposal.source
        decision.origin_document, decision.proposal_id = proposal.origin_document, proposal.id
        self._put(session, decision, thing, actor.account_id)

    def _put(self, session: Session, decision: LabelDecision, thing: Labelled, by: str) -> None:
        decision.decided_by, decision.decided_at, decision.readers = by, self._desk.clock(), []
        session.add(decision)
        thing.label = decision.label
        if _case_of(session, thing).state is CaseState.SEALED:  # nothing else stands in the index
            note_relabelled(session, decision.case_id)

    def _fall(self, session: Session, row: LabelDecision) -> bool:
        thing = _find(session, row.case_id, LabelSubject(row.subject), row.subject_id)
        if thing is None or thing.label != row.label:
            return False
        decision = LabelDecision(case_id=row.case_id, subject=row.subject, subject_id=row.subject_id)
        decision.label, decision.ground = fallen(row.label), FELL
        decision.is_derived, decision.source = row.is_derived, row.source
        self._put(session, decision, thing, SERVICE)
        self._raise(session, row, ReviewKind.FELL, row.declassify_on or self._desk.today())
        self._desk.record(session, SERVICE, EventName.LABEL_FALL, (row.subject, row.subject_id))
        return True

    def _raise(self, session: Session, row: LabelDecision, kind: ReviewKind, due: date) -> None:
        review = LabelReview(case_id=row.case_id, subject=LabelSubject(row.subject), subject_id=row.subject_id)
        review.kind, review.due_on, review.raised_at = kind, due, self._desk.clock()
        session.add(review)

    def _row(self, session: Session, subject: LabelSubject, thing: Labelled) -> LabelRow:
        decision = _latest(session, thing.id).get(thing.id)
        return LabelRow(subject, thing.id, _name(thing), thing.label, decision, _open_proposal(session, thing.id))

    def _proposal_page(self, session: Session, actor: Actor, proposal: LabelProposal) -> ProposalPage | None:
        thing = _find(session, proposal.case_id, proposal.subject, proposal.subject_id)
        if thing is None or not _may(session, actor, thing, Permission.DECIDE_LABEL):
            return None
        by = session.get_one(Account, proposal.proposed_by)
        decision = _latest(session, thing.id).get(thing.id)
        own = by.id == actor.account_id
        return ProposalPage(proposal, _case_of(session, thing), _name(thing), decision, by.name, own)

    def _record(self, session: Session, actor: Actor, name: EventName, proposal: LabelProposal) -> None:
        subject = (proposal.subject.value, proposal.subject_id)
        self._desk.record(session, actor, name, subject, proposal=proposal.id, label=proposal.label.code)


def _things(actor: Actor, case: Case, permission: Permission) -> list[tuple[LabelSubject, Labelled]]:
    """The things of a case for which the actor has a permission, entry first."""
    found: list[tuple[LabelSubject, Labelled]] = [(LabelSubject.ENTRY, case)]
    found += [(LabelSubject.ITEM, item) for item in case.items]
    found += [(LabelSubject.PERSON, person) for person in case.persons]
    return [(subject, thing) for subject, thing in found if _may_in(actor, case, thing, permission)]


def _may_in(actor: Actor, case: Case, thing: Labelled, permission: Permission) -> bool:
    if isinstance(thing, Item):
        return decide(actor, permission, item_thing(case, thing))
    return decide(actor, permission, case_thing(case)) and cleared(actor, thing.label)


def _may(session: Session, actor: Actor, thing: Labelled, permission: Permission) -> bool:
    return _may_in(actor, _case_of(session, thing), thing, permission)


def _thing_for(
    session: Session, actor: Actor, case_id: str, where: tuple[LabelSubject, str], permission: Permission
) -> Labelled:
    thing = _find(session, case_id, *where)
    if thing is None or not _may(session, actor, thing, permission):
        raise NotFoundError
    return thing


def _find(session: Session, case_id: str, subject: LabelSubject, subject_id: str) -> Labelled | None:
    ways = {LabelSubject.ENTRY: Case, LabelSubject.ITEM: Item, LabelSubject.PERSON: Person}
    thing: Labelled | None = session.get(ways[subject], subject_id)  # type: ignore[assignment]  # one of the three
    if thing is None or _case_of(session, thing).id != case_id:
        return None
    return thing


def _case_of(session: Session, thing: Labelled) -> Case:
    return thing if isinstance(thing, Case) else session.get_one(Case, thing.case_id)


def _name(thing: Labelled) -> str:
    if isinstance(thing, Item):
        return f"第{thing.number}件　{thing.title}"
    return f"案卷条目　{thing.title}" if isinstance(thing, Case) else f"人员　{thing.name}"


def _latest(session: Session, subject_id: str | None = None) -> dict[str, LabelDecision]:
    """The latest decision on each thing of a case that was handed over, or on one."""
    one = () if subject_id is None else (LabelDecision.subject_id == subject_id,)
    return latest_decisions(session, Case.state != CaseState.DRAFT, *one)


def _standing(session: Session, thing: Labelled) -> Standing:
    row = _latest(session, thing.id).get(thing.id)
    return Standing(thing.label, row.is_derived, row.declassify_on) if row else Standing(thing.label)


def _open_proposal(session: Session, subject_id: str) -> LabelProposal | None:
    waiting = select(LabelProposal).where(
        LabelProposal.subject_id == subject_id, LabelProposal.state == ProposalState.OPEN
    )
    return session.scalars(waiting.limit(1)).first()


def _is_due(row: LabelDecision, today: date) -> bool:
    return row.label.level.is_state_secret and row.declassify_on is not None and row.declassify_on <= today


def _seen_last(session: Session, row: LabelDecision) -> date | None:
    """When a label was last decided or reviewed; None while a review of it is open."""
    reviews = session.scalars(select(LabelReview).where(LabelReview.subject_id == row.subject_id)).all()
    if any(review.done_at is None for review in reviews):
        return None
    return max([row.decided_at, *(review.done_at for review in reviews if review.done_at)]).date()


def _still_open(proposal: LabelProposal) -> None:
    if proposal.state is not ProposalState.OPEN:
        raise RefusedError("这项建议已经办理，请刷新页面。")


def _words(text: str, missing: str) -> str:
    return one_line(text, "ground", LONGEST_GROUND, missing, f"不超过 {LONGEST_GROUND} 字。")
