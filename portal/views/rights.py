"""Rights: asked for, granted or refused, ended; each page for the office that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import ConflictError, InvalidInputError, RefusedError
from archive_store.identity import AskState, RightKind
from portal.access import actor, services
from portal.forms.rights import read_ask
from portal.services.rights import NewAsk
from portal.services.rights_lists import PAGE_SIZE

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("rights", __name__, url_prefix="/rights")


@pages.get("/ask")
def ask() -> str:
    """What the person asked for, and the form to ask for more."""
    return _asking({}, None)


@pages.post("/ask")
def send() -> Response | tuple[str, int]:
    """Ask for a right for a person."""
    form = request.form
    try:
        services().rights.ask(actor(), NewAsk(*read_ask(form)))
    except (InvalidInputError, RefusedError) as error:
        return _asking(form, error.message), 422 if isinstance(error, InvalidInputError) else 409
    flash("申请已提交，等待安全保密管理员授权。")
    return redirect(url_for("rights.ask"))


@pages.post("/ask/<ask_id>/withdraw")
def withdraw(ask_id: str) -> Response:
    """Take an ask back."""
    try:
        services().rights.withdraw(actor(), ask_id)
        flash("申请已撤回。")
    except RefusedError as error:
        flash(error.message, "bad")
    return redirect(url_for("rights.ask"))


@pages.get("/waiting")
def waiting() -> str:
    """What waits to be granted."""
    return render_template("rights/waiting.html", rows=services().rights_lists.waiting(actor()))


@pages.get("/asked/<ask_id>")
def asked(ask_id: str) -> str:
    """One ask, what the person holds already, and the decision."""
    shown = services().rights_lists.asked(actor(), ask_id)
    return render_template("rights/asked.html", shown=shown, AskState=AskState)


@pages.post("/asked/<ask_id>")
def decide(ask_id: str) -> Response | tuple[str, int]:
    """Grant or refuse."""
    form = request.form
    granted = form.get("decision") == "grant"
    try:
        services().rights.decide(actor(), ask_id, granted=granted, ground=form.get("ground", ""))
    except (InvalidInputError, RefusedError, ConflictError) as error:
        shown = services().rights_lists.asked(actor(), ask_id)
        code = 422 if isinstance(error, InvalidInputError) else 409
        page = render_template("rights/asked.html", shown=shown, AskState=AskState, given=form, refusal=error.message)
        return page, code
    flash("已授予。此人须重新登录，权限随即生效。" if granted else "已记录不予授予。")
    return redirect(url_for("rights.waiting"))


@pages.get("/people/")
def people() -> str:
    """Everyone with the rights that they hold."""
    words, number = request.args.get("q", ""), max(request.args.get("page", 1, type=int), 1)
    rows, total = services().rights_lists.people(actor(), words, number)
    last = max(1, -(-total // PAGE_SIZE))
    return render_template("rights/people.html", rows=rows, total=total, words=words, number=number, last=last)


@pages.get("/people/<account_id>")
def person(account_id: str) -> str:
    """One person's rights."""
    shown, asks = services().rights_lists.person(actor(), account_id)
    return render_template(
        "rights/person.html",
        shown=shown,
        asks=asks,
        is_self=account_id == actor().account_id,
        may_recover=services().recovery.offered(actor(), account_id),
    )


@pages.post("/people/<account_id>/end")
def end(account_id: str) -> Response:
    """End a right at once."""
    form = request.form
    try:
        grant_id, ground = form.get("grant", ""), form.get("ground", "")
        services().rights.end(actor(), account_id, form.get("kind", ""), grant_id, ground)
        flash("已收回。此人已被退出登录。")
    except (InvalidInputError, RefusedError) as error:
        flash(error.message, "bad")
    return redirect(url_for("rights.person", account_id=account_id))


@pages.get("/changes")
def changes() -> str:
    """Every change of rights, for the security auditor."""
    number = max(request.args.get("page", 1, type=int), 1)
    return render_template(
        "rights/changes.html", rows=services().rights_lists.changes(actor(), number), number=number, size=PAGE_SIZE
    )


def _asking(given: object, refusal: str | None) -> str:
    rights, departments = services().rights.offered(actor()), services().rights_lists.departments()
    groups = {kind.zh: [right for right in rights if right.kind is kind] for kind in RightKind}
    return render_template(
        "rights/ask.html",
        groups={title: found for title, found in groups.items() if found},
        departments=departments,
        names=services().rights_lists.names(actor()),
        rows=services().rights_lists.own(actor()),
        given=given,
        refusal=refusal,
    )
