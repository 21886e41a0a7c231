"""Every route and every command stands in the table of surfaces, with the conditions under which it may be used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from archive_store.identity import Role
from portal.access import OPEN_ENDPOINTS
from portal.cli import group
from tests.portal.conftest import PEOPLE, log_in
from tests.portal.surfaces import ALL, COMMANDS, ROUTES, Caller, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.proofs import ProofBook

WAYS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
NEEDS_NO_OFFICE = {
    "home.page",
    "auth.logout",
    "account.page",
    "account.password",
    "account.end_others",
    "cases.index",
} | {"api.description"}


ASKS_FOR_MORE = {"search.workbook", "api.search"}
"""Without a query they say that one is needed."""


def routes_of(app: Flask) -> dict[str, set[str]]:
    """The methods that each endpoint answers to."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.endpoint, set()).update((rule.methods or set()) & WAYS)
    return found


def commands_of(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    for word, part in command.commands.items():
        yield from commands_of(part, f"{name} {word}".strip())


def test_every_route_is_listed_with_its_methods(library_app: Flask, proofs: ProofBook) -> None:
    listed = {surface.endpoint: set(surface.methods) for surface in ROUTES}
    found = routes_of(library_app)
    wrong = {name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name)}
    proofs.record("routes that the table of surfaces does not list as they are", len(wrong), "0", holds=not wrong)
    assert not wrong


def test_no_route_is_listed_twice() -> None:
    assert [name for name, count in Counter(surface.endpoint for surface in ROUTES).items() if count > 1] == []


def test_a_route_on_an_object_takes_its_id(library_app: Flask) -> None:
    """One on no object takes none, so that no object stays without a rule."""
    takes = {rule.endpoint: bool(rule.arguments) for rule in library_app.url_map.iter_rules()}
    assert [surface.endpoint for surface in ROUTES if takes[surface.endpoint] == (surface.kind is Kind.NONE)] == []


def test_what_is_open_without_login_is_what_the_door_lets_through() -> None:
    assert {surface.endpoint for surface in ROUTES if surface.is_open} == OPEN_ENDPOINTS


def test_every_command_is_listed(proofs: ProofBook) -> None:
    wrong = {name for name, _ in commands_of(group)} ^ COMMANDS.keys()
    proofs.record("commands that the table of surfaces does not list", len(wrong), "0", holds=not wrong)
    assert not wrong


def test_a_command_that_needs_a_person_asks_for_its_name_and_no_other_does() -> None:
    named = {name for name, command in commands_of(group) if any(p.name == "login" for p in command.params)}
    by_table = {name for name, caller in COMMANDS.items() if caller is Caller.NAMED}
    assert named - {"account token"} == by_table  # there the name goes with a password


def test_a_page_without_an_object_opens_to_its_offices_and_is_not_there_for_others(library_app: Flask) -> None:
    pages = [s for s in ROUTES if s.kind is Kind.NONE and "GET" in s.methods and not s.is_open]
    assert {surface.endpoint for surface in pages if surface.offices == ALL} <= NEEDS_NO_OFFICE
    path = {rule.endpoint: rule.rule for rule in library_app.url_map.iter_rules()}
    wrong = []
    for login, (_, role, _) in PEOPLE.items():
        if login in {"other_handler", "second_archivist"}:
            continue
        client = log_in(library_app, login)
        for surface in pages:
            status = client.get(path[surface.endpoint]).status_code
            there = {200, 422} if surface.endpoint in ASKS_FOR_MORE else {200}
            if status not in (there if role in surface.offices else {404}):
                wrong.append((role.value, surface.endpoint, status))
    assert wrong == []
    assert {role for _, role, _ in PEOPLE.values()} == ALL - {Role.CLASSIFICATION_OFFICER}
