"""Compartments: no object speaks of what lies in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from archive_store.compartments import (
    Remark,
    SealFacts,
    closing,
    compartments,
    content_path,
    contents,
    cover,
    extent,
    visible_persons,
)
from archive_store.four_check_report import Moment
from archive_store.four_checks import CheckInput, run
from archive_store.labels import Label, Level, Mark, Volume
from archive_store.models.cases import Case, Item, Person
from archive_store.vocabulary import PersonKind, PersonRole
from tests.archive_store.rows import DAY, add_item, draft_case, stored_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

INFORMANT = Label.of(1, [Mark.INFORMANT])
SECRET = Label.of(3)
labels = st.builds(Label, st.sampled_from(Level), st.frozensets(st.sampled_from(Mark), max_size=2))


@pytest.fixture
def case(engine: Engine) -> Iterator[Case]:
    """Five items: two plain ones, one of the 副卷, one of an informant, one secret; and two persons."""
    with Session(engine) as session:
        case = draft_case(session)
        add_item(session, case)
        add_item(session, case, volume=Volume.AUXILIARY)
        add_item(session, case, label=INFORMANT, volume=Volume.AUXILIARY, title="举报人谈话记录")
        add_item(session, case, label=SECRET)
        add_item(session, case)
        for position, (name, label) in enumerate((("张演示", Label()), ("李演示", INFORMANT))):
            person = Person(position=position, name=name, kind=PersonKind.NATURAL, role=PersonRole.PARTY, label=label)
            case.persons.append(person)
        yield case


def facts(*remarks: Remark) -> SealFacts:
    return SealFacts(
        bureau="演示水务局",
        department="水政监察支队",
        sealed_by="档案演示甲",
        sealed=DAY,
        handed_over=DAY,
        accepted=DAY,
        remarks=remarks,
        checks=run(CheckInput(Moment.SEALING, ())),
        demonstration=True,
    )


def test_what_is_secret_or_of_an_informant_lies_by_itself(case: Case) -> None:
    made = {part.name: [item.number for item in part.items] for part in compartments(case)}
    assert made == {"auxiliary": [2], "main": [1, 5], "c-1": [3], "c-2": [4]}


def test_no_sheet_names_an_item_or_a_person_of_another_compartment(case: Case) -> None:
    for part in compartments(case):
        told = str((cover(case, part, facts()), contents(case, part, facts()), closing(case, part, facts())))
        for item in case.items:
            assert (item.title in told) is (item in part.items), (part.name, item.title)
        assert ("李演示" in told) is (part.label == INFORMANT)


def test_a_remark_on_an_item_stands_only_where_the_item_lies(case: Case) -> None:
    said = facts(Remark("关于第3件的说明", 3), Remark("关于全卷的说明"))
    for part in compartments(case):
        notes = "".join(closing(case, part, said).notes)
        assert ("关于第3件" in notes) is (part.items[0].number == 3)
        assert "关于全卷" in notes
        assert "四性检测" in notes


def test_a_volume_without_items_has_no_object(case: Case) -> None:
    case.items.clear()
    assert compartments(case) == []


def test_the_label_of_an_object_covers_everything_in_it(case: Case) -> None:
    for part in compartments(case):
        for label in (case.label, *(item.label for item in part.items)):
            assert part.label.join(label) == part.label


def test_content_paths_tell_nothing_but_the_number_and_the_format(case: Case) -> None:
    item = case.items[2]
    assert content_path(item, item.files[0]) == "003.pdf"
    assert content_path(item, stored_file(role="rendition", extension="")) == "003-rendition.bin"


@given(st.lists(st.tuples(labels, st.sampled_from(Volume)), max_size=12))
def test_every_item_lies_in_exactly_one_object_with_its_like(given_items: list[tuple[Label, Volume]]) -> None:
    items = [Item(number=n, label=label, volume=volume) for n, (label, volume) in enumerate(given_items, 1)]
    parts = compartments(Case(id="c", label=Label(), items=items, persons=[]))
    assert sorted(item.number for part in parts for item in part.items) == [item.number for item in items]
    assert len({part.name for part in parts}) == len(parts)
    for part in parts:
        assert len({item.volume for item in part.items}) == 1
        assert len({item.label if item.label.is_compartment else None for item in part.items}) == 1


@given(labels, labels)
def test_a_person_is_named_only_where_the_object_s_label_covers_the_person_s(own: Label, person: Label) -> None:
    case = Case(id="c", label=own, items=[Item(number=1, label=own, volume=Volume.MAIN)], persons=[])
    case.persons.append(Person(name="张演示", label=person))
    (part,) = compartments(case)
    assert bool(visible_persons(case, part)) is (part.label.join(person) == part.label)


def test_a_recording_is_as_long_as_it_plays() -> None:
    item = Item(number=1, files=[stored_file(pages=None, duration_seconds=750.4, media_type="video/mp4")])
    assert extent(item) == "00:12:30"
    paged = Item(number=2, page_from=3, page_to=7, files=[stored_file(pages=5)])
    assert extent(paged) == "3-7"
    assert extent(Item(number=3, files=[stored_file(pages=None)])) == ""
