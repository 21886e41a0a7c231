from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from archive_store.labels import Level, Mark, Volume
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.evaluate import CaseFacts, ItemFacts, evaluate
from archive_store.regulation.rules import load_regulation
from archive_store.vocabulary import ActKind, CarrierKind, Fact, Procedure, Retention, ServiceMethod
from portal.demonstration.descriptions import describe
from portal.demonstration.source import Becomes, load_cases

if TYPE_CHECKING:
    from archive_store.case_folder import CaseFolder
    from portal.demonstration.people import Bureau
    from portal.demonstration.source import CaseSource, DocumentType

TODAY = date(2026, 11, 24)
NAMES = [case.name for case in load_cases()]
EXPECTED = {"draft": ["R08@4", "R19", "T28a@3"], "court": ["T28"]}
"""What is left open on purpose: an unsigned record, a receipt that is missing, a late recording, a late filing."""


@pytest.fixture(scope="module")
def described(bureau: Bureau, types: dict[str, DocumentType]) -> dict[str, tuple[CaseSource, CaseFolder]]:
    return {case.name: (case, describe(case, bureau, types)) for case in load_cases()}


def findings(case: CaseSource, folder: CaseFolder) -> list[str]:
    facts = CaseFacts(
        kind=folder.kind,
        procedure=folder.procedure,
        started=folder.started,
        ended=folder.ended,
        facts=frozenset(folder.facts),
        served=frozenset(folder.served),
        handed_over_at=case.filed_on,
        accepted_at=case.filed_on,
    )
    items = [
        ItemFacts(
            number=number,
            type=item.type,
            stage=item.stage,
            volume=item.volume,
            date=item.date,
            signed=item.signed,
            contains=frozenset(item.contains),
            recorded_at=item.recording.recorded_at if item.recording else None,
            stored_at=item.recording.stored_at if item.recording else None,
        )
        for number, item in enumerate(folder.items, 1)
        if item.stage is not None and item.volume is not None
    ]
    found = evaluate(load_regulation(load_catalogue()), facts, items, TODAY)
    return sorted(finding.key for finding in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_holds_what_the_regulation_asks(name: str, described: dict[str, tuple[CaseSource, CaseFolder]]) -> None:
    assert findings(*described[name]) == EXPECTED.get(name, [])


def test_nothing_of_the_auxiliary_volume_and_no_compartment_is_listed_for_a_party(
    described: dict[str, tuple[CaseSource, CaseFolder]],
) -> None:
    for _, folder in described.values():
        for item in folder.items:
            if item.volume is Volume.AUXILIARY or item.label.label.is_compartment:
                assert not item.listable, item.title


def test_most_of_the_main_volume_is_listed_under_neutral_titles(
    described: dict[str, tuple[CaseSource, CaseFolder]],
) -> None:
    main = [item for _, folder in described.values() for item in folder.items if item.volume is Volume.MAIN]
    listed = [item for item in main if item.listable]
    assert len(listed) > 0.8 * len(main)
    assert all(item.neutral_title and "演示" not in item.neutral_title for item in listed)


def test_every_level_up_to_secret_and_every_mark_occurs(described: dict[str, tuple[CaseSource, CaseFolder]]) -> None:
    labels = [item.label.label for _, folder in described.values() for item in folder.items]
    assert {label.level for label in labels} == {Level.PUBLIC, Level.INTERNAL, Level.CONFIDENTIAL, Level.SECRET}
    assert {mark for label in labels for mark in label.marks} == set(Mark)


def test_entries_of_every_kind_occur(described: dict[str, tuple[CaseSource, CaseFolder]]) -> None:
    entries = {folder.label.label.code for _, folder in described.values()}
    assert entries == {"0", "1", "2", "1+informant"}


def test_the_words_of_the_vocabulary_are_used(described: dict[str, tuple[CaseSource, CaseFolder]]) -> None:
    folders = [folder for _, folder in described.values()]
    assert {folder.kind for folder in folders} == set(ActKind) - {ActKind.FEE}
    assert {folder.procedure for folder in folders} == set(Procedure)
    assert {way for folder in folders for way in folder.served} == set(ServiceMethod)
    assert {folder.retention for folder in folders} == set(Retention)
    assert {item.carrier.kind for folder in folders for item in folder.items} == set(CarrierKind)
    assert {fact for folder in folders for fact in folder.facts} == set(Fact) - {Fact.OTHER_ENFORCEMENT}


def test_years_and_departments_differ(described: dict[str, tuple[CaseSource, CaseFolder]]) -> None:
    folders = [folder for _, folder in described.values()]
    assert {folder.ended.year for folder in folders} == {2024, 2025, 2026}
    assert len({folder.department for folder in folders}) >= 5


def test_there_are_cases_to_seal_one_to_import_and_one_to_finish() -> None:
    becomes = [case.becomes for case in load_cases()]
    assert becomes.count(Becomes.SEALED) >= 12
    assert becomes.count(Becomes.LOOSE) == 1
    assert becomes.count(Becomes.DRAFT) == 1


def test_no_document_is_dated_after_its_case_was_filed() -> None:
    for case in load_cases():
        assert all(item.date <= (case.filed_on or TODAY) for item in case.items), case.name


def test_a_recording_is_stored_within_a_day_but_for_one(described: dict[str, tuple[CaseSource, CaseFolder]]) -> None:
    late = [
        (name, item.title)
        for name, (_, folder) in described.items()
        for item in folder.items
        if item.recording and item.recording.stored_at - item.recording.recorded_at > timedelta(hours=24)
    ]
    assert late == [("draft", "现场检查音像记录（提水泵）")]


def test_file_names_lie_inside_the_folder_and_say_their_number(
    described: dict[str, tuple[CaseSource, CaseFolder]],
) -> None:
    for _, folder in described.values():
        for number, item in enumerate(folder.items, 1):
            assert item.file.removeprefix("音像/").startswith(f"{number:02d}-")
            assert not set('\\:*?"<>|') & set(item.file)
