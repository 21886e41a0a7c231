"""What a label may become: terms, derived levels, marks that are never public, what the deployment may hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.classification import MOST_YEARS, Standing, Wanted, fallen, objection, years_after
from archive_store.labels import Label, Level, Mark

TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)
SECRETS = (Level.CONFIDENTIAL, Level.SECRET, Level.TOP_SECRET)
OPEN = Standing(Label())


def refusal(wanted: Wanted, now: Standing = OPEN, highest: Level = Level.TOP_SECRET) -> str:
    return objection(now, wanted, TODAY, highest)


@pytest.mark.parametrize("level", SECRETS)
def test_a_state_secret_has_a_last_day_of_ten_twenty_or_thirty_years_at_most(level: Level) -> None:
    last = years_after(TODAY, {Level.CONFIDENTIAL: 10, Level.SECRET: 20, Level.TOP_SECRET: 30}[level])
    for day in (None, TODAY - DAY, TODAY, last + DAY):
        assert "解密日期" in refusal(Wanted(Label(level), day))
    for day in (TODAY + DAY, last):
        assert refusal(Wanted(Label(level), day)) == ""


@pytest.mark.parametrize("level", [Level.PUBLIC, Level.INTERNAL])
def test_what_is_no_state_secret_has_no_last_day(level: Level) -> None:
    now = Standing(Label(Level.SECRET))
    assert refusal(Wanted(Label(level), TODAY + DAY), now)
    assert refusal(Wanted(Label(level)), now) == ""


@pytest.mark.parametrize("mark", list(Mark))
def test_nothing_that_bears_a_mark_is_public(mark: Mark) -> None:
    assert mark.zh in refusal(Wanted(Label.of(Level.PUBLIC, [mark])))


def test_a_derived_level_falls_only_with_the_origins_written_decision() -> None:
    derived = Standing(Label(Level.SECRET), is_derived=True, declassify_on=TODAY + DAY)
    lower = Wanted(Label(Level.CONFIDENTIAL), TODAY + DAY, "演示厅〔2025〕3号")
    assert "书面决定" in refusal(lower, derived)
    assert "书面决定" in refusal(Wanted(Label(), origin_document="  "), derived)
    assert refusal(Wanted(lower.label, lower.declassify_on, lower.source, "演示厅〔2026〕9号"), derived) == ""
    higher = Wanted(Label(Level.TOP_SECRET), TODAY + DAY, "演示厅〔2025〕3号")
    assert refusal(higher, derived) == ""


@pytest.mark.parametrize("level", SECRETS)
def test_a_deployment_that_may_not_hold_state_secrets_takes_none(level: Level) -> None:
    assert "部署方式" in refusal(Wanted(Label(level), TODAY + DAY), highest=Level.INTERNAL)


def test_what_changes_nothing_is_refused() -> None:
    assert refusal(Wanted(Label()))
    assert refusal(Wanted(Label.of(Level.INTERNAL, [Mark.MINOR]))) == ""


@given(st.sampled_from(Level), st.sets(st.sampled_from(Mark)))
def test_what_falls_keeps_its_marks_and_never_becomes_public(level: Level, marks: set[Mark]) -> None:
    label = Label.of(level, marks)
    after = fallen(label)
    assert after.marks == label.marks
    assert after.level == (Level.INTERNAL if level.is_state_secret else level)


def test_years_end_on_the_same_day_and_leap_days_on_the_28th() -> None:
    assert years_after(date(2024, 2, 29), MOST_YEARS[Level.CONFIDENTIAL]) == date(2034, 2, 28)
    assert years_after(TODAY, 20) == date(2046, 11, 25)
