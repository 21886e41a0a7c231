"""Conditions in the words of the embedded engine, each adding nothing to a score."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tantivy import FieldType, Occur, Query

from indexer.backends.embedded_schema import schema
from indexer.conditions import REMEMBERED, AllOf, AnyOf, Condition, HasAny, Numbers, Phrase, Placed, Without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.ranking import Clause


DEEPEST = 64
"""Queries that are laid around each other at most."""
LARGE = 50
"""Tokens of one field from which on their query is kept for the next search."""


def condition_query(condition: Condition) -> Query:
    """The documents for which a condition holds, all with score 0."""
    return Query.const_score_query(_translate(condition), 0.0)


def scored_query(condition: Condition, clauses: Sequence[Clause], *, sparse: bool) -> Query:
    """The same documents, each with the sum of the clauses that it holds.

    Where they are sparse, each clause is laid around the query before it, and the engine leaps from document to
    document in its list; all clauses at once are united first, whether or not the condition holds.
    """
    constants = [
        (Occur.Should, Query.const_score_query(Query.term_query(schema(), clause.field, clause.token), clause.weight))
        for clause in clauses
    ]
    query = condition_query(condition)
    if not sparse or len(constants) > DEEPEST:
        return Query.boolean_query([(Occur.Must, query), *constants])
    for constant in constants:
        query = Query.boolean_query([(Occur.Must, query), constant])
    return query


def _translate(condition: Condition) -> Query:
    match condition:
        case HasAny(field, tokens):
            return _any_token(field, tokens)
        case Phrase(field, tokens) | Placed(field, tokens):
            return Query.phrase_query(schema(), field, list(tokens))
        case Numbers(field, low, high):
            return Query.range_query(schema(), field, FieldType.Integer, low, high)
        case AllOf(parts):
            return _all(parts)
        case AnyOf(parts):
            return _any(parts)
        case Without(part):
            return _all((Without(part),))


def _any_token(field: str, tokens: Sequence[str]) -> Query:
    if not tokens:
        return Query.empty_query()
    if len(tokens) == 1:
        return Query.term_query(schema(), field, tokens[0])
    return _large_set(field, tuple(tokens)) if len(tokens) >= LARGE else _set(field, tokens)


def _set(field: str, tokens: Sequence[str]) -> Query:
    return Query.const_score_query(Query.term_set_query(schema(), field, list(tokens)), 0.0)


_large_set = lru_cache(maxsize=REMEMBERED)(_set)
"""To hand thousands of tokens of reach to the engine takes longer than to look for them."""


def _all(parts: Sequence[Condition]) -> Query:
    if not parts:
        return Query.all_query()
    clauses = [
        (Occur.MustNot, _translate(part.part)) if isinstance(part, Without) else (Occur.Must, _translate(part))
        for part in parts
    ]
    if all(occur is Occur.MustNot for occur, _ in clauses):
        clauses.append((Occur.Must, Query.all_query()))
    return Query.boolean_query(clauses)


def _any(parts: Sequence[Condition]) -> Query:
    if not parts:
        return Query.empty_query()
    return Query.boolean_query([(Occur.Should, _translate(part)) for part in parts])
