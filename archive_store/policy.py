"""Who may do what to what: one rule table, from which come both `decide` (one object) and `scope` (sets).

A row gives one permission to one role within a reach. Reach is a set of tokens: the actor's side says which tokens it
holds, every case carries its own (`tokens_of_case`), and they meet or do not. The same tokens stand on each index
entry, so that what may be read and what may be found can never come apart. Every reading needs, whatever the role:

1. the clearance reaches the level of the thing (and of its entry),
2. every mark on them was granted to the reader,
3. the reader needs to know it (reach).

Source: 办法 Art. 5, 29-31; 保守国家秘密法 (2024) Art. 19-20; the office table of `docs/access-matrix.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from archive_store.identity import Role
from archive_store.labels import Label, Level, Mark, Partition, Volume
from archive_store.permissions import Permission
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.identity import Actor

DRAFTING = frozenset({CaseState.DRAFT})
HANDED = frozenset({CaseState.HANDED_OVER})
TAKEN = frozenset({CaseState.ACCEPTED})
RECEIVED = frozenset({CaseState.HANDED_OVER, CaseState.ACCEPTED, CaseState.SEALED})
SEALED = frozenset({CaseState.SEALED})
ANY = frozenset(CaseState)
REMEMBERED = 64
"""Sets of what is opened by name whose tokens are kept from one decision to the next."""


@dataclass(frozen=True, slots=True)
class Thing:
    """The facts about an object that rules ask for: a case's entry, or one item of it.

    `label` and `volume` are None for the entry itself.
    """

    tokens: frozenset[str]
    entry_label: Label
    state: CaseState
    label: Label | None = None
    volume: Volume | None = None
    listable: bool = False

    def item(self, item_id: str, label: Label, volume: Volume, *, listable: bool) -> Thing:
        """The same facts for one item of this case."""
        return Thing(self.tokens | {f"item:{item_id}"}, self.entry_label, self.state, label, volume, listable)

    def request(self, request_id: str, person_id: str | None, requester_id: str | None) -> Thing:
        """The same facts for a copy request of this case."""
        asked = {f"asked:{person_id}:{requester_id}"} if person_id and requester_id else set()
        return replace(self, tokens=self.tokens | {f"request:{request_id}"} | asked)


def tokens_of_case(case_id: str, department_id: str, handler_ids: frozenset[str]) -> frozenset[str]:
    """The tokens that a case carries; the only form in which reach is ever compared."""
    return frozenset({f"case:{case_id}", f"department:{department_id}", *(f"handler:{who}" for who in handler_ids)})


class Secrecy(Enum):
    """Which labels a row measures the actor by."""

    NONE = "none"
    READER = "reader"
    """Clearance and marks against the entry's label, and the item's where there is one."""
    ENTRY = "entry"
    """Clearance and marks against the entry's label alone: for who is shown items only as they will leave."""
    PARTY = "party"
    """What a party may know to exist: below 秘密, no informant, and of items only listable ones of the 正卷."""
    PARTY_ENTRY = "party_entry"
    """The same of the entry alone: for a request that the party made itself."""


def everywhere(actor: Actor) -> frozenset[str] | None:
    """Every case."""
    del actor
    return None


def nowhere(actor: Actor) -> frozenset[str] | None:
    """No case: permissions that concern none."""
    del actor
    return frozenset()


def own_department(actor: Actor) -> frozenset[str] | None:
    """Cases of the departments that the actor belongs to."""
    return frozenset(f"department:{d}" for d in actor.departments)


def own_cases(actor: Actor) -> frozenset[str] | None:
    """Cases that the actor handles."""
    return frozenset({f"handler:{actor.account_id}"})


def in_charge(actor: Actor) -> frozenset[str] | None:
    """Cases of the departments that the actor answers for."""
    return frozenset(f"department:{d}" for d in actor.in_charge)


def referred(actor: Actor) -> frozenset[str] | None:
    """Cases opened to the actor by name or department, and those that an item referred to it lies in."""
    return _and_more(_by_name(actor), frozenset(f"case:{c}" for c in actor.entry_grants))


def opened(actor: Actor) -> frozenset[str] | None:
    """Cases opened to the actor by name or department, and the items referred to it."""
    return _and_more(_by_name(actor), frozenset(f"item:{i}" for i in actor.item_grants))


def _and_more(tokens: frozenset[str], more: frozenset[str]) -> frozenset[str]:
    """Both; a large set to which nothing is added is not copied."""
    return tokens | more if more else tokens


