"""On the demonstration archive people find what a reader of the papers would; poppler's text is the judge."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.cases import readable_items
from archive_store.drafts import page_file
from archive_store.labels import Label
from archive_store.models.accounts import Account
from archive_store.models.cases import Case, Person
from archive_store.vocabulary import CaseState, PersonRole
from archive_store.work import INDEX_CASE
from portal.config import load_settings
from portal.wiring import Installation
from tests.services import need_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive_store.identity import Actor
    from indexer.results import CaseGroup
    from tests.proofs import ProofBook

QUERIES = {"采砂": "采砂", "取水许可": "取水许可", "石水罚字": "石水罚字", "5号": r"(?<![0-9A-Za-z.])5号"}
"""What is typed, and how it reads in a text without white space."""
AT_ONCE = 100
Place = tuple[str, int]

pytestmark = pytest.mark.timeout(1500)  # the first test waits for the demonstration archive to be made


@pytest.fixture(scope="module")
def archive(demonstration_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = tmp_path_factory.mktemp("searched") / "data"
    shutil.copytree(demonstration_data, data)
    with Installation(load_settings(data)) as opened:
        with opened.database.read() as session:
            sealed = session.scalars(select(Case.id).where(Case.state == CaseState.SEALED)).all()
        for case_id in sealed:  # alone: what the worker does besides, above all recognising scans, takes minutes
            opened.tasks[INDEX_CASE](case_id)
        yield opened


@pytest.fixture(scope="module")
def archivist(archive: Installation) -> Actor:
    with archive.database.read() as session:
        account = session.scalars(select(Account).where(Account.login == "danganyuanjia")).one()
    found = archive.services.accounts.actor(account.id)
    assert found
    return found


@pytest.fixture(scope="module")
def papers(archive: Installation, archivist: Actor, tmp_path_factory: pytest.TempPathFactory) -> dict[Place, str]:
    """Every page with a text layer that the archivist may read, without white space."""
    program, copy = need_program("pdftotext", "poppler-utils"), tmp_path_factory.mktemp("papers") / "item.pdf"
    texts: dict[Place, str] = {}
    with archive.database.read() as session:
        cases = session.scalars(select(Case).where(Case.state == CaseState.SEALED)).all()
        for item in (item for case in cases for item in readable_items(archivist, case)):
            file = page_file(item)
            if file is None or file.media_type != "application/pdf":
                continue
            with archive.originals.open(file) as handle:
                copy.write_bytes(handle.read())
            pages = subprocess.run(
                [str(program), "-raw", str(copy), "-"], capture_output=True, text=True, check=True
            ).stdout.split("\f")
            for number, text in enumerate(pages[: file.pages], start=1):
                plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
                if plain:
                    texts[item.id, number] = plain
    return texts


def ask(archive: Installation, who: Actor, query: str) -> list[CaseGroup]:
    """All that a query finds."""
    groups: list[CaseGroup] = []
    seen, total = 0, 1
    while seen < total:
        search = archive.services.search
        found = search.search(who, search.asked(query, {}, "archival_code", seen, AT_ONCE))
        groups += found.cases
        seen, total = seen + AT_ONCE, found.total
    return groups


def pages_of(groups: list[CaseGroup]) -> set[Place]:
    return {(item.document.item_id, hit.page) for group in groups for item in group.items for hit in item.pages}


def test_words_and_numbers_are_found_on_every_page_that_holds_them_and_on_no_other(
    archive: Installation, archivist: Actor, papers: dict[Place, str], proofs: ProofBook
) -> None:
    missed, wrong, right = set(), set(), 0
    for query, pattern in QUERIES.items():
        expected = {place for place, text in papers.items() if re.search(pattern, text)}
        found = pages_of(ask(archive, archivist, query)) & papers.keys()
        assert expected, query
        missed |= {(query, *place) for place in expected - found}
        wrong |= {(query, *place) for place in found - expected}
        right += len(expected & found)
    proofs.record("demonstration pages that search missed", len(missed), f"0 of {right + len(missed)}", not missed)
    proofs.record("demonstration pages that search found wrongly", len(wrong), "0", not wrong)
    assert (missed, wrong) == (set(), set())


def test_the_case_of_a_number_is_among_what_its_number_finds(archive: Installation, archivist: Actor) -> None:
    numbers = {group.document.case_number for group in ask(archive, archivist, "石水罚字〔2025〕5号")}
    assert "石水罚字〔2025〕5号" in numbers
    entries = [group for group in ask(archive, archivist, "案号:石水罚字〔2025〕5号") if group.entries]
    assert [group.document.case_number for group in entries] == ["石水罚字〔2025〕5号"]


def test_a_party_is_found_by_name_in_its_cases_and_in_the_papers(
    archive: Installation, archivist: Actor, papers: dict[Place, str]
) -> None:
    with archive.database.read() as session:
        parties = session.scalars(
            select(Person).join(Case).where(Person.role == PersonRole.PARTY, Case.state == CaseState.SEALED)
        ).all()
        by_name = {person.name: {p.case_id for p in parties if p.name == person.name} for person in parties}
        plain = [person.name for person in parties if person.label == Label()]
    assert plain
    for name in sorted(set(plain)):
        groups = ask(archive, archivist, name)
        assert by_name[name] <= {group.document.case_id for group in groups if group.entries}, name
        assert {place for place, text in papers.items() if name in text} <= pages_of(groups), name
