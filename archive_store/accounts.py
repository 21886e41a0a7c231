"""From the rows about a person to the actor that the policy knows."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from hashlib import sha256
from itertools import starmap
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Date, String, and_, bindparam, func, literal_column, or_, select, text, union_all, update
from sqlalchemy import cast as as_text

from archive_store.deadlines import CHINA
from archive_store.identity import Actor, Role
from archive_store.labels import Level, Mark, ProposalState
from archive_store.models.accounts import (
    PARTS_OF_CASES,
    WHOLE_CASES,
    Account,
    CaseGrant,
    ClearanceGrant,
    DepartmentGrant,
    Grant,
    Leadership,
    MarkGrant,
    Membership,
    RoleGrant,
)
from archive_store.models.base import now
from archive_store.models.cases import PartyBinding, Person
from archive_store.models.classification import LabelProposal, LabelReview
from archive_store.models.tokens import AccessToken
from archive_store.vocabulary import MAY_ASK_FOR_COPIES

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session


ACCOUNTS_A_PAGE = 50


def office_today() -> date:
    """Today in China."""
    return datetime.now(CHINA).date()


def new_token() -> tuple[str, str]:
    """A random token of 256 bits as text, and the hash that is kept of it."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def end_tokens(session: Session, account: Account) -> None:
    """Have no token of the account, for commands or for programs, open anything any more."""
    account.command_token_hash = None
    standing = AccessToken.account_id == account.id, AccessToken.withdrawn_at.is_(None)
    session.execute(update(AccessToken).where(*standing).values(withdrawn_at=now()))


def token_hash(token: str) -> str:
    """SHA-256 as hex: enough for a random token of 256 bits."""
    return sha256(token.encode()).hexdigest()


def actor_of(session: Session, account_id: str, *, today: date | None = None) -> Actor | None:
    """Everything the policy asks about a person, as of `today`; None where the account is closed or unknown."""
    account = session.execute(_ACCOUNT, {"account": account_id}).one_or_none()
    if account is None:
        return None
    day = today or office_today()
    held = _rights_held(session, account_id, day)
    persons = _own_persons(session, account_id, day)
    roles = frozenset(map(Role, held["role"]))
    return Actor(
        account_id=account.id,
        name=account.name,
        rights_version=account.rights_version,
        roles=roles,
        departments=frozenset(held["department"]),
        in_charge=frozenset(held["in_charge"]),
        clearance=Level(max(map(int, held["clearance"]), default=Level.PUBLIC)),
        marks=frozenset(map(Mark, held["mark"])),
        department_grants=frozenset(held["opened_department"]),
        label_cases=_cases_to_classify(session) if Role.CLASSIFICATION_OFFICER in roles else frozenset(),
        own_cases=frozenset(person.case_id for person in persons),
        own_persons=frozenset(person.id for person in persons),
        **_opened_by_name(session, account_id, day),
    )


def rights_still_stand(session: Session, actor: Actor) -> bool:
    """Whether the actor's rights are those that it was read with; no change of them is acknowledged before this ends.

    A named service has none that could change.
    """
    if actor.rights_version is None:
        return True
    return session.scalar(_VERSION_HELD, {"account": actor.account_id}) == actor.rights_version


def _opened_by_name(session: Session, account_id: str, day: date) -> dict[str, Any]:
    """Cases and items opened to one person alone: the facts of an `Actor` that they make.

    Whole cases may be many thousands: of them nothing but the ids is read, as one text, which is a third of the cost.
    """
    given = {"account": account_id, "day": day, "now": now()}
    opened, whole = session.execute(_PARTS_OPENED, given).all(), session.scalar(_CASES_OPENED, given)
    return {
        "case_grants": frozenset(whole.split(BETWEEN) if whole else ()),
        "item_grants": frozenset(row.item_id for row in opened if row.item_id),
        "entry_grants": frozenset(row.case_id for row in opened if row.item_id),
        "request_grants": frozenset(row.request_id for row in opened if row.request_id),
        "urgent_cases": frozenset(row.case_id for row in opened if row.ends_at),
        "urgent_until": max((row.ends_at for row in opened if row.ends_at), default=None),
    }


BETWEEN = ","
_MINE = and_(
    CaseGrant.account_id == bindparam("account"),
    or_(CaseGrant.valid_to.is_(None), CaseGrant.valid_to >= bindparam("day")),
)
# the conditions of the indices are repeated in their very words, or no database would use them
_CASES_OPENED = select(func.aggregate_strings(CaseGrant.case_id, BETWEEN)).where(text(WHOLE_CASES), _MINE)
_PARTS_OPENED = select(CaseGrant.case_id, CaseGrant.item_id, CaseGrant.request_id, CaseGrant.ends_at).where(
    text(PARTS_OF_CASES), _MINE, or_(CaseGrant.ends_at.is_(None), CaseGrant.ends_at > bindparam("now"))
)


