"""The first page after login: what waits for this person."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from archive_store.permissions import Permission
from archive_store.request_words import RequestState
from portal.access import actor, holds, services

pages = Blueprint("home", __name__)


@pages.get("/")
def page() -> str:
    """The work list of the person's office."""
    who = actor()
    if holds(Permission.READ_LOG):
        number = request.args.get("page", 1, type=int)
        return render_template("system/log.html", events=services().audit.latest(who, number), number=number)
    if holds(Permission.SEE_LISTED):
        return render_template(
            "party/home.html",
            cases=services().asking.own_cases(who),
            rows=services().copy_requests.listed(who, RequestState),
            RequestState=RequestState,
        )
    if holds(Permission.SUPERVISE):
        board = services().supervision.board(who, request.args.get("year", type=int))
        return render_template("supervision/board.html", board=board)
    return render_template("home.html", tasks=services().tasks.of(who))
