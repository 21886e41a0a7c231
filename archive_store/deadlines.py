"""Days that count: working days of the People's Republic, the party's 20, the file's 30.

Rules kept here, with their source:

- A term begins on the day after the event; the day itself is not counted (行政处罚法 Art. 85, 民法典 Art. 201).
- A copy request is answered within 20 working days, extended once by at most 20 (a setting, after
  政府信息公开条例 Art. 33; 办法 itself sets none).
- A file is formed and filed within 30 calendar days after the act ended, or the period that a law sets (办法 Art. 28).
- Every date is a date in China; China has kept one offset, UTC+8, since 1991.

Holidays come from `chinesecalendar`, which knows the years that the State Council has announced. Outside them
Monday to Friday are counted, and the result says that it may change. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

import chinese_calendar

from archive_store.errors import InvalidInputError

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
REQUEST_WORKING_DAYS = 20
MOST_EXTENSION_DAYS = 20
FILING_DAYS = 30

_FIRST_YEAR = min(chinese_calendar.holidays).year
_LAST_YEAR = max(chinese_calendar.holidays).year
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a term; `certain` is false where a year without announced holidays was counted."""

    due: date
    working: bool
    certain: bool = True
    note: str = ""
    """Chinese sentence that says why the day may change; empty when certain."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """Days left until a deadline: 0 on the last day, negative when it has passed."""

    days: int
    working: bool
    certain: bool = True
    note: str = ""

    @property
    def overdue(self) -> bool:
        """Whether the last day has passed."""
        return self.days < 0

    @property
    def zh(self) -> str:
        """For people: 剩 3 个工作日, 今天到期, 已逾期 2 日."""
        unit = "个工作日" if self.working else "日"
        if self.days == 0:
            return "今天到期"
        return f"剩 {self.days} {unit}" if self.days > 0 else f"已逾期 {-self.days} {unit}"


def beginning_of(day: date) -> datetime:
    """The moment at which a day begins in China."""
    return datetime.combine(day, time.min, CHINA)


def local_date(moment: date | datetime) -> date:
    """The date in China of a moment; a plain date is taken as it is.

    Raises:
        ValueError: A moment without a time zone was given (a fault of the caller).

    """
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(CHINA).date()


def holidays_known(year: int) -> bool:
    """Whether the official arrangement of holidays of a year is in the calendar."""
    return bool(_FIRST_YEAR <= year <= _LAST_YEAR)


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; in a year without data, whether it is Monday to Friday."""
    day = local_date(day)
    if holidays_known(day.year):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < _SATURDAY


def add_working_days(start: date | datetime, days: int) -> Deadline:
    """The last day of a term of working days that begins on the day after `start`.

    Args:
        start: The day (or moment) of the event; not counted itself.
        days: Length of the term, at least 1.

    """
    _positive(days)
    first = day = local_date(start)
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return _working_deadline(first, day)


def request_deadline(
    received: date | datetime,
    *,
    days: int = REQUEST_WORKING_DAYS,
    extension: int = 0,
    most_extension: int = MOST_EXTENSION_DAYS,
) -> Deadline:
    """The day by which a copy request is answered, its one extension included.

    Args:
        received: When the complete request arrived.
        days: Working days that the bureau set.
        extension: Working days of the one extension, 0 where there is none.
        most_extension: The longest extension that the bureau allows.

    Raises:
        InvalidInputError: The extension is longer than allowed, or negative.

    """
    if not 0 <= extension <= most_extension:
        raise InvalidInputError(f"延长期限须为 1 至 {most_extension} 个工作日，请重新填写。", "extension")
    return add_working_days(received, days + extension)


def filing_deadline(ended: date | datetime, days: int = FILING_DAYS) -> Deadline:
    """The last day for filing a case: calendar days after the day on which the act ended (办法 Art. 28)."""
    _positive(days)
    return Deadline(local_date(ended) + timedelta(days=days), working=False)


def working_days_between(first: date, last: date) -> int:
    """Working days after `first` up to and including `last`; 0 where `last` is not later."""
    span = (last - first).days
    return sum(is_working_day(first + timedelta(days=step)) for step in range(1, span + 1))


def remaining(deadline: Deadline, today: date) -> Remaining:
    """Days left on `today`, in the unit of the deadline."""
    if not deadline.working:
        return Remaining((deadline.due - today).days, working=False)
    if today <= deadline.due:
        days = working_days_between(today, deadline.due)
    else:
        days = -max(1, working_days_between(deadline.due, today))
    note = _note(today, deadline.due) or deadline.note
    return Remaining(days, working=True, certain=not note, note=note)


def _working_deadline(first: date, last: date) -> Deadline:
    note = _note(first, last)
    return Deadline(last, working=True, certain=not note, note=note)


def _note(first: date, last: date) -> str:
    """The caveat for a span that touches years without data; the day itself may be the reason."""
    low, high = sorted((first, last))
    unknown = [year for year in range(low.year, high.year + 1) if not holidays_known(year)]
    if not unknown:
        return ""
    years = "、".join(f"{year}年" for year in unknown)
    return f"{years}的放假安排尚未收录，按周一至周五为工作日推算；安排公布并更新后，日期可能变动。"


def _positive(days: int) -> None:
    if days < 1:
        raise InvalidInputError("期限至少为一天，请核对设置。", "days")
