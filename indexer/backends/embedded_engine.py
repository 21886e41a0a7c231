"""One request answered by the embedded engine: the same steps over every permitted partition, then merged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tantivy import DocAddress, Document, Order, Searcher, SearchResult

from indexer.backends.embedded_query import condition_query, scored_query
from indexer.backends.embedded_schema import places
from indexer.backends.form import SORT_FIELDS, counts_of, facet_counts
from indexer.documents import PageDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from indexer.backends.helpers import Helpers
    from indexer.backends.merging import Candidate
    from indexer.backends.payloads import Payloads
    from indexer.conditions import Condition
    from indexer.fields import Sort
    from indexer.ranking import Clause


class Part(NamedTuple):
    """What answers for one partition."""

    searcher: Searcher
    payloads: Payloads


Ref = tuple[int, DocAddress]
Answer = TypeVar("Answer")
DIVIDED_FROM = 50_000
"""Documents from which on partitions are asked at the same time: for fewer it takes longer to hand them on."""
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
    """The partitions that a request may use; a reference is the number of one of them and an address in it.

    With `helpers`, partitions of a large index are asked at the same time as far as those have nothing else to do.
    """

    def __init__(self, parts: Sequence[Part], helpers: Helpers | None = None) -> None:
        self._parts = parts
        self._searchers = [part.searcher for part in parts]
        self._documents = sum(searcher.num_docs for searcher in self._searchers)
        self._helpers = helpers if self._documents > DIVIDED_FROM else None

    def counted(self, condition: Condition, facets: Sequence[str] = ()) -> tuple[int, Mapping[str, Mapping[str, int]]]:
        """The number of hits and counts of facet values, added up over the partitions; one pass gives both."""
        query = condition_query(condition)
        if not facets:
            return sum(self._each(lambda searcher: total_of(searcher.search(query, 1)))), {}
        asked = {_TOTAL: {"value_count": {"field": "order"}}, **facet_counts(facets)}
        total, counts = 0, {name: Counter[str]() for name in facets}
        for found in self._each(lambda searcher: searcher.aggregate(query, asked)):
            total += int(found[_TOTAL]["value"])
            for name in facets:
                counts[name].update(counts_of(found[name]))
        return total, counts

    def best(self, condition: Condition, clauses: Sequence[Clause], limit: int, total: int) -> list[tuple[float, Ref]]:
        """The best hits of all partitions together."""
        query = scored_query(condition, clauses, sparse=total * SPARSE <= self._documents)
        hits: list[tuple[float, Ref]] = []
        for number, found in enumerate(self._each(lambda searcher: searcher.search(query, limit, count=False))):
            hits += [(score, (number, address)) for score, address in found.hits]
        hits.sort(key=lambda hit: -hit[0])
        return hits[:limit]

    def listing(self, condition: Condition, sort: Sort, limit: int) -> tuple[int, list[Ref]]:
        """The first hits of all partitions by an order key."""
        query, most, field = condition_query(condition), max(limit, 1), SORT_FIELDS[sort]
        total = 0
        keyed: list[tuple[str, Ref]] = []
        first = self._each(lambda searcher: searcher.search(query, most, order_by_field=field, order=Order.Asc))
        for number, found in enumerate(first):
            total += total_of(found)
            keyed += [(key, (number, address)) for key, address in found.hits]
        keyed.sort(key=lambda pair: pair[0])
        return total, [ref for _, ref in keyed[:limit]]

    def candidates(self, refs: Sequence[Ref]) -> list[Candidate]:
        """Id, order and payload, partition by partition, in the order in which they are asked for."""
        of_part: dict[int, list[int]] = {}
        for n, (number, _) in enumerate(refs):
            of_part.setdefault(number, []).append(n)
        made: dict[int, Candidate] = {}
        for number, asked in of_part.items():
            part = self._parts[number]
            found = part.payloads.candidates(places(part.searcher, [refs[n][1] for n in asked]))
            made |= zip(asked, found, strict=True)
        return [made[n] for n in range(len(refs))]

    def documents(self, refs: Sequence[Ref]) -> list[PageDocument]:
        """The stored documents."""
        stored = (self._searchers[number].doc(address) for number, address in refs)
        return [PageDocument.from_stored(value(doc, "document")) for doc in stored]

    def _each(self, ask: Callable[[Searcher], Answer]) -> list[Answer]:
        """The answers of all searchers, in their order."""
        if self._helpers is None:
            return [ask(searcher) for searcher in self._searchers]
        return self._helpers.each(ask, self._searchers)
