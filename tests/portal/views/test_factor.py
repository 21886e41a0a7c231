"""The second factor from outside: turned on with a QR code, asked for at login and step-up, required by a setting."""

from __future__ import annotations

import re
from base64 import b32decode
from typing import TYPE_CHECKING

import pytest

from archive_store.models.second_factor import SecondFactor
from archive_store.second_factor import FactorRules
from archive_store.totp import hotp, step_at
from portal.access import CODE_FIELD, STEP_UP_FIELD
from tests.portal.conftest import PASSWORD, log_in
from tests.portal.views.test_account import grow_old

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World


def key_in(text: str) -> bytes:
    found = re.search(r'<code id="key">([A-Z2-7 ]+)</code>', text)
    assert found is not None, text
    return b32decode(found[1].replace(" ", ""))


def turn_on(client: FlaskClient, world: World) -> tuple[bytes, str, list[str]]:
    shown = client.post("/account/factor/begin")
    assert 'src="data:image/svg+xml;base64,' in shown.text
    key = key_in(shown.text)
    wrong = client.post("/account/factor/confirm", data={"code": "abc"})
    assert (wrong.status_code, key_in(wrong.text)) == (422, key)
    used = hotp(key, step_at(world.opened.desk.clock()))
    done = client.post("/account/factor/confirm", data={"code": used})
    codes = re.findall(r"<li><code>([A-Z2-7-]+)</code>", done.text)
    assert len(codes) == 8
    return key, used, codes


def test_it_is_turned_on_asked_for_and_turned_off(app: Flask, world: World) -> None:
    client, other = log_in(app, "handler"), log_in(app, "handler")
    assert "未开启" in client.get("/account/").text
    key, used, codes = turn_on(client, world)
    assert other.get("/").status_code == 302
    assert "备用码剩 8 个" in client.get("/account/").text
    assert not any(code in client.get("/account/").text for code in codes)
    outside, pair = app.test_client(), {"login": "handler", "password": PASSWORD}
    wrong = {name: outside.post("/login", data=data) for name, data in {
        "password": pair | {"password": "x" * 12},
        "code": pair | {"code": "000000"},
        "none": pair,
    }.items()}  # fmt: skip
    assert {answer.status_code for answer in wrong.values()} == {401}
    assert len({answer.text for answer in wrong.values()}) == 1
    assert outside.post("/login", data=pair | {"code": used}).status_code == 401, "it turned the factor on"
    assert outside.post("/login", data=pair | {"code": codes[0]}).status_code == 302
    assert outside.post("/account/factor/codes").status_code == 200
    grow_old(world)
    asked = outside.post("/account/factor/remove")
    assert asked.status_code == 403
    assert CODE_FIELD in asked.text
    with world.opened.database.write() as unit:
        unit.session.get_one(SecondFactor, world.ids["handler"]).last_step = 0
    proof = {STEP_UP_FIELD: PASSWORD}
    assert outside.post("/account/factor/remove", data=proof).status_code == 403
    code = hotp(key, step_at(world.opened.desk.clock()))
    assert outside.post("/account/factor/remove", data=proof | {CODE_FIELD: code}).status_code == 302
    assert app.test_client().post("/login", data=pair).status_code == 302


def test_who_has_none_is_not_asked_for_a_code_at_step_up(app: Flask, world: World) -> None:
    client = log_in(app, "handler")
    grow_old(world)
    assert CODE_FIELD not in client.post("/account/factor/begin").text


@pytest.mark.parametrize("path", ["confirm", "codes", "remove"])
def test_what_was_not_begun_is_not_there(app: Flask, path: str) -> None:
    client = log_in(app, "handler")
    assert client.post(f"/account/factor/{path}").status_code == client.post("/nothing/here").status_code == 404


def test_administrators_of_whom_it_is_required_come_no_further_without(app: Flask, world: World) -> None:
    services = app.extensions["anjuan"]
    services.second_factor._factors.rules = FactorRules(any_required=True)
    client, handler = log_in(app, "auditor"), log_in(app, "handler")
    assert handler.get("/").status_code == 200
    for path in ("/", "/log", "/nothing/here"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account/"), path
    assert "要求管理员开启" in client.get("/account/").text
    turn_on(client, world)
    assert client.get("/").status_code == 200
    assert "不能关闭" in client.post("/account/factor/remove", follow_redirects=True).text
