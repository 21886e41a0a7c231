"""Whether the portal answers, and how the installation stands."""

from __future__ import annotations

from flask import Blueprint, render_template

from archive_store.permissions import Permission
from portal.access import require, services

pages = Blueprint("system", __name__)


@pages.get("/healthz")
def health() -> dict[str, str]:
    """Say that the portal and its database answer, and nothing else."""
    services().cases.departments()
    return {"state": "ok"}


@pages.get("/system")
def state() -> str:
    """The installation, for the system administrator: no content."""
    require(Permission.WATCH_SYSTEM)
    return render_template("system/state.html", lines=[*services().audit.state(), *services().recognition.state()])
