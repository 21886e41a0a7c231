"""Other ways to write a query: from the query and a public table alone."""

from __future__ import annotations

import pytest

from indexer.suggestions import MOST, variants
from tests.indexer.world import seeded


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("采沙", "采砂"),
        ("违法采沙", "违法采砂"),
        ("取水许科", "取水许可"),
        ("行政出罚", "行政处罚"),
        ('"采砂 许可证"', "采砂 许可证"),
        ("“听证”", "听证"),
        ("采砂 许可证", "采砂"),
    ],
)
def test_slips_that_people_make_are_seen_through(query: str, other: str) -> None:
    assert other in variants(query)


@pytest.mark.parametrize("query", ["", "((", "采砂", "湘A12345", "第5号", "x" * 500])
def test_what_is_as_usual_as_can_be_has_no_other_way(query: str) -> None:
    assert variants(query) == []


def test_words_with_operators_are_not_taken_apart() -> None:
    assert variants("采砂 -听证") == []
    assert variants("(采砂 OR 取水) 听证") == []


def test_there_are_few_and_never_the_query_itself() -> None:
    draw = seeded(7)
    for _ in range(200):
        query = "".join(draw.choice('采沙许科出罚水行正 "“（') for _ in range(draw.randint(0, 30)))
        found = variants(query)
        assert len(found) <= MOST
        assert query not in found
