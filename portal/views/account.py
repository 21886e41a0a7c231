"""The person's own account: rights in plain words, sessions, password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, caller, factor_answer, services, session_id
from portal.forms.auth import read_new_password
from portal.identities import identities

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("/")
def page() -> str:
    """What one may do, where one is logged in, and the form for another password."""
    return _page(None)


@pages.post("/password")
def password() -> Response | tuple[str, int]:
    """Set another password."""
    form = request.form
    try:
        old, new, code = read_new_password(form)
        answer = factor_answer(code, form.get("assertion"))
        services().accounts.change_password(actor(), old, new, session_id(), answer, caller())
    except (InvalidInputError, RefusedError) as error:
        return _page(error.message), 422 if isinstance(error, InvalidInputError) else 409
    flash("密码已修改。您在其他地方的登录已全部结束，命令行口令牌已作废。")
    return redirect(url_for("account.page"))


@pages.post("/command-token")
def command_token() -> str:
    """Make a token for deciding commands; this answer is the only place where it is ever shown."""
    return _page(None, services().accounts.issue_command_token(actor()))


@pages.post("/sessions/<ended>/end")
def end_session(ended: str) -> Response:
    """End one of one's own sessions."""
    services().own_account.end_session(actor(), ended)
    flash("已结束这次登录。")
    return redirect(url_for("account.page"))


@pages.post("/sessions/end-others")
def end_others() -> Response:
    """End all sessions but this."""
    services().own_account.end_others(actor(), session_id())
    flash("您在其他地方的登录已全部结束。")
    return redirect(url_for("account.page"))


def _page(refusal: str | None, made: str = "") -> str:
    who = actor()
    return render_template(
        "account.html",
        shown=services().rights_lists.of_oneself(who),
        sessions=services().own_account.sessions(who, session_id()),
        factor=services().second_factor.standing(who),
        bindings=services().login_bindings.listed(who),
        ways=identities(),
        refusal=refusal,
        made=made,
    )
