"""The person's own second factor: begun, confirmed, recovery codes, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, services, session_id

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("factor", __name__, url_prefix="/account/factor")


@pages.post("/begin")
def begin() -> str | Response:
    """A new key, as QR code and in writing; the answer shows it."""
    try:
        return render_template("factor/begin.html", key=services().second_factor.begin(actor()))
    except RefusedError as error:
        flash(error.message, "bad")
        return redirect(url_for("account.page"))


@pages.post("/confirm")
def confirm() -> str | tuple[str, int]:
    """Turn it on with a first code; the answer shows the recovery codes, this once."""
    factor = services().second_factor
    try:
        codes = factor.confirm(actor(), request.form.get("code", ""), session_id())
    except InvalidInputError as error:
        return render_template("factor/begin.html", key=factor.begun(actor()), refusal=error.message), 422
    return render_template("factor/codes.html", codes=codes)


@pages.post("/codes")
def new_codes() -> str:
    """New recovery codes; the answer shows them, this once."""
    return render_template("factor/codes.html", codes=services().second_factor.new_codes(actor()))


@pages.post("/remove")
def remove() -> Response:
    """Turn it off."""
    try:
        services().second_factor.remove(actor())
        flash("动态验证码已关闭，今后只凭密码登录。")
    except RefusedError as error:
        flash(error.message, "bad")
    return redirect(url_for("account.page"))
