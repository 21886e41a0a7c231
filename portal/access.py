"""The door: default deny before every request, and the headers of every answer.

Someone not logged in gets the same redirect for every path, existing or not, but for the short list of open ones; a
program that shows a token which does not hold gets the same 401 for every path of the API.
"""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING, cast

from flask import Response, current_app, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from werkzeug.exceptions import Unauthorized

from archive_store.errors import ArchiveError, NotFoundError, RefusedError
from archive_store.login_guard import REMEMBERED, Caller
from archive_store.policy import may
from archive_store.security_keys import KeyAnswer
from portal.services.desk import REQUEST_ID
from portal.services.tokens import TokenScope
from portal.services.verification import LARGEST_FILE

if TYPE_CHECKING:
    from flask import Flask, Request
    from werkzeug.wrappers import Response as AnyResponse

    from archive_store.identity import Actor
    from archive_store.permissions import Permission
    from portal.services import Services
    from portal.services.accounts import LoggedIn
    from portal.sessions import StoredSession

log = logging.getLogger(__name__)
OPEN_ENDPOINTS = frozenset(
    {
        "auth.login",
        "auth.enrol",
        "auth.recover",
        "auth.challenge",
        "elsewhere.begin",
        "elsewhere.back",
        "elsewhere.certificate",
        "elsewhere.factor",
        "verify.page",
        "verify.check",
        "verify.number",
        "static",
        "bootstrap.static",
        "system.health",
    }
)
"""What anyone may reach; everything else needs a login."""
API = "/api/"
"""Where programs ask: one that shows a token is told where it does not hold, instead of being led to the login."""
STATIC_ENDPOINTS = frozenset({"static", "bootstrap.static"})
STEP_UP_ENDPOINTS = frozenset(
    {
        "account.command_token",
        "cases.seal",
        "decisions.decide",
        "elsewhere.bind_certificate",
        "elsewhere.bind_single_sign_on",
        "elsewhere.remove",
        "factor.begin",
        "factor.new_codes",
        "factor.remove",
        "keys.begin",
        "keys.remove",
        "labels.decide",
        "recovery.begin",
        "recovery.decide",
        "rights.decide",
        "rights.end",
        "urgent.decide",
    }
)
"""What weighs: posted there, the password must have been given within `STEP_UP_AGE`."""
BEFORE_FACTOR = frozenset(
    {
        "account.page",
        "account.password",
        "auth.logout",
        "factor.begin",
        "factor.confirm",
        "keys.begin",
        "keys.confirm",
    }
)
"""What somebody of whom a second factor is required reaches before having one."""
STEP_UP_AGE = 10 * 60
"""Seconds."""
STEP_UP_FIELD = "step_up_password"
CODE_FIELD = "step_up_code"
KEY_FIELD = "step_up_key"
PROVED_KEY = "proved_at"
"""Where a session keeps when its person last gave the password, in seconds since 1970."""
CHALLENGE_KEY = "key_challenge"
"""Where a session keeps the challenge that a security key is to answer."""
BEGUN_KEY = "key_begun"
"""Where it keeps the one for a key that is being made."""
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


def caller() -> Caller:
    """Where a try to log in comes from."""
    return Caller(request.cookies.get(_device_cookie(), ""), (request.remote_addr or "")[:45])


