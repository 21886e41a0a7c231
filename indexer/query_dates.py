"""Years and days as they are typed: 2024, 2024-01..2024-06, 2024年1月至3月5日 is not one, 2024年1月15日 is."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange

from indexer.query_tree import Between, QueryError

_RANGE = re.compile(r"\.{2,}|…+|~|至|到")
_DAY = re.compile(r"(\d{4})(?:[-/.年]?(\d{1,2})(?:[-/.月]?(\d{1,2}))?)?[年月日号]?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_HELP = "日期写成 2024、2024-01、2024-01-15 或 2024-01..2024-06。"


def read_days(text: str) -> Between:
    """A day, a month, a year or a range of them, as numbers yyyymmdd with both ends included."""
    low, high = _ends(text)
    first = _day(low)[0] if low else None
    last = _day(high)[1] if high else None
    return _checked("day", first, last, text)


def read_years(text: str) -> Between:
    """A year or a range of years."""
    low, high = _ends(text)
    return _checked("year", _year(low) if low else None, _year(high) if high else None, text)


def _ends(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in _RANGE.split(unicodedata.normalize("NFKC", text).strip())]
    if len(parts) == 1:
        return parts[0], parts[0]
    if len(parts) > 2 or not any(parts):  # noqa: PLR2004 - a range has two ends
        raise QueryError(f"看不懂“{text}”。{_HELP}")
    return parts[0], parts[1]


def _checked(field: str, low: int | None, high: int | None, text: str) -> Between:
    if low is not None and high is not None and low > high:
        raise QueryError(f"“{text}”的起点晚于终点。请把早的写在前面。")
    if low is None and high is None:
        raise QueryError(f"看不懂“{text}”。{_HELP}")
    return Between(field, low, high)


def _year(text: str) -> int:
    match = re.fullmatch(r"(\d{4})年?度?", text, re.ASCII)
    if not match or not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
        raise QueryError(f"看不懂年度“{text}”。年度写成 2025 或 2023..2025。")
    return int(match[1])


def _day(text: str) -> tuple[int, int]:
    """The first and the last day that a text means."""
    match = re.fullmatch(_COMPACT, text) or re.fullmatch(_DAY, text)
    if not match or (not text.isascii() and not re.fullmatch(r"[\d年月日号./-]+", text)):
        raise QueryError(f"看不懂日期“{text}”。{_HELP}")
    year, month, day = (int(part) if part else None for part in match.groups())
    if year is None or not _FIRST_YEAR <= year <= _LAST_YEAR or (month is not None and not 1 <= month <= 12):  # noqa: PLR2004 - months
        raise QueryError(f"没有“{text}”这个日期。{_HELP}")
    if day is not None and month is not None and not 1 <= day <= monthrange(year, month)[1]:
        raise QueryError(f"没有“{text}”这一天。{_HELP}")
    first = (year, month or 1, day or 1)
    last_month = month or 12
    last = (year, last_month, day or monthrange(year, last_month)[1])
    return _number(*first), _number(*last)


def _number(year: int, month: int, day: int) -> int:
    return year * 10000 + month * 100 + day
