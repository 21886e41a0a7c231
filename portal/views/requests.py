"""Copy requests: lists, the request's page, its plain steps, the opinion, the copy's way out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from archive_store.errors import ConflictError, InvalidInputError, RefusedError
from archive_store.request_words import DECIDED, UNDECIDED, Advice, RequestState, Step
from portal.access import actor, services
from portal.forms.requests import read_opinions, read_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as AnyResponse

pages = Blueprint("requests", __name__, url_prefix="/requests")

SAID = {
    Step.RETURN_TO_REQUESTER: "已退回申请人补正。",
    Step.BEGIN_PREPARATION: "已开始制作。",
    Step.SUBMIT_RELEASE: "已提交主管领导审批。",
    Step.PROPOSE_REFUSAL: "已提交主管领导审批。",
    Step.WITHDRAW: "申请已撤回。",
    Step.WITHDRAW_AT_COUNTER: "已按申请人要求撤回。",
}


def tried(request_id: str, act: Callable[[], object], said: str, endpoint: str = "requests.page") -> AnyResponse:
    """Do a step and go back to its page; a refusal is said there, so that nothing typed elsewhere is lost."""
    try:
        act()
        flash(said)
    except (RefusedError, InvalidInputError, ConflictError) as error:
        flash(error.message, "bad")
    return redirect(url_for(endpoint, request_id=request_id))


@pages.get("/")
def index() -> str:
    """The requests that the person may see: what is open, or what came to its end."""
    over = request.args.get("over") == "1"
    states = DECIDED if over else UNDECIDED
    rows = services().copy_requests.listed(actor(), states)
    return render_template("requests/index.html", rows=rows, over=over, DRAFT=RequestState.DRAFT)


@pages.get("/<request_id>")
def page(request_id: str) -> str | AnyResponse:
    """One request, as the person's office sees it; a draft at its first screen."""
    who = actor()
    shown = services().copy_requests.page(who, request_id)
    if shown.request.state is RequestState.DRAFT:
        return redirect(url_for("asking.screen", request_id=request_id, name="items"))
    taken = services().copies.taken(shown.copy.id) if shown.copy else 0
    is_own = who.account_id == shown.request.requester_id  # an office that one holds besides shows no more of it
    template = "party/request.html" if is_own else "requests/page.html"
    return render_template(
        template,
        shown=shown,
        asked=shown.request,
        taken=taken,
        Step=Step,
        advices=Advice,
        grounds=services().decisions.grounds,
    )


@pages.post("/<request_id>/step")
def take(request_id: str) -> AnyResponse:
    """Take a step that needs nothing but a reason."""
    step, reason = read_step(request.form), request.form.get("reason", "")
    return tried(
        request_id,
        lambda: services().copy_requests.take(actor(), request_id, step, reason),
        SAID.get(step, "已办理。"),
    )


@pages.post("/<request_id>/accept")
def accept(request_id: str) -> AnyResponse:
    """Take the request up after the check of identity and relation."""
    form = request.form
    proofs = form.get("identity_proof", ""), form.get("relation_proof", "")
    return tried(request_id, lambda: services().copy_requests.accept(actor(), request_id, *proofs), "已核验受理。")


@pages.post("/<request_id>/refer")
def refer(request_id: str) -> AnyResponse:
    """Send it to a secrecy reviewer."""
    reviewer = request.form.get("reviewer", "")
    return tried(request_id, lambda: services().copy_requests.refer(actor(), request_id, reviewer), "已送保密审查。")


@pages.post("/<request_id>/opinion")
def opinion(request_id: str) -> AnyResponse:
    """Give the secrecy reviewer's opinion."""
    return tried(
        request_id,
        lambda: services().copy_requests.give_opinion(actor(), request_id, read_opinions(request.form)),
        "审查意见已出具。",
    )


@pages.post("/<request_id>/copy")
def copy(request_id: str) -> AnyResponse:
    """Send the copy, counted when its last byte went out."""
    try:
        transfer = services().copies.open(actor(), request_id)
    except RefusedError as error:
        flash(error.message, "bad")
        return redirect(url_for("requests.page", request_id=request_id))
    answer = Response(transfer.chunks, mimetype="application/pdf")
    answer.content_length = transfer.size
    ascii_name, name = f"{request_id[:8]}.pdf", f"UTF-8''{quote(transfer.name)}"
    answer.headers.set("Content-Disposition", "attachment", **{"filename": ascii_name, "filename*": name})  # RFC 6266
    return answer
