"""The same services as JSON, for programs of the persons themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.api import search

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask) -> None:
    """Put every address in its place."""
    app.register_blueprint(search.pages)