def _by_name(actor: Actor) -> frozenset[str]:
    return _tokens_by_name(actor.case_grants, actor.department_grants)


@lru_cache(maxsize=REMEMBERED)
def _tokens_by_name(cases: frozenset[str], departments: frozenset[str]) -> frozenset[str]:
    """The tokens of what is opened by name, which may be thousands, and is asked for every row of the table."""
    return frozenset({f"case:{c}" for c in cases} | {f"department:{d}" for d in departments})


def urgently(actor: Actor) -> frozenset[str] | None:
    """Cases open to the actor for an hour (紧急查阅); meanwhile nothing above 机密 and no 举报人信息 is read at all."""
    return frozenset(f"case:{c}" for c in actor.urgent_cases)


def referred_requests(actor: Actor) -> frozenset[str] | None:
    """Copy requests referred to the actor."""
    return frozenset(f"request:{r}" for r in actor.request_grants)


def to_classify(actor: Actor) -> frozenset[str] | None:
    """Cases in which a label was proposed or is to be reviewed."""
    return frozenset(f"case:{c}" for c in actor.label_cases)


def own_requests(actor: Actor) -> frozenset[str] | None:
    """Copy requests that the actor made, for persons for whom it still stands."""
    return frozenset(f"asked:{person}:{actor.account_id}" for person in actor.own_persons)


