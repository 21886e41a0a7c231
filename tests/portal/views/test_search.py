"""The search page: links that keep what was chosen, hits that lead to their page, words for each office."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.views.search import EXAMPLES, FACET_TITLES
from tests.indexer.test_query import TYPED
from tests.portal.conftest import log_in
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.reading import Library
    from tests.proofs import ProofBook


def links(text: str, inside: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Path and query of every link in the part of the page that a pattern names."""
    part = re.search(inside, text, re.DOTALL)
    assert part, inside
    found = [urlsplit(unescape(href)) for href in re.findall(r'<a[^>]*href="([^"]*)"', part[0])]
    return [(parts.path, parse_qs(parts.query)) for parts in found]


@pytest.mark.parametrize("who", ["party", "legal", "sysadmin", "secadmin", "auditor"])
def test_offices_without_search_get_the_answer_of_nothing(library_app: Flask, who: str) -> None:
    client = log_in(library_app, who)
    assert client.get("/search/?q=采砂").status_code == 404
    assert plain(client.get("/search/?q=采砂")) == plain(client.get("/nothing/here"))


@pytest.mark.parametrize("who", ["other_handler", "reviewer"])
def test_who_has_no_reach_sees_no_hit_and_no_facet(library: Library, library_app: Flask, who: str) -> None:
    text = log_in(library_app, who).get("/search/?q=采砂").text
    assert "共 <strong>0</strong> 处" in text
    assert "data-hit" not in text
    assert 'class="facet"' not in text
    assert library.case_id not in text


def test_links_to_hits_carry_the_query_and_open_the_page(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    text = client.get("/search/?q=行洪断面").text
    paths = links(text, r'<div class="found-hits".*</section>')
    assert (f"/items/{library.book}", {"q": ["行洪断面"], "page": ["5"]}) in paths
    assert '<g class="hit is-current">' in client.get(f"/items/{library.book}?q=行洪断面&page=5").text


def test_an_entry_of_a_case_opens_the_case_and_that_of_an_item_the_reader(library: Library, library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    assert links(client.get("/search/?q=当事人:张演示").text, r'<div class="found-hits".*</section>') == [
        (f"/cases/{library.case_id}", {})
    ]
    titled = links(client.get("/search/?q=标题:询问笔录").text, r'<div class="found-item".*</section>')
    assert titled == [(f"/items/{library.statement}", {"q": ["标题:询问笔录"]})]


def test_facets_add_and_chips_take_away_and_both_keep_the_rest(library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    text = client.get("/search/?q=当事人 OR Statement&sort=date&year=2026&kind=inspection").text
    rest = {"q": ["当事人 OR Statement"], "sort": ["date"]}
    chips = [query for _, query in links(text, r'<ul class="chips".*?</ul>')]
    assert rest | {"kind": ["inspection"]} in chips
    assert rest | {"year": ["2026"]} in chips
    assert rest in chips
    facets = [query for _, query in links(text, r'<aside class="found-facets".*</aside>')]
    assert rest | {"year": ["2026"], "kind": ["inspection"], "document_type": ["inquiry_record"]} in facets
    assert all(query.items() >= (rest | {"year": ["2026"], "kind": ["inspection"]}).items() for query in facets)


def test_paging_keeps_order_and_conditions(library_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.views.search.PAGE_SIZE", 2)
    client = log_in(library_app, "archivist")
    rest = {"q": ["当事人 OR 另有 OR 立即"], "sort": ["date"], "year": ["2026"]}
    text = client.get("/search/?q=当事人 OR 另有 OR 立即&sort=date&year=2026&page=2").text
    pages = [query for _, query in links(text, r'<nav aria-label="分页".*?</nav>')]
    assert pages[0] == rest
    assert "第 2 / 2 页" in text


def test_count_time_date_and_level_stand_with_the_hits(library_app: Flask) -> None:
    text = log_in(library_app, "archivist").get("/search/?q=Statement").text
    assert re.search(r"共 <strong>2</strong> 处.*用时 \d+\.\d\d 秒", text)
    assert "2026年11月3日" in text
    assert "内部 · 个人隐私" in text


def test_the_example_line_is_of_the_office(library_app: Flask) -> None:
    seen = {
        who: log_in(library_app, who).get("/search/").text for who in ("archivist", "handler", "leader", "reviewer")
    }
    examples = {who: re.search(r'id="examples">(.*?)</p>', text, re.DOTALL) for who, text in seen.items()}
    assert len({found[1] for found in examples.values() if found}) == len(EXAMPLES)


def test_every_example_can_be_read(library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    for line in {line for lines in EXAMPLES.values() for line in lines}:
        assert client.get("/search/", query_string={"q": line}).status_code == 200, line


def test_a_query_that_cannot_be_read_says_what_to_type(library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    assert client.get("/search/?q=(((").status_code == 422
    assert "括号没有配对" in client.get("/search/?q=(((").text
    assert client.get("/search/?q=采砂&page=100000000").status_code == 422
    assert client.get("/search/?q=采砂&nonsense=1").status_code == 200


def test_whatever_is_typed_gives_a_result_or_a_message(library_app: Flask, proofs: ProofBook, *, full: bool) -> None:
    client, wrong = log_in(library_app, "archivist"), 0

    @settings(max_examples=10_000 if full else 300, deadline=None)
    @given(TYPED, st.sampled_from(["relevance", "date", "x"]), st.integers(-5, 600))
    def holds(query: str, sort: str, page: int) -> None:
        nonlocal wrong
        said = {"q": query.encode("utf-8", "replace"), "sort": sort, "page": page}
        answer = client.get("/search/", query_string=said)
        shown = 'id="summary"' in answer.text or not query.strip()
        wrong += not (answer.status_code == 200 and shown) and not (
            answer.status_code == 422 and 'role="alert"' in answer.text
        )
        assert wrong == 0, (answer.status_code, query)

    holds()
    proofs.record("typed texts that the search page did not answer", wrong, "0", wrong == 0)


def test_a_facet_of_which_nothing_is_left_to_choose_is_not_shown(library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    assert "facet-kind" not in client.get("/search/?q=采砂&kind=inspection").text
    nothing = client.get("/search/?q=不存在的词句&kind=inspection&late=filing").text
    assert 'class="facet"' not in nothing
    assert "去掉条件" in nothing


def test_every_facet_has_a_title() -> None:
    from indexer.fields import FACETS  # noqa: PLC0415

    assert set(FACET_TITLES) == set(FACETS)
