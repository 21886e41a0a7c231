"""The backend that holds nothing."""

from __future__ import annotations

from indexer.backends.base import Change, SearchBackend, SearchRequest
from indexer.backends.null import NullBackend
from indexer.conditions import EVERYTHING
from indexer.fields import FACETS
from tests.indexer.world import make_world


def test_it_keeps_the_protocol_and_finds_nothing() -> None:
    backend, world = NullBackend(), make_world(1, 1)
    assert isinstance(backend, SearchBackend)
    backend.open()
    generation = backend.apply([Change(world.partitions[0], add=world.documents)])
    assert backend.replace_case("case1", world.documents) == backend.delete_case("case1") == generation
    request = SearchRequest(EVERYTHING, world.partitions, facets=FACETS)
    assert backend.count(request) == backend.search(request).total == 0
    assert backend.search(request).facets == {name: {} for name in FACETS}
    assert (backend.partitions(), backend.page_ids("case1"), backend.case_ids()) == ((), {}, frozenset())
    backend.finish_rebuild(backend.start_rebuild())
    backend.clear()
    backend.close()
