"""Recoveries of accounts: begun by one administrator, confirmed or refused by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from archive_store.identity import RecoveryState
from portal.access import actor, services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("recovery", __name__, url_prefix="/recoveries")


@pages.get("/")
def index() -> str:
    """What waits for the person, and what it began or settled."""
    return render_template("recovery/index.html", rows=services().recovery.listed(actor()))


@pages.post("/of/<account_id>")
def begin(account_id: str) -> Response:
    """Begin the recovery of an account."""
    try:
        form = request.form
        services().recovery.begin(
            actor(), account_id, form.get("reason", ""), lifts_factor=form.get("lifts_factor") == "yes"
        )
        flash("已登记，等待另一人核准。核准后由核准人当面把恢复码交给本人。")
    except (InvalidInputError, RefusedError) as error:
        flash(error.message, "bad")
    return redirect(url_for("recovery.index"))


@pages.get("/<recovery_id>")
def page(recovery_id: str) -> str:
    """One recovery, and the decision."""
    return _page(recovery_id, None)


@pages.post("/<recovery_id>")
def decide(recovery_id: str) -> str | Response | tuple[str, int]:
    """Confirm, and show the code this once; or refuse."""
    form, recovery = request.form, services().recovery
    try:
        if form.get("decision") != "confirm":
            recovery.refuse(actor(), recovery_id, form.get("ground", ""))
            flash("已记录不予核准。")
            return redirect(url_for("recovery.index"))
        code = recovery.confirm(actor(), recovery_id, form.get("ground", ""))
    except (InvalidInputError, RefusedError) as error:
        return _page(recovery_id, error.message), 422 if isinstance(error, InvalidInputError) else 409
    return render_template("recovery/code.html", row=recovery.shown(actor(), recovery_id), code=code)


@pages.post("/<recovery_id>/withdraw")
def withdraw(recovery_id: str) -> Response:
    """Take back what one began."""
    try:
        services().recovery.withdraw(actor(), recovery_id)
        flash("已撤回。")
    except RefusedError as error:
        flash(error.message, "bad")
    return redirect(url_for("recovery.index"))


def _page(recovery_id: str, refusal: str | None) -> str:
    row = services().recovery.shown(actor(), recovery_id)
    return render_template(
        "recovery/page.html", row=row, RecoveryState=RecoveryState, given=request.form, refusal=refusal
    )
