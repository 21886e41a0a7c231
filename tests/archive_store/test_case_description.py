"""What the rows of a sealed case say otherwise than its objects; the whole of it stands in the tests of `verify`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from archive_store.case_description import DESCRIPTION, description, differences, undecided_labels
from archive_store.compartments import compartments, content_path
from archive_store.drafts import note_label
from archive_store.errors import IntegrityError
from archive_store.labels import Label, Mark, Volume
from archive_store.models.cases import Case, LabelDecision, Person, SealedObject
from archive_store.vocabulary import CaseState, PersonKind, PersonRole
from tests.archive_store.rows import add_item, draft_case
from tests.archive_store.test_compartments import facts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.ocfl import StorageRoot

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)


class Descriptions:
    """A storage root that holds nothing but descriptions."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def read(self, object_id: str, path: str) -> bytes:
        assert path == DESCRIPTION
        if object_id not in self.kept:
            raise IntegrityError("缺失。")
        return self.kept[object_id]


@pytest.fixture
def sealed(session: Session) -> tuple[Case, Descriptions]:
    case = draft_case(session, state=CaseState.SEALED, handed_over_at=NOON, accepted_at=NOON, sealed_at=NOON)
    add_item(session, case)
    add_item(session, case, volume=Volume.AUXILIARY)
    person = Person(name="张演示", kind=PersonKind.NATURAL, role=PersonRole.PARTY, label=Label())
    case.persons.append(person)
    session.flush()
    for subject, thing in (("entry", case), ("person", person), *(("item", item) for item in case.items)):
        note_label(session, case, subject, thing.id, thing.label, "x")
    root = Descriptions()
    for part in compartments(case):
        object_id = part.object_id(case.id)
        root.kept[object_id] = description(case, part, facts())
        row = SealedObject(object_id=object_id, case_id=case.id, compartment=part.name, label=part.label)
        row.manifest_sha512, row.inventory_sha512, row.sealed_at = "0", "0", NOON
        session.add(row)
        for item in part.items:
            item.files[0].object_id, item.files[0].content_path = object_id, content_path(item, item.files[0])
    session.flush()
    return case, root


def said(session: Session, sealed: tuple[Case, Descriptions]) -> list[tuple[int | None, str]]:
    return differences(session, cast("StorageRoot", sealed[1]), sealed[0])


def test_rows_as_they_were_sealed_differ_in_nothing(session: Session, sealed: tuple[Case, Descriptions]) -> None:
    assert said(session, sealed) == []
    assert undecided_labels(session, sealed[0]) == []


def test_a_changed_field_is_named_with_its_item(session: Session, sealed: tuple[Case, Descriptions]) -> None:
    sealed[0].items[1].title, sealed[0].items[1].originator = "另题", "另一单位"
    assert said(session, sealed) == [(2, "第2件的题名、责任者与封存时不一致")]


def test_an_object_whose_only_item_is_gone_is_told(session: Session, sealed: tuple[Case, Descriptions]) -> None:
    sealed[0].items.pop()
    session.flush()
    assert said(session, sealed) == [(2, "数据库中缺少封存包内的第2件")]


def test_a_row_too_many_is_told(session: Session, sealed: tuple[Case, Descriptions]) -> None:
    more = add_item(session, sealed[0])
    more.files[0].object_id = sealed[0].items[0].files[0].object_id
    assert said(session, sealed) == [(3, "封存包的著录中没有第3件")]


def test_a_description_that_cannot_be_read_is_told(session: Session, sealed: tuple[Case, Descriptions]) -> None:
    sealed[1].kept.popitem()
    assert [number for number, _ in said(session, sealed)] == [None]


def test_what_may_change_after_the_seal_is_no_difference(session: Session, sealed: tuple[Case, Descriptions]) -> None:
    case = sealed[0]
    case.items[0].listable, case.items[0].neutral_title = True, "检查材料"
    case.items[0].label = Label.of(1, [Mark.PERSONAL_PRIVACY])
    assert said(session, sealed) == []


def test_a_label_that_nobody_decided_is_told_until_it_is_decided(
    session: Session, sealed: tuple[Case, Descriptions]
) -> None:
    case = sealed[0]
    case.items[0].label = Label.of(0)
    assert [number for number, _ in undecided_labels(session, case)] == [1]
    decision = LabelDecision(case_id=case.id, subject="item", subject_id=case.items[0].id, label=Label.of(0))
    decision.decided_by, decision.readers = "x", []
    decision.decided_at = datetime.now(UTC) + timedelta(seconds=5)
    session.add(decision)
    session.flush()
    assert undecided_labels(session, case) == []


def test_an_object_describes_its_own_items_alone(sealed: tuple[Case, Descriptions]) -> None:
    for object_id, data in sealed[1].kept.items():
        titles = [item["title"] for item in json.loads(data)["items"]]
        assert titles == [item.title for item in sealed[0].items if item.files[0].object_id == object_id]
