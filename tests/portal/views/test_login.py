"""Logging in: floods from elsewhere, known browsers, and a cookie that opens nothing by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portal.conftest import PASSWORD, log_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World

WRONG = "错的密码错的密码错的"
COOKIE = "anjuan-device"


def tried(client: FlaskClient, password: str, address: str = "127.0.0.1") -> int:
    sent = {"login": "handler", "password": password}
    return client.post("/login", data=sent, environ_base={"REMOTE_ADDR": address}).status_code


@pytest.mark.both_databases
def test_a_flood_from_elsewhere_keeps_nobody_out_at_the_own_desk(app: Flask, world: World) -> None:
    own = log_in(app, "handler")
    own.post("/logout")
    for n in range(3 * world.opened.settings.login_attempts):
        assert tried(app.test_client(), WRONG, f"203.0.113.{n}") == 401
    assert tried(app.test_client(), PASSWORD, "203.0.113.99") == 401
    assert tried(own, PASSWORD) == 302


def test_a_cookie_that_was_taken_opens_nothing(app: Flask, world: World) -> None:
    own = log_in(app, "handler")
    taken = own.get_cookie(COOKIE)
    assert taken is not None
    assert taken.http_only
    thief = app.test_client()
    thief.set_cookie(COOKIE, taken.value)
    assert thief.get("/").status_code == 302
    for _ in range(world.opened.settings.login_attempts):
        assert tried(thief, WRONG) == 401
    assert tried(thief, PASSWORD) == 401
    assert tried(app.test_client(), PASSWORD) == 302


def test_an_answer_to_a_wrong_login_sets_no_cookie_of_a_browser(app: Flask) -> None:
    for login in ("handler", "nobody"):
        client = app.test_client()
        client.post("/login", data={"login": login, "password": WRONG})
        assert client.get_cookie(COOKIE) is None


def test_slips_of_whoever_is_logged_in_do_not_shut_out_other_browsers(app: Flask, world: World) -> None:
    client, other = log_in(app, "secadmin"), log_in(app, "secadmin")
    for _ in range(world.opened.settings.login_attempts):
        client.post("/rights/asks/none/decide", data={"step_up_password": WRONG})
    other.post("/logout")
    sent = {"login": "secadmin", "password": PASSWORD}
    assert other.post("/login", data=sent).status_code == 302
