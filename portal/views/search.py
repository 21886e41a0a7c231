"""The search page."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, jsonify, render_template, request, send_file, url_for

from archive_store.errors import InvalidInputError
from archive_store.identity import Role
from archive_store.permissions import Permission
from portal.access import actor, require, services
from portal.forms.search import read_chosen
from portal.services.search import FACET_TITLES, PAGE_SIZE, SORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Response

    from indexer.searcher import SearchResult

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FACET_ROWS = 8
"""So many values of a facet are shown at once."""
pages = Blueprint("search", __name__, url_prefix="/search")
EXAMPLES = {
    Role.ARCHIVIST: ("石水罚字〔2025〕5号", "文书:询问笔录 年度:2025", "取水许可 -听证"),
    Role.LEADER: ("类别:处罚 年度:2025", "采砂 文书:决定书", "当事人:张演示"),
    Role.SECRECY_REVIEWER: ("文书:笔录 密级:内部", "卷别:副卷 讨论记录", "文书:询问笔录"),
    Role.HANDLER: ("当事人:张演示 采砂", "案号:5号", "文书:询问笔录 -听证"),
}
"""What people of an office look for; the first office that a person holds counts."""


class FacetRow(NamedTuple):
    """A value of a facet: where choosing it leads, what it is called, how many hits have it."""

    address: str
    title: str
    hits: int


class Facet(NamedTuple):
    """A facet with its most frequent values, and the others."""

    name: str
    first: list[FacetRow]
    more: list[FacetRow]


@pages.get("/")
def page() -> tuple[str, int]:
    """Box, hits by case and item, facets."""
    require(Permission.SEARCH)
    query, number = request.args.get("q", "").strip(), max(request.args.get("page", 1, type=int), 1)
    chosen = read_chosen(request.args, FACET_TITLES)
    sort = request.args.get("sort", "relevance")
    search, found, refusal, others = services().search, None, "", []
    if query:
        try:
            asked = search.asked(query, chosen, sort, (number - 1) * PAGE_SIZE, PAGE_SIZE)
            found = search.search(actor(), asked, remember=number == 1)
            others = search.other_ways(actor(), asked, found)
        except InvalidInputError as error:
            refusal = error.message
    titles = search.facet_titles() if chosen or (found and found.total) else {}
    link = _links(query, sort, chosen)
    shown = render_template(
        "search.html",
        q=query,
        found=found,
        openings=search.openings(found.cases) if found else None,
        others=others,
        refusal=refusal,
        number=number,
        last=max(1, -(-found.total // PAGE_SIZE)) if found else 1,
        chosen={name: sorted(values) for name, values in chosen.items()},
        link=link,
        facets=_facets(found, chosen, titles, link) if found else [],
        sort=sort,
        sorts=SORTS,
        names=FACET_TITLES,
        titles=titles,
        examples=next((lines for role, lines in EXAMPLES.items() if role in actor().roles), ()),
    )
    return shown, 422 if refusal else 200


@pages.get("/list.xlsx")
def workbook() -> Response:
    """The list of a result as a workbook."""
    query, chosen = request.args.get("q", "").strip(), read_chosen(request.args, FACET_TITLES)
    search = services().search
    data = search.export(actor(), search.asked(query, chosen, request.args.get("sort", "relevance"), 0, PAGE_SIZE))
    return send_file(io.BytesIO(data), XLSX, as_attachment=True, download_name="检索结果.xlsx")


@pages.get("/complete")
def complete() -> Response:
    """What the box offers for what was typed so far."""
    offers = services().completion.offers(actor(), request.args.get("q", ""))
    return jsonify(offers=[asdict(offer) for offer in offers])


def _facets(
    found: SearchResult,
    chosen: Mapping[str, frozenset[str]],
    titles: Mapping[str, Mapping[str, str]],
    link: Callable[..., str],
) -> list[Facet]:
    """The facets that can still narrow what was found: with a value that is not chosen and that not all hits have."""
    facets = []
    for name, values in found.facets.items():
        taken = chosen.get(name, frozenset())
        if values.keys() <= taken or list(values.values()) == [found.total]:
            continue
        called = titles.get(name, {})
        rows = [
            FacetRow(link(add=(name, value)), called.get(value, value), count)
            for value, count in values.items()
            if value not in taken
        ]
        facets.append(Facet(name, rows[:FACET_ROWS], rows[FACET_ROWS:]))
    return facets


def _links(query: str, sort: str, chosen: Mapping[str, frozenset[str]]) -> Callable[..., str]:
    """Addresses of this search that turn to a page, add a value or leave one out, and keep the rest.

    A page has a hundred of them: what they share is put together once.
    """
    places = {to: url_for(to) for to in ("search.page", "search.workbook")}
    kept = {(name, value) for name, values in chosen.items() for value in values}
    asked, order = urlencode({"q": query}), urlencode({"sort": sort}) if sort != "relevance" else ""

    def link(
        number: int = 1,
        add: tuple[str, str] | None = None,
        drop: tuple[str, str] | None = None,
        to: str = "search.page",
    ) -> str:
        pairs = urlencode(sorted((kept | ({add} if add else set())) - {drop}))
        said = (asked, urlencode({"page": number}) if number > 1 else "", order, pairs)
        return f"{places[to]}?{'&'.join(filter(None, said))}"

    return link
