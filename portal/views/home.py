"""The first page after login: what waits for this person."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from archive_store.permissions import Permission
from archive_store.request_words import RequestState
from portal.access import actor, holds, services

SHOWN = 10
"""Latest events on the auditor's first page."""
pages = Blueprint("home", __name__)


@pages.get("/")
def page() -> str:
    """The work list of the person's office."""
    who = actor()
    if holds(Permission.READ_LOG):
        audit = services().audit
        shown, events = audit.overview(who), audit.latest(who, 1, SHOWN)
        tasks = services().tasks.of(who)
        return render_template("system/auditor.html", shown=shown, events=events, tasks=tasks)
    tasks = [*services().tasks.of(who), *services().saved.tasks(who)]
    if holds(Permission.SEE_LISTED):
        return render_template(
            "party/home.html",
            cases=services().asking.own_cases(who),
            rows=services().copy_requests.listed(who, RequestState),
            RequestState=RequestState,
            tasks=tasks,
        )
    if holds(Permission.SUPERVISE):
        board = services().supervision.board(who, request.args.get("year", type=int))
        return render_template("supervision/board.html", board=board, tasks=tasks)
    problems = services().system.problems(who) if holds(Permission.WATCH_SYSTEM) else []
    return render_template("home.html", tasks=tasks, problems=problems)
