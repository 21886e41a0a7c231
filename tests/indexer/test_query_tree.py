"""Walking a tree: what is wanted and what is left out."""

from __future__ import annotations

from archive_store.errors import InvalidInputError
from indexer.query_tree import And, Choice, Not, Or, QueryError, Question, Term, free_terms, leaves

A, B, C = Term("甲"), Term("乙"), Term("丙", "party")
TREE = And((A, Or((B, C)), Not(And((Term("丁"), Not(Term("戊"))))), Choice("kind", frozenset({"fee"})), Question("问")))


def test_what_stands_under_a_minus_is_never_wanted() -> None:
    wanted = {leaf.text for leaf, is_wanted in leaves(TREE) if is_wanted and isinstance(leaf, Term)}
    assert wanted == {"甲", "乙", "丙"}


def test_free_terms_are_wanted_and_without_a_field() -> None:
    assert free_terms(TREE) == [A, B, Question("问")]


def test_a_refusal_is_an_input_error_of_the_search_field() -> None:
    error = QueryError("请换一个词。")
    assert isinstance(error, InvalidInputError)
    assert (error.message, error.field) == ("请换一个词。", "q")
