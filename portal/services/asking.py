"""Asking for copies: what a party sees of its case, the draft that is saved as it goes, the counter, the submission.

Source: 办法 Art. 30; section 7 of the offices: before approval a party sees number, date and listed items, no page.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import may_ask_for_copies
from archive_store.audit.events import EventName
from archive_store.cases import case_for, case_thing, item_thing, listed_items
from archive_store.deadlines import local_date, request_deadline
from archive_store.drafts import page_count, page_file
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import Role
from archive_store.models.base import new_id
from archive_store.models.cases import Case, Person
from archive_store.models.copies import CopyRequest, RequestedItem
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide
from archive_store.request_words import Channel, DeliveryWay, RequestKind, RequestState, Step
from archive_store.requests import facts_of, request_for, steps_of, take_step

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.cases import Item
    from portal.services.desk import Desk

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""For the random end of a request number: nothing that is taken for another sign."""
LONGEST_PURPOSE = 2000


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item as a party sees it: its number for this party, neutral title, pages; `why_not` where none can be had."""

    position: int
    item_id: str
    title: str
    pages: int
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class PartyCase:
    """A case as its party sees it (section 7: number, date, listed items)."""

    case_id: str
    case_number: str
    ended_on: date
    items: list[ListedItem]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a party asks for."""

    items: frozenset[str]
    purpose: str = ""
    delivery: DeliveryWay = DeliveryWay.DOWNLOAD


