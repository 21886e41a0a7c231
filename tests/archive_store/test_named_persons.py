"""Whom a text names: what cannot be read is not said to name nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.labels import Label, Mark
from archive_store.models.cases import Case, Item, Person
from archive_store.named_persons import Named, Sought, named_in, sought_in, sought_of
from archive_store.private_fields import PrivateFields
from archive_store.vocabulary import PersonRole

NUMBER = "130100199001010000"
SOUGHT = Sought(("李演示",), (NUMBER,))


def test_names_broken_by_blanks_and_lines_are_found() -> None:
    assert named_in("谈话记录", ["举报人 李 演\n示 称", "无"], SOUGHT) == Named(person=False, informant=True)
    assert named_in("谈话记录", [f"证件 {NUMBER[:6]} {NUMBER[6:]}"], SOUGHT) == Named(person=True, informant=False)


def test_a_title_alone_gives_a_name_away() -> None:
    assert named_in("李演示谈话记录", None, SOUGHT).informant is True


@pytest.mark.parametrize("pages", [None, ["有文字", " \n"]])
def test_what_was_not_read_in_full_is_not_known(pages: list[str] | None) -> None:
    assert named_in("谈话记录", pages, SOUGHT) == Named(person=None, informant=None)


def test_a_name_does_not_run_from_one_page_into_the_next() -> None:
    assert named_in("谈话记录", ["李演", "示"], SOUGHT).informant is False


def test_only_what_a_label_does_not_say_already_is_looked_for() -> None:
    assert sought_of(Item(label=Label()), SOUGHT) == Sought(SOUGHT.informants, ())
    assert sought_of(Item(label=Label.of(0)), SOUGHT) == SOUGHT
    assert not sought_of(Item(label=Label.of(1, [Mark.INFORMANT])), SOUGHT)


def test_informants_by_role_and_by_mark_are_sought_and_what_is_too_short_is_not() -> None:
    people = [
        Person(name="李演示", role=PersonRole.INFORMANT, label=Label()),
        Person(name="赵演示", role=PersonRole.WITNESS, label=Label.of(1, [Mark.INFORMANT])),
        Person(name="张演示", role=PersonRole.PARTY, label=Label()),
        Person(name="某", role=PersonRole.INFORMANT, label=Label()),
    ]
    fields = PrivateFields(identity_number=NUMBER, phone="12345")
    found = sought_in(Case(persons=people), lambda person: fields if person.name == "张演示" else PrivateFields())
    assert found == Sought(("李演示", "赵演示"), (NUMBER,))


@given(st.lists(st.text(alphabet="李演示 甲\n", min_size=1), max_size=4))
def test_found_is_never_said_where_the_name_does_not_stand(pages: list[str]) -> None:
    named = named_in("", pages, SOUGHT)
    stands = any("李演示" in "".join(page.split()) for page in pages)
    assert (named.informant is True) is stands
