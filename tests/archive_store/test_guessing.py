"""What a file's name tells: the title, the kind of document, the day."""

from __future__ import annotations

from datetime import date

import pytest

from archive_store.guessing import SHORT_NAMES, guess
from tests.case_folders import catalogue


@pytest.mark.parametrize(
    ("name", "title", "type_code"),
    [
        ("01 询问笔录.pdf", "询问笔录", "inquiry_record"),
        ("02-询问笔录（张演示）.pdf", "询问笔录（张演示）", "inquiry_record"),
        ("03现场检查笔录.pdf", "现场检查笔录", "site_inspection_record"),
        ("现场勘验笔录.pdf", "现场勘验笔录", "site_inspection_record"),
        ("现场检查（勘验）笔录.pdf", "现场检查（勘验）笔录", "site_inspection_record"),
        ("行政处罚决定书送达回证.pdf", "行政处罚决定书送达回证", "service_receipt"),
        ("送达回证（行政处罚决定书）.pdf", "送达回证（行政处罚决定书）", "service_receipt"),
        ("当场行政处罚决定书.pdf", "当场行政处罚决定书", "summary_decision"),
        ("3号楼照片.jpg", "3号楼照片", "site_photo"),
        ("身份证复印件.jpg", "身份证复印件", "identity_document"),
        ("张演示执法录像.mp4", "张演示执法录像", "av_record"),
        ("无从知道.pdf", "无从知道", "other"),
        ("材料2.pdf", "材料2", "other"),
        ("007.pdf", "007", "other"),
        ("", "", "other"),
    ],
)
def test_the_type_is_what_the_name_ends_in(name: str, title: str, type_code: str) -> None:
    found = guess(name, catalogue())
    assert (found.title, found.type_code) == (title, type_code)


@pytest.mark.parametrize(
    ("name", "title", "day"),
    [
        ("2026-11-02 询问笔录.pdf", "询问笔录", date(2026, 11, 2)),
        ("20261102询问笔录.pdf", "询问笔录", date(2026, 11, 2)),
        ("05 询问笔录2026年11月2日.pdf", "询问笔录", date(2026, 11, 2)),
        ("询问笔录 2026.1.2 第二次.pdf", "询问笔录   第二次", date(2026, 1, 2)),
        ("询问笔录2026-13-02.pdf", "询问笔录2026-13-02", None),
        ("石水罚字〔2026〕5号.pdf", "石水罚字〔2026〕5号", None),
        ("13900000001.pdf", "13900000001", None),
    ],
)
def test_a_day_in_the_name_is_the_items_day(name: str, title: str, day: date | None) -> None:
    found = guess(name, catalogue())
    assert (" ".join(found.title.split()), found.day) == (" ".join(title.split()), day)


def test_a_recording_is_one_whatever_it_is_called() -> None:
    assert guess("MOV_0001.mp4", catalogue(), playing=True).type_code == "av_record"
    assert guess("听证笔录.mp3", catalogue(), playing=True).type_code == "hearing_record"


def test_short_names_are_types_of_the_catalogue() -> None:
    assert [code for code in SHORT_NAMES.values() if code not in catalogue()] == []