def _cases_to_classify(session: Session) -> frozenset[str]:
    """Cases in which a label was proposed or is to be reviewed."""
    proposed = select(LabelProposal.case_id).where(LabelProposal.state == ProposalState.OPEN)
    reviewed = select(LabelReview.case_id).where(LabelReview.done_at.is_(None))
    return frozenset(session.scalars(proposed.union(reviewed)))


def accounts_named(session: Session, words: str, page: int) -> tuple[list[Account], int]:
    """One page (from 1) of the accounts whose name or login holds `words`, by login, and how many there are."""
    asked, part = select(Account), words.strip()
    if part:
        in_login = Account.login.contains(part.lower(), autoescape=True)
        asked = asked.where(or_(Account.name.contains(part, autoescape=True), in_login))
    total = session.scalar(select(func.count()).select_from(asked.subquery())) or 0
    first = (max(page, 1) - 1) * ACCOUNTS_A_PAGE
    return [*session.scalars(asked.order_by(Account.login).limit(ACCOUNTS_A_PAGE).offset(first))], total


def leaders_of(session: Session, department_id: str, day: date) -> frozenset[str]:
    """Accounts of the leader in charge of a department and of deputies in term."""
    return frozenset(
        session.scalars(
            select(Leadership.account_id).where(Leadership.department_id == department_id, *in_term(Leadership, day))
        )
    )


def _own_persons(session: Session, account_id: str, day: date) -> list[Person]:
    """Persons to whom the account is bound and who may ask, or who represent one who may (Art. 30)."""
    bound = session.scalars(_BOUND, {"account": account_id, "day": day})
    return [person for person in bound if may_ask_for_copies(session, person, day)]


_BOUND = (
    select(Person)
    .join(PartyBinding, PartyBinding.person_id == Person.id)
    .where(
        PartyBinding.account_id == bindparam("account"),
        PartyBinding.ended_at.is_(None),
        or_(PartyBinding.valid_to.is_(None), PartyBinding.valid_to >= bindparam("day")),
    )
)


def may_ask_for_copies(session: Session, person: Person, day: date) -> bool:
    """Whether a person may ask for copies of its case, or represents one who may with papers in term (Art. 30)."""
    if person.role in MAY_ASK_FOR_COPIES:
        return True
    if person.represents_id is None or (person.representation_until and person.representation_until < day):
        return False
    represented = session.get(Person, person.represents_id)
    return represented is not None and represented.role in MAY_ASK_FOR_COPIES


def in_term(table: type[Grant], day: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a right holds on a day: begun, not run out, not ended."""
    return table.valid_from <= day, or_(table.valid_to.is_(None), table.valid_to >= day), table.ended_at.is_(None)


def _rights_held(session: Session, account_id: str, day: date) -> dict[str, list[str]]:
    """What a person holds on a day of every right, as it is kept; one question, since every request asks it."""
    held: dict[str, list[str]] = {name: [] for name in _RIGHTS}
    for name, value in session.execute(_RIGHTS_HELD, {"account": account_id, "day": day}):
        held[name].append(value)
    return held


_RIGHTS: dict[str, InstrumentedAttribute[Any]] = {
    "role": RoleGrant.role,
    "department": Membership.department_id,
    "in_charge": Leadership.department_id,
    "clearance": ClearanceGrant.level,
    "mark": MarkGrant.mark,
    "opened_department": DepartmentGrant.department_id,
}
_VERSION_HELD = (
    select(Account.rights_version).where(Account.id == bindparam("account"), Account.active).with_for_update(read=True)
)
_ACCOUNT = select(Account.id, Account.name, Account.rights_version).where(
    Account.id == bindparam("account"), Account.active
)


def _held(name: str, right: InstrumentedAttribute[Any]) -> Select[str, str]:
    table = cast("type[Grant]", right.class_)
    mine = table.account_id == bindparam("account"), *in_term(table, bindparam("day", type_=Date))
    of_kind: ColumnElement[str] = literal_column(f"'{name}'")
    return select(of_kind, as_text(right, String)).where(*mine)


_RIGHTS_HELD: CompoundSelect[str, str] = union_all(*starmap(_held, _RIGHTS.items()))
