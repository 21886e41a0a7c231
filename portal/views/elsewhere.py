"""Coming in by an identity elsewhere, and binding one to the own account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user

from archive_store.errors import RefusedError
from portal.access import actor, caller, enter, factor_answer, services
from portal.identities import as_kept, from_kept, identities

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from archive_store.login_bindings import Identity
    from archive_store.security_keys import KeyAnswer

pages = Blueprint("elsewhere", __name__)
BINDING_KEY = "binds_until"
"""Where a session keeps until when an identity that comes back is to be bound, in seconds since 1970."""
WAITING_KEY = "waits_for_factor"
"""Where it keeps the identity that was proved and waits for its second factor, and until when."""
PATIENCE = 5 * 60
"""Seconds for either."""
NO_CERTIFICATE = "没有收到有效的数字证书。请插入 USB 密钥、重新打开浏览器后再试。"


@pages.get("/login/single-sign-on")
def begin() -> Response:
    """Send the browser to the single sign-on: to log in, or to bind who is logged in and said so before."""
    if not _is_awaited():
        return redirect(url_for("auth.login"))
    try:
        return identities().ask(url_for("elsewhere.back"))
    except RefusedError as error:
        return _refused(error)


@pages.get("/login/single-sign-on/back")
def back() -> Response:
    """Take the answer of the single sign-on."""
    if not _is_awaited():
        return redirect(url_for("auth.login"))
    try:
        identity = identities().answered()
        return _bind(identity) if current_user.is_authenticated else _come_in(identity)
    except RefusedError as error:
        return _refused(error)


@pages.post("/login/certificate")
def certificate() -> Response:
    """Log in by the certificate that the browser shows."""
    shown = identities().certificate()
    if shown is None or current_user.is_authenticated:
        return _refused(RefusedError(NO_CERTIFICATE))
    try:
        return _come_in(shown)
    except RefusedError as error:
        return _refused(error)


@pages.route("/login/factor", methods=["GET", "POST"])
def factor() -> str | Response | tuple[str, int]:
    """Ask for the second factor of who proved an identity just now."""
    kept = session.get(WAITING_KEY)
    if not kept or current_user.is_authenticated or kept["until"] < time.time():
        session.pop(WAITING_KEY, None)
        return redirect(url_for("auth.login"))
    if request.method == "GET":
        return render_template("auth/factor.html", name=kept["name"])
    answer = factor_answer(request.form.get("code"), request.form.get("assertion"))
    try:
        return _enter(from_kept(kept), answer)
    except RefusedError as error:
        return render_template("auth/factor.html", name=kept["name"], refusal=error.message), 401


@pages.post("/account/bindings/single-sign-on")
def bind_single_sign_on() -> str | Response:
    """Have the next answer of the single sign-on bound; no form leads to another site (CSP), so a link goes on."""
    if not identities().provider:
        return redirect(url_for("account.page"))
    session[BINDING_KEY] = time.time() + PATIENCE
    return render_template("auth/bind.html", provider=identities().provider)


@pages.post("/account/bindings/certificate")
def bind_certificate() -> Response:
    """Bind the certificate that the browser shows."""
    shown = identities().certificate()
    if shown is None:
        return _refused(RefusedError(NO_CERTIFICATE))
    try:
        return _bind(shown)
    except RefusedError as error:
        return _refused(error)


@pages.post("/account/bindings/<binding_id>/remove")
def remove(binding_id: str) -> Response:
    """Take one of one's own identities off."""
    services().login_bindings.remove(actor(), binding_id)
    flash("已解除绑定。")
    return redirect(url_for("account.page"))


def _is_awaited() -> bool:
    """Whether the single sign-on may be asked now: there is one, and who is logged in already wants to bind it."""
    binds = bool(session.get(BINDING_KEY, 0) > time.time())
    return bool(identities().provider) and (binds or not current_user.is_authenticated)


def _bind(identity: Identity) -> Response:
    session.pop(BINDING_KEY, None)
    services().login_bindings.bind(actor(), identity)
    flash(f"已绑定“{identity.name}”，以后可以用它登录。")
    return redirect(url_for("account.page"))


def _come_in(identity: Identity) -> Response:
    if services().accounts.asks_factor(identity):
        session[WAITING_KEY] = {**as_kept(identity), "until": time.time() + PATIENCE}
        return redirect(url_for("elsewhere.factor"))
    return _enter(identity)


def _enter(identity: Identity, answer: str | KeyAnswer = "") -> Response:
    return enter(services().accounts.log_in_as(identity, answer, caller()))


def _refused(error: RefusedError) -> Response:
    flash(error.message, "bad")
    return redirect(url_for("account.page" if current_user.is_authenticated else "auth.login"))
