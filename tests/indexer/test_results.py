"""Grouping hits for the page."""

from __future__ import annotations

from indexer.results import group_hits
from tests.indexer.world import make_world


def test_hits_are_grouped_by_case_and_item_in_order_of_first_appearance() -> None:
    documents = make_world(41, 2).documents
    groups = group_hits([*reversed(documents)], ["采砂"])
    assert [group.document.case_id for group in groups] == ["case2", "case1"]
    for group in groups:
        assert {hit.page for hit in group.entries} == {0}
        assert [item.document.item_id for item in group.items] == [f"{group.document.case_id}-{n}" for n in (2, 1)]
        for item in group.items:
            assert item.entry is not None
            assert [hit.page for hit in item.pages] == sorted((hit.page for hit in item.pages), reverse=True)


def test_nothing_found_is_nothing_shown() -> None:
    assert group_hits([], ["采砂"]) == ()
