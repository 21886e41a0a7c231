"""Conditions in the words of Elasticsearch, each adding nothing to a score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from indexer.backends.elastic_schema import GAP, MOST_TERMS
from indexer.conditions import AllOf, AnyOf, Condition, HasAny, Numbers, Phrase, Placed, Without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from indexer.ranking import Clause

Value = TypeVar("Value")
Body = dict[str, Any]


def condition_query(condition: Condition) -> Body:
    """The documents for which a condition holds, all with score 0."""
    return {"bool": {"filter": [_translate(condition)]}}


def scored_query(condition: Condition, clauses: Sequence[Clause]) -> Body:
    """The same documents, each with the sum of the clauses that it holds."""
    constants = [
        {"constant_score": {"filter": {"term": {clause.field: clause.token}}, "boost": clause.weight}}
        for clause in clauses
    ]
    return {"bool": {"filter": [_translate(condition)], "should": constants, "minimum_should_match": 0}}


def _translate(condition: Condition) -> Body:
    match condition:
        case AnyOf(parts):
            return _any([_translate(part) for part in parts])
        case AllOf(parts):
            return _all(parts)
        case Without():
            return _all((condition,))
    return _leaf(condition)


def _leaf(condition: HasAny | Phrase | Placed | Numbers) -> Body:
    match condition:
        case HasAny(field, tokens):
            return _any_token(field, tokens)
        case Phrase(field, tokens):
            return _phrase(field, enumerate(tokens))
        case Placed(field, tokens):
            return _phrase(field, tokens)
        case Numbers(field, low, high):
            bounds = {name: bound for name, bound in (("gte", low), ("lte", high)) if bound is not None}
            return {"range": {field: bounds}}


def _any_token(field: str, tokens: Sequence[str]) -> Body:
    return _any([{"terms": {field: list(some)}} for some in stretches(tokens, MOST_TERMS)])


def stretches(values: Sequence[Value], most: int) -> Iterator[Sequence[Value]]:
    """The values in stretches of at most so many."""
    return (values[n : n + most] for n in range(0, len(values), most))


def _phrase(field: str, tokens: Iterable[tuple[int, str]]) -> Body:
    """The tokens at their places, with a gap at every place between them at which anything may stand."""
    placed = dict(tokens)
    asked = (placed.get(place, GAP) for place in range(max(placed) + 1))
    return {"match_phrase": {field: " ".join(asked)}}


def _all(parts: Sequence[Condition]) -> Body:
    held = [_translate(part) for part in parts if not isinstance(part, Without)]
    missing = [_translate(part.part) for part in parts if isinstance(part, Without)]
    return {"bool": {"filter": held or [{"match_all": {}}], "must_not": missing}}


def _any(parts: Sequence[Body]) -> Body:
    if not parts:
        return {"match_none": {}}
    return parts[0] if len(parts) == 1 else {"bool": {"should": list(parts), "minimum_should_match": 1}}
