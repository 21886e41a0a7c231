"""Coming in and going out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, session, url_for
from flask_login import current_user, logout_user

from archive_store.errors import ArchiveError
from portal.access import actor, ask_for_key, caller, enter, factor_answer, services
from portal.forms.auth import EnrolForm, LoginForm, RecoverForm
from portal.identities import identities

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

pages = Blueprint("auth", __name__)


@pages.route("/login", methods=["GET", "POST"])
def login() -> str | AnyResponse | tuple[str, int]:
    """Ask for name and password; a right pair begins a session under a new token."""
    form = LoginForm()
    if current_user.is_authenticated:
        return redirect(url_for("home.page"))
    if not form.validate_on_submit():
        return _login_page(form)
    try:
        factor = factor_answer(form.code.data, form.assertion.data)
        logged_in = services().accounts.log_in(form.login.data, form.password.data, factor, caller())
    except ArchiveError as error:
        return _login_page(form, error.message), 401
    return enter(logged_in, by_password=True)


@pages.post("/login/challenge")
def challenge() -> Response:
    """What a security key is asked with, the same for everybody: no name is given here."""
    return Response(ask_for_key(), mimetype="application/json")


@pages.post("/logout")
def logout() -> AnyResponse:
    """End the session."""
    services().accounts.note_logout(actor())
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"))


@pages.route("/enrol", methods=["GET", "POST"])
def enrol() -> str | AnyResponse | tuple[str, int]:
    """Set the first password with a one-time code."""
    form = EnrolForm()
    if not form.validate_on_submit():
        return render_template("auth/enrol.html", form=form)
    try:
        name = services().accounts.enrol(form.code.data.strip(), form.password.data)
    except ArchiveError as error:
        return render_template("auth/enrol.html", form=form, refusal=error.message), 422
    flash(f"账号 {name} 已启用，请登录。")
    return redirect(url_for("auth.login"))


@pages.route("/recover", methods=["GET", "POST"])
def recover() -> str | AnyResponse | tuple[str, int]:
    """Set another password with a recovery code."""
    form = RecoverForm()
    if not form.validate_on_submit():
        return render_template("auth/recover.html", form=form)
    try:
        name = services().recovery.use(form.code.data, form.password.data)
    except ArchiveError as error:
        return render_template("auth/recover.html", form=form, refusal=error.message), 422
    flash(f"账号 {name} 的密码已重设，原有登录已全部结束，请重新登录。")
    return redirect(url_for("auth.login"))


def _login_page(form: LoginForm, refusal: str | None = None) -> str:
    ways = identities()
    return render_template(
        "auth/login.html", form=form, refusal=refusal, provider=ways.provider, certificate=ways.certificate()
    )
