"""Pages: parse, call one service, render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.views import (
    asking,
    auth,
    cases,
    decisions,
    home,
    intake,
    parties,
    player,
    reader,
    requests,
    search,
    system,
    verify,
)

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask) -> None:
    """Put every page in its place."""
    for module in (auth, home, cases, intake, parties, reader, player, search, system, asking, requests, decisions):
        app.register_blueprint(module.pages)
    if app.extensions["anjuan.settings"].has_public_verification:
        app.register_blueprint(verify.pages)
