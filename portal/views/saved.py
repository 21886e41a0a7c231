"""The page of one's own searches: kept ones, what came new to them, and what one asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, services
from portal.forms.search import read_chosen
from portal.services.search import FACET_TITLES

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from indexer.searcher import Search

pages = Blueprint("saved", __name__, url_prefix="/search/saved")


@pages.get("")
def page() -> str:
    """Kept searches and the history."""
    return _page("")


def _page(refusal: str) -> str:
    saved = services().saved
    history = [(row, address_of(saved.search_of(row))) for row in saved.history(actor())]
    return render_template(
        "saved/page.html",
        kept=saved.listed(actor()),
        history=history,
        refusal=refusal,
        names=FACET_TITLES,
        titles=services().search.facet_titles(),
    )


@pages.post("")
def save() -> Response | tuple[str, int]:
    """Keep a search under a name."""
    form = request.form
    chosen = read_chosen(form, FACET_TITLES)
    search = services().search.asked(form.get("q", "").strip(), chosen, form.get("sort", ""), 0, 1)
    try:
        services().saved.save(actor(), form.get("name", ""), search, watched="watched" in form)
    except (InvalidInputError, RefusedError) as error:
        return _page(error.message), 422 if isinstance(error, InvalidInputError) else 409
    flash("已保存。" + ("有新增结果时，工作台会提醒您。" if "watched" in form else ""))
    return redirect(url_for("saved.page"))


@pages.post("/<saved_id>/look")
def look(saved_id: str) -> Response:
    """Ask a kept search now; what came new counts as seen."""
    return redirect(address_of(services().saved.look(actor(), saved_id)))


@pages.post("/<saved_id>/watch")
def watch(saved_id: str) -> Response | tuple[str, int]:
    """Be told of what comes new, or not any more."""
    watched = request.form.get("watched") == "yes"
    try:
        services().saved.watch(actor(), saved_id, watched=watched)
    except (InvalidInputError, RefusedError) as error:
        return _page(error.message), 409
    flash("有新增结果时，工作台会提醒您。" if watched else "不再提醒。")
    return redirect(url_for("saved.page"))


@pages.post("/<saved_id>/name")
def rename(saved_id: str) -> Response | tuple[str, int]:
    """Give a kept search another name."""
    try:
        services().saved.rename(actor(), saved_id, request.form.get("name", ""))
    except InvalidInputError as error:
        return _page(error.message), 422
    flash("已改名。")
    return redirect(url_for("saved.page"))


@pages.post("/<saved_id>/forget")
def forget(saved_id: str) -> Response:
    """Keep a search no longer."""
    services().saved.forget(actor(), saved_id)
    flash("已删除这项检索。")
    return redirect(url_for("saved.page"))


@pages.post("/history/clear")
def clear_history() -> Response:
    """Forget what one asked."""
    services().saved.clear_history(actor())
    flash("已清空检索记录。")
    return redirect(url_for("saved.page"))


def address_of(search: Search) -> str:
    """Where the search page answers a search."""
    said: dict[str, Any] = {**search.plain_filters}
    if search.sort.value != "relevance":
        said["sort"] = search.sort.value
    return url_for("search.page", q=search.query, **said)
