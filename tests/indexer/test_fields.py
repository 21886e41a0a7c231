"""The table of fields."""

from __future__ import annotations

from indexer.fields import BY_KEY, FIELDS, FieldKind, Sort, choices


def test_every_choice_field_has_its_titles_and_every_name_is_chinese() -> None:
    titles = choices({"a": "询问笔录"})
    assert {field.key for field in FIELDS.values() if field.kind is FieldKind.CHOICE} == set(titles)
    assert titles["level"]["2"] == "秘密"
    assert len(BY_KEY) == len(FIELDS)
    assert all(not name.isascii() for name in FIELDS)


def test_orders_have_distinct_names_for_people() -> None:
    assert len({sort.zh for sort in Sort}) == len(Sort)
