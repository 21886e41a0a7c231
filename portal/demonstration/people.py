"""The fictional bureau: its departments, its people, and the parties who hold accounts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from archive_store.identity import Role
from archive_store.labels import Level, Mark

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class Department:
    """A department with the leader in charge of it, that leader's deputy, and the head of the unit itself.

    `leader` and `deputy` are logins of `PEOPLE`; `deputy_until` ends the deputy's term; `head` is a name on
    forms only (the handling unit's opinion).
    """

    name: str
    code: str
    head: str
    leader: str
    deputy: str | None = None
    deputy_from: date | None = None
    deputy_until: date | None = None


@dataclass(frozen=True, slots=True)
class PartyBinding:
    """Which person of which case an account stands for (`case` is a name of `CASES`)."""

    case: str
    person: str


@dataclass(frozen=True, slots=True)
class Person:
    """One fictional account.

    `login` is in pinyin, `name` is what is displayed; `duties` are words such as `classification_officer`
    (定密责任人) or `copy_preparer`; `certificate` is the enforcement certificate number of a handler.
    """

    login: str
    name: str
    roles: frozenset[Role]
    departments: frozenset[str] = frozenset()
    in_charge: frozenset[str] = frozenset()
    clearance: Level = Level.INTERNAL
    marks: frozenset[Mark] = frozenset()
    duties: frozenset[str] = frozenset()
    certificate: str = ""
    party_of: tuple[PartyBinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Bureau:
    """Everything of `content/people.toml`."""

    name: str
    fonds: str
    departments: tuple[Department, ...]
    people: tuple[Person, ...]

    def department(self, name: str) -> Department:
        """The department of that name; KeyError when there is none."""
        return {department.name: department for department in self.departments}[name]

    def named(self, name: str) -> Person:
        """The person of that displayed name; KeyError when there is none."""
        return {person.name: person for person in self.people}[name]

    def login(self, login: str) -> Person:
        """The person of that login; KeyError when there is none."""
        return {person.login: person for person in self.people}[login]


def load_bureau() -> Bureau:
    """Read the people of the demonstration."""
    data = tomllib.loads(files(__package__).joinpath("content/people.toml").read_text("utf-8"))
    departments = tuple(Department(**entry) for entry in data["departments"])
    return Bureau(
        name=data["name"],
        fonds=data["fonds"],
        departments=departments,
        people=tuple(_person(entry, departments) for entry in data["people"]),
    )


def _person(entry: dict[str, Any], departments: tuple[Department, ...]) -> Person:
    return Person(
        login=entry["login"],
        name=entry["name"],
        roles=frozenset(Role(role) for role in entry["roles"]),
        departments=frozenset(entry.get("departments", ())),
        in_charge=frozenset(one.name for one in departments if one.leader == entry["login"]),
        clearance=Level[entry.get("clearance", "internal").upper()],
        marks=frozenset(Mark(mark) for mark in entry.get("marks", ())),
        duties=frozenset(entry.get("duties", ())),
        certificate=entry.get("certificate", ""),
        party_of=tuple(PartyBinding(**binding) for binding in entry.get("party_of", ())),
    )
