"""The running demonstration that tests go through is the one that a user gets."""

from __future__ import annotations

import json
import stat
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.demonstration import ANJUAN, answers, clean_environment
from tests.judges import pdf as judges
from tests.services import need_program

if TYPE_CHECKING:
    from pathlib import Path

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


def test_the_finished_copy_is_the_owners_alone_and_genuine_without_the_archive(demonstration_data: Path) -> None:
    copy, root = demonstration_data / "demo-copy.pdf", demonstration_data / "trust" / "root.pem"
    assert not copy.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    command = [*ANJUAN, "verify-copy", str(copy), "--root", str(root), "--json"]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["verdict"], found["demonstration"], found["facts"]["items"]) == ("genuine", True, 3)


def test_other_peoples_judges_accept_the_finished_copy(demonstration_data: Path) -> None:
    copy, root = demonstration_data / "demo-copy.pdf", demonstration_data / "trust" / "root.pem"
    for passes, said in (judges.verapdf("3b", copy), judges.dss(root, copy)):
        assert passes, said


def test_what_was_covered_in_the_finished_copy_is_gone(demonstration_data: Path) -> None:
    copy = demonstration_data / "demo-copy.pdf"
    words = subprocess.run(
        [need_program("pdftotext", "poppler-utils"), copy, "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "复制件证明" in words.replace(" ", "")
    assert "周演示" not in words
    assert "周演示".encode() not in copy.read_bytes()