class AskingService:
    """Drafts of requests, by parties and at the counter."""

    def __init__(self, desk: Desk, *, working_days: int) -> None:
        self._desk = desk
        self._working_days = working_days

    def own_cases(self, actor: Actor) -> list[PartyCase]:
        """The cases whose party the actor is, newest first."""
        with self._desk.database.read() as session:
            rows = session.scalars(select(Case).where(Case.id.in_(actor.own_cases)).order_by(Case.ended_on.desc()))
            return [
                self._party_case(actor, case)
                for case in rows
                if decide(actor, Permission.ASK_FOR_COPY, case_thing(case))
            ]

    def party_case(self, actor: Actor, case_id: str) -> PartyCase:
        """One of these cases; else as if it did not exist."""
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.ASK_FOR_COPY)
            self._desk.record(unit.session, actor, EventName.CASE_VIEW, ("case", case.id))
            return self._party_case(actor, case)

    def begin(self, actor: Actor, case_id: str, asked: Asked) -> str:
        """Begin a party's request as a draft that is saved as it goes; gives its id."""
        with self._desk.database.write() as unit:
            session = unit.session
            case = case_for(session, actor, case_id, Permission.ASK_FOR_COPY)
            person = self._person_of(session, actor, case)
            request = self._new(case, person, Channel.ONLINE, requester_id=actor.account_id)
            session.add(request)
            session.flush()
            self._fill(actor, request, asked)
            self._desk.record(session, actor, EventName.COPY_REQUEST_BEGIN, ("copy_request", request.id))
            return request.id

    def enter_at_counter(self, actor: Actor, case_id: str, person_id: str, asked: Asked) -> str:
        """Write down what a party asks for at the counter, as a draft of the archivist's; gives its id."""
        with self._desk.database.write() as unit:
            session = unit.session
            case = case_for(session, actor, case_id, Permission.ENTER_REQUEST)
            person = next((p for p in self._at_counter(session, actor, case) if p.id == person_id), None)
            if person is None:
                raise InvalidInputError("请从本案可以申请复制的人员中选择申请人。", "person")
            request = self._new(case, person, Channel.COUNTER, entered_by=actor.account_id)
            session.add(request)
            session.flush()
            self._fill(actor, request, asked)
            self._desk.record(session, actor, EventName.COPY_REQUEST_BEGIN, ("copy_request", request.id))
            return request.id

    def draft(self, actor: Actor, request_id: str) -> tuple[CopyRequest, PartyCase]:
        """A draft of the actor's own, with what can be asked for in its case."""
        with self._desk.database.read() as session:
            request = self._draft(session, actor, request_id)
            return request, self._party_case(actor, request.case, _seen(request))

    def sent_back_for(self, actor: Actor, request_id: str) -> str:
        """What is to be made good in a draft of the actor's own that was sent back; empty where it was not."""
        with self._desk.database.read() as session:
            request = self._draft(session, actor, request_id)
            reasons = [row.reason for row in steps_of(session, request.id) if row.step is Step.RETURN_TO_REQUESTER]
            return reasons[-1] if reasons else ""

    def save(self, actor: Actor, request_id: str, asked: Asked) -> None:
        """Save a draft."""
        with self._desk.database.write() as unit:
            request = self._draft(unit.session, actor, request_id)
            self._fill(actor, request, asked)

    def discard(self, actor: Actor, request_id: str) -> None:
        """Throw a draft away that was never submitted."""
        with self._desk.database.write() as unit:
            request = self._draft(unit.session, actor, request_id)
            if request.number:
                raise RefusedError("已提交过的申请不能删除，可以撤回。")
            unit.session.delete(request)
            self._desk.record(unit.session, actor, EventName.COPY_REQUEST_DISCARD, ("copy_request", request.id))

    def submit(self, actor: Actor, request_id: str) -> str:
        """Send a draft in: it gets its number and its deadline, counted anew where it had been sent back."""
        with self._desk.database.write() as unit:
            request = self._draft(unit.session, actor, request_id)
            self._fill(actor, request, _as_asked(request))
            if not request.items:
                raise InvalidInputError("请至少选择一件。", "items")
            if not request.purpose:
                raise InvalidInputError("请写明申请用途。", "purpose")
            moment = self._desk.clock()
            facts = facts_of(unit.session, request, self._desk.today())
            take_step(unit.session, request, Step.SUBMIT, actor, facts=facts, moment=moment)
            self._desk.record(unit.session, actor, EventName.COPY_REQUEST_SUBMIT, ("copy_request", request.id))
            request.number = request.number or self._number()
            request.submitted_at = moment
            request.due_on = request_deadline(moment, days=self._working_days).due
            return request.number

    def askers(self, actor: Actor, case_id: str) -> list[Person]:
        """The persons of a case who may ask for copies, for the counter: those whom the actor may know."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.ENTER_REQUEST)
            return self._at_counter(session, actor, case)

    def items_for_counter(self, actor: Actor, case_id: str) -> PartyCase:
        """What can be asked for at the counter, as the party would see it."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.ENTER_REQUEST)
            return self._party_case(actor, case, Permission.ENTER_REQUEST)

    # --- parts

    def _draft(self, session: Session, actor: Actor, request_id: str) -> CopyRequest:
        """A draft of the actor's own."""
        request = request_for(session, actor, request_id, self._seeing(actor))
        if request.state is not RequestState.DRAFT:
            raise RefusedError("申请已经提交，不能再修改。需要变更的，请撤回后重新申请。")
        if actor.account_id not in (request.requester_id, request.entered_by):
            raise NotFoundError
        return request

    def _seeing(self, actor: Actor) -> Permission:
        return Permission.SEE_REQUEST if Role.PARTY in actor.roles else Permission.ENTER_REQUEST

    def _new(self, case: Case, person: Person | None, channel: Channel, **who: str) -> CopyRequest:
        if person is None:
            raise NotFoundError
        return CopyRequest(
            id=new_id(),
            case_id=case.id,
            person_id=person.id,
            recipient=person.name,
            kind=RequestKind.PARTY,
            channel=channel,
            state=RequestState.DRAFT,
            delivery=DeliveryWay.COUNTER if channel is Channel.COUNTER else DeliveryWay.DOWNLOAD,
            created_at=self._desk.clock(),
            **who,
        )

    def _fill(self, actor: Actor, request: CopyRequest, asked: Asked) -> None:
        """Write what is asked for into a draft: of the listed items those that the actor may see, numbered from 1."""
        case, seen = request.case, _seen(request)
        known = {item.id: item for item in listed_items(case) if decide(actor, seen, item_thing(case, item))}
        if not asked.items <= known.keys():
            raise InvalidInputError("所选的件已不在可申请的目录中，请刷新页面后重新选择。", "items")
        if any(page_file(known[item_id]) is None for item_id in asked.items):
            raise InvalidInputError("音像记录和没有版式页面的文件目前不能申请复制，请不要选择。", "items")
        kept = {row.item_id: row for row in request.items}
        for item_id in kept.keys() - asked.items:
            request.items.remove(kept[item_id])
        for item_id in asked.items - kept.keys():
            request.items.append(RequestedItem(item_id=item_id, own_marks=[]))
        order = [*known]
        request.items.sort(key=lambda row: order.index(row.item_id))
        for position, row in enumerate(request.items, start=1):
            row.position, row.title = position, known[row.item_id].neutral_title
        request.purpose = asked.purpose.strip()[:LONGEST_PURPOSE]
        if request.channel is Channel.ONLINE:
            request.delivery = asked.delivery

    def _party_case(self, actor: Actor, case: Case, permission: Permission = Permission.SEE_LISTED) -> PartyCase:
        seen = [item for item in listed_items(case) if decide(actor, permission, item_thing(case, item))]
        items = [
            ListedItem(number, item.id, item.neutral_title, page_count(item), _why_not(item))
            for number, item in enumerate(seen, start=1)  # a gap would tell of what the viewer may not know
        ]
        return PartyCase(case.id, case.case_number, case.ended_on, items)

    def _person_of(self, session: Session, actor: Actor, case: Case) -> Person | None:
        return next((person for person in self._askers(session, case) if person.id in actor.own_persons), None)

    def _askers(self, session: Session, case: Case) -> list[Person]:
        today = self._desk.today()
        return [person for person in case.persons if may_ask_for_copies(session, person, today)]

    def _at_counter(self, session: Session, actor: Actor, case: Case) -> list[Person]:
        return [person for person in self._askers(session, case) if cleared(actor, person.label)]

    def _number(self) -> str:
        day = local_date(self._desk.clock())
        return f"FZ{day:%Y%m%d}-{''.join(secrets.choice(LETTERS) for _ in range(6))}"


def _seen(request: CopyRequest) -> Permission:
    """By which permission the writer of a draft sees the items that can be asked for."""
    return Permission.ENTER_REQUEST if request.channel is Channel.COUNTER else Permission.SEE_LISTED


def _as_asked(request: CopyRequest) -> Asked:
    return Asked(frozenset(row.item_id for row in request.items), request.purpose, request.delivery)


def _why_not(item: Item) -> str:
    if page_file(item) is not None:
        return ""
    return "音像记录目前不能在此申请复制" if item.recording else "没有版式页面，目前不能在此申请复制"
