"""The running demonstration that tests go through is the one that a user gets."""

from __future__ import annotations

import stat
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.demonstration import answers

if TYPE_CHECKING:
    from tests.demonstration import RunningPortal

pytestmark = pytest.mark.timeout(1500)  # the demonstration archive is made first

ROLES = {
    "handler",
    "archivist",
    "leader",
    "secrecy_reviewer",
    "party",
    "legal_office",
    "system_administrator",
    "security_administrator",
    "security_auditor",
}


def test_who_is_not_logged_in_sees_the_login_page_alone(portal: RunningPortal) -> None:
    with urllib.request.urlopen(f"{portal.url}/cases/1") as answer:  # noqa: S310 - our own address
        assert "/login" in answer.url
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_portal_and_its_database_answer(portal: RunningPortal) -> None:
    assert answers(portal.url)
    assert not answers("http://localhost:1")


def test_there_is_an_account_of_every_role_and_only_the_owner_reads_it(portal: RunningPortal) -> None:
    assert {account.role for account in portal.accounts()} == ROLES
    assert portal.named(portal.account("archivist").name).role == "archivist"
    mode = (portal.data / "demo-accounts.json").stat().st_mode
    assert not mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_the_root_of_the_demonstration_authority_lies_beside_it(portal: RunningPortal) -> None:
    assert (portal.data / "trust" / "root.pem").read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")
    assert len(list(portal.data.rglob("root.pem"))) == 1
