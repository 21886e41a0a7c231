"""Drafts: numbers and pages without a gap, no file twice in a place, labels never without their decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive_store.blobs.base import StoredBlob
from archive_store.case_folder import CaseHead, ItemPart, LabelPart, PersonPart
from archive_store.drafts import DraftBuilder, Incoming, contents_list, page_file, renumber
from archive_store.errors import InvalidInputError
from archive_store.labels import Label, Mark, Volume
from archive_store.models.cases import Case, Item, LabelDecision
from archive_store.parsing.documents import Probe
from archive_store.parsing.formats import Kind
from archive_store.private_fields import KEY_BYTES, FieldSeal
from archive_store.regulation.catalogue import load_catalogue
from archive_store.vocabulary import ActKind, PersonRole, Procedure
from tests.archive_store.rows import DAY, DIGEST, account, department, stored_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

CATALOGUE = load_catalogue()
INFORMANT = LabelPart(marks=[Mark.INFORMANT])


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        department(opened)
        yield opened


@pytest.fixture
def builder() -> DraftBuilder:
    return DraftBuilder(CATALOGUE, FieldSeal(b"k" * KEY_BYTES), "J001")


def head(**changes: object) -> CaseHead:
    said: dict[str, object] = {
        "case_number": "演水检〔2026〕1号",
        "title": "演示河段检查案",
        "kind": ActKind.INSPECTION,
        "procedure": Procedure.ORDINARY,
        "department": "水政监察支队",
        "handlers": ["承办演示甲"],
        "started": DAY,
        "ended": DAY,
    }
    return CaseHead.model_validate(said | changes)


def part(**changes: object) -> ItemPart:
    said = {"file": "01.pdf", "title": "现场检查笔录", "type": "site_inspection_record", "date": DAY}
    return ItemPart.model_validate(said | changes)


def incoming(name: str = "01.pdf", pages: int | None = 2) -> Incoming:
    kind = Kind.PAGES if pages else Kind.KEPT
    probe = Probe("application/pdf", "pdf", kind, pages=pages)
    return Incoming(name, StoredBlob(f"{hash(name) & (2**128 - 1):032x}", 10, DIGEST), probe)


def test_an_unknown_department_is_refused_by_name(session: Session, builder: DraftBuilder) -> None:
    with pytest.raises(InvalidInputError, match="没有的部门"):
        builder.case(session, head(department="没有的部门"), "service:test")


def test_an_unknown_type_is_refused(session: Session, builder: DraftBuilder) -> None:
    case = builder.case(session, head(), "service:test")
    with pytest.raises(InvalidInputError):
        builder.item(session, case, part(type="no_such_type"), incoming(), "service:test")


def test_an_agent_of_nobody_in_the_case_is_refused(session: Session, builder: DraftBuilder) -> None:
    agent = PersonPart(name="王演示", role=PersonRole.AGENT, represents="不在案的人")
    with pytest.raises(InvalidInputError, match="不在案的人"):
        builder.case(session, head(persons=[agent]), "service:test")


def test_a_name_that_two_accounts_bear_gives_neither_the_case(session: Session, builder: DraftBuilder) -> None:
    first = account(session, "承办演示甲")
    assert builder.case(session, head(), "service:test").handlers[0].account_id == first.id
    account(session, "承办演示甲")
    assert builder.case(session, head(), "service:test").handlers[0].account_id is None


def test_every_label_has_its_decision_and_who_took_it(session: Session, builder: DraftBuilder) -> None:
    person = PersonPart(name="李演示", role=PersonRole.INFORMANT, label=INFORMANT)
    case = builder.case(session, head(persons=[person]), "service:test")
    item = builder.item(session, case, part(label=INFORMANT), incoming(), "service:test")
    session.flush()
    found = {row.subject_id: (row.subject, row.label, row.decided_by) for row in session.scalars(select(LabelDecision))}
    assert found == {
        case.id: ("entry", Label(), "service:test"),
        case.persons[0].id: ("person", INFORMANT.label, "service:test"),
        item.id: ("item", INFORMANT.label, "service:test"),
    }


def test_private_fields_are_never_kept_in_the_clear(session: Session, builder: DraftBuilder) -> None:
    number = "130100199001010000"
    person = PersonPart(name="张演示", role=PersonRole.PARTY, identity_number=number)
    case = builder.case(session, head(persons=[person, PersonPart(name="王演示", role=PersonRole.WITNESS)]), "x")
    sealed, empty = case.persons
    assert sealed.identity_sealed is not None
    assert number.encode() not in sealed.identity_sealed
    assert builder.private(sealed).identity_number == number
    assert empty.identity_sealed is None


def test_a_name_that_is_a_path_is_kept_as_a_name_alone(session: Session, builder: DraftBuilder) -> None:
    case = builder.case(session, head(), "x")
    item = builder.item(session, case, part(), incoming("../../etc/passwd"), "x")
    assert item.files[0].name == "passwd"


def test_gaps_in_a_description_are_filled_from_the_catalogue(session: Session, builder: DraftBuilder) -> None:
    case = builder.case(session, head(), "x")
    closing = builder.item(session, case, part(type="closing_report"), incoming(), "x")
    kind = CATALOGUE.get("closing_report")
    assert (closing.stage, closing.volume, closing.neutral_title) == (kind.stage, kind.volume, kind.neutral_title)
    said = builder.item(session, case, part(type="closing_report", volume=Volume.MAIN), incoming("2.pdf"), "x")
    assert said.volume is Volume.MAIN


def test_a_rendition_is_read_in_place_of_an_original_without_pages() -> None:
    original, rendition = stored_file(pages=None), stored_file(role="rendition", pages=3)
    assert page_file(Item(files=[original])) is None
    assert page_file(Item(files=[original, rendition])) is rendition


@given(st.lists(st.one_of(st.none(), st.integers(1, 50)), max_size=15))
def test_numbers_and_pages_run_through_the_whole_file_without_a_gap(pages: list[int | None]) -> None:
    case = Case(items=[Item(number=0, files=[stored_file(pages=count)]) for count in pages])
    renumber(case)
    assert [item.number for item in case.items] == list(range(1, len(pages) + 1))
    ranges = [(item.page_from, item.page_to) for item in case.items if item.page_from is not None]
    counted = [page for first, last in ranges for page in range(first, (last or 0) + 1)]
    assert counted == list(range(1, sum(filter(None, pages)) + 1))
    assert [item.page_count for item in case.items] == [count or 0 for count in pages]


def test_the_list_of_transfer_binds_every_byte(session: Session, builder: DraftBuilder) -> None:
    case = builder.case(session, head(), "x")
    builder.item(session, case, part(), incoming(), "x")
    renumber(case)
    assert contents_list(case) == {
        "items": [
            {
                "number": 1,
                "title": "现场检查笔录",
                "pages": 2,
                "files": [{"role": "original", "sha512": DIGEST, "size": 10}],
            }
        ]
    }
