"""The world of the oracle: generated facts written as rows of a real installation, and ways asked through HTTP.

One installation for all tries: its database is put back from a copy before each, so that nothing a try does remains.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, text, update

from archive_store.accounts import office_today
from archive_store.identity import AskState, RightKind, Role
from archive_store.labels import Label, LabelSubject, Mark, ProposalState, ReviewKind, Volume
from archive_store.models import accounts as people
from archive_store.models.base import new_id
from archive_store.models.cases import Case, CaseHandler, Item, PartyBinding, Person, StoredFile
from archive_store.models.classification import LabelProposal, LabelReview
from archive_store.models.copies import CopyRequest, Release, RequestedItem
from archive_store.request_words import Channel, RequestState
from archive_store.vocabulary import CaseState, PersonRole
from tests.portal import oracle
from tests.portal.conftest import log_in, make_app
from tests.portal.putting_back import PostgresKeeper, SqliteKeeper
from tests.portal.surfaces import Kind, Need

if TYPE_CHECKING:
    import random
    from collections.abc import Container

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

    from tests.portal.conftest import World
    from tests.portal.putting_back import Keeper
    from tests.portal.surfaces import Surface

LOGIN = "second_archivist"
"""The account that becomes each generated person: it has no part in the stage's case and request."""
OFFICES = [role.value for role in Role if role is not Role.SERVICE]
TOGETHER = ["handler", "archivist", "leader", "secrecy_reviewer", "classification_officer", "legal_office"]
MARKS = [mark.value for mark in Mark]
STATES = [state.value for state in CaseState]
REQUEST_STATES = [state.value for state in RequestState]
HELD = (
    people.RoleGrant,
    people.ClearanceGrant,
    people.MarkGrant,
    people.Membership,
    people.Leadership,
    people.CaseGrant,
    people.DepartmentGrant,
    PartyBinding,
)
BEGAN = date(2024, 1, 1)
PARTS = {Kind.DRAFT_ITEM, Kind.BINDING, Kind.PERSON, Kind.REQUESTED_ITEM}
GROUND = "personal_privacy"
ID = re.compile(r"[0-9a-f]{32}")
CHANGED = (
    *("cases", "items", "stored_files", "persons", "party_bindings", "transfers", "waivers", "departments"),
    *("copy_requests", "requested_items", "request_steps", "redaction_boxes", "releases", "decisions", "opinions"),
    *("signed_copies", "label_proposals", "label_reviews", "label_decisions", "rights_asks", "role_grants"),
    "case_grants",
)
"""Tables in which an act would leave something."""


# --- generated


def some_label(chance: random.Random) -> oracle.Label:
    """A label; low ones more often, so that much is both seen and hidden."""
    marks = frozenset(mark for mark in MARKS if chance.random() < 0.1)
    return oracle.Label(chance.choice((0, 1, 1, 1, 2, 3, 4)), marks)


def some_subject(chance: random.Random, count: int) -> oracle.Subject:
    """An object in some state."""
    items = tuple(oracle.Thing(some_label(chance), chance.random() < 0.7, chance.random() < 0.6) for _ in range(count))
    item = chance.randrange(count)
    asked = {place for place in range(count) if chance.random() < 0.4}
    return oracle.Subject(
        state=chance.choice((*STATES, "sealed", "sealed")),
        entry=some_label(chance),
        items=items,
        item=item,
        asked_for=frozenset(asked or {item}),
        request_state=chance.choice(REQUEST_STATES),
        proposal_is_open=chance.random() < 0.6,
        review_is_open=chance.random() < 0.4,
        proposal_on_item=chance.random() < 0.5,
        person=some_label(chance),
    )


def some_offices(chance: random.Random, wanted: frozenset[str]) -> frozenset[str]:
    """Mostly an office of the way, else any; two of them at times, but never beside a party's or administrator's."""
    first = chance.choice(sorted(wanted)) if wanted and chance.random() < 0.7 else chance.choice(OFFICES)
    if first in TOGETHER and chance.random() < 0.2:
        return frozenset({first, chance.choice(TOGETHER)})
    return frozenset({first} if chance.random() < 0.97 else ())


