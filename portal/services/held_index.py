"""The index as people search it: without cases whose label changed until the index has followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.models.work import IndexHold
from indexer.conditions import Without, all_of, has

if TYPE_CHECKING:
    from indexer.backends.base import Answers, SearchRequest, SearchResponse
    from portal.services.desk import Desk


_HELD = select(IndexHold.case_id)


class HeldIndex:
    """Answers searches over a backend; counts and facets leave held cases out too."""

    def __init__(self, desk: Desk, backend: Answers) -> None:
        self._desk = desk
        self._backend = backend

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer a search. What is held is asked first: a hold ends only after the index has followed."""
        with self._desk.database.read() as session:
            held = session.scalars(_HELD).all()
        if held:
            request = replace(request, condition=all_of(request.condition, Without(has("case", *held))))
        return self._backend.search(request)
