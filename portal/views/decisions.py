"""The leader's one screen, what is decided there, and the pages as they will leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from archive_store.request_words import Step
from portal.access import actor, services
from portal.forms.requests import read_step, read_withheld
from portal.services.decisions import Ruling
from portal.views.requests import tried

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

pages = Blueprint("decisions", __name__, url_prefix="/requests/<request_id>")

SAID = {
    Step.APPROVE: "已同意复制。签名复制件正在制作，完成后申请人即可领取。",
    Step.APPROVE_PART: "已部分同意复制。签名复制件正在制作，完成后申请人即可领取。",
    Step.REFUSE: "已作出不予复制的决定。",
}


@pages.get("/approval")
def screen(request_id: str) -> str:
    """Who asks, for what, the opinions, every page as it will leave, and the decision."""
    shown = services().copy_requests.page(actor(), request_id)
    approval = services().decisions.screen(actor(), request_id)
    return render_template("requests/approval.html", shown=shown, asked=shown.request, approval=approval, Step=Step)


@pages.post("/approval")
def decide(request_id: str) -> AnyResponse:
    """Approve, approve in part, or refuse."""
    form, step = request.form, read_step(request.form)
    withheld = read_withheld(form) if step is Step.APPROVE_PART else {}
    ruling = Ruling(step, form.get("seen", ""), withheld, form.get("ground", ""), form.get("reason", ""))
    return tried(request_id, lambda: services().decisions.decide(actor(), request_id, ruling), SAID.get(step, ""))


@pages.post("/send-back")
def send_back(request_id: str) -> AnyResponse:
    """Back to those who prepare."""
    reason = request.form.get("reason", "")
    return tried(request_id, lambda: services().decisions.send_back(actor(), request_id, reason), "已退回。")


@pages.post("/change")
def change(request_id: str) -> AnyResponse:
    """Take the release back into preparation; an approval of it falls."""
    reason = request.form.get("reason", "")
    said = "已撤回重新制作，原审批失效。"
    return tried(request_id, lambda: services().decisions.change_release(actor(), request_id, reason), said)


@pages.post("/extend")
def extend(request_id: str) -> AnyResponse:
    """Prolong the deadline once."""
    days, reason = request.form.get("days", 0, type=int), request.form.get("reason", "")
    return tried(request_id, lambda: services().copy_requests.extend(actor(), request_id, days, reason), "期限已延长。")


@pages.post("/withdraw-copy")
def withdraw_copy(request_id: str) -> AnyResponse:
    """Have a copy that was given out count no more."""
    reason = request.form.get("reason", "")
    return tried(request_id, lambda: services().copies.withdraw(actor(), request_id, reason), "复制件已撤回。")


@pages.get("/released/<int:position>/<int:number>.jpg")
def image(request_id: str, position: int, number: int) -> Response:
    """One page image exactly as it will leave."""
    content = services().releases.released_image(actor(), request_id, position, number)
    return Response(content, mimetype="image/jpeg")
