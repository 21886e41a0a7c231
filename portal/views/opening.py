"""Opening a case to a person by name: the page on which it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, RefusedError
from portal.access import actor, services
from portal.forms.rights import read_ask
from portal.services.rights import NewAsk

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("opening", __name__, url_prefix="/cases/<case_id>/open")


@pages.get("")
def page(case_id: str) -> str:
    """To whom the case may be opened, and to whom it was."""
    return _page(case_id, {}, None)


@pages.post("")
def send(case_id: str) -> Response | tuple[str, int]:
    """Ask that it be opened to a person until a day."""
    form = request.form
    try:
        services().rights.ask_for_case(actor(), case_id, NewAsk(*read_ask(form)))
    except (InvalidInputError, RefusedError) as error:
        return _page(case_id, form, error.message), 422 if isinstance(error, InvalidInputError) else 409
    flash("申请已提交，等待安全保密管理员办理。")
    return redirect(url_for("opening.page", case_id=case_id))


def _page(case_id: str, given: object, refusal: str | None) -> str:
    case, names, rows = services().rights_lists.case(actor(), case_id)
    return render_template("rights/open.html", case=case, names=names, rows=rows, given=given, refusal=refusal)
