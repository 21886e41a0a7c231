"""Terms: what is counted, what is not, and what is said when the calendar does not know."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.deadlines import (
    CHINA,
    add_working_days,
    filing_deadline,
    holidays_known,
    is_working_day,
    local_date,
    remaining,
    request_deadline,
    working_days_between,
)
from archive_store.errors import InvalidInputError

known_days = st.dates(date(2005, 1, 1), date(2026, 9, 1))


@pytest.mark.parametrize("extension", [-1, 21])
def test_an_extension_beyond_the_limit_is_refused(extension: int) -> None:
    with pytest.raises(InvalidInputError, match="20 个工作日"):
        request_deadline(date(2025, 4, 8), extension=extension)


@pytest.mark.parametrize("days", [0, -3])
def test_a_term_without_days_is_refused(days: int) -> None:
    with pytest.raises(InvalidInputError):
        add_working_days(date(2025, 4, 8), days)
    with pytest.raises(InvalidInputError):
        filing_deadline(date(2025, 4, 8), days)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2025, 4, 8, 9, 0))  # noqa: DTZ001 - the fault under test


def test_a_moment_late_in_utc_is_the_next_day_in_china() -> None:
    assert local_date(datetime(2025, 4, 8, 16, 0, tzinfo=UTC)) == date(2025, 4, 9)
    assert local_date(datetime(2025, 4, 8, 23, 59, tzinfo=CHINA)) == date(2025, 4, 8)


def test_twenty_working_days_jump_over_the_may_holiday_and_count_the_worked_sunday() -> None:
    # 2025: free 1 to 5 May, worked on Sunday 27 April
    assert request_deadline(date(2025, 4, 8)).due == date(2025, 5, 8)
    assert is_working_day(date(2025, 4, 27))
    assert not is_working_day(date(2025, 5, 2))


def test_one_extension_adds_its_working_days() -> None:
    plain = request_deadline(date(2025, 6, 3))
    longer = request_deadline(date(2025, 6, 3), extension=20)
    assert working_days_between(plain.due, longer.due) == 20


def test_settings_of_the_bureau_replace_the_twenty() -> None:
    assert request_deadline(date(2025, 4, 8), days=1).due == date(2025, 4, 9)
    assert request_deadline(date(2025, 4, 8), days=1, extension=5, most_extension=5).due == date(2025, 4, 16)


def test_a_year_without_announced_holidays_says_so() -> None:
    deadline = request_deadline(date(2026, 12, 20))
    assert deadline.due.year == 2027
    assert not deadline.certain
    assert "2027年" in deadline.note
    assert "可能变动" in deadline.note
    assert not remaining(deadline, date(2026, 12, 21)).certain


def test_a_known_year_is_certain() -> None:
    deadline = request_deadline(date(2025, 4, 8))
    assert deadline.certain
    assert deadline.note == ""
    assert holidays_known(2025)
    assert not holidays_known(2003)


def test_thirty_calendar_days_count_from_the_day_after_the_end() -> None:
    deadline = filing_deadline(date(2025, 4, 8))
    assert deadline.due == date(2025, 5, 8)
    assert deadline.certain
    assert filing_deadline(date(2025, 4, 8), 60).due == date(2025, 6, 7)


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2025, 5, 5), "剩 3 日"),
        (date(2025, 5, 8), "今天到期"),
        (date(2025, 5, 10), "已逾期 2 日"),
    ],
)
def test_days_left_are_said_plainly(today: date, words: str) -> None:
    assert remaining(filing_deadline(date(2025, 4, 8)), today).zh == words


@pytest.mark.parametrize(
    ("today", "words"),
    [(date(2025, 4, 30), "剩 3 个工作日"), (date(2025, 5, 8), "今天到期"), (date(2025, 5, 12), "已逾期 2 个工作日")],
)
def test_working_days_left_are_said_plainly(today: date, words: str) -> None:
    assert remaining(request_deadline(date(2025, 4, 8)), today).zh == words


def test_a_deadline_on_friday_is_overdue_on_saturday() -> None:
    deadline = add_working_days(date(2025, 6, 12), 1)
    left = remaining(deadline, deadline.due + timedelta(days=1))
    assert left.overdue
    assert left.days == -1


@given(known_days, st.integers(1, 60))
def test_a_deadline_is_a_working_day_and_exactly_so_many_after_the_start(start: date, days: int) -> None:
    deadline = add_working_days(start, days)
    assert is_working_day(deadline.due)
    assert working_days_between(start, deadline.due) == days
    assert remaining(deadline, start).days == days


@given(known_days, st.integers(1, 30), st.integers(1, 30))
def test_a_longer_term_never_ends_earlier(start: date, days: int, more: int) -> None:
    assert add_working_days(start, days).due < add_working_days(start, days + more).due