def party_to(actor: Actor) -> frozenset[str] | None:
    """Cases whose party, applicant or third person the actor is or represents."""
    return frozenset(f"case:{c}" for c in actor.own_cases)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a role has a permission within a reach, in some states, measured by labels."""

    permission: Permission
    role: Role
    reach: Callable[[Actor], frozenset[str] | None]
    states: frozenset[CaseState] = ANY
    secrecy: Secrecy = Secrecy.READER
    not_own: bool = False
    """The actor must not be a handler of the case."""


P, R = Permission, Role

RULES: tuple[Rule, ...] = (
    # --- reading
    Rule(P.SEE_ENTRY, R.HANDLER, own_department, SEALED),
    Rule(P.SEE_ENTRY, R.HANDLER, own_cases),
    Rule(P.SEE_ENTRY, R.HANDLER, referred, SEALED),
    Rule(P.SEE_ENTRY, R.ARCHIVIST, everywhere, RECEIVED),
    Rule(P.SEE_ENTRY, R.LEADER, in_charge, RECEIVED),
    Rule(P.SEE_ENTRY, R.LEADER, referred, SEALED),
    Rule(P.SEE_ENTRY, R.SECRECY_REVIEWER, referred, RECEIVED),
    Rule(P.SEE_ENTRY, R.CLASSIFICATION_OFFICER, to_classify, RECEIVED),
    Rule(P.SEE_ENTRY, R.LEGAL_OFFICE, referred, SEALED),
    Rule(P.SEE_ENTRY, R.HANDLER, urgently, SEALED),
    Rule(P.SEE_ENTRY, R.LEADER, urgently, SEALED),
    Rule(P.READ_CONTENT, R.HANDLER, own_cases),
    Rule(P.READ_CONTENT, R.HANDLER, opened, SEALED),
    Rule(P.READ_CONTENT, R.ARCHIVIST, everywhere, RECEIVED),
    Rule(P.READ_CONTENT, R.LEADER, in_charge, RECEIVED),
    Rule(P.READ_CONTENT, R.LEADER, opened, SEALED),
    Rule(P.READ_CONTENT, R.SECRECY_REVIEWER, opened, RECEIVED),
    Rule(P.READ_CONTENT, R.CLASSIFICATION_OFFICER, to_classify, RECEIVED),
    Rule(P.READ_CONTENT, R.LEGAL_OFFICE, opened, SEALED),
    Rule(P.READ_CONTENT, R.HANDLER, urgently, SEALED),
    Rule(P.READ_CONTENT, R.LEADER, urgently, SEALED),
    Rule(P.SEE_PRIVATE, R.HANDLER, own_cases),
    Rule(P.SEE_PRIVATE, R.ARCHIVIST, everywhere, RECEIVED),
    Rule(P.SEE_PRIVATE, R.LEADER, in_charge, RECEIVED),
    Rule(P.SEE_LISTED, R.PARTY, party_to, SEALED, Secrecy.PARTY),
    Rule(P.SEARCH, R.HANDLER, nowhere, secrecy=Secrecy.NONE),
    Rule(P.SEARCH, R.ARCHIVIST, nowhere, secrecy=Secrecy.NONE),
    Rule(P.SEARCH, R.LEADER, nowhere, secrecy=Secrecy.NONE),
    Rule(P.SEARCH, R.SECRECY_REVIEWER, nowhere, secrecy=Secrecy.NONE),
    # --- drafts, hand-over, seal
    Rule(P.MAKE_DRAFT, R.HANDLER, nowhere, secrecy=Secrecy.NONE),
    Rule(P.MAKE_DRAFT, R.SERVICE, nowhere, secrecy=Secrecy.NONE),
    Rule(P.EDIT_DRAFT, R.HANDLER, own_cases, DRAFTING),
    Rule(P.HAND_OVER, R.HANDLER, own_cases, DRAFTING),
    Rule(P.RECEIVE, R.ARCHIVIST, everywhere, HANDED, not_own=True),
    Rule(P.WAIVE, R.ARCHIVIST, everywhere, TAKEN, not_own=True),
    Rule(P.SEAL, R.ARCHIVIST, everywhere, TAKEN, not_own=True),
    Rule(P.BIND_PARTY, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.SET_LISTABLE, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.CORRECT_TEXT, R.ARCHIVIST, everywhere, SEALED),
    # --- copies
    Rule(P.ASK_FOR_COPY, R.PARTY, party_to, SEALED, Secrecy.PARTY),
    Rule(P.ENTER_REQUEST, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.SEE_REQUEST, R.PARTY, own_requests, SEALED, Secrecy.PARTY_ENTRY),
    Rule(P.SEE_REQUEST, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.SEE_REQUEST, R.LEADER, in_charge, SEALED, Secrecy.ENTRY),
    Rule(P.SEE_REQUEST, R.SECRECY_REVIEWER, referred_requests, SEALED, Secrecy.ENTRY),
    Rule(P.ACCEPT_REQUEST, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.GIVE_OPINION, R.SECRECY_REVIEWER, referred_requests, SEALED, Secrecy.ENTRY),
    Rule(P.PREPARE_COPY, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.DECIDE_REQUEST, R.LEADER, in_charge, SEALED, Secrecy.ENTRY),
    Rule(P.TAKE_COPY, R.PARTY, own_requests, SEALED, Secrecy.PARTY_ENTRY),
    Rule(P.HAND_OUT_COPY, R.ARCHIVIST, everywhere, SEALED),
    # --- levels and marks from the hand-over on
    Rule(P.PROPOSE_LABEL, R.HANDLER, own_cases, RECEIVED),
    Rule(P.PROPOSE_LABEL, R.SECRECY_REVIEWER, opened, RECEIVED),
    Rule(P.DECIDE_LABEL, R.CLASSIFICATION_OFFICER, to_classify, RECEIVED, not_own=True),
    # --- need to know, by name
    Rule(P.OPEN_CASE, R.LEADER, in_charge, RECEIVED),
    Rule(P.OPEN_CASE, R.ARCHIVIST, everywhere, SEALED),
    Rule(P.ASK_URGENT, R.HANDLER, nowhere, secrecy=Secrecy.NONE),
    Rule(P.ASK_URGENT, R.ARCHIVIST, nowhere, secrecy=Secrecy.NONE),
    Rule(P.ASK_URGENT, R.LEADER, nowhere, secrecy=Secrecy.NONE),
    Rule(P.AGREE_URGENT, R.LEADER, in_charge, SEALED),
    Rule(P.AGREE_URGENT_UNSEEN, R.SECURITY_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.REVIEW_URGENT, R.SECURITY_AUDITOR, nowhere, secrecy=Secrecy.NONE),
    # --- who asks for rights, and the offices that read no content
    Rule(P.ASK_FOR_RIGHTS, R.LEADER, nowhere, secrecy=Secrecy.NONE),
    Rule(P.ASK_FOR_PARTY, R.ARCHIVIST, nowhere, secrecy=Secrecy.NONE),
    Rule(P.ASK_FOR_LEADER, R.SYSTEM_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.SUPERVISE, R.LEGAL_OFFICE, nowhere, secrecy=Secrecy.NONE),
    Rule(P.MANAGE_ACCOUNTS, R.SYSTEM_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.WATCH_SYSTEM, R.SYSTEM_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.GRANT_RIGHTS, R.SECURITY_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.BEGIN_RECOVERY, R.SYSTEM_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.BEGIN_RECOVERY, R.SECURITY_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.CONFIRM_RECOVERY, R.SECURITY_ADMINISTRATOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.CONFIRM_RECOVERY, R.SECURITY_AUDITOR, nowhere, secrecy=Secrecy.NONE),
    Rule(P.READ_LOG, R.SECURITY_AUDITOR, nowhere, secrecy=Secrecy.NONE),
)


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds the permission somewhere: for menus, and for what concerns no case."""
    return any(rule.permission is permission and rule.role in actor.roles for rule in RULES)


