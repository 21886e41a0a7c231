"""Every kind of condition in the engine's own words, in an index of three documents."""

from __future__ import annotations

import pytest
import tantivy

from indexer.backends.embedded_query import DEEPEST, condition_query, scored_query
from indexer.backends.embedded_schema import register, schema
from indexer.conditions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Condition,
    HasAny,
    Numbers,
    Phrase,
    Without,
)
from indexer.ranking import Clause


@pytest.fixture(scope="module")
def searcher() -> tantivy.Searcher:
    index = register(tantivy.Index(schema()))
    writer = index.writer(15_000_000, 1)
    for number, text in enumerate(["采砂 砂船 5", "砂船 采砂", "取水"]):
        document = tantivy.Document()
        document.add_text("bi", text)
        document.add_text("id", str(number))
        document.add_integer("year", 2020 + number)
        writer.add_document(document)
    writer.commit()
    index.reload()
    return index.searcher()


A, B = HasAny("bi", ("采砂",)), HasAny("bi", ("取水",))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (NOTHING, set()),
        (Without(EVERYTHING), set()),
        (HasAny("bi", ()), set()),
        (HasAny("bi", ("没有",)), set()),
        (EVERYTHING, {"0", "1", "2"}),
        (A, {"0", "1"}),
        (HasAny("bi", ("5", "取水")), {"0", "2"}),
        (Phrase("bi", ("采砂", "砂船")), {"0"}),
        (AllOf((A, Without(HasAny("bi", ("5",))))), {"1"}),
        (AllOf((Without(A), Without(B))), set()),
        (AllOf((Without(A),)), {"2"}),
        (AnyOf((A, B)), {"0", "1", "2"}),
        (AnyOf((Without(A), HasAny("bi", ("5",)))), {"0", "2"}),
        (Without(AnyOf((A, B))), set()),
        (Numbers("year", 2021, None), {"1", "2"}),
        (Numbers("year", None, 2021), {"0", "1"}),
        (Numbers("year", 2021, 2021), {"1"}),
    ],
)
def test_conditions_find_what_they_say_and_add_nothing_to_a_score(
    searcher: tantivy.Searcher, condition: Condition, expected: set[str]
) -> None:
    hits = searcher.search(condition_query(condition), 10).hits
    assert {searcher.doc(address).get_first("id") for _, address in hits} == expected
    assert {score for score, _ in hits} <= {0.0}


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("more", [0, DEEPEST])
def test_a_score_is_the_sum_of_the_constants_that_are_held(
    searcher: tantivy.Searcher, *, sparse: bool, more: int
) -> None:
    clauses = [Clause("bi", "采砂", 2.25), Clause("bi", "5", 0.5), *[Clause("bi", "没有", 9.0)] * (1 + more)]
    hits = searcher.search(scored_query(EVERYTHING, clauses, sparse=sparse), 10).hits
    assert [score for score, _ in hits] == [2.75, 2.25, 0.0]
