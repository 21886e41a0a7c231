"""Identity numbers, phones and addresses in full: for a permission, on a ground, each look an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.cases import case_thing
from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.models.cases import Case, Person
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide
from archive_store.private_fields import refuse_whole_numbers
from archive_store.vocabulary import UnmaskGround

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.private_fields import FieldSeal, PrivateFields
    from portal.services.desk import Desk

OFFERED = tuple(ground for ground in UnmaskGround if ground is not UnmaskGround.DRAFTING)
"""What a person chooses from; who writes a draft has its ground."""
LONGEST_REFERENCE = 60
NO_GROUND = "请选择查看完整信息的依据。"
TOO_LONG = f"相关编号须是一行，不超过 {LONGEST_REFERENCE} 字。"


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person of a case; `private` is masked unless a ground was given."""

    case: Case
    person: Person
    private: PrivateFields


class PrivateViewService:
    """Shows what is private of a person."""

    def __init__(self, desk: Desk, fields: FieldSeal) -> None:
        self._desk = desk
        self._fields = fields

    def masked(self, actor: Actor, case_id: str, person_id: str) -> PersonView:
        """What the page shows before a ground is given.

        Raises:
            NotFoundError: no such person for this actor, or to see it in full is not of the actor's office.
        """
        with self._desk.database.read() as session:
            case, person = _found(session, actor, case_id, person_id)
            return PersonView(case, person, self._fields.open(person.id, person.identity_sealed).masked())

    def in_full(self, actor: Actor, case_id: str, person_id: str, ground: str, reference: str) -> PersonView:
        """All of it; the event, with the ground and the number it refers to, is durable before the answer.

        Raises:
            NotFoundError: as for `masked`.
            InvalidInputError: no ground of those offered, or a number that is too long or a person's own.
        """
        reference = " ".join(reference.split())
        with self._desk.database.write() as unit:
            case, person = _found(unit.session, actor, case_id, person_id)
            if ground not in OFFERED:
                raise InvalidInputError(NO_GROUND, "ground")
            if len(reference) > LONGEST_REFERENCE or not reference.isprintable():
                raise InvalidInputError(TOO_LONG, "reference")
            refuse_whole_numbers(reference, "reference")
            private = self._fields.open(person.id, person.identity_sealed)
            about = {"person": person.id, "ground": str(ground), "reference": reference}
            self._desk.record(unit.session, actor, EventName.PERSON_UNMASK, ("case", case.id), **about)
            return PersonView(case, person, private)


def _found(session: Session, actor: Actor, case_id: str, person_id: str) -> tuple[Case, Person]:
    person = session.get(Person, person_id)
    case = session.get(Case, case_id)
    if person is None or case is None or person.case_id != case.id:
        raise NotFoundError
    if not decide(actor, Permission.SEE_PRIVATE, case_thing(case)) or not cleared(actor, person.label):
        raise NotFoundError
    return case, person
