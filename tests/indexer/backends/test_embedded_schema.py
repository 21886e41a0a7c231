"""How a document becomes the engine's: every token that a condition may ask for is there."""

from __future__ import annotations

from dataclasses import replace

import tantivy

from indexer.analysis import Analysed
from indexer.backends.embedded_schema import places, register, schema, to_engine
from tests.indexer.world import make_world


def held(document: tantivy.Document, field: str, token: str) -> bool:
    index = register(tantivy.Index(schema()))
    writer = index.writer(15_000_000, 1)
    writer.add_document(document)
    writer.commit()
    index.reload()
    return bool(index.searcher().search(tantivy.Query.term_query(schema(), field, token), 1).hits)


def test_tokens_of_each_field_are_there() -> None:
    page = replace(
        make_world(1, 1).pages[0], text="采砂采砂，号12345", tail="砂", year=2025, tokens=frozenset({"case:a"})
    )
    made = to_engine(page, Analysed(page.text), 7)
    for field, token in {
        "bi": "采砂",
        "uni": "^1234",
        "repeats": "采砂2",
        "seam": "R1:砂",
        "scope": "case:a",
        "id": page.page_id,
        "case": page.case_id,
        "grade": "page",
        "year_text": "2025",
        "level": page.level,
    }.items():
        assert held(made, field, token), field


def test_the_places_of_payloads_are_read_of_some_documents_or_of_all() -> None:
    index = register(tantivy.Index(schema()))
    writer = index.writer(15_000_000, 1)
    for place, page in enumerate(make_world(1, 1).pages[:3], 5):
        writer.add_document(to_engine(page, Analysed(page.text), place))
    assert places(index.searcher()) == []
    writer.commit()
    index.reload()
    searcher = index.searcher()
    addresses = [address for _, address in searcher.search(tantivy.Query.all_query(), 3).hits]
    assert sorted(places(searcher)) == [5, 6, 7]
    assert places(searcher, addresses[::-1]) == places(searcher)[::-1]


def test_what_a_document_lacks_is_not_indexed_as_an_empty_word() -> None:
    page = replace(make_world(1, 1).pages[0], year=None, day=None, stage="", kind="")
    made = to_engine(page, Analysed(page.text), 1)
    assert not held(made, "stage", "")
    assert not held(made, "kind", "")
