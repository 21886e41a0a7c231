"""One request answered by the embedded engine: the same steps over every permitted partition, then merged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tantivy import DocAddress, Document, Order, Searcher, SearchResult

from indexer.backends.base import FACET_FIELDS
from indexer.backends.embedded_query import condition_query, scored_query
from indexer.backends.form import SORT_FIELDS
from indexer.backends.merging import Candidate
from indexer.documents import PageDocument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from indexer.conditions import Condition
    from indexer.fields import Sort
    from indexer.ranking import Clause

Ref = tuple[int, DocAddress]
MOST_FACET_VALUES = 10_000
SPARSE = 25
"""Where at most one document of so many is a hit, each hit is asked for its clauses; else clauses are gone through."""
_TOTAL = "total"
"""What the number of hits is called among the facets; every document has its place in archival order."""


def total_of(found: SearchResult) -> int:
    """The number of all hits; the library's type stub forgets it."""
    return int(found.count)  # type: ignore[attr-defined]


def value(document: Document, name: str) -> Any:  # noqa: ANN401 - text or bytes, as the schema says
    """A stored value that every document has."""
    return document.get_first(name)


class EmbeddedEngine:
    """Searchers of the partitions that a request may use; a reference is the searcher's number and an address."""

    def __init__(self, searchers: Sequence[Searcher]) -> None:
        self._searchers = searchers

    def counted(self, condition: Condition, facets: Sequence[str] = ()) -> tuple[int, Mapping[str, Mapping[str, int]]]:
        """The number of hits and counts of facet values, added up over the partitions; one pass gives both."""
        query = condition_query(condition)
        if not facets:
            return sum(total_of(searcher.search(query, 1)) for searcher in self._searchers), {}
        asked: dict[str, Any] = {_TOTAL: {"value_count": {"field": "order"}}}
        for name in facets:
            asked[name] = {"terms": {"field": FACET_FIELDS.get(name, name), "size": MOST_FACET_VALUES}}
        total, counts = 0, {name: Counter[str]() for name in facets}
        for searcher in self._searchers:
            found = searcher.aggregate(query, asked)
            total += int(found[_TOTAL]["value"])
            for name in facets:
                counts[name].update({bucket["key"]: bucket["doc_count"] for bucket in found[name]["buckets"]})
        return total, counts

    def best(self, condition: Condition, clauses: Sequence[Clause], limit: int, total: int) -> list[tuple[float, Ref]]:
        """The best hits of all partitions together."""
        sparse = total * SPARSE <= sum(searcher.num_docs for searcher in self._searchers)
        query = scored_query(condition, clauses, sparse=sparse)
        hits: list[tuple[float, Ref]] = []
        for number, searcher in enumerate(self._searchers):
            found = searcher.search(query, limit, count=False)
            hits += [(score, (number, address)) for score, address in found.hits]
        hits.sort(key=lambda hit: -hit[0])
        return hits[:limit]

    def listing(self, condition: Condition, sort: Sort, limit: int) -> tuple[int, list[Ref]]:
        """The first hits of all partitions by an order key."""
        query = condition_query(condition)
        total = 0
        keyed: list[tuple[str, Ref]] = []
        for number, searcher in enumerate(self._searchers):
            found = searcher.search(query, max(limit, 1), order_by_field=SORT_FIELDS[sort], order=Order.Asc)
            total += total_of(found)
            keyed += [(key, (number, address)) for key, address in found.hits]
        keyed.sort(key=lambda pair: pair[0])
        return total, [ref for _, ref in keyed[:limit]]

    def candidates(self, refs: Sequence[Ref]) -> list[Candidate]:
        """Id, order and payload, without reading the document itself."""
        stored = (self._searchers[number].doc(address) for number, address in refs)
        return [Candidate(*(value(doc, name) for name in ("id", "order", "payload"))) for doc in stored]

    def documents(self, refs: Sequence[Ref]) -> list[PageDocument]:
        """The stored documents."""
        stored = (self._searchers[number].doc(address) for number, address in refs)
        return [PageDocument.from_stored(value(doc, "document")) for doc in stored]
