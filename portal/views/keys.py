"""The person's own security keys: registered, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, begin_key, made_key, services, session_id

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("keys", __name__, url_prefix="/account/keys")


@pages.post("/begin")
def begin() -> str | Response:
    """Ask the browser to make a key; the answer is the page that does."""
    try:
        return _page(None)
    except RefusedError as error:
        flash(error.message, "bad")
        return redirect(url_for("account.page"))


@pages.post("/confirm")
def confirm() -> str | Response | tuple[str, int]:
    """Keep the key that the browser made."""
    form = request.form
    try:
        made = made_key(form.get("credential", ""))
        services().security_keys.confirm(actor(), form.get("name", ""), made, session_id())
    except InvalidInputError as error:
        return _page(error.message), 422
    except RefusedError as error:
        flash(error.message, "bad")
        return redirect(url_for("account.page"))
    flash("安全密钥已登记。您在其他地方的登录已全部结束。建议再登记一把，分开存放备用。")
    return redirect(url_for("account.page"))


@pages.post("/<key_id>/remove")
def remove(key_id: str) -> Response:
    """Take a key away."""
    try:
        services().security_keys.remove(actor(), key_id)
        flash("安全密钥已删除。")
    except RefusedError as error:
        flash(error.message, "bad")
    return redirect(url_for("account.page"))


def _page(refusal: str | None) -> str:
    return render_template("keys/begin.html", options=begin_key(), given=request.form.get("name"), refusal=refusal)