def someone(chance: random.Random, surface: Surface) -> oracle.Someone:
    """A person; relations that its office can have."""
    if chance.random() < 0.05:
        return oracle.Someone(is_anonymous=True)
    offices = some_offices(chance, frozenset(role.value for role in surface.offices))
    is_party = "party" in offices
    stands = chance.choice(("", "party", "agent", "agent out of term", "witness")) if is_party else ""

    def maybe(share: float) -> bool:
        return not is_party and chance.random() < share

    return oracle.Someone(
        offices=offices,
        clearance=chance.choice((0, 1, 1, 2, 3, 4)),
        marks=frozenset(mark for mark in MARKS if chance.random() < 0.7),
        is_member=maybe(0.5),
        is_in_charge=maybe(0.5) and "leader" in offices,
        handles=(maybe(0.5) and "handler" in offices) or maybe(0.1),
        case_is_opened=maybe(0.25),
        department_is_opened=maybe(0.15),
        item_is_opened=maybe(0.25),
        is_referred=maybe(0.5) and "secrecy_reviewer" in offices,
        stands_for=stands,
        asked=bool(stands) and chance.random() < 0.6,
        entered="archivist" in offices and chance.random() < 0.4,
        proposed=maybe(0.3),
        asked_for_right=maybe(0.3),
    )


# --- written as rows


@dataclass
class Named:
    """The ids that a way may name."""

    case: str
    items: list[str]
    request: str
    persons: dict[str, str]
    handler: str
    binding: str = ""
    proposal: str = ""
    review: str = ""
    ask: str = ""


