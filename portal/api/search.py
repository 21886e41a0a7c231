"""Search as JSON: the same service, policy and answers as the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, request

from archive_store.errors import InvalidInputError
from archive_store.permissions import Permission
from archive_store.vocabulary import Late
from portal.access import actor, require, services
from portal.api.description import DESCRIPTION, PARAMETERS
from portal.forms.search import read_chosen
from portal.services.search import FACET_TITLES, PAGE_SIZE, SORTS

if TYPE_CHECKING:
    from flask import Response

    from indexer.documents import PageDocument
    from indexer.results import CaseGroup, Hit, ItemGroup
    from indexer.searcher import SearchResult
    from portal.services.search import Openings, OtherWay

pages = Blueprint("api", __name__, url_prefix="/api/v1")


@pages.get("/search")
def search() -> Response:
    """Answer a search."""
    require(Permission.SEARCH)
    args = request.args
    if unknown := [name for name in args if name not in PARAMETERS]:
        raise InvalidInputError(f"不认识的参数“{unknown[0]}”。可以用：{'、'.join(PARAMETERS)}。", field=unknown[0][:60])
    query, sort = args.get("q", "").strip(), args.get("sort", "relevance")
    page, size = _number("page", 1), _number("size", PAGE_SIZE)
    if sort not in SORTS:
        raise InvalidInputError(f"没有这种排序。可以用：{'、'.join(SORTS)}。", field="sort")
    service = services().search
    asked = service.asked(query, read_chosen(args, FACET_TITLES), sort, (page - 1) * size, size)
    found = service.search(actor(), asked)
    others = service.other_ways(actor(), asked, found)
    told = {"query": query, "sort": sort, "page": page, "size": size, "total": found.total}
    told |= {"as_question": found.as_question, "facets": _facets(found), "cases": _cases(found)}
    return jsonify(told | {"did_you_mean": [_way(one) for one in others]})


@pages.get("/openapi.json")
def description() -> Response:
    """What the addresses take and give, in OpenAPI 3.1."""
    return jsonify(DESCRIPTION)


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text)):  # noqa: PLR2004 - digits of a number
        raise InvalidInputError(f"参数“{name}”须是大于 0 的整数。", field=name)
    return int(text)


def _way(way: OtherWay) -> dict[str, Any]:
    return {"query": way.search.query, "without_filters": way.without_filters, "total": way.total}


def _facets(found: SearchResult) -> dict[str, list[dict[str, Any]]]:
    titles = services().search.facet_titles()
    return {
        name: [
            {"value": value, "title": titles.get(name, {}).get(value, value), "count": count}
            for value, count in values.items()
        ]
        for name, values in found.facets.items()
    }


def _cases(found: SearchResult) -> list[dict[str, Any]]:
    openings = services().search.openings(found.cases)
    return [_case(group, openings) for group in found.cases]


def _case(group: CaseGroup, openings: Openings) -> dict[str, Any]:
    document = group.document
    return {
        "id": document.case_id,
        "archival_code": document.archival_code,
        "case_number": document.case_number,
        "title": document.case_title,
        "entries": [_excerpt(hit) for hit in group.entries],
        "items": [_item(item, item.document, openings) for item in group.items],
    }


def _item(item: ItemGroup, document: PageDocument, openings: Openings) -> dict[str, Any]:
    is_spoken = document.item_id in openings.spoken
    return {
        "id": document.item_id,
        "number": document.item_number,
        "title": document.item_title,
        "date": document.day.isoformat() if document.day else None,
        "level": document.partition.label.level.zh,
        "marks": sorted(mark.zh for mark in document.partition.label.marks),
        "volume": document.volume,
        "late": [Late(code).zh for code in document.late],
        "has_pages": document.item_id in openings.paged,
        "entry": _excerpt(item.entry) if item.entry else None,
        "pages": [
            {"page": hit.page, "second": hit.page - 1 if is_spoken else None} | _excerpt(hit) for hit in item.pages
        ],
    }


def _excerpt(hit: Hit) -> dict[str, Any]:
    """The extract and the places of its marks, [start, end) in characters."""
    return {"text": hit.excerpt.text, "marks": [list(mark) for mark in hit.excerpt.marks]}
