"""The order of a result, the same for every engine.

By relevance: the engine gives the best hits by constant scores; `RESCORED` of them (whole groups of equal score, or
none of a group) are rescored from their own pages, equals stand in archival order; all other hits follow by tiers
(pages that hold every word often before those that hold it less often), each in archival order. Where the cut falls is
decided by visible documents only, and inside a group of equals the engine's own order, which hidden documents could
move, is never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from indexer.backends.base import SearchRequest, SearchResponse
from indexer.conditions import EVERYTHING, Condition, Without, all_of, has
from indexer.fields import Sort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from indexer.documents import PageDocument
    from indexer.ranking import Clause, Ranking

Ref = TypeVar("Ref")
"""An engine's own way to name a document."""

RESCORED = 300
"""So many hits are rescored if the groups of equals allow it."""
MOST_RESCORED = 600
"""A group of equals that would lead beyond this is left out whole."""


class Candidate(NamedTuple):
    """A hit that is to be rescored: its id, its place in archival order, its payload for stage 2."""

    page_id: str
    order: str
    payload: bytes


@dataclass(frozen=True)
class Top(Generic[Ref]):
    """The exact number of hits and the best of them by stage 1, best first, equals in any order."""

    total: int
    hits: Sequence[tuple[float, Ref]]


class Engine(Protocol[Ref]):
    """What an engine does for one request."""

    def count(self, condition: Condition) -> int:
        """The exact number of hits."""

    def top(self, condition: Condition, clauses: Sequence[Clause], limit: int) -> Top[Ref]:
        """The best `limit` hits by stage 1 and the number of all hits."""

    def listing(self, condition: Condition, sort: Sort, limit: int) -> tuple[int, Sequence[Ref]]:
        """The number of hits and the first `limit` of them in a fixed order."""

    def candidates(self, refs: Sequence[Ref]) -> Sequence[Candidate]:
        """What stage 2 needs of the hits."""

    def documents(self, refs: Sequence[Ref]) -> Sequence[PageDocument]:
        """The documents themselves."""

    def facets(self, condition: Condition, names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Exact counts of facet values among the hits."""


def answer(engine: Engine[Ref], request: SearchRequest) -> SearchResponse:
    """Answer a request with an engine."""
    condition = request.full_condition
    if request.sort is Sort.RELEVANCE and request.ranking is not None and request.ranking.clauses:
        total, hits = _ranked(engine, condition, request, request.ranking)
    else:
        total, hits = _listed(engine, condition, request)
    found = engine.facets(condition, request.facets) if request.facets else {}
    return SearchResponse(total, tuple(engine.documents(hits)), {name: _sorted(found[name]) for name in request.facets})


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    """Facet values, the most frequent first, equals by value."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _listed(engine: Engine[Ref], condition: Condition, request: SearchRequest) -> tuple[int, list[Ref]]:
    sort = Sort.ARCHIVAL_CODE if request.sort is Sort.RELEVANCE else request.sort
    total, refs = engine.listing(condition, sort, request.offset + request.size)
    return total, list(refs[request.offset :])


def _ranked(
    engine: Engine[Ref], condition: Condition, request: SearchRequest, ranking: Ranking
) -> tuple[int, list[Ref]]:
    total, chosen = _chosen(engine, condition, ranking)
    candidates = engine.candidates(chosen)
    scores = ranking.scores([candidate.payload for candidate in candidates])
    order = sorted(range(len(chosen)), key=lambda n: (-scores[n], candidates[n].order))
    end = request.offset + request.size
    hits = [chosen[n] for n in order[request.offset : end]]
    if end > len(chosen) and total > len(chosen):
        others = all_of(condition, Without(has("id", *(c.page_id for c in candidates)))) if chosen else condition
        start = max(request.offset - len(chosen), 0)
        hits += _by_tiers(engine, others, ranking.tiers, start, end - len(chosen) - start)
    return total, hits


def _chosen(engine: Engine[Ref], condition: Condition, ranking: Ranking) -> tuple[int, list[Ref]]:
    """The number of all hits, and those to rescore: none where the first tier alone is too many."""
    if ranking.tiers and engine.count(all_of(condition, ranking.tiers[0])) > MOST_RESCORED:
        return engine.count(condition), []
    top = engine.top(condition, ranking.clauses, MOST_RESCORED + 1)
    return top.total, [ref for _, ref in whole_groups(top)]


def _by_tiers(
    engine: Engine[Ref], condition: Condition, tiers: Sequence[Condition], offset: int, size: int
) -> list[Ref]:
    """A stretch of the hits that are not rescored: tier by tier, each in archival order, and then what is in none."""
    hits: list[Ref] = []
    left = condition
    for tier in (*tiers, EVERYTHING):
        count, refs = engine.listing(all_of(left, tier), Sort.ARCHIVAL_CODE, offset + size - len(hits))
        hits += refs[offset:]
        if len(hits) == size:
            break
        offset, left = max(offset - count, 0), all_of(left, Without(tier))
    return hits


def whole_groups(top: Top[Ref]) -> list[tuple[float, Ref]]:
    """The hits to rescore: all if they are few, else the best groups of equal score."""
    hits = list(top.hits)
    if top.total <= MOST_RESCORED:
        return hits
    edge = hits[RESCORED][0]
    above = [hit for hit in hits if hit[0] > edge]
    group = [hit for hit in hits if hit[0] == edge]
    group_is_whole = hits[-1][0] < edge
    return above + group if group_is_whole and len(above) + len(group) <= MOST_RESCORED else above
