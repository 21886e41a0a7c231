"""Lists of cases and the case page, made from what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store.audit.events import EventName
from archive_store.cases import case_for, case_thing, readable_items, visible_cases
from archive_store.drafts import playing_file
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, Item, Person, SealedObject
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide

if TYPE_CHECKING:
    from archive_store.identity import Actor
    from archive_store.private_fields import FieldSeal, PrivateFields
    from archive_store.vocabulary import CaseState
    from portal.services.desk import Desk

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case as one viewer sees it; `playing` are the ids of those of the items that are recordings."""

    case: Case
    department: str
    items: list[Item]
    playing: frozenset[str]
    persons: list[tuple[Person, PrivateFields]]
    objects: list[SealedObject]
    may: frozenset[Permission]


class CaseService:
    """What can be seen of cases."""

    def __init__(self, desk: Desk, fields: FieldSeal) -> None:
        self._desk = desk
        self._fields = fields

    def listed(self, actor: Actor, states: frozenset[CaseState], page: int = 1) -> tuple[list[Case], int]:
        """One page of the cases in `states` that the viewer may see, newest first, and how many there are."""
        with self._desk.database.read() as session:
            seen = select(Case).where(visible_cases(session, actor), Case.state.in_(states))
            total = session.scalar(select(func.count()).select_from(seen.subquery())) or 0
            newest = (
                seen.order_by(Case.created_at.desc(), Case.id).limit(PAGE_SIZE).offset((max(page, 1) - 1) * PAGE_SIZE)
            )
            return [*session.scalars(newest)], total

    def page(self, actor: Actor, case_id: str) -> CasePage:
        """A case with what the viewer may see of it; the look is an event."""
        with self._desk.database.write() as unit:
            session = unit.session
            case = case_for(session, actor, case_id, Permission.SEE_ENTRY)
            items = readable_items(actor, case)
            for item in items:
                item.files  # noqa: B018 - loaded while the session is open
            thing = case_thing(case)
            reads = decide(actor, Permission.READ_CONTENT, thing)
            objects = session.scalars(select(SealedObject).where(SealedObject.case_id == case.id)).all()
            self._desk.record(session, actor, EventName.CASE_VIEW, ("case", case.id))
            return CasePage(
                case=case,
                department=session.get_one(Department, case.department_id).name,
                items=items,
                playing=frozenset(item.id for item in items if playing_file(item)),
                persons=[(p, self._private(p)) for p in case.persons if cleared(actor, p.label)] if reads else [],
                objects=[found for found in objects if reads and cleared(actor, found.label)],
                may=frozenset(permission for permission in Permission if decide(actor, permission, thing)),
            )

    def departments(self) -> list[Department]:
        """All departments, by name."""
        with self._desk.database.read() as session:
            return [*session.scalars(select(Department).order_by(Department.code))]

    def _private(self, person: Person) -> PrivateFields:
        return self._fields.open(person.id, person.identity_sealed).masked()