class Stand:
    """The installation of all tries."""

    def __init__(self, world: World, case_id: str, request_id: str) -> None:
        self.world = world
        self.app = make_app(world.opened)
        self.client = log_in(self.app, LOGIN)
        self.stranger = self.app.test_client()
        self.me = world.ids[LOGIN]
        with world.opened.database.write() as unit:
            self.named = _with_everyone(unit.session, world, case_id, request_id)
        path = world.opened.settings.data / "anjuan.db"
        self._keeper: Keeper = PostgresKeeper(world.url) if world.url else SqliteKeeper(path)
        self.keep()

    def keep(self) -> None:
        """Have what is there now be what is put back."""
        self._keeper.keep()

    def close(self) -> None:
        self._keeper.close()

    def log_in_anew(self) -> None:
        """Give the password again, and keep the new session with the rest."""
        self.restore()
        self.client = log_in(self.app, LOGIN)
        self.keep()

    def restore(self) -> None:
        """Put the database back as it was."""
        self._keeper.restore()

    def write(self, surface: Surface, who: oracle.Someone, what: oracle.Subject) -> None:
        """Have the rows say what was generated."""
        with self.world.opened.database.write() as unit:
            self._write_subject(unit.session, surface, what)
            unit.session.flush()
            self._write_person(unit.session, who, what)

    def _write_subject(self, session: Session, surface: Surface, what: oracle.Subject) -> None:
        case = session.get_one(Case, self.named.case)
        case.state, case.label = CaseState(what.state), _label(what.entry)
        for item_id, thing in zip(self.named.items, what.items, strict=True):
            item = session.get_one(Item, item_id)
            item.label, item.listable = _label(thing.label), thing.is_listable
            item.volume = Volume.MAIN if thing.is_main else Volume.AUXILIARY
        if surface.need is Need.PLAY_ITEM:
            named = StoredFile.item_id == self.named.items[what.item]
            for file in session.scalars(select(StoredFile).where(named)):
                file.media_type = "video/mp4"
        session.get_one(Person, self.named.persons["party"]).label = _label(what.person)
        request = session.get_one(CopyRequest, self.named.request)
        request.state = RequestState(what.request_state)
        asked = {self.named.items[place] for place in what.asked_for}
        if asked != {row.item_id for row in request.items}:  # what was made of other items is no release of it
            made = update(Release).where(Release.request_id == request.id)
            session.execute(made.values(voided_at=self.world.opened.services.accounts._desk.clock()))
        request.items.clear()
        session.flush()
        request.items = [
            RequestedItem(item_id=self.named.items[place], position=number, title="演示", own_marks=[])
            for number, place in enumerate(sorted(what.asked_for), start=1)
        ]
        self._write_waiting(session, what)

    def _write_waiting(self, session: Session, what: oracle.Subject) -> None:
        subject = LabelSubject.ITEM if what.proposal_on_item else LabelSubject.ENTRY
        subject_id = self.named.items[what.item] if what.proposal_on_item else self.named.case
        proposal = session.get_one(LabelProposal, self.named.proposal)
        proposal.subject, proposal.subject_id = subject, subject_id
        proposal.state = ProposalState.OPEN if what.proposal_is_open else ProposalState.WITHDRAWN
        review = session.get_one(LabelReview, self.named.review)
        review.subject, review.subject_id = subject, subject_id
        review.done_at = None if what.review_is_open else self.world.opened.services.accounts._desk.clock()

    def _write_person(self, session: Session, who: oracle.Someone, what: oracle.Subject) -> None:
        for table in HELD:
            session.execute(delete(table).where(table.account_id == self.me))
        case = session.get_one(Case, self.named.case)
        common: dict[str, Any] = {"account_id": self.me, "valid_from": BEGAN}
        session.add_all(people.RoleGrant(role=Role(office), **common) for office in who.offices)
        session.add_all(people.MarkGrant(mark=Mark(mark), **common) for mark in who.marks)
        session.add(people.ClearanceGrant(level=who.clearance, **common))
        department = {"department_id": case.department_id, **common}
        for holds, table in (
            (who.is_member, people.Membership),
            (who.is_in_charge, people.Leadership),
            (who.department_is_opened, people.DepartmentGrant),
        ):
            if holds:
                session.add(table(**department))
        opened = {"account_id": self.me, "case_id": case.id, "valid_to": office_today() + timedelta(days=9)}
        if who.case_is_opened:
            session.add(people.CaseGrant(**opened))
        if who.item_is_opened:
            session.add(people.CaseGrant(item_id=self.named.items[what.item], **opened))
        if who.is_referred:
            items = (self.named.items[place] for place in what.asked_for)
            session.add_all(people.CaseGrant(item_id=item, request_id=self.named.request, **opened) for item in items)
        if who.handles:
            session.add(CaseHandler(case_id=case.id, position=9, name="演示", account_id=self.me))
        self._write_relations(session, who)

    def _write_relations(self, session: Session, who: oracle.Someone) -> None:
        request = session.get_one(CopyRequest, self.named.request)
        if who.stands_for:
            person = self.named.persons[who.stands_for]
            session.add(PartyBinding(account_id=self.me, person_id=person, proof="演示"))
            if who.asked:
                request.requester_id, request.person_id = self.me, person
        if who.entered:
            request.requester_id, request.entered_by, request.channel = None, self.me, Channel.COUNTER
        if who.proposed:
            session.get_one(LabelProposal, self.named.proposal).proposed_by = self.me
        if who.asked_for_right:
            session.get_one(people.RightsAsk, self.named.ask).asked_by = self.me

    def holds(self) -> str:
        """What stands in the tables that an act would change."""
        with self.world.opened.database.read() as session:
            asked = (text(f"SELECT * FROM {table} ORDER BY 1") for table in CHANGED)  # noqa: S608 - our names
            return repr([session.execute(one).all() for one in asked])

    # --- asked

    def ask(
        self, surface: Surface, method: str, what: oracle.Subject, who: oracle.Someone, *, absent: bool
    ) -> TestResponse:
        """Ask for the way with the ids of the world, or with ids of nothing.

        Where the person knows the case or request, only the part of it that the way names is one of nothing.
        """
        client: FlaskClient = self.stranger if who.is_anonymous else self.client
        address, form = self._address(surface, what), _form(surface, self.named)
        if absent:
            parted = surface.kind in PARTS and oracle.knows_parent(surface, who, what)
            kept = {self.named.case, self.named.request} if parted else set()
            address, form = _elsewhere(address, kept), {key: _elsewhere(value) for key, value in form.items()}
            if surface.kind in {Kind.NONE, Kind.FILE}:
                address = f"{'/api/v1' if address.startswith('/api/') else ''}/{secrets.token_hex(8)}"
        if method == "PUT" or surface.endpoint == "preparation.find":
            return client.open(address, method=method, json=form)
        if surface.endpoint == "intake.add_rendition":
            form = {"rendition": (BytesIO(b"%PDF-1.4 no more"), "a.pdf")}
        return client.open(address, method=method, data=form or None)

    def _address(self, surface: Surface, what: oracle.Subject) -> str:
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == surface.endpoint)
        other = self.world.ids["other_handler"]
        with self.world.opened.database.read() as session:
            department = session.get_one(Case, self.named.case).department_id
        values: dict[str, Any] = {
            "case_id": self.named.case,
            "item_id": self.named.items[what.item],
            "request_id": self.named.request,
            "binding_id": self.named.binding,
            "person_id": self.named.persons["party"],
            "proposal_id": self.named.proposal,
            "review_id": self.named.review,
            "account_id": other,
            "department_id": department,
            "ask_id": self.named.ask,
            "ended": "0" * 32,
            **dict.fromkeys(("token_id", "recovery_id", "reading_id", "saved_id", "key_id"), "0" * 32),  # not modelled
            "address": "0" * 64,
            "number": 1,
            "position": 1,
            "name": "purpose",
            "filename": "no-such-file.css",
        }
        with self.app.test_request_context():
            adapter = self.app.url_map.bind("localhost")
            return str(adapter.build(surface.endpoint, {name: values[name] for name in rule.arguments}))


