"""The door: default deny before every request, and the headers of every answer.

Someone not logged in gets the same redirect for every path, existing or not, but for the short list of open ones.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from flask import Response, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.exceptions import Unauthorized

from archive_store.errors import NotFoundError
from archive_store.policy import may
from portal.services.tokens import TokenScope
from portal.services.verification import LARGEST_FILE

if TYPE_CHECKING:
    from flask import Flask, Request
    from werkzeug.wrappers import Response as AnyResponse

    from archive_store.identity import Actor
    from archive_store.permissions import Permission
    from portal.services import Services
    from portal.sessions import StoredSession

OPEN_ENDPOINTS = frozenset(
    {
        "auth.login",
        "auth.enrol",
        "verify.page",
        "verify.check",
        "verify.number",
        "static",
        "bootstrap.static",
        "system.health",
    }
)
"""What anyone may reach; everything else needs a login."""
TOKEN_ENDPOINTS = {"api.search": TokenScope.SEARCH, "api.description": TokenScope.SEARCH}
"""What a program reaches by a token instead of a session, and the scope that the token must have."""
OPEN_BODY = 64 * 1024
OPEN_BODIES = {"verify.check": LARGEST_FILE + OPEN_BODY}
"""The largest body, in bytes, that an open page takes from just anyone; a larger one is not read to its end."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class Person(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """The one who is logged in, as flask-login wants it."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = actor.account_id


def services() -> Services:
    """The services of this application."""
    return cast("Services", current_app.extensions["anjuan"])


def actor() -> Actor:
    """The person who asks.

    Raises:
        NotFoundError: nobody is logged in (only open pages can come here).
    """
    if not current_user.is_authenticated:
        raise NotFoundError
    return cast("Actor", current_user.actor)


def session_id() -> str:
    """The id of the session in which the person asks; it ends with it.

    Raises:
        NotFoundError: there is no session (only open pages can come here).
    """
    row = cast("StoredSession", session).row
    if row is None:
        raise NotFoundError
    return row.id


def holds(permission: Permission) -> bool:
    """Whether the person holds the permission somewhere."""
    return may(actor(), permission)


def require(permission: Permission) -> None:
    """Answer like what does not exist where the permission is not of the person's office.

    Raises:
        NotFoundError: it is not.
    """
    if not holds(permission):
        raise NotFoundError


def install(app: Flask, *, secure: bool) -> None:
    """Put the door and the headers in place."""
    manager = LoginManager(app)
    manager.session_protection = None  # the session's own row is what holds it

    def _load(account_id: str) -> Person | None:
        found = services().accounts.actor(account_id)
        return Person(found) if found else None

    manager.user_loader(_load)
    manager.request_loader(_by_token)

    app.before_request(_deny_by_default)

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint not in ("static", "bootstrap.static"):
            response.headers.setdefault("Cache-Control", "no-store")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response


def _by_token(asked: Request) -> Person | None:
    """The person for whom a token speaks, where a token is taken at all; it opens no session."""
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    scope = TOKEN_ENDPOINTS.get(asked.endpoint or "")
    if scope is None or scheme.lower() != "bearer":
        return None
    found = services().tokens.bearer(token.strip(), scope)
    return Person(found) if found else None


def _deny_by_default() -> AnyResponse | None:
    g.request_id = secrets.token_hex(8)
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site" and request.method != "GET":
        raise NotFoundError
    if request.endpoint in OPEN_ENDPOINTS:
        request.max_content_length = OPEN_BODIES.get(request.endpoint, OPEN_BODY)
        return None
    if current_user.is_authenticated:
        return None
    if request.endpoint in TOKEN_ENDPOINTS:
        raise Unauthorized
    return redirect(url_for("auth.login"))
