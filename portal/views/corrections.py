"""The text of a page beside its image, corrected by an archivist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import ConflictError, InvalidInputError
from portal.access import actor, services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("corrections", __name__, url_prefix="/items")
WIDTH = 900
DONE = "已保存。检索随后按校正后的文字进行，封存的文件没有改动。"
RESTORED = "已恢复为识别（提取）的文字。"


@pages.route("/<item_id>/pages/<int:number>/text", methods=["GET", "POST"])
def page(item_id: str, number: int) -> str | Response | tuple[str, int]:
    """Show the text, or put another in its place."""
    if request.method == "GET":
        return _page(item_id, number)
    typed = request.form.get("text", "")
    try:
        services().corrections.correct(actor(), item_id, number, typed, request.form.get("seen", ""))
    except (InvalidInputError, ConflictError) as error:
        code = 422 if isinstance(error, InvalidInputError) else 409
        return _page(item_id, number, refusal=error.message, typed=typed), code
    flash(DONE)
    return redirect(url_for("corrections.page", item_id=item_id, number=number))


@pages.post("/<item_id>/pages/<int:number>/text/restore")
def restore(item_id: str, number: int) -> Response | tuple[str, int]:
    """Have the text stand again that was read from the page."""
    try:
        services().corrections.restore(actor(), item_id, number, request.form.get("seen", ""))
    except ConflictError as error:
        return _page(item_id, number, refusal=error.message), 409
    flash(RESTORED)
    return redirect(url_for("corrections.page", item_id=item_id, number=number))


def _page(item_id: str, number: int, refusal: str | None = None, typed: str | None = None) -> str:
    shown = services().corrections.page(actor(), item_id, number)
    return render_template("corrections/page.html", shown=shown, refusal=refusal, typed=typed, width=WIDTH)