def decide(actor: Actor, permission: Permission, thing: Thing) -> bool:
    """Whether the actor may do this to this thing, now."""
    return any(_row_allows(rule, actor, thing) for rule in RULES if rule.permission is permission)


def _row_allows(rule: Rule, actor: Actor, thing: Thing) -> bool:
    if rule.role not in actor.roles or thing.state not in rule.states:
        return False
    tokens = rule.reach(actor)
    if tokens is not None and tokens.isdisjoint(thing.tokens):
        return False
    if rule.not_own and f"handler:{actor.account_id}" in thing.tokens:
        return False
    return _secrecy_allows(rule.secrecy, actor, thing)


def _secrecy_allows(secrecy: Secrecy, actor: Actor, thing: Thing) -> bool:
    own = thing.label if secrecy in (Secrecy.READER, Secrecy.PARTY) else None
    labels = [thing.entry_label] + ([own] if own is not None else [])
    if secrecy in (Secrecy.READER, Secrecy.ENTRY):
        return all(cleared(actor, label) for label in labels)
    if secrecy in (Secrecy.PARTY, Secrecy.PARTY_ENTRY):
        listed = own is None or (thing.listable and thing.volume is Volume.MAIN)
        return listed and all(may_be_known_to_party(label) for label in labels)
    return True


def cleared(actor: Actor, label: Label) -> bool:
    """Conditions 1 and 2: the level is reached and every mark was granted."""
    clearance, marks = limits(actor)
    return label.level <= clearance and label.marks <= marks


def limits(actor: Actor) -> tuple[Level, frozenset[Mark]]:
    """The level that the actor reaches and the marks that it may read.

    An urgent reading never opens 绝密 or 举报人信息: while one lasts its reader reads none, whatever was granted, so
    that no surface, count or list has to tell by which right a thing is shown.
    """
    if not actor.urgent_cases:
        return actor.clearance, actor.marks
    return min(actor.clearance, Level.SECRET), actor.marks - {Mark.INFORMANT}


def may_be_known_to_party(label: Label) -> bool:
    """Whether a party may know that a thing so labelled exists in its case."""
    return label.level < Level.CONFIDENTIAL and Mark.INFORMANT not in label.marks


def reach(actor: Actor, permission: Permission) -> frozenset[str] | None:
    """The tokens within which the actor holds the permission, labels and states aside; None: everywhere."""
    tokens: frozenset[str] | None = frozenset()
    for rule in RULES:
        if rule.permission is permission and rule.role in actor.roles:
            reached = rule.reach(actor)
            tokens = None if reached is None or tokens is None else tokens | reached
    return tokens


@dataclass(frozen=True, slots=True)
class Scope:
    """Which things an actor may find: those within its clearance and marks that carry one of `tokens`.

    `tokens` is None where every case is within reach, and empty where none is. `states` are the case states.
    """

    clearance: Level
    marks: frozenset[Mark]
    tokens: frozenset[str] | None
    states: frozenset[CaseState]

    def permits(self, partition: Partition) -> bool:
        """Whether the partition may be looked into at all."""
        return partition.label.level <= self.clearance and partition.label.marks <= self.marks


def scope(actor: Actor, permission: Permission, state: CaseState = CaseState.SEALED) -> Scope:
    """The set within which the actor has a reading permission for cases in `state`, from the same rows as `decide`."""
    rows = [
        rule
        for rule in RULES
        if rule.permission is permission
        and rule.role in actor.roles
        and state in rule.states
        and rule.secrecy is Secrecy.READER
    ]
    tokens: frozenset[str] | None = frozenset()
    for rule in rows:
        reached = rule.reach(actor)
        tokens = None if reached is None or tokens is None else tokens | reached
    clearance, marks = limits(actor)
    return Scope(clearance, marks, tokens, frozenset({state}) if rows else frozenset())
