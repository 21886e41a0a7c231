"""The same in other numerals: every way in which archivists write a number or a day, and never another number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import contains
from indexer.variants import MOST, _arabic, in_chinese, variants

ISO = "2025-03-05"
DAYS = ("2025年3月5日", "2025年03月05日", "二〇二五年三月五日", ISO, "2025-3-5", "2025.03.05", "2025.3.5", "20250305")


def found(typed: str, written: str) -> bool:
    return any(contains(written, form) for form in variants(typed))


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("5号", "石水罚字〔2025〕15号"),
        ("5号", "第十五号"),
        ("第5号", "第十五号"),
        ("2月5日", "十二月五日"),
        ("水法第72条", "水法第七十三条"),
        ("2025年3月5日", "二〇二五年三月十五日"),
        ("3.5", "三.五"),
    ],
)
def test_no_other_number_is_found(typed: str, written: str) -> None:
    assert not found(typed, written)


@pytest.mark.parametrize("typed", ["5号", "第5号", "五号", "第五号"])
@pytest.mark.parametrize("written", ["石水罚字〔2025〕5号", "石水罚字〔2025〕第5号", "石水罚字〔2025〕第五号"])
def test_a_number_is_found_however_it_is_written(typed: str, written: str) -> None:
    assert found(typed, written)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("石水罚字〔2025〕5号", "石水罚字〔2025〕第5号"),
        ("石水罚字(2025)第5号", "石水罚字〔2025〕5号"),
        ("水法第72条", "《水法》第七十二条".replace("》", "")),
        ("第七十二条第二款", "第72条第2款"),
        ("第105条", "第一百零五条"),
        ("罚款2000元", "罚款二千元"),
        ("二十五号", "25号"),
        ("２０２５年３月５日", "2025.3.5"),
    ],
)
def test_numerals_of_both_kinds_find_each_other(typed: str, written: str) -> None:
    assert found(typed, written)


@pytest.mark.parametrize("typed", DAYS[:-1])
@pytest.mark.parametrize("written", DAYS)
def test_a_day_is_found_in_every_form(typed: str, written: str) -> None:
    assert found(f"于{typed}作出", f"于{written}作出")


@pytest.mark.parametrize("text", ["采砂", "三河", "万里", "五一", "千百条", "2025-13-45", "9999999号", "零", ""])
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert variants(text)[0] == text


def test_chinese_numerals_and_back() -> None:
    assert [in_chinese(n) for n in (0, 10, 12, 20, 105, 2025)] == [
        "零",
        "十",
        "十二",
        "二十",
        "一百零五",
        "二千零二十五",
    ]
    assert all(_arabic(in_chinese(n)) == str(n) for n in range(0, 100_000, 7))


@given(st.text(alphabet="第〇一二两十百千万零号条年月日元0123456789.-/〔〕()采砂 ", max_size=16))
def test_any_text_comes_first_and_forms_are_few(text: str) -> None:
    forms = variants(text)
    assert forms[0] == text
    assert len(forms) <= MOST
