"""One request answered by the embedded engine: the same steps over every permitted partition, then merged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tantivy import DocAddress, Document, Order, Searcher, SearchResult

from indexer.backends.base import FACET_FIELDS
from indexer.backends.embedded_query import condition_query, scored_query
from indexer.backends.form import SORT_FIELDS
from indexer.backends.merging import Candidate, Top
from indexer.documents import PageDocument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from indexer.conditions import Condition
    from indexer.fields import Sort
    from indexer.ranking import Clause

Ref = tuple[int, DocAddress]
MOST_FACET_VALUES = 10_000


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

    def count(self, condition: Condition) -> int:
        """The exact number of hits."""
        query = condition_query(condition)
        return sum(total_of(searcher.search(query, 1)) for searcher in self._searchers)

    def top(self, condition: Condition, clauses: Sequence[Clause], limit: int) -> Top[Ref]:
        """The best hits of all partitions together."""
        query = scored_query(condition, clauses)
        total = 0
        hits: list[tuple[float, Ref]] = []
        for number, searcher in enumerate(self._searchers):
            found = searcher.search(query, limit)
            total += total_of(found)
            hits += [(score, (number, address)) for score, address in found.hits]
        hits.sort(key=lambda hit: -hit[0])
        return Top(total, hits[:limit])

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

    def facets(self, condition: Condition, names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Counts of facet values, added up over the partitions."""
        query = condition_query(condition)
        asked = {name: {"terms": {"field": FACET_FIELDS.get(name, name), "size": MOST_FACET_VALUES}} for name in names}
        counts: dict[str, Counter[str]] = {name: Counter() for name in names}
        for searcher in self._searchers:
            for name, found in searcher.aggregate(query, asked).items():
                counts[name].update({bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]})
        return counts
