"""The order of a result, the same for every engine.

By relevance: the engine gives the best hits by constant scores; `RESCORED` of them (whole groups of equal score, or
none of a group) are rescored from their own pages, equals stand in archival order; all other hits follow by tiers
(pages that hold every word often before those that hold it less often), each in archival order. Where the cut falls is
decided by visible documents only, and inside a group of equals the engine's own order, which hidden documents could
move, is never used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from indexer.backends.base import SearchRequest, SearchResponse
from indexer.conditions import EVERYTHING, AllOf, Condition, Without, all_of, has
from indexer.fields import Sort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from indexer.documents import PageDocument
    from indexer.ranking import Clause, Ranking

Ref = TypeVar("Ref")
"""An engine's own way to name a document."""

RESCORED = 150
"""So many hits are rescored if the groups of equals allow it."""
MOST_RESCORED = 300
"""A group of equals that would lead beyond this is left out whole."""
FOR_A_QUESTION = 2
"""Of a question so many times as many: its best page may hold few of its words, where every hit of words holds all."""
MANY = 5_000
"""Of more hits than these the first tier is looked at before anything is scored: it often settles the matter."""


class Candidate(NamedTuple):
    """A hit that is to be rescored: its id, its place in archival order, its payload for stage 2."""

    page_id: str
    order: str
    payload: bytes


class Engine(Protocol[Ref]):
    """What an engine does for one request."""

    def counted(self, condition: Condition, facets: Sequence[str]) -> tuple[int, Mapping[str, Mapping[str, int]]]:
        """The exact number of hits, and of each value of the facets among them."""

    def best(
        self, condition: Condition, clauses: Sequence[Clause], limit: int, total: int
    ) -> Sequence[tuple[float, Ref]]:
        """The best `limit` of `total` hits by stage 1, best first, equals in any order."""

    def listing(self, condition: Condition, sort: Sort, limit: int) -> tuple[int, Sequence[Ref]]:
        """The number of hits and the first `limit` of them in a fixed order."""

    def candidates(self, refs: Sequence[Ref]) -> Sequence[Candidate]:
        """What stage 2 needs of the hits."""

    def documents(self, refs: Sequence[Ref]) -> Sequence[PageDocument]:
        """The documents themselves."""


def answer(engine: Engine[Ref], request: SearchRequest) -> SearchResponse:
    """Answer a request with an engine."""
    ranking = request.ranking if request.sort is Sort.RELEVANCE else None
    counts: Mapping[str, Mapping[str, int]] = {}
    hits: Sequence[Ref] = ()
    if ranking is not None and ranking.clauses:
        total, counts = engine.counted(request.full_condition, request.facets)
        if total > request.offset:
            hits = _ranked(engine, request, ranking, total)
    else:
        sort = Sort.ARCHIVAL_CODE if request.sort is Sort.RELEVANCE else request.sort
        total, first = engine.listing(request.full_condition, sort, request.offset + request.size)
        hits = first[request.offset :]
        if request.facets:
            _, counts = engine.counted(request.full_condition, request.facets)
    documents = engine.documents(hits) if hits else ()
    return SearchResponse(total, tuple(documents), {name: _sorted(counts[name]) for name in request.facets})


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    """Facet values, the most frequent first, equals by value."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _ranked(engine: Engine[Ref], request: SearchRequest, ranking: Ranking, total: int) -> list[Ref]:
    first = _first_tier(engine, request, ranking, total)
    chosen = [] if first else _chosen(engine, request, ranking, total)
    candidates = engine.candidates(chosen)
    scores = ranking.scores([candidate.payload for candidate in candidates])
    order = sorted(range(len(chosen)), key=lambda n: (-scores[n], candidates[n].order))
    end = request.offset + request.size
    hits = [chosen[n] for n in order[request.offset : end]]
    if end > len(chosen) and total > len(chosen):
        rescored = (Without(has("id", *(c.page_id for c in candidates))),) if chosen else ()
        start = max(request.offset - len(chosen), 0)
        others = all_of(request.full_condition, *rescored)
        hits += _by_tiers(engine, others, ranking.tiers, start, end - len(chosen) - start, first)
    return hits


def _first_tier(
    engine: Engine[Ref], request: SearchRequest, ranking: Ranking, total: int
) -> tuple[int, Sequence[Ref]] | None:
    """The first tier, which is the first group of equals, as far as it is asked for; None if it can be rescored."""
    if total <= MANY or not ranking.tiers:
        return None
    tier, most = ranking.tiers[0], MOST_RESCORED * _times(ranking)
    # of several words first in all that may be reached: that is soon counted, and mostly says that the tier is small
    if isinstance(tier, AllOf) and engine.counted(all_of(request.reach, tier), ())[0] <= most:
        return None
    listed = engine.listing(all_of(request.full_condition, tier), Sort.ARCHIVAL_CODE, request.offset + request.size)
    return listed if listed[0] > most else None


def _chosen(engine: Engine[Ref], request: SearchRequest, ranking: Ranking, total: int) -> list[Ref]:
    """The hits to rescore."""
    aim, most = RESCORED * _times(ranking), MOST_RESCORED * _times(ranking)
    clauses = ranking.clauses if total > most else ()  # where all are rescored their first order does not matter
    best = engine.best(request.full_condition, clauses, most + 1, total)
    return [ref for _, ref in whole_groups(best, total, aim, most)]


def _times(ranking: Ranking) -> int:
    return FOR_A_QUESTION if ranking.of_question else 1


def _by_tiers(
    engine: Engine[Ref],
    condition: Condition,
    tiers: Sequence[Condition],
    offset: int,
    size: int,
    first: tuple[int, Sequence[Ref]] | None,
) -> list[Ref]:
    """A stretch of the hits that are not rescored: tier by tier, each in archival order, and then what is in none.

    `first` is the first tier where it is listed already.
    """
    hits: list[Ref] = []
    left = condition
    for tier in (*tiers, EVERYTHING):
        wanted = offset + size - len(hits)
        count, refs = first or engine.listing(all_of(left, tier), Sort.ARCHIVAL_CODE, wanted)
        hits += refs[offset:]
        if len(hits) == size:
            break
        offset, left, first = max(offset - count, 0), all_of(left, Without(tier)), None
    return hits


def whole_groups(best: Sequence[tuple[float, Ref]], total: int, aim: int, most: int) -> list[tuple[float, Ref]]:
    """The hits to rescore: all if they are few, else the best groups of equal score, about `aim` and never over `most`.

    `best` are the first `most` and one of `total` hits.
    """
    hits = list(best)
    if total <= most:
        return hits
    edge = hits[aim][0]
    above = [hit for hit in hits if hit[0] > edge]
    group = [hit for hit in hits if hit[0] == edge]
    group_is_whole = hits[-1][0] < edge
    return above + group if group_is_whole and len(above) + len(group) <= most else above
