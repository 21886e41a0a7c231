from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from archive_store.labels import Mark
from portal.demonstration.source import ItemSource, Make, _with_standard, case_words, fill, item_words, load_cases, say

if TYPE_CHECKING:
    from portal.demonstration.people import Bureau
    from portal.demonstration.source import CaseSource, DocumentType

ITEM = {"type": "service_receipt", "date": date(2025, 3, 1)}
IDENTITY = re.compile(r"(?<!\d)\d{17}[\dX](?!\d)")
PHONE = re.compile(r"(?<![\d〔])1[3-9]\d(?: ?\d){8}(?!\d)")


def texts(case: CaseSource) -> str:
    return case.model_dump_json()


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="volumn"):
        ItemSource.model_validate(ITEM | {"volumn": "main"})


def test_a_missing_word_is_named() -> None:
    with pytest.raises(KeyError, match="plate"):
        fill({"body": ["{plate}"]}, {"party": "演示"})


def test_words_are_filled_in_every_text_and_nothing_else_changes() -> None:
    assert fill({"a": ["{w}", 3, None], "b": {"c": "x{w}"}}, {"w": "砂"}) == {"a": ["砂", 3, None], "b": {"c": "x砂"}}


def test_a_date_is_said_the_chinese_way() -> None:
    assert say(date(2025, 3, 9)) == "2025年3月9日"
    assert say(3) == "3"


def test_an_item_is_laid_over_the_standard_form_of_its_type() -> None:
    form = {"contains": ["R19"], "page": {"title": "送达回证", "size": 12}, "words": {"a": "1"}}
    item = ITEM | {"contains": ["R21"], "page": {"size": 14}, "words": {"b": "2"}}
    merged = _with_standard(item, {"service_receipt": form})
    assert merged["contains"] == ["R19", "R21"]
    assert merged["page"] == {"title": "送达回证", "size": 14}
    assert merged["words"] == {"a": "1", "b": "2"}


def test_a_word_of_an_item_may_use_words_of_the_case(bureau: Bureau) -> None:
    case = load_cases()[0]
    item = ItemSource.model_validate(ITEM | {"words": {"asked": "{party}的{h1}"}})
    assert item_words(item, case_words(case, bureau), "回证")["asked"] == f"{case.words['party']}的{case.handlers[0]}"


def test_every_word_of_every_document_is_there(bureau: Bureau, types: dict[str, DocumentType]) -> None:
    for case in load_cases():
        words = case_words(case, bureau)
        for item in case.items:
            filled = fill(item.page.model_dump(mode="json"), item_words(item, words, types[item.type].title))
            assert "{" not in str(filled["body"])


def test_names_folders_and_case_numbers_are_given_once() -> None:
    cases = load_cases()
    for field in ("name", "folder", "case_number"):
        assert len({getattr(case, field) for case in cases}) == len(cases)


def test_handlers_belong_to_the_department_of_their_case(bureau: Bureau) -> None:
    for case in load_cases():
        assert all(case.department in bureau.named(handler).departments for handler in case.handlers)


def test_every_way_of_making_a_file_is_used() -> None:
    assert {item.make for case in load_cases() for item in case.items} == set(Make)


def test_no_identity_number_could_be_a_real_one() -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    numbers = {number for case in load_cases() for number in IDENTITY.findall(texts(case))}
    assert len(numbers) > 10
    for number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
        assert number[-1] != "10X98765432"[total % 11], number  # GB 11643


def test_no_telephone_number_could_be_a_real_one() -> None:
    numbers = {number for case in load_cases() for number in PHONE.findall(texts(case))}
    assert len(numbers) > 10
    assert all(number.startswith("139 0000 ") for number in numbers), numbers


def test_an_informant_or_a_minor_is_named_in_marked_items_only() -> None:
    for case in load_cases():
        for person in case.persons:
            hidden = set(person.label.marks) & {Mark.INFORMANT, Mark.MINOR}
            for item in case.items if hidden else ():
                if not hidden <= set(item.label.marks):
                    said = item.model_dump_json() + str(case.words)
                    secrets = (person.name, person.identity_number, person.phone)
                    assert not any(secret in said for secret in secrets if secret)
