"""The search page."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from archive_store.errors import InvalidInputError
from archive_store.permissions import Permission
from portal.access import actor, require, services

pages = Blueprint("search", __name__, url_prefix="/search")
PAGE_SIZE = 20
FILTERS = ("year", "kind", "procedure", "department_id", "document_type", "stage", "level", "volume")
SORTS = {"relevance": "相关程度", "date_newest": "日期（新在前）", "date": "日期（旧在前）", "archival_code": "档号"}


@pages.get("/")
def page() -> str | tuple[str, int]:
    """Box, hits by case and item, facets."""
    require(Permission.SEARCH)
    query, number = request.args.get("q", "").strip(), max(request.args.get("page", 1, type=int), 1)
    chosen = {name: frozenset(request.args.getlist(name)) for name in FILTERS if request.args.get(name)}
    sort = request.args.get("sort", "relevance")
    found, refusal = None, ""
    if query:
        try:
            asked = services().search.asked(query, chosen, sort, (number - 1) * PAGE_SIZE, PAGE_SIZE)
            found = services().search.search(actor(), asked)
        except InvalidInputError as error:
            refusal = error.message
    shown = render_template(
        "search.html",
        q=query,
        found=found,
        refusal=refusal,
        number=number,
        last=max(1, -(-found.total // PAGE_SIZE)) if found else 1,
        chosen=chosen,
        here={name: sorted(values) for name, values in chosen.items()},
        sort=sort,
        sorts=SORTS,
        titles=services().search.facet_titles(),
    )
    return shown, 422 if refusal else 200
