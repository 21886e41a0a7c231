"""A backend that holds nothing and finds nothing: for commands that need no search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.backends.base import Change, SearchRequest, SearchResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archive_store.labels import Partition
    from indexer.backends.base import SearchBackend
    from indexer.documents import PageDocument


class NullBackend:
    """Accepts every call; its index stays empty."""

    generation = 0
    needs_rebuild = False

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def partitions(self) -> tuple[Partition, ...]:
        """None."""
        return ()

    def apply(self, changes: Iterable[Change]) -> int:
        """Let the changes go."""
        for _ in changes:
            pass
        return self.generation

    def replace_case(self, case_id: str, documents: Iterable[PageDocument]) -> int:  # noqa: ARG002 - the protocol's names
        """Let the documents go."""
        return self.generation

    def delete_case(self, case_id: str) -> int:  # noqa: ARG002 - the protocol's names
        """Nothing to delete."""
        return self.generation

    def page_ids(self, case_id: str) -> Mapping[str, Partition]:  # noqa: ARG002 - the protocol's names
        """None."""
        return {}

    def case_ids(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def search(self, request: SearchRequest) -> SearchResponse:
        """No hit."""
        return SearchResponse(0, (), {name: {} for name in request.facets})

    def count(self, request: SearchRequest) -> int:  # noqa: ARG002 - the protocol's names
        """No hit."""
        return 0

    def clear(self) -> None:
        """Already empty."""

    def start_rebuild(self) -> SearchBackend:
        """As empty as this one."""
        return NullBackend()

    def finish_rebuild(self, rebuilt: SearchBackend) -> None:
        """Nothing changes."""