def remember_browser(response: AnyResponse, token: str) -> None:
    """Have the browser known for who has just logged in; the cookie opens nothing by itself."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(
        _device_cookie(), token, max_age=REMEMBERED, httponly=True, secure=secure, samesite="Lax", path="/"
    )


def _device_cookie() -> str:
    return "__Host-anjuan-device" if current_app.config["SESSION_COOKIE_SECURE"] else "anjuan-device"


def ask_for_key() -> str:
    """What the browser asks a security key with, as JSON; this session alone can answer it, once."""
    options, session[CHALLENGE_KEY] = services().security_keys.request()
    return options


def begin_key() -> str:
    """What the browser makes a key of the person with, as JSON; this session alone can answer it, once."""
    options, session[BEGUN_KEY] = services().security_keys.begin(actor())
    return options


def made_key(credential: str) -> KeyAnswer:
    """The key that the browser made, with the challenge that this session was given for it."""
    return KeyAnswer(credential, session.pop(BEGUN_KEY, ""))


def factor_answer(code: str | None, credential: str | None) -> str | KeyAnswer:
    """The second factor as it was sent: what a key signed for this session, else a typed code."""
    return KeyAnswer(credential, session.pop(CHALLENGE_KEY, "")) if credential else code or ""


def note_proof() -> None:
    """The password was given now: the session goes on under a new token."""
    session[PROVED_KEY] = int(time.time())
    cast("StoredSession", session).fresh_token = True


def enter(logged_in: LoggedIn, *, by_password: bool = False) -> AnyResponse:
    """Begin the session of who has just logged in; who gave no password is asked for it before what weighs."""
    found = services().accounts.actor(logged_in.account_id)
    if found is None:
        return redirect(url_for("auth.login"))
    session.clear()
    login_user(Person(found))
    cast("StoredSession", session).fresh_token = True
    if by_password:
        note_proof()
    answer = redirect(url_for("home.page"))
    remember_browser(answer, logged_in.device)
    return answer


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


def note_denial() -> None:
    """Put into the audit log that the person was answered as for what does not exist; strangers leave no event.

    What is hidden and what is absent leave the same event. The answer stands also where the log cannot be written.
    """
    if not current_user.is_authenticated or request.endpoint in STATIC_ENDPOINTS:
        return
    asked = next(iter((request.view_args or {}).values()), "")
    try:
        services().audit.note_denial(actor(), request.endpoint or "", str(asked))
    except ArchiveError:
        log.warning("a denial could not be put into the audit log", exc_info=True)


def install(app: Flask, *, secure: bool) -> None:
    """Put the door and the headers in place."""
    app.config["SESSION_COOKIE_SECURE"] = secure
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
        if request.endpoint not in STATIC_ENDPOINTS:
            response.headers.setdefault("Cache-Control", "no-store")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response


def install_step_up(app: Flask) -> None:
    """Ask for the password again before what weighs; to be called after the check of form tokens is in place."""
    app.before_request(_step_up)


def _step_up() -> str | tuple[str, int] | None:
    """Nothing that was typed is lost: the page that asks carries the whole form on."""
    if request.method != "POST" or request.endpoint not in STEP_UP_ENDPOINTS or not current_user.is_authenticated:
        return None
    refusal, given = None, request.form.get(STEP_UP_FIELD)
    if given is not None:
        try:
            answer = factor_answer(request.form.get(CODE_FIELD), request.form.get(KEY_FIELD))
            services().accounts.step_up(actor(), given, answer, caller())
        except RefusedError as error:
            refusal = error.message
        else:
            note_proof()
            return None
    elif 0 <= time.time() - session.get(PROVED_KEY, 0) <= STEP_UP_AGE:
        return None
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]
    page = render_template(
        "auth/step_up.html",
        kept=kept,
        field=STEP_UP_FIELD,
        code_field=CODE_FIELD,
        key_field=KEY_FIELD,
        factor=services().second_factor.standing(actor()),
        refusal=refusal,
        minutes=STEP_UP_AGE // 60,
    )
    return page, 403


NOT_KEPT = frozenset({STEP_UP_FIELD, CODE_FIELD, KEY_FIELD, "csrf_token"})


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
    REQUEST_ID.set(g.request_id)
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site" and request.method != "GET":
        raise NotFoundError
    if request.endpoint in OPEN_ENDPOINTS:
        request.max_content_length = OPEN_BODIES.get(request.endpoint, OPEN_BODY)
        return None
    if not current_user.is_authenticated:
        if "Authorization" in request.headers and request.path.startswith(API):  # whether there is such a page or not
            raise Unauthorized
        return redirect(url_for("auth.login"))
    if request.endpoint not in BEFORE_FACTOR and services().second_factor.is_due(actor()):
        return redirect(url_for("account.page"))
    return None
