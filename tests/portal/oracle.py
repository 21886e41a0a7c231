"""Who may do what, written once more and apart from the product: straight from the offices table of the regulation.

Nothing here is imported from the policy. Three conditions hold together for every reading, whatever the office: the
clearance reaches the level of the thing and of its entry, every mark on them was granted, and the person needs to know
it. `answer` says of one way (`tests.portal.surfaces`), one person and one object what has to come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tests.portal.surfaces import ALL, ANYONE, Kind, Need

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.portal.surfaces import Surface

SECRET_FROM = 2
"""The level 秘密, in numbers 公开 0 to 绝密 4."""
INFORMANT = "informant"


class Verdict(Enum):
    """What has to come back."""

    NO = "exactly what comes back for an id that does not exist"
    KNOWN = "a refusal: the person may know the thing, but not do this to it as it stands"
    YES = "anything but the answer for what does not exist"


@dataclass(frozen=True)
class Label:
    """A level in numbers and marks in words."""

    level: int = 1
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Thing:
    """An item: its label, volume, whether it is listed for parties."""

    label: Label
    is_main: bool
    is_listable: bool


@dataclass(frozen=True)
class Subject:
    """The facts about one case and what hangs on it."""

    state: str
    entry: Label
    items: tuple[Thing, ...]
    item: int
    """The item that the way names, by its place in `items`."""
    asked_for: frozenset[int]
    """Places of the items that the copy request asks for."""
    request_state: str
    proposal_is_open: bool
    review_is_open: bool
    proposal_on_item: bool
    """Whether proposal and review are about `item`; else about the entry."""
    person: Label
    """Of the person in the case whom the way names."""


@dataclass(frozen=True)
class Someone:
    """The facts about one person: what it holds, and how it stands to the case and the request."""

    offices: frozenset[str] = frozenset()
    clearance: int = 1
    marks: frozenset[str] = frozenset()
    is_member: bool = False
    is_in_charge: bool = False
    handles: bool = False
    case_is_opened: bool = False
    department_is_opened: bool = False
    item_is_opened: bool = False
    """The item that the way names was referred to it, for a reason of its own."""
    is_referred: bool = False
    """The copy request was referred to it, and with it the items asked for."""
    stands_for: str = ""
    """`party`, `agent`, `agent out of term`, `witness`, or nothing."""
    asked: bool = False
    """It made the copy request, as the party or its agent."""
    entered: bool = False
    """It wrote the copy request down at the counter."""
    proposed: bool = False
    asked_for_right: bool = False
    is_anonymous: bool = False


class Judge:
    """One person before one object."""

    def __init__(self, who: Someone, what: Subject) -> None:
        self.who = who
        self.what = what

    # --- the three conditions

    def cleared(self, label: Label) -> bool:
        return label.level <= self.who.clearance and label.marks <= self.who.marks

    def has(self, office: str) -> bool:
        return office in self.who.offices

    @property
    def is_sealed(self) -> bool:
        return self.what.state == "sealed"

    @property
    def is_received(self) -> bool:
        return self.what.state != "draft"

    @property
    def whole_is_opened(self) -> bool:
        return self.who.case_is_opened or self.who.department_is_opened

    def opened(self, place: int) -> bool:
        referred = self.who.is_referred and place in self.what.asked_for
        return self.whole_is_opened or referred or (self.who.item_is_opened and place == self.what.item)

    @property
    def something_is_opened(self) -> bool:
        return self.whole_is_opened or self.who.item_is_opened or (self.who.is_referred and bool(self.what.asked_for))

    @property
    def waits_for_officer(self) -> bool:
        return self.what.proposal_is_open or self.what.review_is_open

    # --- reading

    def sees_entry(self) -> bool:
        opened = self.something_is_opened
        by_office = {
            "handler": self.who.handles or (self.is_sealed and (self.who.is_member or opened)),
            "archivist": self.is_received,
            "leader": (self.is_received and self.who.is_in_charge) or (self.is_sealed and opened),
            "secrecy_reviewer": self.is_received and opened,
            "classification_officer": self.is_received and self.waits_for_officer,
            "legal_office": self.is_sealed and opened,
        }
        return self.cleared(self.what.entry) and any(by_office.get(office, False) for office in self.who.offices)

    def reads(self, place: int) -> bool:
        opened = self.opened(place)
        by_office = {
            "handler": self.who.handles or (self.is_sealed and opened),
            "archivist": self.is_received,
            "leader": (self.is_received and self.who.is_in_charge) or (self.is_sealed and opened),
            "secrecy_reviewer": self.is_received and opened,
            "classification_officer": self.is_received and self.waits_for_officer,
            "legal_office": self.is_sealed and opened,
        }
        labels = self.cleared(self.what.entry) and self.cleared(self.what.items[place].label)
        return labels and any(by_office.get(office, False) for office in self.who.offices)

    def sees_private(self) -> bool:
        by_office = {
            "handler": self.who.handles,
            "archivist": self.is_received,
            "leader": self.is_received and self.who.is_in_charge,
        }
        labels = self.cleared(self.what.entry) and self.cleared(self.what.person)
        return labels and any(by_office.get(office, False) for office in self.who.offices)

    def is_party(self) -> bool:
        """Party or agent in term of a sealed case that is below 秘密 and names no informant."""
        entry = self.what.entry
        may_know = entry.level < SECRET_FROM and INFORMANT not in entry.marks
        return self.has("party") and self.who.stands_for in {"party", "agent"} and self.is_sealed and may_know

    # --- acting on a case

    def drafts(self) -> bool:
        return self.has("handler") and self.who.handles and self.what.state == "draft" and self.cleared(self.what.entry)

    def takes_in(self, state: str) -> bool:
        apart = self.has("archivist") and not self.who.handles
        return apart and self.what.state == state and self.cleared(self.what.entry)

    def keeps(self) -> bool:
        return self.has("archivist") and self.is_sealed and self.cleared(self.what.entry)

    def opens(self) -> bool:
        leads = self.has("leader") and self.who.is_in_charge and self.is_received
        return self.keeps() or (leads and self.cleared(self.what.entry))

    def proposes(self, *, entry_only: bool) -> bool:
        entry = self.cleared(self.what.entry) and self.is_received
        whole = (self.has("handler") and self.who.handles) or (self.has("secrecy_reviewer") and self.whole_is_opened)
        if entry_only or (entry and whole):
            return entry and whole
        places = range(len(self.what.items))
        parts = (self.opened(place) and self.cleared(self.what.items[place].label) for place in places)
        return entry and self.has("secrecy_reviewer") and any(parts)

    def classifies(self) -> bool:
        label = self.what.items[self.what.item].label if self.what.proposal_on_item else self.what.entry
        apart = self.has("classification_officer") and not self.who.handles and self.waits_for_officer
        return apart and self.is_received and self.cleared(self.what.entry) and self.cleared(label)

    # --- acting on a copy request

    @property
    def may_exist(self) -> bool:
        """A draft is nobody's but the one's who writes it; whoever may not know the person who asks knows of none."""
        is_told = self.what.request_state != "draft" or self.who.asked or self.who.entered
        return is_told and (self.who.asked or self.cleared(self.what.person))

    def sees_all_asked_for(self) -> bool:
        return self.cleared(self.what.entry) and all(
            self.cleared(self.what.items[i].label) for i in self.what.asked_for
        )

    def works_on_request(self) -> bool:
        return self.may_exist and self.has("archivist") and self.is_sealed and self.sees_all_asked_for()

    def decides_request(self) -> bool:
        leads = self.has("leader") and self.who.is_in_charge and self.is_sealed
        return self.may_exist and leads and self.cleared(self.what.entry)

    def reviews_request(self) -> bool:
        referred = self.has("secrecy_reviewer") and self.who.is_referred and bool(self.what.asked_for)
        return self.may_exist and referred and self.is_sealed and self.cleared(self.what.entry)

    def owns_request(self) -> bool:
        return self.who.asked and self.is_party()

    def sees_request(self) -> bool:
        staff = self.works_on_request() or self.decides_request() or self.reviews_request()
        return staff or self.owns_request()

    def writes_request(self) -> bool:
        own = self.owns_request() if self.has("party") else self.who.entered and self.works_on_request()
        return self.what.request_state == "draft" and own


RULES: dict[Need, Callable[[Judge], bool]] = {
    Need.NOTHING: lambda _: True,
    Need.SEE_ENTRY: Judge.sees_entry,
    Need.READ_ITEM: lambda j: j.reads(j.what.item),
    Need.PLAY_ITEM: lambda j: j.reads(j.what.item),
    Need.SEE_PRIVATE: Judge.sees_private,
    Need.CORRECT: lambda j: j.keeps() and j.cleared(j.what.items[j.what.item].label),
    Need.EDIT_DRAFT: Judge.drafts,
    Need.HAND_OVER: Judge.drafts,
    Need.RECEIVE: lambda j: j.takes_in("handed_over"),
    Need.SEAL: lambda j: j.takes_in("accepted"),
    Need.KEEP: Judge.keeps,
    Need.OPEN: Judge.opens,
    Need.PARTY: Judge.is_party,
    Need.PROPOSE: lambda j: j.proposes(entry_only=False),
    Need.CLASSIFY: Judge.classifies,
    Need.SEE_REQUEST: Judge.sees_request,
    Need.WRITE_REQUEST: Judge.writes_request,
    Need.ACCEPT_REQUEST: Judge.works_on_request,
    Need.PREPARE_REQUEST: Judge.works_on_request,
    Need.SEE_RELEASED: lambda j: j.works_on_request() or j.decides_request(),
    Need.GIVE_OPINION: Judge.reviews_request,
    Need.DECIDE_REQUEST: Judge.decides_request,
    Need.TAKE_COPY: lambda j: j.works_on_request() or j.owns_request(),
    Need.UNFORGEABLE: lambda _: False,
}

MORE: dict[str, Callable[[Judge], bool]] = {
    "labels.propose": lambda j: j.proposes(entry_only=True),
    "labels.review": lambda j: j.what.review_is_open,
    "parties.bind": lambda j: j.cleared(j.what.person),
}
"""What single ways need besides: the form that is sent names the entry, an open review, a person."""

OF_A_CASE = {Kind.CASE, Kind.ITEM, Kind.DRAFT_ITEM, Kind.BINDING}


def answer(surface: Surface, who: Someone, what: Subject) -> Verdict:
    """What has to come back."""
    judge = Judge(who, what)
    if who.is_anonymous:
        return Verdict.YES if surface.is_open else Verdict.NO
    by_office = surface.offices not in (ANYONE, ALL)
    if by_office and who.offices.isdisjoint({office.value for office in surface.offices}):
        return Verdict.NO
    if surface.need is Need.OWN:
        own = {Kind.PROPOSAL: who.proposed, Kind.ASK: who.asked_for_right}
        return Verdict.YES if own.get(surface.kind, False) else Verdict.NO
    rule = RULES[surface.need](judge)
    if rule and _names_what_it_may(surface, judge) and MORE.get(surface.endpoint, lambda _: True)(judge):
        return Verdict.YES
    return Verdict.KNOWN if _may_know(surface, judge) else Verdict.NO


def _names_what_it_may(surface: Surface, judge: Judge) -> bool:
    """Whether the part of the case or request that the way names is there for this person."""
    if surface.kind is Kind.DRAFT_ITEM:
        return judge.reads(judge.what.item)
    if surface.kind is Kind.BINDING:
        return judge.cleared(judge.what.person)
    if surface.kind is Kind.REQUESTED_ITEM:
        return judge.what.item in judge.what.asked_for
    return True


def _may_know(surface: Surface, judge: Judge) -> bool:
    """Whether the person may know that what the way names exists, so that a refusal tells nothing new."""
    if surface.kind is Kind.CASE:
        return judge.sees_entry()
    if surface.kind is Kind.DRAFT_ITEM:
        return judge.sees_entry() and judge.reads(judge.what.item)
    if surface.kind is Kind.BINDING:
        return judge.sees_entry() and judge.cleared(judge.what.person)
    if surface.kind is Kind.REQUEST:
        return judge.sees_request()
    return False


def knows_parent(surface: Surface, who: Someone, what: Subject) -> bool:
    """Whether the person knows the case or request in which the way names a part: then only the part can be hidden."""
    judge = Judge(who, what)
    if who.is_anonymous:
        return False
    return judge.sees_request() if surface.kind is Kind.REQUESTED_ITEM else judge.sees_entry()
