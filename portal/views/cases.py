"""Lists of cases, the case page, and the steps from hand-over to seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError
from archive_store.permissions import Permission
from archive_store.vocabulary import CaseState
from portal.access import actor, services
from portal.services.cases import PAGE_SIZE
from portal.services.private_views import OFFERED

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("cases", __name__, url_prefix="/cases")


@pages.get("/")
def index() -> str:
    """The cases that the person may see."""
    number = max(request.args.get("page", 1, type=int), 1)
    chosen = request.args.get("state", "")
    states = frozenset({CaseState(chosen)}) if chosen in {state.value for state in CaseState} else frozenset(CaseState)
    cases, total = services().cases.listed(actor(), states, number)
    last = max(1, -(-total // PAGE_SIZE))
    return render_template(
        "cases/index.html", cases=cases, total=total, number=number, last=last, chosen=chosen, states=CaseState
    )


@pages.get("/<case_id>")
def page(case_id: str) -> str:
    """One case, as the person may see it."""
    shown = services().cases.page(actor(), case_id)
    reads = Permission.READ_CONTENT in shown.may
    transfer = services().transfer
    findings = transfer.findings(actor(), case_id) if reads and shown.case.state is not CaseState.SEALED else []
    reports = services().checking.reports(actor(), case_id) if reads else []
    returned = transfer.last_return(actor(), case_id) if shown.case.state is CaseState.DRAFT else ""
    recognised = services().recognition.of_case(actor(), case_id)
    return render_template(
        "cases/page.html",
        shown=shown,
        case=shown.case,
        findings=findings,
        reports=reports,
        returned=returned,
        recognised=recognised,
    )


@pages.route("/<case_id>/persons/<person_id>", methods=["GET", "POST"])
def person(case_id: str, person_id: str) -> str | tuple[str, int]:
    """What is private of a person: masked, and in full once a ground was given."""
    form, private = request.form, services().private_views
    refusal, in_full = None, False
    if request.method == "POST":
        try:
            view = private.in_full(actor(), case_id, person_id, form.get("ground", ""), form.get("reference", ""))
            in_full = True
        except InvalidInputError as error:
            refusal, view = error.message, private.masked(actor(), case_id, person_id)
    else:
        view = private.masked(actor(), case_id, person_id)
    shown = render_template(
        "cases/person.html",
        view=view,
        in_full=in_full,
        refusal=refusal,
        grounds=OFFERED,
        chosen=form.get("ground"),
        reference=form.get("reference"),
    )
    return (shown, 422) if refusal else shown


@pages.post("/<case_id>/hand-over")
def hand_over(case_id: str) -> Response:
    """Hand the file over to the archive."""
    services().transfer.hand_over(actor(), case_id)
    flash("已移交，等待档案管理员接收。")
    return redirect(url_for("cases.page", case_id=case_id))


@pages.post("/<case_id>/accept")
def accept(case_id: str) -> Response:
    """Take the file over."""
    code = services().transfer.accept(actor(), case_id)
    flash(f"已接收，档号 {code}。")
    return redirect(url_for("cases.page", case_id=case_id))


@pages.post("/<case_id>/return")
def send_back(case_id: str) -> Response:
    """Return the file with reasons."""
    services().transfer.send_back(actor(), case_id, request.form.get("reasons", ""))
    flash("已退回承办人补正。")
    return redirect(url_for("cases.index"))


@pages.post("/<case_id>/waive")
def waive(case_id: str) -> Response:
    """Let a finding pass with a reason."""
    form = request.form
    services().transfer.waive(actor(), case_id, form.get("finding", ""), form.get("reason", ""))
    flash("已记录准予通过的理由。")
    return redirect(url_for("cases.page", case_id=case_id))


@pages.post("/<case_id>/seal")
def seal(case_id: str) -> Response:
    """Seal the file for good."""
    services().sealing.seal(actor(), case_id)
    flash("已封存。此后卷内任何内容不能再改动。")
    return redirect(url_for("cases.page", case_id=case_id))
