"""Every way into the product: each route and each command, for whom it is, on what it acts, what it needs.

The walk of `tests/portal/test_surfaces.py` fails for a way that is not listed here and for one that is listed and gone.
The proofs (`test_oracle`, `test_canaries`, `test_fuzz`) are driven by it. `Need` names a rule of the offices table;
what it means is written in `tests/portal/oracle.py`, apart from the policy.

The oracle models cases and what belongs to them; tokens, kept searches, keys, bindings, recoveries and urgent readings
(`NOT_MODELLED`) are held to their rules by the tests of their services.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archive_store.identity import Role


class Kind(StrEnum):
    """What a way acts on: the object whose existence may be secret."""

    NONE = "none"
    CASE = "case"
    ITEM = "item"
    DRAFT_ITEM = "draft item"
    REQUEST = "request"
    REQUESTED_ITEM = "requested item"
    BINDING = "binding"
    PERSON = "person"
    PROPOSAL = "label proposal"
    REVIEW = "label review"
    ACCOUNT = "account"
    DEPARTMENT = "department"
    ASK = "right asked for"
    SESSION = "session"
    PLAYBACK = "playback address"
    TOKEN = "access token"
    SAVED = "saved search"
    KEY = "security key"
    OUTSIDE = "identity elsewhere"
    RECOVERY = "recovery"
    URGENT = "urgent reading"
    FILE = "static file"


NOT_MODELLED = frozenset({Kind.TOKEN, Kind.SAVED, Kind.KEY, Kind.OUTSIDE, Kind.RECOVERY, Kind.URGENT})


class Need(StrEnum):
    """What the person needs besides its office."""

    NOTHING = "nothing"
    SEE_ENTRY = "may know the case"
    READ_ITEM = "may read the item"
    PLAY_ITEM = "may read the item, and it is a recording"
    SEE_PRIVATE = "handles the case, or archivist or leader in charge of it once received, and cleared for the person"
    CORRECT = "archivist who may read the item, and the case is sealed"
    EDIT_DRAFT = "handles the case, and it is a draft"
    HAND_OVER = "handles the case, and it is a draft, to hand it over"
    RECEIVE = "archivist who does not handle it, and it was handed over"
    SEAL = "archivist who does not handle it, and it was accepted"
    KEEP = "archivist who is cleared for it, and it is sealed"
    OPEN = "leader in charge, or archivist of a sealed case"
    PARTY = "party of a sealed case that parties may know"
    PROPOSE = "handler, or reviewer to whom something of the case was opened"
    CLASSIFY = "classifying officer of a case with an open proposal or review"
    OWN = "made it"
    SEE_REQUEST = "may see the request"
    WRITE_REQUEST = "writes it, and it is a draft"
    ACCEPT_REQUEST = "archivist who is cleared for all that is asked for"
    PREPARE_REQUEST = "archivist who is cleared for all that is asked for, to prepare"
    SEE_RELEASED = "prepares or decides the request"
    GIVE_OPINION = "reviewer to whom the request was referred"
    DECIDE_REQUEST = "leader in charge who is cleared for the entry"
    TAKE_COPY = "its party, or an archivist"
    UNFORGEABLE = "an address that only the server can make"


ALL = frozenset(Role) - {Role.SERVICE}
ANYONE: frozenset[Role] = frozenset()
"""Open without login; the row says so by `is_open`."""
R = Role
HANDLER, ARCHIVIST, LEADER, PARTY = ({role} for role in (R.HANDLER, R.ARCHIVIST, R.LEADER, R.PARTY))
READERS = frozenset({R.HANDLER, R.ARCHIVIST, R.LEADER, R.SECRECY_REVIEWER, R.CLASSIFICATION_OFFICER, R.LEGAL_OFFICE})
SEARCHERS = frozenset({R.HANDLER, R.ARCHIVIST, R.LEADER, R.SECRECY_REVIEWER})
OF_REQUESTS = frozenset({R.PARTY, R.ARCHIVIST, R.LEADER, R.SECRECY_REVIEWER})
ASKERS = frozenset({R.LEADER, R.ARCHIVIST, R.SYSTEM_ADMINISTRATOR})
PROPOSERS = frozenset({R.HANDLER, R.SECRECY_REVIEWER})
OFFICER = frozenset({R.CLASSIFICATION_OFFICER})
SYSTEM, SECURITY, AUDITOR = ({r} for r in (R.SYSTEM_ADMINISTRATOR, R.SECURITY_ADMINISTRATOR, R.SECURITY_AUDITOR))


@dataclass(frozen=True)
class Surface:
    """One route: its endpoint and methods, and the conditions."""

    endpoint: str
    methods: frozenset[str]
    offices: frozenset[Role]
    kind: Kind = Kind.NONE
    need: Need = Need.NOTHING
    is_open: bool = False

    @property
    def may_change(self) -> bool:
        """Whether it changes something: it answers to more than GET."""
        return self.methods != {"GET"}


def _way(
    ways: str, offices: frozenset[Role] | set[Role], kind: Kind = Kind.NONE, need: Need = Need.NOTHING
) -> list[Surface]:
    """Rows of one kind: `ways` are words of METHOD[,METHOD]:endpoint."""
    pairs = (way.split(":") for way in ways.split())
    return [Surface(name, frozenset(methods.split(",")), frozenset(offices), kind, need) for methods, name in pairs]


def _open(ways: str, kind: Kind = Kind.NONE) -> list[Surface]:
    pairs = (way.split(":") for way in ways.split())
    return [Surface(name, frozenset(m.split(",")), ANYONE, kind, is_open=True) for m, name in pairs]


ROUTES: tuple[Surface, ...] = (
    *_open("GET,POST:auth.login GET,POST:auth.enrol GET,POST:auth.recover GET:system.health"),
    *_open("POST:auth.challenge"),
    *_open("GET:elsewhere.begin GET:elsewhere.back POST:elsewhere.certificate GET,POST:elsewhere.factor"),
    *_open("GET:verify.page POST:verify.check"),
    *_open("POST:verify.number"),
    *_open("GET:static GET:bootstrap.static", Kind.FILE),
    # --- by office alone
    *_way("GET:home.page POST:auth.logout GET:account.page POST:account.password POST:account.end_others", ALL),
    *_way("POST:account.command_token", ALL),
    *_way("POST:account.end_session", ALL, Kind.SESSION, Need.OWN),
    *_way("GET:cases.index", ALL),  # a list of what one may see: empty for most
    *_way("GET:search.page GET:search.complete GET:search.workbook GET:api.search", SEARCHERS),
    *_way("GET:api.description", ALL),
    *_way("GET:tokens.page POST:tokens.make", SEARCHERS),
    *_way("GET:saved.page POST:saved.save POST:saved.clear_history", SEARCHERS),
    *_way("POST:saved.look POST:saved.watch POST:saved.rename POST:saved.forget", SEARCHERS, Kind.SAVED, Need.OWN),
    *_way("POST:tokens.withdraw", ALL, Kind.TOKEN, Need.OWN),
    *_way("POST:factor.begin POST:factor.confirm POST:factor.new_codes POST:factor.remove", ALL),
    *_way("POST:keys.begin POST:keys.confirm", ALL),
    *_way("POST:elsewhere.bind_single_sign_on POST:elsewhere.bind_certificate", ALL),
    *_way("POST:elsewhere.remove", ALL, Kind.OUTSIDE, Need.OWN),
    *_way("POST:keys.remove", ALL, Kind.KEY, Need.OWN),
    *_way("GET:urgent.index", HANDLER | ARCHIVIST | LEADER | SECURITY),
    *_way("POST:urgent.ask", HANDLER | ARCHIVIST | LEADER),
    *_way("GET:urgent.page POST:urgent.decide", LEADER | SECURITY, Kind.URGENT),
    *_way("POST:urgent.end", HANDLER | ARCHIVIST | LEADER, Kind.URGENT, Need.OWN),
    *_way("GET:urgent.reviews", AUDITOR),
    *_way("GET:urgent.review POST:urgent.close_review", AUDITOR, Kind.URGENT),
    *_way("GET:recovery.index", SYSTEM | SECURITY | AUDITOR),
    *_way("POST:recovery.begin", SYSTEM | SECURITY, Kind.ACCOUNT),
    *_way("GET:recovery.page POST:recovery.decide", SYSTEM | SECURITY | AUDITOR, Kind.RECOVERY),
    *_way("POST:recovery.withdraw", SYSTEM | SECURITY, Kind.RECOVERY, Need.OWN),
    *_way("GET:requests.index", OF_REQUESTS),
    *_way("GET:intake.index GET:intake.template GET,POST:intake.begin", HANDLER),
    *_way("GET:labels.waiting", OFFICER),
    *_way("GET:rights.ask POST:rights.send", ASKERS),
    *_way("GET:rights.waiting GET:rights.people", SECURITY),
    *_way("GET:rights.changes GET:system.log POST:system.verify", AUDITOR),
    *_way("GET:people.index GET:people.begin POST:people.create GET:people.departments", SYSTEM),
    *_way("POST:people.add_department GET:system.state", SYSTEM),
    # --- people
    *_way("GET:people.page POST:people.close POST:people.reopen POST:people.new_code", SYSTEM, Kind.ACCOUNT),
    *_way("POST:people.rename_department", SYSTEM, Kind.DEPARTMENT),
    *_way("GET:rights.person POST:rights.end", SECURITY, Kind.ACCOUNT),
    *_way("GET:rights.asked POST:rights.decide", SECURITY, Kind.ASK),
    *_way("POST:rights.withdraw", ALL, Kind.ASK, Need.OWN),  # who made it takes it back, whatever its office is now
    # --- cases
    *_way("GET:cases.page", READERS, Kind.CASE, Need.SEE_ENTRY),
    *_way("POST:cases.hand_over", HANDLER, Kind.CASE, Need.HAND_OVER),
    *_way("POST:cases.accept POST:cases.send_back", ARCHIVIST, Kind.CASE, Need.RECEIVE),
    *_way("POST:cases.waive POST:cases.seal", ARCHIVIST, Kind.CASE, Need.SEAL),
    *_way("GET:intake.draft GET,POST:intake.head POST:intake.add_files", HANDLER, Kind.CASE, Need.EDIT_DRAFT),
    *_way(
        "POST:intake.describe_item POST:intake.add_rendition POST:intake.move_item POST:intake.remove_item",
        HANDLER,
        Kind.DRAFT_ITEM,
        Need.EDIT_DRAFT,
    ),
    *_way(
        "GET:parties.page POST:parties.bind GET:parties.listing POST:parties.set_listing GET,POST:asking.counter",
        ARCHIVIST,
        Kind.CASE,
        Need.KEEP,
    ),
    *_way("POST:parties.end", ARCHIVIST, Kind.BINDING, Need.KEEP),
    *_way("GET,POST:cases.person", HANDLER | ARCHIVIST | LEADER, Kind.PERSON, Need.SEE_PRIVATE),
    *_way("GET:opening.page POST:opening.send", LEADER | ARCHIVIST, Kind.CASE, Need.OPEN),
    *_way("GET:asking.case POST:asking.begin", PARTY, Kind.CASE, Need.PARTY),
    *_way("GET:labels.page POST:labels.propose", PROPOSERS, Kind.CASE, Need.PROPOSE),
    *_way("POST:labels.withdraw", ALL, Kind.PROPOSAL, Need.OWN),  # as above
    *_way("GET:labels.proposal POST:labels.decide", OFFICER, Kind.PROPOSAL, Need.CLASSIFY),
    *_way("POST:labels.review", OFFICER, Kind.REVIEW, Need.CLASSIFY),
    # --- items
    *_way("GET:reader.page GET:reader.image", READERS, Kind.ITEM, Need.READ_ITEM),
    *_way("GET,POST:corrections.page POST:corrections.restore", ARCHIVIST, Kind.ITEM, Need.CORRECT),
    *_way("GET:player.page", READERS, Kind.ITEM, Need.PLAY_ITEM),
    *_way("GET:player.media GET:player.poster", READERS, Kind.PLAYBACK, Need.UNFORGEABLE),
    # --- copy requests
    *_way("GET:requests.page", OF_REQUESTS, Kind.REQUEST, Need.SEE_REQUEST),
    *_way("POST:requests.take", OF_REQUESTS, Kind.REQUEST, Need.SEE_REQUEST),
    *_way("GET,POST:asking.screen POST:asking.discard", PARTY | ARCHIVIST, Kind.REQUEST, Need.WRITE_REQUEST),
    *_way("POST:requests.accept POST:requests.refer", ARCHIVIST, Kind.REQUEST, Need.ACCEPT_REQUEST),
    *_way("POST:requests.opinion", {R.SECRECY_REVIEWER}, Kind.REQUEST, Need.GIVE_OPINION),
    *_way("POST:requests.copy", PARTY | ARCHIVIST, Kind.REQUEST, Need.TAKE_COPY),
    *_way(
        "GET:decisions.screen POST:decisions.decide POST:decisions.extend", LEADER, Kind.REQUEST, Need.DECIDE_REQUEST
    ),
    *_way("POST:decisions.withdraw_copy POST:decisions.send_back", LEADER, Kind.REQUEST, Need.DECIDE_REQUEST),
    *_way("POST:decisions.change", ARCHIVIST, Kind.REQUEST, Need.PREPARE_REQUEST),
    *_way("GET:decisions.image GET:preparation.released_image", LEADER | ARCHIVIST, Kind.REQUEST, Need.SEE_RELEASED),
    *_way(
        "GET:preparation.bench POST:preparation.order GET:preparation.progress",
        ARCHIVIST,
        Kind.REQUEST,
        Need.PREPARE_REQUEST,
    ),
    *_way(
        "GET:preparation.item PUT:preparation.save_boxes POST:preparation.add_box POST:preparation.remove_box "
        "POST:preparation.find POST:preparation.cover POST:preparation.settle GET:preparation.preview",
        ARCHIVIST,
        Kind.REQUESTED_ITEM,
        Need.PREPARE_REQUEST,
    ),
)


class Caller(StrEnum):
    """Who gives a command."""

    HOST = "whoever may read the data folder on the machine"
    NAMED = "a named person, with its own token on standard input"
    OWN_SECRET = "a person with its own password or one-time code"
    ANYONE = "anyone: it needs nothing but the file"


COMMANDS: dict[str, Caller] = {
    "serve": Caller.HOST,
    "worker": Caller.HOST,
    "init": Caller.HOST,
    "demo": Caller.HOST,
    "import": Caller.HOST,
    "verify": Caller.HOST,
    "audit verify": Caller.HOST,
    "doctor": Caller.HOST,
    "index engine": Caller.HOST,
    "index rebuild": Caller.HOST,
    "verify-copy": Caller.ANYONE,
    "seal": Caller.NAMED,
    "account create": Caller.NAMED,
    "account ask": Caller.NAMED,
    "account asks": Caller.NAMED,
    "account decide": Caller.NAMED,
    "account enrol": Caller.OWN_SECRET,
    "account token": Caller.OWN_SECRET,
}
"""Every command; what decides asks for a named person (`--as`)."""
