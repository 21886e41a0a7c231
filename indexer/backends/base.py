"""What every search backend offers, and what is asked and answered.

A backend holds partitions (label and volume). It finds documents by conditions, counts exactly, and orders them
without any statistic of the index: equal inputs over equal visible documents give equal answers, whatever else the
index holds. One process writes; any number read. Every write is durable when the call returns, and may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from indexer.conditions import EVERYTHING, Condition, Without, all_of, has, in_scope
from indexer.fields import Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive_store.labels import Partition
    from indexer.documents import PageDocument
    from indexer.ranking import Ranking

FACET_FIELDS: Mapping[str, str] = MappingProxyType({"year": "year_text"})
"""Where a facet has another name in the index than outside."""
NO_FILTERS: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """What to do in one partition: first leave out cases and documents, then add documents (which replace equals)."""

    partition: Partition
    add: Sequence[PageDocument] = ()
    remove_pages: Sequence[str] = ()
    remove_cases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search over the given partitions and no others.

    `scope` are access tokens of which a document must carry one; None means that every document of the partitions
    may be found. `filters` are chosen facet values: within a facet any of them, all facets together. `excluded`
    are ids of documents that the database has refused. `offset` and `size` count documents.
    """

    condition: Condition
    partitions: tuple[Partition, ...]
    scope: frozenset[str] | None = None
    filters: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FILTERS)
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    size: int = 20
    ranking: Ranking | None = None
    facets: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    item_id: str = ""

    @property
    def full_condition(self) -> Condition:
        """The condition with scope, filters and what is left out."""
        return all_of(EVERYTHING, self.condition, self.reach)

    @property
    def reach(self) -> Condition:
        """Scope, filters and what is left out, whatever is asked for."""
        parts: list[Condition] = [] if self.scope is None else [in_scope(self.scope)]
        parts += [has(FACET_FIELDS.get(name, name), *values) for name, values in sorted(self.filters.items()) if values]
        if self.item_id:
            parts.append(has("item", self.item_id))
        if self.excluded:
            parts.append(Without(has("id", *self.excluded)))
        return all_of(EVERYTHING, *parts)


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """The exact number of hits, the asked stretch of them in order, and exact counts of facet values."""

    total: int
    hits: tuple[PageDocument, ...]
    facets: Mapping[str, Mapping[str, int]]


class Answers(Protocol):
    """What answers searches; all that a searcher needs."""

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer a search, as `SearchBackend.search` does."""
        ...


@runtime_checkable
class SearchBackend(Protocol):
    """A place that holds index documents; see the module's rules.

    Raises UnavailableError where the engine does not answer or another process writes.
    """

    def open(self) -> None:
        """Get ready to search; called once before anything else."""

    def close(self) -> None:
        """Give back what is held; what was written stays."""

    @property
    def generation(self) -> int:
        """A number that grows with every write that a search may see."""

    @property
    def needs_rebuild(self) -> bool:
        """Whether what is there was written for another form of the index (or nothing is there yet)."""

    def partitions(self) -> tuple[Partition, ...]:
        """The partitions that exist, sorted by name."""

    def apply(self, changes: Iterable[Change]) -> int:
        """Carry out changes and make them durable, one partition after the other; gives the new generation."""

    def replace_case(self, case_id: str, documents: Iterable[PageDocument]) -> int:
        """Make these the only documents of the case, in all partitions; first removes, then adds."""

    def delete_case(self, case_id: str) -> int:
        """Leave nothing of the case in any partition."""

    def page_ids(self, case_id: str) -> Mapping[str, Partition]:
        """Every document of a case with the partition it lies in, for reconciliation."""

    def case_ids(self) -> frozenset[str]:
        """Every case of which anything is indexed, for reconciliation."""

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer a search."""

    def count(self, request: SearchRequest) -> int:
        """The exact number of hits."""

    def clear(self) -> None:
        """Leave an empty index."""

    def start_rebuild(self) -> SearchBackend:
        """An empty index beside the live one, to be filled while the live one answers."""

    def finish_rebuild(self, rebuilt: SearchBackend) -> None:
        """Put the index made by `start_rebuild` in the place of the live one."""
