"""Archival codes: refused parts, series of their own, one text for one code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.archival_codes import ArchivalCode, load_code_template
from archive_store.errors import InvalidInputError
from archive_store.labels import Label, Level, Mark
from archive_store.regulation.packaged import packaged
from archive_store.vocabulary import ActKind, Retention

if TYPE_CHECKING:
    from pathlib import Path


ORDINARY = Label()


@dataclass(frozen=True)
class Entry:
    fonds: str = "S001"
    kind: ActKind = ActKind.PENALTY
    ended_on: date = date(2025, 4, 8)
    retention: Retention = Retention.YEARS_30
    label: Label = ORDINARY


CODES = load_code_template()
labels = st.builds(Label, st.sampled_from(Level), st.frozensets(st.sampled_from(Mark)))


@pytest.mark.parametrize("fonds", ["", "s001", "S-01", "全宗", "S001·", "S" * 21, "S001\n"])
def test_a_part_that_cannot_stand_in_a_code_is_refused(fonds: str) -> None:
    with pytest.raises(InvalidInputError, match="不能用于档号"):
        CODES.format_case(replace(Entry(), fonds=fonds), "SZ", 1)
    with pytest.raises(InvalidInputError):
        CODES.series_key(replace(Entry(), fonds=fonds), "SZ")


@pytest.mark.parametrize("number", [0, -1])
def test_numbers_begin_with_one(number: int) -> None:
    with pytest.raises(InvalidInputError, match="从1开始"):
        CODES.format_case(Entry(), "SZ", number)
    with pytest.raises(InvalidInputError, match="从1开始"):
        CODES.format_item("S001-CF·2025-D30-SZ-0012", number)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "S001",
        "S001-CF·2025-D30-SZ-12",
        "S001-CF·2025-D30-SZ-00012",
        "S001-CF·2025-D30-SZ-0000",
        "S001-CF·2025-D30-SZ-0012-3",
        "S001-CF·2025-D30-SZ-0012-003-004",
        "S001-CF-2025-D30-SZ-0012",
        "S001-CF·２０２５-D30-SZ-0012",
        " S001-CF·2025-D30-SZ-0012",
    ],
)
def test_what_is_not_a_code_in_its_one_form_is_refused(code: str) -> None:
    with pytest.raises(InvalidInputError, match="不是本单位的档号"):
        CODES.parse(code)


def test_an_item_code_needs_the_code_of_a_case() -> None:
    with pytest.raises(InvalidInputError, match="不是案卷的档号"):
        CODES.format_item("S001-CF·2025-D30-SZ-0012-003", 4)


def test_codes_read_as_the_standard_says() -> None:
    code = CODES.format_case(Entry(), "SZ", 12)
    assert code == "S001-CF·2025-D30-SZ-0012"
    assert CODES.format_item(code, 3) == "S001-CF·2025-D30-SZ-0012-003"
    assert CODES.parse("S001-CF·2025-D30-SZ-0012-003") == ArchivalCode("S001", "CF", 2025, "D30", "SZ", "", 12, 3)


def test_the_public_and_internal_share_the_ordinary_series() -> None:
    keys = {CODES.series_key(replace(Entry(), label=Label(level)), "SZ") for level in (Level.PUBLIC, Level.INTERNAL)}
    assert keys == {"S001-CF·2025-D30-SZ-#"}


@pytest.mark.parametrize(
    ("label", "series"),
    [
        (Label.of(Level.CONFIDENTIAL), "M"),
        (Label.of(Level.SECRET), "J"),
        (Label.of(Level.TOP_SECRET), "T"),
        (Label.of(Level.INTERNAL, [Mark.INFORMANT]), "X"),
        (Label.of(Level.SECRET, [Mark.INFORMANT]), "JX"),
    ],
)
def test_secrets_and_informants_take_numbers_from_a_series_of_their_own(label: Label, series: str) -> None:
    entry = replace(Entry(), label=label)
    assert CODES.series_key(entry, "SZ") != CODES.series_key(Entry(), "SZ")
    assert CODES.parse(CODES.format_case(entry, "SZ", 1)).series == series


@given(labels, labels)
def test_two_labels_share_a_series_only_where_neither_hides_from_the_other(one: Label, other: Label) -> None:
    same = CODES.series(one) == CODES.series(other)
    ordinary = {Level.PUBLIC, Level.INTERNAL}
    alike = one.marks == other.marks and (one.level == other.level or {one.level, other.level} <= ordinary)
    assert same == alike


@given(st.sampled_from(ActKind), st.sampled_from(Retention), labels, st.integers(1, 10**6), st.integers(1, 10**5))
def test_every_code_reads_back(kind: ActKind, retention: Retention, label: Label, number: int, item: int) -> None:
    entry = Entry("J012", kind, date(2024, 1, 2), retention, label)
    code = CODES.format_item(CODES.format_case(entry, "F2", number), item)
    parts = CODES.parse(code)
    assert (parts.fonds, parts.year, parts.office, parts.case, parts.item) == ("J012", 2024, "F2", number, item)
    assert parts.series == CODES.series(label)


@given(st.lists(st.tuples(labels, st.integers(1, 50)), unique=True, max_size=20))
def test_one_number_of_one_series_is_one_code(given_numbers: list[tuple[Label, int]]) -> None:
    entries = [(replace(Entry(), label=label), number) for label, number in given_numbers]
    keys = {(CODES.series_key(entry, "SZ"), number) for entry, number in entries}
    codes = {CODES.format_case(entry, "SZ", number) for entry, number in entries}
    assert len(keys) == len(codes)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('informant = "X"', 'informant = ""', "自己的编号序列"),
        ('secret = "J"', 'secret = "M"', "自己的编号序列"),
        ('confidential = "M"', 'confidential = ""', "自己的编号序列"),
        ("{office}-{series}{case}", "{office}{series}{case}", "分隔号"),
        ("{office}-{series}{case}", "{office}X{series}{case}", "分隔号"),
        ("-{office}", "", "模板须恰好写明"),
        ('penalty = "CF"\n', "", "写明每一个值"),
        ('top_secret = "T"\n', "", "五个密级"),
    ],
)
def test_a_template_that_cannot_hold_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = packaged("archival_codes.toml").read_text("utf-8")
    assert old in text.replace("\r", "")
    head, _, body = text.partition("[code]")
    path = tmp_path / "codes.toml"
    path.write_text(head + "[code]" + body.replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidInputError, match=says):
        load_code_template(path)


def test_a_bureau_may_have_its_own_template(tmp_path: Path) -> None:
    text = packaged("archival_codes.toml").read_text("utf-8").replace("case_width = 4", "case_width = 5")
    path = tmp_path / "codes.toml"
    path.write_text(text.replace("-{retention}", "-{retention}期"), "utf-8")
    assert load_code_template(path).format_case(Entry(), "SZ", 7) == "S001-CF·2025-D30期-SZ-00007"
