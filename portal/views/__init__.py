"""Pages: parse, call one service, render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.views import auth, cases, home, intake, preparation, reader, search, system

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask) -> None:
    """Put every page in its place."""
    for module in (auth, home, cases, intake, reader, search, system, preparation):
        app.register_blueprint(module.pages)
