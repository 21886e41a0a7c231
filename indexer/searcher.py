"""One search from what was typed to what is shown.

Read the query, compile it with the scope, ask the backend, have every hit checked again by the caller's database,
then mark and group. A hit that the database refuses is left out of the count and the facets too: the search is
asked again without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from indexer.backends.base import NO_FILTERS, SearchRequest, SearchResponse
from indexer.compiler import compile_query, forms_of
from indexer.fields import FACETS, Sort
from indexer.query import parse
from indexer.query_tree import Near, Query, QueryError, Question, Term, free_terms, leaves
from indexer.ranking import Ranking
from indexer.results import CaseGroup, ItemHits, group_hits
from indexer.wording import content_bigrams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archive_store.labels import Partition
    from indexer.backends.base import Answers
    from indexer.weights import Weights

    Recheck = Callable[[Sequence[str]], set[str]]
    """Given ids of documents, those of them that the reader may see now."""

MOST_HITS = 100
DEEPEST = 10_000
MOST_PAGES = 5_000
"""Hits in one item; no file has more pages."""
_PROBE = 500
"""Once a hit was refused, so many are checked at a time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the reader may find: these partitions, and in them what carries one of the tokens (None: everything).

    `names` are the tokens of documents whose persons the reader may know and so ask for by name (None: all).
    """

    partitions: tuple[Partition, ...] = ()
    tokens: frozenset[str] | None = frozenset()
    names: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked: the typed query, chosen facet values, order, and which stretch of the hits."""

    query: str
    filters: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FILTERS)
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    size: int = 20
    item_id: str = ""
    """Only hits in this item (for the reader's list of hits in a file)."""

    @property
    def plain_filters(self) -> dict[str, list[str]]:
        """The chosen values in a fixed order, as they are kept and as they stand in an address."""
        return {name: sorted(values) for name, values in sorted(self.filters.items())}


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What is shown: `total` hits in all, the asked ones by case and item, counts of facet values.

    `as_question` tells that nothing held the words as they were typed, and pages with some of them are shown.
    `terms` are what was marked. `seconds` is how long the answer took.
    """

    total: int
    cases: tuple[CaseGroup, ...]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    terms: tuple[str, ...] = ()
    as_question: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FoundIds:
    """A search of which nothing is shown: hits in all, and the ids of the asked stretch."""

    total: int
    ids: tuple[str, ...]


class Searcher:
    """Answers searches over a backend; `document_types` are the codes and titles that 文书: knows."""

    def __init__(self, backend: Answers, weights: Weights, document_types: Mapping[str, str]) -> None:
        self._backend = backend
        self._weights = weights
        self._document_types = document_types

    def search(self, search: Search, scope: Scope, recheck: Recheck) -> SearchResult:
        """Answer a search.

        Raises QueryError with a message for the person, UnavailableError where the engine does not answer.
        """
        _check_bounds(search)
        response, terms, as_question = self._answer(search, scope, recheck, () if search.item_id else FACETS)
        cases = group_hits(response.hits, terms)
        return SearchResult(response.total, cases, response.facets, terms, as_question)

    def ids(self, search: Search, scope: Scope, recheck: Recheck) -> FoundIds:
        """The same answer for who shows nothing of it: without extracts, marks and facets; errors as for `search`."""
        _check_bounds(search)
        response, _, _ = self._answer(search, scope, recheck, ())
        return FoundIds(response.total, tuple(hit.page_id for hit in response.hits))

    def total(self, search: Search, scope: Scope, recheck: Recheck) -> int:
        """How many hits the words have as they were typed, never as a question; errors as for `search`."""
        _check_bounds(search)
        counted = replace(search, sort=Sort.ARCHIVAL_CODE, offset=0, size=1)  # an order that needs no rescoring
        return self._ask(parse(search.query, self._document_types).tree, counted, scope, recheck, ()).total

    def check(self, search: Search) -> None:
        """Read a query and ask nothing; raises QueryError with a message for the person."""
        _check_bounds(search)
        _known_filters(search.filters)
        parse(search.query, self._document_types)

    def in_item(self, query: str, item_id: str, scope: Scope, recheck: Recheck) -> ItemHits:
        """The pages of an item that a query finds, as a search of the archive would find them; in order of pages.

        A query that cannot be read finds nothing. Raises UnavailableError where the engine does not answer.
        """
        search = Search(query, sort=Sort.ARCHIVAL_CODE, size=MOST_PAGES, item_id=item_id)
        try:
            response, terms, as_question = self._answer(search, scope, recheck, ())
        except QueryError:
            return ItemHits()
        return ItemHits(tuple(hit for hit in response.hits if hit.page), terms, as_question)

    def _answer(
        self, search: Search, scope: Scope, recheck: Recheck, facets: tuple[str, ...]
    ) -> tuple[SearchResponse, tuple[str, ...], bool]:
        """The response, what it marks, and whether the words were taken as a question."""
        parsed = parse(search.query, self._document_types)
        response = self._ask(parsed.tree, search, scope, recheck, facets)
        if response.total or parsed.question is None:
            return response, marked_terms(parsed.tree), False
        return self._ask(parsed.question, search, scope, recheck, facets), marked_terms(parsed.question), True

    def _ranking(self, tree: Query) -> Ranking:
        wanted = free_terms(tree)
        of_question = any(isinstance(leaf, Question) for leaf in wanted)
        return Ranking([leaf.text for leaf in wanted], self._weights, of_question=of_question)

    def _ask(
        self, tree: Query, search: Search, scope: Scope, recheck: Recheck, facets: tuple[str, ...]
    ) -> SearchResponse:
        request = SearchRequest(
            condition=compile_query(tree, scope.names),
            partitions=scope.partitions,
            scope=scope.tokens,
            filters=_known_filters(search.filters),
            sort=search.sort,
            offset=search.offset,
            size=search.size,
            ranking=self._ranking(tree) if search.sort is Sort.RELEVANCE else None,
            facets=facets,
            item_id=search.item_id,
        )
        while True:
            response = self._backend.search(request)
            if not _refused(response, recheck):
                return response
            wider = self._backend.search(replace(request, size=_PROBE, facets=()))
            request = replace(request, excluded=request.excluded | _refused(wider, recheck))


def _refused(response: SearchResponse, recheck: Recheck) -> frozenset[str]:
    """The hits that the database does not let the reader see."""
    shown = [hit.page_id for hit in response.hits]
    return frozenset(shown) - recheck(shown) if shown else frozenset()


def marked_terms(tree: Query) -> tuple[str, ...]:
    """The terms to mark: wanted ones, with or without a field; of a question its meaningful pairs of characters."""
    found: list[str] = []
    for leaf, wanted in leaves(tree):
        if wanted and isinstance(leaf, Question):
            found += content_bigrams(leaf.text)
        elif wanted and isinstance(leaf, Near):
            found += [*forms_of(leaf.first), *forms_of(leaf.second)]
        elif wanted and isinstance(leaf, Term):
            found += forms_of(leaf)
    return tuple(dict.fromkeys(found))


def _known_filters(filters: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    unknown = filters.keys() - set(FACETS)
    if unknown:
        raise QueryError("没有这个筛选项。请从左侧列出的筛选项中选择。")
    return {name: frozenset(values) for name, values in filters.items() if values}


def _check_bounds(search: Search) -> None:
    if not 1 <= search.size <= MOST_HITS or search.offset < 0:
        raise QueryError(f"每页可显示 1 到 {MOST_HITS} 条。")
    if search.offset + search.size > DEEPEST:
        raise QueryError(f"只能翻到前 {DEEPEST} 条。请加上年度、类别等条件缩小范围。")
