"""A party's own cases and its request in four screens; the same at the counter for an archivist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.permissions import Permission
from archive_store.request_words import DeliveryWay, RequestState
from portal.access import actor, require, services
from portal.forms.requests import read_delivery
from portal.services.asking import Asked

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from archive_store.models.copies import CopyRequest

pages = Blueprint("asking", __name__)

SCREENS = ("items", "purpose", "delivery", "check")
TITLES = {"items": "要哪些", "purpose": "作什么用", "delivery": "怎么领取", "check": "核对并提交"}


@pages.get("/my-cases/<case_id>")
def case(case_id: str) -> str:
    """A case as its party sees it."""
    return render_template("party/case.html", case=services().asking.party_case(actor(), case_id))


@pages.post("/my-cases/<case_id>/requests")
def begin(case_id: str) -> Response:
    """Begin a request; it is saved as it goes."""
    request_id = services().asking.begin(actor(), case_id, Asked(frozenset(request.form.getlist("items"))))
    return redirect(url_for("asking.screen", request_id=request_id, name="items"))


@pages.route("/cases/<case_id>/requests/new", methods=["GET", "POST"])
def counter(case_id: str) -> str | Response | tuple[str, int]:
    """Write a request down at the counter."""
    require(Permission.ENTER_REQUEST)
    refusal = ""
    if request.method == "POST":
        form = request.form
        try:
            asked = Asked(frozenset(form.getlist("items")), form.get("purpose", ""))
            request_id = services().asking.enter_at_counter(actor(), case_id, form.get("person", ""), asked)
            return redirect(url_for("asking.screen", request_id=request_id, name="check"))
        except InvalidInputError as error:
            refusal = error.message
    page = render_template(
        "requests/counter.html",
        case=services().asking.items_for_counter(actor(), case_id),
        askers=services().asking.askers(actor(), case_id),
        given=request.form,
        refusal=refusal,
    )
    return page, 422 if refusal else 200


@pages.route("/requests/<request_id>/<any(items, purpose, delivery, check):name>", methods=["GET", "POST"])
def screen(request_id: str, name: str) -> str | Response | tuple[str, int]:
    """One of the four screens of a draft; what was filled in is saved before the next one is shown."""
    draft, case = services().asking.draft(actor(), request_id)
    refusal = ""
    if request.method == "POST":
        try:
            return _next(draft, name)
        except (InvalidInputError, RefusedError) as error:
            refusal = error.message
            draft, case = services().asking.draft(actor(), request_id)
    page = render_template(
        "party/screen.html", draft=draft, case=case, name=name, screens=SCREENS, titles=TITLES, refusal=refusal,
        ways=DeliveryWay, last=SCREENS[-1], sent_back_for=services().asking.sent_back_for(actor(), request_id),
    )  # fmt: skip
    return page, 422 if refusal else 200


@pages.post("/requests/<request_id>/discard")
def discard(request_id: str) -> Response:
    """Throw the draft away."""
    services().asking.discard(actor(), request_id)
    flash("草稿已删除。")
    return redirect(url_for("requests.index"))


def _next(draft: CopyRequest, name: str) -> Response:
    """Save what the screen holds and go on; the last one sends the request in."""
    form = request.form
    if draft.state is not RequestState.DRAFT:
        raise NotFoundError
    if name == SCREENS[-1]:
        number = services().asking.submit(actor(), draft.id)
        flash(f"申请已提交，编号 {number}。")
        return redirect(url_for("requests.page", request_id=draft.id))
    items = frozenset(form.getlist("items")) if name == "items" else frozenset(row.item_id for row in draft.items)
    purpose = form.get("purpose", "") if name == "purpose" else draft.purpose
    way = read_delivery(form) if name == "delivery" else draft.delivery
    if name == "items" and not items:
        raise InvalidInputError("请至少选择一件。", "items")
    if name == "purpose" and not purpose.strip():
        raise InvalidInputError("请写明申请用途。", "purpose")
    services().asking.save(actor(), draft.id, Asked(items, purpose, way))
    return redirect(url_for("asking.screen", request_id=draft.id, name=SCREENS[SCREENS.index(name) + 1]))
