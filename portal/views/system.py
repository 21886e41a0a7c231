"""Whether the portal answers, and how the installation stands."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from archive_store.errors import InvalidInputError
from archive_store.permissions import Permission
from portal.access import actor, require, services
from portal.forms.parties import read_day
from portal.services.audit import OUTCOMES, PAGE_SIZE, TITLES, LogFilter

FILTERS = ("name", "outcome", "person", "since", "until")
pages = Blueprint("system", __name__)


@pages.get("/healthz")
def health() -> dict[str, str]:
    """Say that the portal and its database answer, and nothing else."""
    services().cases.departments()
    return {"state": "ok"}


@pages.get("/system")
def state() -> str:
    """The installation, for the system administrator: no content."""
    return render_template("system/state.html", state=services().system.state(actor()))


@pages.get("/log")
def log() -> tuple[str, int]:
    """The log, without content, for the security auditor."""
    number = max(request.args.get("page", 1, type=int), 1)
    asked = {field: value for field in FILTERS if (value := request.args.get(field, ""))}
    events, refusal = [], None
    try:
        events = services().audit.latest(actor(), number, wanted=_wanted())
    except InvalidInputError as error:
        require(Permission.READ_LOG)
        refusal = error.message
    page = render_template(
        "system/log.html",
        events=events,
        number=number,
        size=PAGE_SIZE,
        asked=asked,
        refusal=refusal,
        titles=sorted(TITLES.items(), key=lambda pair: pair[0]),
        outcomes=OUTCOMES,
    )
    return page, 422 if refusal else 200


def _wanted() -> LogFilter:
    given = request.args
    name, outcome = given.get("name", ""), given.get("outcome", "")
    if name not in {"", *TITLES} or outcome not in {"", *OUTCOMES}:
        raise InvalidInputError("没有这种事件或结果，请从列表中选择。")
    return LogFilter(name, outcome, given.get("person", "").strip(), read_day(given, "since"), read_day(given, "until"))


@pages.post("/log/verify")
def verify() -> str:
    """Have the whole log checked against what was signed."""
    return render_template("system/verified.html", findings=services().audit.verify_for(actor()))
