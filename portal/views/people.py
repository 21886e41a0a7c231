"""Accounts and departments, for the system administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from archive_store.permissions import Permission
from portal.access import actor, require, services
from portal.services.accounts import NewAccount
from portal.services.people import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

pages = Blueprint("people", __name__)


@pages.get("/accounts/")
def index() -> str:
    """The accounts, by login."""
    words, number = request.args.get("q", ""), max(request.args.get("page", 1, type=int), 1)
    rows, total = services().people.accounts(actor(), words, number)
    last = max(1, -(-total // PAGE_SIZE))
    return render_template("people/index.html", rows=rows, total=total, words=words, number=number, last=last)


@pages.get("/accounts/new")
def begin() -> str:
    """The form of a new account."""
    require(Permission.MANAGE_ACCOUNTS)
    return render_template("people/new.html", given={})


@pages.post("/accounts/new")
def create() -> str | tuple[str, int]:
    """Make an account; the answer shows its enrolment code, this once."""
    form = request.form
    new = NewAccount(form.get("login", ""), form.get("name", ""))
    try:
        account_id, code = services().accounts.create(actor(), new)
    except InvalidInputError as error:
        return render_template("people/new.html", given=form, refusal=error.message), 422
    return _code(account_id, code)


@pages.get("/accounts/<account_id>")
def page(account_id: str) -> str:
    """One account."""
    shown = services().people.account(actor(), account_id)
    may_recover = services().recovery.offered(actor(), account_id)
    return render_template("people/page.html", account=shown, may_recover=may_recover)


@pages.post("/accounts/<account_id>/close")
def close(account_id: str) -> Response:
    """Close an account at once."""
    reason = request.form.get("reason", "")
    said = "账号已停用，此人已被退出登录。"
    return _tried(account_id, lambda: services().people.close(actor(), account_id, reason), said)


@pages.post("/accounts/<account_id>/open")
def reopen(account_id: str) -> Response:
    """Open a closed account again."""
    reason = request.form.get("reason", "")
    return _tried(account_id, lambda: services().people.open(actor(), account_id, reason), "账号已恢复。")


@pages.post("/accounts/<account_id>/code")
def new_code(account_id: str) -> str | Response:
    """A new enrolment code; the answer shows it, this once."""
    try:
        code = services().people.new_code(actor(), account_id)
    except RefusedError as error:
        flash(error.message, "bad")
        return redirect(url_for("people.page", account_id=account_id))
    return _code(account_id, code)


@pages.get("/departments/")
def departments() -> str:
    """The departments and who answers for them."""
    return render_template("people/departments.html", rows=services().people.departments(actor()), given={})


@pages.post("/departments/")
def add_department() -> Response | tuple[str, int]:
    """Enter a department."""
    form = request.form
    try:
        services().people.add_department(actor(), form.get("name", ""), form.get("code", ""))
    except InvalidInputError as error:
        rows = services().people.departments(actor())
        return render_template("people/departments.html", rows=rows, given=form, refusal=error.message), 422
    flash("部门已设立。请为它申请主管领导。")
    return redirect(url_for("people.departments"))


@pages.post("/departments/<department_id>")
def rename_department(department_id: str) -> Response:
    """Give a department another name."""
    try:
        services().people.rename_department(actor(), department_id, request.form.get("name", ""))
        flash("部门已更名。")
    except InvalidInputError as error:
        flash(error.message, "bad")
    return redirect(url_for("people.departments"))


def _code(account_id: str, code: str) -> str:
    return render_template("people/code.html", account=services().people.account(actor(), account_id), code=code)


def _tried(account_id: str, act: Callable[[], object], said: str) -> Response:
    try:
        act()
        flash(said)
    except (RefusedError, InvalidInputError) as error:
        flash(error.message, "bad")
    return redirect(url_for("people.page", account_id=account_id))
