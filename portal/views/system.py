"""Whether the portal answers, and how the installation stands."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from portal.access import actor, services
from portal.services.audit import PAGE_SIZE

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
def log() -> str:
    """The log, without content, for the security auditor."""
    number = max(request.args.get("page", 1, type=int), 1)
    events = services().audit.latest(actor(), number)
    return render_template("system/log.html", events=events, number=number, size=PAGE_SIZE)


@pages.post("/log/verify")
def verify() -> str:
    """Have the whole log checked against what was signed."""
    return render_template("system/verified.html", findings=services().audit.verify_for(actor()))
