"""Labels after the seal: proposed on the case's page of labels, decided and reviewed by the classifying officer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from archive_store.errors import ConflictError, InvalidInputError, RefusedError
from archive_store.labels import Level, Mark, ProposalState
from portal.access import actor, services
from portal.forms.labels import read_label, read_subject
from portal.services.classification import NewProposal

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("labels", __name__)


@pages.get("/cases/<case_id>/labels")
def page(case_id: str) -> str:
    """What the labels of a case are, and the forms to propose others."""
    return _page(case_id, {}, None)


@pages.post("/cases/<case_id>/labels")
def propose(case_id: str) -> Response | tuple[str, int]:
    """Propose a label."""
    form = request.form
    subject, subject_id = read_subject(form)
    try:
        label, day = read_label(form)
        origin = form.get("source", ""), form.get("origin_document", "")
        new = NewProposal(subject, subject_id, label, form.get("ground", ""), day, *origin)
        services().classification.propose(actor(), case_id, new)
    except (InvalidInputError, RefusedError) as error:
        return _page(case_id, form, error.message), 422 if isinstance(error, InvalidInputError) else 409
    flash("建议已提交，等待定密责任人决定。决定之前，原密级和标识不变。")
    return redirect(url_for("labels.page", case_id=case_id))


@pages.post("/cases/<case_id>/labels/<proposal_id>/withdraw")
def withdraw(case_id: str, proposal_id: str) -> Response:
    """Take a proposal back."""
    try:
        services().classification.withdraw(actor(), proposal_id)
        flash("建议已撤回。")
    except RefusedError as error:
        flash(error.message, "bad")
    return redirect(url_for("labels.page", case_id=case_id))


@pages.get("/labels/")
def waiting() -> str:
    """What waits for the classifying officer: proposals and reviews."""
    classification = services().classification
    return render_template(
        "labels/waiting.html", rows=classification.waiting(actor()), reviews=classification.reviews(actor())
    )


@pages.get("/labels/<proposal_id>")
def proposal(proposal_id: str) -> str:
    """One proposal and its decision."""
    return _proposal(proposal_id, {}, None)


@pages.post("/labels/<proposal_id>")
def decide(proposal_id: str) -> Response | tuple[str, int]:
    """Decide as proposed, or not."""
    form = request.form
    granted = form.get("decision") == "grant"
    try:
        services().classification.decide(actor(), proposal_id, granted=granted, ground=form.get("ground", ""))
    except (InvalidInputError, RefusedError, ConflictError) as error:
        return _proposal(proposal_id, form, error.message), 422 if isinstance(error, InvalidInputError) else 409
    done = "已定密，即时生效；检索库更新完成之前，本案暂不能检索到。"
    flash(done if granted else "已记录不予采纳。")
    return redirect(url_for("labels.waiting"))


@pages.post("/labels/reviews/<review_id>")
def review(review_id: str) -> Response:
    """Note what a review came to."""
    try:
        services().classification.close_review(actor(), review_id, request.form.get("outcome", ""))
        flash("审核结论已记录。")
    except InvalidInputError as error:
        flash(error.message, "bad")
    return redirect(url_for("labels.waiting"))


def _page(case_id: str, given: object, refusal: str | None) -> str:
    case, rows = services().classification.page(actor(), case_id)
    return render_template(
        "labels/page.html", case=case, rows=rows, levels=Level, marks=Mark, given=given, refusal=refusal
    )


def _proposal(proposal_id: str, given: object, refusal: str | None) -> str:
    shown = services().classification.proposal(actor(), proposal_id)
    return render_template(
        "labels/proposal.html", shown=shown, given=given, refusal=refusal, ProposalState=ProposalState
    )
