"""Security keys from outside: registered in the page, bound to the session, required where a setting says so."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from archive_store.second_factor import FactorRules
from portal.access import CODE_FIELD, KEY_FIELD, STEP_UP_FIELD
from tests.portal.conftest import PASSWORD, log_in
from tests.portal.soft_key import SoftKey
from tests.portal.views.test_account import grow_old

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World

WRONG = "错的密码错的密码错的"


def begun(text: str) -> str:
    found = re.search(r'data-options="([^"]+)"', text)
    assert found is not None, text
    return unescape(found[1])


def register(client: FlaskClient, name: str = "办公室的密钥") -> SoftKey:
    key = SoftKey()
    made = key.made(begun(client.post("/account/keys/begin").text))
    answer = client.post("/account/keys/confirm", data={"name": name, "credential": made})
    assert answer.headers["Location"] == "/account/"
    assert name in client.get("/account/").text
    return key


def challenge(client: FlaskClient) -> str:
    asked: dict[str, str] = json.loads(client.post("/login/challenge").text)
    return asked["challenge"]


def tried(client: FlaskClient, login: str, assertion: str, password: str = PASSWORD) -> tuple[int, str]:
    answer = client.post("/login", data={"login": login, "password": password, "assertion": assertion})
    return answer.status_code, answer.text.replace(login, "")


@pytest.mark.both_databases
def test_a_key_opens_the_session_that_asked_and_no_other(app: Flask) -> None:
    client = log_in(app, "handler")
    key = register(client)
    asking, other = app.test_client(), app.test_client()
    signed = key.signed(challenge(asking))
    assert tried(other, "handler", signed)[0] == 401, "no challenge in this session"
    challenge(other)
    assert tried(other, "handler", signed)[0] == 401, "another challenge in this session"
    assert tried(asking, "handler", signed)[0] == 302
    assert asking.post("/logout").status_code == 302
    assert tried(asking, "handler", signed)[0] == 401, "replayed"
    assert tried(app.test_client(), "handler", "")[0] == 401


@pytest.mark.both_databases
def test_a_challenge_that_was_answered_is_gone_also_for_a_copy_of_the_session(app: Flask) -> None:
    key = register(log_in(app, "handler"))
    first, second = app.test_client(), app.test_client()
    signed = key.signed(challenge(first))
    kept = first.get_cookie("anjuan")
    assert kept is not None
    second.set_cookie("anjuan", kept.value)
    app.extensions["anjuan"].security_keys.request()
    answers = {tried(one, "handler", signed)[0] for one in (first, second)}
    assert answers == {302, 401}


def test_every_step_of_login_looks_the_same_with_and_without_keys_and_for_nobody(app: Flask) -> None:
    key = register(log_in(app, "handler"))
    key.count = 100
    names = ("handler", "leader", "nobody", "party")
    pages = {app.test_client().get("/login").text for _ in names}
    assert len(pages) == 1
    asked = [json.loads(app.test_client().post("/login/challenge", data={"login": name}).text) for name in names]
    assert len({json.dumps(one | {"challenge": len(one["challenge"])}) for one in asked}) == 1
    for password in (WRONG, PASSWORD + "x"):
        answers = set()
        for name in names:
            client = app.test_client()
            answers |= {tried(client, name, "", password), tried(client, name, "{}", password)}
            answers.add(tried(client, name, key.signed(challenge(client)), password))
        assert {status for status, _ in answers} == {401}
        assert len({text for _, text in answers}) == 1


def test_step_up_takes_a_key_and_passes_no_trace_of_it_on(app: Flask, world: World) -> None:
    client = log_in(app, "handler")
    key = register(client)
    grow_old(world)
    asked = client.post("/account/factor/begin", data={"kept": "this", KEY_FIELD: "that"})
    assert asked.status_code == 403
    assert CODE_FIELD not in asked.text.replace(f'data-instead="{CODE_FIELD}"', "")
    assert 'name="kept" value="this"' in asked.text
    assert 'value="that"' not in asked.text
    proof = {STEP_UP_FIELD: PASSWORD}
    assert client.post("/account/factor/begin", data=proof).status_code == 403
    used = key.signed(challenge(client))
    wrong = client.post("/account/factor/begin", data={STEP_UP_FIELD: WRONG, KEY_FIELD: used})
    assert wrong.status_code == 403
    assert client.post("/account/factor/begin", data=proof | {KEY_FIELD: used}).status_code == 403
    proof[KEY_FIELD] = key.signed(challenge(client))
    assert client.post("/account/factor/begin", data=proof).status_code == 200


def test_another_password_asks_for_the_key(app: Flask) -> None:
    client, new = log_in(app, "handler"), "另一句谁也想不到的演示密码"
    key = register(client)
    data = {"old": PASSWORD, "password": new, "again": new}
    assert client.post("/account/password", data=data).status_code == 409
    data["assertion"] = key.signed(challenge(client))
    assert client.post("/account/password", data=data).status_code == 302


def test_one_registers_and_removes_in_the_page(app: Flask) -> None:
    client, other = log_in(app, "handler"), log_in(app, "handler")
    options = begun(client.post("/account/keys/begin").text)
    nameless = client.post("/account/keys/confirm", data={"name": " ", "credential": SoftKey().made(options)})
    assert nameless.status_code == 422
    assert begun(nameless.text) != options
    refused = client.post("/account/keys/confirm", data={"name": "x", "credential": SoftKey().made(options)})
    assert "没有登记成功" in client.get(refused.headers["Location"]).text
    register(client)
    assert other.get("/").status_code == 302, "sessions elsewhere end"
    found = re.search(r"/account/keys/(\w{32})/remove", client.get("/account/").text)
    assert found is not None
    assert log_in(app, "leader").post(f"/account/keys/{found[1]}/remove").status_code == 404
    client.post(f"/account/keys/{found[1]}/remove")
    assert found[1] not in client.get("/account/").text
    assert log_in(app, "handler").get("/").status_code == 200


def test_of_whom_a_key_is_required_comes_no_further_without_and_not_by_a_code(app: Flask) -> None:
    app.extensions["anjuan"].second_factor._factors.rules = FactorRules(any_required=True, key_required=True)
    client, handler = log_in(app, "auditor"), log_in(app, "handler")
    assert handler.get("/").status_code == 200
    for path in ("/", "/log", "/nothing/here"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account/"), path
    assert "登记之前不能办理其他事项" in client.get("/account/").text
    assert client.post("/account/factor/begin").status_code == 200
    assert client.get("/").status_code == 302
    register(client)
    assert client.get("/").status_code == 200
    assert "最后一把，不能删除" in client.get("/account/").text
    assert app.test_client().post("/login", data={"login": "auditor", "password": PASSWORD}).status_code == 401
