"""Urgent reading: asked for, agreed to, ended, reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.permissions import Permission
from portal.access import actor, holds, require, services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("urgent", __name__, url_prefix="/urgent")


@pages.get("/")
def index() -> str:
    """What the person asked for, and what waits for it to agree."""
    return _page({}, None)


@pages.post("/")
def ask() -> Response | tuple[str, int]:
    """Ask; the answer is the same whether or not there is such a case."""
    form = request.form
    try:
        services().urgent.ask(actor(), form.get("number", ""), form.get("ground", ""))
    except (InvalidInputError, RefusedError) as error:
        return _page(form, error.message), 422 if isinstance(error, InvalidInputError) else 409
    flash("已登记，等待处理。")
    return redirect(url_for("urgent.index"))


@pages.get("/<reading_id>")
def page(reading_id: str) -> str:
    """One ask, for who decides on it."""
    return _deciding(reading_id, None)


@pages.post("/<reading_id>")
def decide(reading_id: str) -> Response | tuple[str, int]:
    """Agree or refuse."""
    form = request.form
    agreed = form.get("decision") == "agree"
    try:
        services().urgent.decide(actor(), reading_id, agreed=agreed, ground=form.get("ground", ""))
    except InvalidInputError as error:
        return _deciding(reading_id, error.message), 422
    flash("已同意，案卷向此人开放一小时，到时自动结束，事后由安全审计员审查。" if agreed else "已记录不予同意。")
    return redirect(url_for("urgent.index"))


@pages.post("/<reading_id>/end")
def end(reading_id: str) -> Response:
    """End a reading before its hour."""
    services().urgent.end(actor(), reading_id)
    flash("紧急查阅已结束。")
    return redirect(url_for("urgent.index"))


@pages.get("/reviews/")
def reviews() -> str:
    """Every reading, for the security auditor: first those that wait for their review."""
    urgent = services().urgent
    open_ones, closed = urgent.reviews(actor()), urgent.reviews(actor(), closed=True)
    return render_template("urgent/reviews.html", rows=open_ones, closed=closed)


@pages.get("/reviews/<reading_id>")
def review(reading_id: str) -> str:
    """One reading with what its reader did meanwhile."""
    return render_template("urgent/review.html", shown=services().urgent.reviewed(actor(), reading_id))


@pages.post("/reviews/<reading_id>")
def close_review(reading_id: str) -> Response | tuple[str, int]:
    """Close the review with words."""
    require(Permission.REVIEW_URGENT)
    try:
        services().urgent.review(actor(), reading_id, request.form.get("review", ""))
    except (InvalidInputError, RefusedError) as error:
        shown = services().urgent.reviewed(actor(), reading_id)
        code = 422 if isinstance(error, InvalidInputError) else 409
        return render_template("urgent/review.html", shown=shown, given=request.form, refusal=error.message), code
    flash("审查已记录。")
    return redirect(url_for("urgent.reviews"))


def _page(given: object, refusal: str | None) -> str:
    asks = holds(Permission.ASK_URGENT)
    agrees = holds(Permission.AGREE_URGENT) or holds(Permission.AGREE_URGENT_UNSEEN)
    if not asks and not agrees:
        raise NotFoundError
    who, urgent = actor(), services().urgent
    return render_template(
        "urgent/index.html",
        asks=asks,
        rows=urgent.own(who) if asks else [],
        agrees=agrees,
        waiting=urgent.waiting(who) if agrees else [],
        running=urgent.running(who) if agrees else [],
        given=given,
        refusal=refusal,
    )


def _deciding(reading_id: str, refusal: str | None) -> str:
    shown = services().urgent.to_decide(actor(), reading_id)
    return render_template("urgent/page.html", shown=shown, given=request.form, refusal=refusal)