def masked(answer: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, body and headers without what is random or tells the time."""
    headers = [
        (name, "" if name in {"X-Request-Id", "Date", "Set-Cookie"} else ID.sub("0" * 32, value))
        for name, value in answer.headers
    ]
    body = re.sub(rb"[0-9a-f]{32}", b"0" * 32, answer.data)
    body = re.sub(rb'(name="csrf_token"[^>]*value=")[^"]*', rb"\1", body)
    body = re.sub(rb"\d\d:\d\d(:\d\d)?", b"", body)
    return answer.status_code, body.decode("utf-8", "replace"), sorted(headers)


def _elsewhere(text: str, kept: Container[str] = ()) -> str:
    """The same with every id but those replaced by one of nothing."""
    if not isinstance(text, str):
        return text
    return ID.sub(lambda found: found[0] if found[0] in kept else new_id(), text)


def _label(label: oracle.Label) -> Label:
    return Label.of(label.level, label.marks)


def _form(surface: Surface, named: Named) -> dict[str, Any]:
    """What a form must hold so that it is not refused before anybody looks whose it is."""
    forms: dict[str, dict[str, Any]] = {
        "cases.send_back": {"reasons": "演示"},
        "cases.waive": {"finding": "x", "reason": "演示"},
        "asking.counter": {"person": named.persons["party"], "purpose": "演示"},
        "asking.screen": {"purpose": "演示"},
        "intake.move_item": {"position": "1"},
        "labels.propose": {"subject": "entry", "subject_id": named.case, "level": "1", "ground": "演示"},
        "labels.decide": {"decision": "grant", "ground": "演示"},
        "labels.review": {"outcome": "演示"},
        "opening.send": {"login": "legal", "ground": "演示"},
        "parties.bind": {"person": named.persons["party"], "login": "nobody", "proof": "演示"},
        "requests.take": {"step": "withdraw"},
        "requests.accept": {"identity_proof": "演示", "relation_proof": "演示"},
        "requests.refer": {"reviewer": "x"},
        "decisions.decide": {"step": "approve", "seen": "x"},
        "decisions.extend": {"days": "1", "reason": "演示"},
        "decisions.send_back": {"reason": "演示"},
        "decisions.change": {"reason": "演示"},
        "decisions.withdraw_copy": {"reason": "演示"},
        "preparation.save_boxes": {"boxes": [], "seen": ""},
        "preparation.find": {"words": "Page", "ground": GROUND},
        "preparation.add_box": {"page": "1", "left": "1", "top": "1", "width": "9", "height": "9", "ground": GROUND},
        "intake.describe_item": {
            "file": "01.pdf",
            "title": "演示",
            "type": "site_inspection_record",
            "date": "2026-11-02",
            "level": "internal",
        },
        "preparation.cover": {"words": "Page", "ground": GROUND},
        "people.close": {"reason": "演示"},
        "people.reopen": {"reason": "演示"},
        "people.rename_department": {"name": "演示处"},
        "rights.end": {"kind": "role", "grant": named.handler, "ground": "演示"},
        "rights.decide": {"decision": "refuse", "ground": "演示"},
    }
    return forms.get(surface.endpoint, {})


def _with_everyone(session: Session, world: World, case_id: str, request_id: str) -> Named:
    """Persons of every standing, a binding, a proposal, a review and a right asked for."""
    case = session.get_one(Case, case_id)
    party = next(person for person in case.persons if person.role is PersonRole.PARTY)
    persons = {"party": party.id}
    for name, role, until in (
        ("agent", PersonRole.AGENT, office_today() + timedelta(days=9)),
        ("agent out of term", PersonRole.AGENT, office_today() - timedelta(days=1)),
        ("witness", PersonRole.WITNESS, None),
    ):
        person = Person(id=new_id(), case_id=case_id, position=9, name="演示", kind=party.kind, role=role)
        person.label, person.representation_until = Label(), until
        person.represents_id = party.id if role is PersonRole.AGENT else None
        session.add(person)
        persons[name] = person.id
    named = Named(case_id, [item.id for item in case.items], request_id, persons, "")
    session.flush()
    binding = select(PartyBinding.id).where(PartyBinding.person_id == party.id)
    named.binding = session.scalars(binding).one()
    role = select(people.RoleGrant.id).where(people.RoleGrant.account_id == world.ids["other_handler"])
    named.handler = session.scalars(role).one()
    today, handler = office_today(), world.ids["handler"]
    where: dict[str, Any] = {"case_id": case_id, "subject": LabelSubject.ENTRY, "subject_id": case_id}
    proposal = LabelProposal(id=new_id(), ground="演示", proposed_by=handler, **where)
    proposal.label, proposal.former = Label(), Label()
    review = LabelReview(id=new_id(), kind=ReviewKind.YEARLY, due_on=today, **where)
    ask = people.RightsAsk(id=new_id(), account_id=world.ids["legal"], kind=RightKind.CLEARANCE, value="1")
    ask.valid_from, ask.ground, ask.asked_by, ask.state = today, "演示", world.ids["leader"], AskState.OPEN
    session.add_all((proposal, review, ask))
    named.proposal, named.review, named.ask = proposal.id, review.id, ask.id
    return named
