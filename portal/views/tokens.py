"""The page on which a person makes and withdraws access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, services
from portal.forms.parties import read_day

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("tokens", __name__, url_prefix="/account/tokens")


@pages.get("")
def page() -> str:
    """The person's tokens, and the form for a new one."""
    return render_template("tokens.html", tokens=services().tokens.listed(actor()), given={})


@pages.post("")
def make() -> str | tuple[str, int]:
    """Make a token; this answer is the only place where it is ever shown."""
    form, tokens = request.form, services().tokens
    made, refusal, code = "", "", 200
    try:
        made = tokens.make(actor(), form.get("name", ""), read_day(form, "last_day"))
    except (InvalidInputError, RefusedError) as error:
        refusal, code = error.message, 422 if isinstance(error, InvalidInputError) else 409
    given = {} if made else form
    return render_template("tokens.html", tokens=tokens.listed(actor()), made=made, refusal=refusal, given=given), code


@pages.post("/<token_id>/withdraw")
def withdraw(token_id: str) -> Response:
    """End a token."""
    services().tokens.withdraw(actor(), token_id)
    flash("已作废。用这个令牌的程序从现在起不能再检索。")
    return redirect(url_for("tokens.page"))
