"""The offices without an installation: a database, the log, and clearly fictional people by login."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import actor_of
from archive_store.audit.log import AuditLog
from archive_store.identity import Role
from archive_store.models.accounts import Account, Department, Leadership, Membership, RoleGrant
from archive_store.models.audit import AuditLeaf
from archive_store.unit_of_work import Database
from portal.services.desk import Desk
from portal.services.people import PeopleService
from portal.services.rights import NewAsk, RightsService
from portal.services.rights_lists import RightsLists

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from archive_store.identity import Actor

FIRST = date(2026, 1, 1)
PEOPLE = {
    "leader": (Role.LEADER, "water"),
    "other_leader": (Role.LEADER, "rivers"),
    "handler": (Role.HANDLER, "water"),
    "other_handler": (Role.HANDLER, "rivers"),
    "archivist": (Role.ARCHIVIST, "rivers"),
    "legal": (Role.LEGAL_OFFICE, "water"),
    "party": (Role.PARTY, None),
    "newcomer": (None, None),
    "sysadmin": (Role.SYSTEM_ADMINISTRATOR, None),
    "secadmin": (Role.SECURITY_ADMINISTRATOR, None),
    "second_secadmin": (Role.SECURITY_ADMINISTRATOR, None),
    "auditor": (Role.SECURITY_AUDITOR, None),
}
"""Role and department by login; leaders answer for theirs, the others belong to it."""


@dataclass
class Offices:
    """The services of rights over one database; ids of people are their logins, of departments their names."""

    desk: Desk
    rights: RightsService
    lists: RightsLists
    people: PeopleService

    def actor(self, login: str) -> Actor:
        with self.desk.database.read() as session:
            found = actor_of(session, login, today=self.desk.today())
        assert found is not None, login
        return found

    def ask(self, by: str, login: str, right: str, until: date | None = None) -> str:
        return self.rights.ask(self.actor(by), NewAsk(login, right, "演示任命", valid_to=until))

    def grant(self, ask_id: str, by: str = "secadmin") -> None:
        self.rights.decide(self.actor(by), ask_id, granted=True, ground="演示核对")

    def events(self) -> list[str]:
        with self.desk.database.read() as session:
            return [*session.scalars(select(AuditLeaf.name).order_by(AuditLeaf.id))]


def open_offices(engine: Engine) -> Offices:
    """People and departments in an empty database."""
    desk = Desk(Database(engine), AuditLog())
    with desk.database.write() as unit:
        for number, name in enumerate(("water", "rivers", "bare")):
            unit.session.add(Department(id=name, name=name, code=f"D{number}"))
        unit.session.flush()
        for login, (role, part) in PEOPLE.items():
            kept = None if login == "newcomer" else "x"
            unit.session.add(Account(id=login, login=login, name=f"演示{login}", password_hash=kept))
            unit.session.flush()
            shared = {"account_id": login, "valid_from": FIRST}
            if role is not None:
                unit.session.add(RoleGrant(id=f"role-{login}", role=role, **shared))
            if part is not None:
                table = Leadership if role is Role.LEADER else Membership
                unit.session.add(table(department_id=part, **shared))
    return Offices(desk, RightsService(desk), RightsLists(desk), PeopleService(desk))
