"""Parties of a sealed case: their accounts, and what they see listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, services
from portal.forms.parties import read_choices, read_day
from portal.services.listing import Choice
from portal.services.parties import NewBinding

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("parties", __name__, url_prefix="/cases/<case_id>")


@pages.get("/parties")
def page(case_id: str) -> str:
    """The persons of the case, and the accounts that stand for them."""
    return render_template("parties/accounts.html", shown=services().parties.page(actor(), case_id), given={})


@pages.post("/parties")
def bind(case_id: str) -> Response | tuple[str, int]:
    """Bind an account to a person."""
    form = request.form
    try:
        day = read_day(form, "valid_to")
        new = NewBinding(form.get("person", ""), form.get("login", ""), form.get("proof", ""), day)
        services().parties.bind(actor(), case_id, new)
    except (InvalidInputError, RefusedError) as error:
        shown = services().parties.page(actor(), case_id)
        code = 422 if isinstance(error, InvalidInputError) else 409
        return render_template("parties/accounts.html", shown=shown, given=form, refusal=error.message), code
    flash("已关联。该账号重新登录后，即可看到本案中允许列示的文件。")
    return redirect(url_for("parties.page", case_id=case_id))


@pages.post("/parties/<binding_id>/end")
def end(case_id: str, binding_id: str) -> Response:
    """End a binding at once."""
    services().parties.end(actor(), case_id, binding_id)
    flash("已解除。该账号已被退出登录，不再能看到本案。")
    return redirect(url_for("parties.page", case_id=case_id))


@pages.get("/listing")
def listing(case_id: str) -> str:
    """The items of the case, and which of them a party sees listed."""
    return render_template("parties/listing.html", shown=services().listing.page(actor(), case_id), given={})


@pages.post("/listing")
def set_listing(case_id: str) -> Response | tuple[str, int]:
    """Decide what is listed."""
    given = read_choices(request.form)
    try:
        choices = {item_id: Choice(listable, title) for item_id, (listable, title) in given.items()}
        naming = services().listing.decide(actor(), case_id, choices)
    except InvalidInputError as error:
        shown = services().listing.page(actor(), case_id)
        return render_template("parties/listing.html", shown=shown, given=given, refusal=error.message), 422
    flash("已保存。")
    if naming:
        numbers = "、".join(map(str, naming))
        flash(f"请再核对：第 {numbers} 件的列示名称中有本案人员的姓名，当事人会看到。如不应告知，请改为中性名称。")
    return redirect(url_for("parties.listing", case_id=case_id))
