"""Years and days as people type them."""

from __future__ import annotations

import pytest

from indexer.query_dates import read_days, read_years
from indexer.query_tree import Between, QueryError


@pytest.mark.parametrize(
    "text",
    ["", "..", "24", "2024-00", "2024-13", "2023-02-29", "20241301", "2024-06..2024-01", "1..2..3", "0001", "二〇二四"],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        read_days(text)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", 20240101, 20241231),
        ("2024-02", 20240201, 20240229),
        ("2024-2", 20240201, 20240229),
        ("2024-02-05", 20240205, 20240205),
        ("2024.2.5", 20240205, 20240205),
        ("2024/2/5", 20240205, 20240205),
        ("20240205", 20240205, 20240205),
        ("202402", 20240201, 20240229),
        ("2024年2月5日", 20240205, 20240205),
        ("２０２４年２月", 20240201, 20240229),
        ("2024-01..2024-06", 20240101, 20240630),
        ("2024-01至2024-06", 20240101, 20240630),
        ("2024～2025", 20240101, 20251231),
        ("2024-05..", 20240501, None),
        ("..2024-05", None, 20240531),
    ],
)
def test_days_months_years_and_ranges(text: str, low: int | None, high: int | None) -> None:
    assert read_days(text) == Between("day", low, high)


@pytest.mark.parametrize("text", ["24", "2025年3月", "1899", "..", "2025..2024", "今年"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        read_years(text)


@pytest.mark.parametrize(
    ("text", "low", "high"), [("2025", 2025, 2025), ("2025年", 2025, 2025), ("2023至2025年度", 2023, 2025)]
)
def test_years_and_ranges(text: str, low: int, high: int) -> None:
    assert read_years(text) == Between("year", low, high)
