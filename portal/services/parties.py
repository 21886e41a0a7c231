"""Who stands behind a party's account: bound to a person of a sealed case after an identity check, and ended again.

- Only persons who may ask for copies, or who represent one with papers in term, and only accounts that are a party's
  and nothing else. A login that does not exist, is no party's, or is closed has one answer.
- Whoever acts for another is bound for a term, at most that of its papers.
- Every change ends the sessions of the account: what it may see is made anew at its next login.

Source: 办法 Art. 30; section "who may do what" of `docs/access-matrix.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import actor_of, may_ask_for_copies
from archive_store.audit.events import EventName, Outcome
from archive_store.cases import case_for
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import Role
from archive_store.models.accounts import Account
from archive_store.models.cases import PartyBinding, Person
from archive_store.permissions import Permission
from archive_store.policy import cleared, may_be_known_to_party
from archive_store.private_fields import refuse_whole_numbers
from archive_store.vocabulary import MAY_ASK_FOR_COPIES
from portal.services.words import one_line

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.cases import Case
    from portal.services.desk import Desk

LONGEST_PROOF = 500
NO_SUCH_PARTY = "没有可以关联的当事人账号。请核对用户名；账号须由系统管理员建立，且只有当事人一种身份。"


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding with the account that it is for, and whether it holds today."""

    binding: PartyBinding
    login: str
    name: str
    holds: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of the case: whom it represents, whether it may be bound (else why not), and its bindings."""

    person: Person
    represents: str
    refusal: str
    bound: tuple[Bound, ...]

    @property
    def needs_term(self) -> bool:
        """Whether a binding must have an end: the person acts for another."""
        return self.person.role not in MAY_ASK_FOR_COPIES


@dataclass(frozen=True, slots=True)
class PartiesPage:
    """The persons of a case as one archivist may see them; `hidden` is true where no party may know of the case."""

    case: Case
    persons: tuple[PersonRow, ...]
    hidden: bool
    today: date


@dataclass(frozen=True, slots=True)
class NewBinding:
    """What the archivist saw and decided."""

    person_id: str
    login: str
    proof: str
    valid_to: date | None = None


class PartyService:
    """Bindings of parties' accounts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, actor: Actor, case_id: str) -> PartiesPage:
        """The persons of a case with their bindings, for who binds them."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.BIND_PARTY)
            seen = [person for person in case.persons if cleared(actor, person.label)]
            rows = tuple(self._row(session, actor, person) for person in seen)
            return PartiesPage(case, rows, not may_be_known_to_party(case.label), self._desk.today())

    def bind(self, actor: Actor, case_id: str, new: NewBinding) -> str:
        """Bind an account to a person; gives the binding's id.

        Raises:
            NotFoundError: no such person for this actor.
            RefusedError: the person may not ask for copies, there is no such party's account, or it is bound already.
            InvalidInputError: proof or term are missing or wrong.
        """
        proof = _proof(new.proof)
        with self._desk.database.write() as unit:
            session = unit.session
            case = case_for(session, actor, case_id, Permission.BIND_PARTY)
            person = self._person(actor, case, new.person_id)
            valid_to = self._term(session, person, new.valid_to)
            account = self._party(session, actor, new.login)
            made = self._add(session, actor, (account, person), proof, valid_to) if account else None
            subject, outcome = ("person", person.id), Outcome.DONE if made else Outcome.REFUSED
            details = {"account": account.id, "binding": made.id} if account and made else {}
            self._desk.record(session, actor, EventName.PERSON_BIND, subject, outcome, **details)
        if made is None:
            raise RefusedError(NO_SUCH_PARTY)
        return made.id

    def end(self, actor: Actor, case_id: str, binding_id: str) -> None:
        """End a binding at once, the sessions of its account with it.

        Raises:
            NotFoundError: no such binding for this actor, or it has ended.
        """
        with self._desk.database.write() as unit:
            session = unit.session
            case = case_for(session, actor, case_id, Permission.BIND_PARTY)
            binding = session.get(PartyBinding, binding_id)
            if binding is None or binding.ended_at is not None:
                raise NotFoundError
            person = self._person(actor, case, binding.person_id)
            binding.ended_at = self._desk.clock()
            account = session.get_one(Account, binding.account_id)
            account.rights_version += 1
            details = {"account": account.id, "binding": binding.id}
            self._desk.record(session, actor, EventName.PERSON_UNBIND, ("person", person.id), **details)

    def _row(self, session: Session, actor: Actor, person: Person) -> PersonRow:
        today = self._desk.today()
        found = session.execute(
            select(PartyBinding, Account.login, Account.name)
            .join(Account, Account.id == PartyBinding.account_id)
            .where(PartyBinding.person_id == person.id)
            .order_by(PartyBinding.bound_at.desc())
        )
        bound = tuple(
            Bound(row, login, name, row.ended_at is None and (row.valid_to is None or row.valid_to >= today))
            for row, login, name in found
        )
        represented = session.get(Person, person.represents_id) if person.represents_id else None
        name = represented.name if represented and cleared(actor, represented.label) else ""
        return PersonRow(person, name, self._refusal(session, person), bound)

    def _refusal(self, session: Session, person: Person) -> str:
        """Why a person may not be bound; empty where it may."""
        if may_ask_for_copies(session, person, self._desk.today()):
            return ""
        if person.represents_id and person.representation_until and person.representation_until < self._desk.today():
            return "代理权限已到期，不能关联。"
        return "只有当事人、申请人、第三人及其代理人、法定代表人可以申请复制。"

    def _person(self, actor: Actor, case: Case, person_id: str) -> Person:
        for person in case.persons:
            if person.id == person_id and cleared(actor, person.label):
                return person
        raise NotFoundError

    def _term(self, session: Session, person: Person, valid_to: date | None) -> date | None:
        refusal = self._refusal(session, person)
        if refusal:
            raise RefusedError(refusal)
        if valid_to is not None and valid_to < self._desk.today():
            raise InvalidInputError("有效期不能早于今天。", "valid_to")
        if person.role in MAY_ASK_FOR_COPIES:
            return valid_to
        latest = person.representation_until
        if valid_to is None and latest is None:
            raise InvalidInputError("代理人、法定代表人须填写有效期，不超过授权材料载明的期限。", "valid_to")
        if valid_to is not None and latest is not None and valid_to > latest:
            raise InvalidInputError(
                f"有效期不能超过授权材料载明的期限（{latest.year}年{latest.month}月{latest.day}日）。", "valid_to"
            )
        return valid_to or latest

    def _party(self, session: Session, actor: Actor, login: str) -> Account | None:
        """The account, where it is an open one that is a party's and nothing else, and not the archivist's own."""
        account = session.scalars(select(Account).where(Account.login == login.strip().lower())).first()
        if account is None or account.id == actor.account_id:
            return None
        known = actor_of(session, account.id, today=self._desk.today())
        return account if known is not None and known.roles == {Role.PARTY} else None

    def _add(
        self, session: Session, actor: Actor, ends: tuple[Account, Person], proof: str, valid_to: date | None
    ) -> PartyBinding:
        account, person = ends
        today = self._desk.today()
        earlier = session.scalars(
            select(PartyBinding).where(
                PartyBinding.account_id == account.id,
                PartyBinding.person_id == person.id,
                PartyBinding.ended_at.is_(None),
            )
        )
        if any(row.valid_to is None or row.valid_to >= today for row in earlier):
            raise RefusedError("该账号已关联此人，不必重复办理。如需变更期限，请先解除再重新关联。")
        binding = PartyBinding(account_id=account.id, person_id=person.id, proof=proof, valid_to=valid_to)
        binding.bound_by, binding.bound_at = actor.account_id, self._desk.clock()
        session.add(binding)
        account.rights_version += 1
        session.flush()
        return binding


def _proof(text: str) -> str:
    missing, too_long = "请写明核对了哪些身份和关系证明。", f"身份核对记录不超过 {LONGEST_PROOF} 字。"
    proof = one_line(text, "proof", LONGEST_PROOF, missing, too_long)
    refuse_whole_numbers(proof, "proof")
    return proof
