"""Each office in a browser: its first page on a desk and a phone, every way that is offered, and none of the others'.

Pictures lie in build/screenshots/office-*.png: the first page of each office, and what it is shown instead of a page
that is another's.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from archive_store.identity import Role
from portal import api, views
from tests.browser.support import DESK, PHONE, axe_violations, log_in, screenshot
from tests.portal.surfaces import ROUTES, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import APIResponse, Page

    from tests.demonstration import RunningPortal
    from tests.proofs import ProofBook

WHO = {
    "handler": Role.HANDLER,
    "archivist": Role.ARCHIVIST,
    "leader": Role.LEADER,
    "secrecy_reviewer": Role.SECRECY_REVIEWER,
    "party": Role.PARTY,
    "legal_office": Role.LEGAL_OFFICE,
    "system_administrator": Role.SYSTEM_ADMINISTRATOR,
    "security_administrator": Role.SECURITY_ADMINISTRATOR,
    "security_auditor": Role.SECURITY_AUDITOR,
    "classification_officer": Role.CLASSIFICATION_OFFICER,
}
OFFICER = "zhuguanlingdaobing"
"""A leader who is classifying officer as well."""
NO_CASE = {Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.SECURITY_AUDITOR, Role.PARTY}
"""Who is shown no title of a case on the first page."""


class _Settings:
    has_public_verification = True


def addresses(roles: set[Role]) -> list[str]:
    """Every page without an id that is not of these offices."""
    app = Flask("portal")
    app.extensions["anjuan.settings"] = _Settings()
    CSRFProtect(app)
    views.install(app)
    api.install(app)
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules() if not rule.arguments}
    return [
        rules[surface.endpoint]
        for surface in ROUTES
        if surface.kind is Kind.NONE
        and not surface.is_open
        and "GET" in surface.methods
        and roles.isdisjoint(surface.offices)
        and surface.endpoint in rules
    ]


def said(answer: APIResponse) -> tuple[int, str]:
    return answer.status, re.sub(r'(value|content)="[^"]{60,}"', "", answer.text())


def titles(portal: RunningPortal) -> list[str]:
    with closing(sqlite3.connect(portal.data / "anjuan.db")) as database:
        return [row[0] for row in database.execute("SELECT title FROM cases")]


@pytest.mark.parametrize("office", WHO)
def test_an_office_is_offered_its_own_pages_and_no_other(
    portal: RunningPortal, new_page: Callable[..., Page], office: str, proofs: ProofBook
) -> None:
    login = OFFICER if office == "classification_officer" else portal.account(office).name
    roles = {WHO[office]} | ({Role.LEADER} if login == OFFICER else set())
    page = new_page(DESK)
    log_in(page, portal, login)
    for size, (width, height) in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size({"width": width, "height": height})
        screenshot(page, f"office-{office}-{size}")
        assert axe_violations(page) == [], size
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), size
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    if WHO[office] in NO_CASE:
        text = page.inner_text("main")
        assert not [title for title in titles(portal) if title in text]
    offered = page.eval_on_selector_all("a[href^='/']", "links => links.map(link => link.getAttribute('href'))")
    for path in dict.fromkeys(offered):
        assert page.request.get(f"{portal.url}{path}").status == 200, path
    nothing = said(page.request.get(f"{portal.url}/nothing-here"))
    api_nothing = said(page.request.get(f"{portal.url}/api/v1/nothing-here"))
    foreign = addresses(roles)
    shown = [
        path
        for path in foreign
        if said(page.request.get(f"{portal.url}{path}")) != (api_nothing if path.startswith("/api/") else nothing)
    ]
    proofs.record("pages of other offices that an office was shown", len(shown), f"0 of {len(foreign)}", not shown)
    assert shown == []
    assert len(foreign) > 5
    assert not set(foreign) & {path.split("?")[0] for path in offered}
    page.goto(f"{portal.url}{foreign[0]}")
    screenshot(page, f"office-{office}-refused")
    assert axe_violations(page) == []
