"""Pages: parse, call one service, render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.views import (
    account,
    asking,
    auth,
    cases,
    corrections,
    decisions,
    elsewhere,
    factor,
    home,
    intake,
    keys,
    labels,
    opening,
    parties,
    people,
    player,
    preparation,
    reader,
    recovery,
    requests,
    rights,
    saved,
    search,
    system,
    tokens,
    urgent,
    verify,
)

if TYPE_CHECKING:
    from flask import Flask


KEEPING = (auth, home, cases, intake, parties, reader, corrections, player, search, saved, system)
OFFICES = (account, elsewhere, factor, keys, tokens, people, recovery, rights, opening, urgent, labels)
COPYING = (asking, requests, preparation, decisions)


def install(app: Flask) -> None:
    """Put every page in its place."""
    for module in (*KEEPING, *COPYING, *OFFICES):
        app.register_blueprint(module.pages)
    if app.extensions["anjuan.settings"].has_public_verification:
        app.register_blueprint(verify.pages)
