"""The own account and the step-up from outside: what weighs asks for the password again, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from archive_store.models.accounts import WebSession
from portal.access import PROVED_KEY, STEP_UP_AGE, STEP_UP_ENDPOINTS, STEP_UP_FIELD
from tests.portal.conftest import PASSWORD, log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

OFFICES = ("handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def grow_old(world: World) -> None:
    """Have every session's password be given too long ago."""
    with world.opened.database.write() as unit:
        for row in unit.session.query(WebSession):
            data = json.loads(row.data)
            row.data = json.dumps(data | {PROVED_KEY: data[PROVED_KEY] - STEP_UP_AGE - 1})


@pytest.mark.parametrize("who", OFFICES)
def test_everyone_reads_the_own_rights_in_plain_words(app: Flask, who: str) -> None:
    text = log_in(app, who).get("/account/").text
    assert "角色：" in text
    assert "本次登录" in text
    assert not re.search(r"\sstyle=|\son\w+=", text)


def test_a_session_that_was_ended_elsewhere_is_out(app: Flask, world: World) -> None:
    first, second = log_in(app, "handler"), log_in(app, "handler")
    text = second.get("/account/").text
    ended = re.findall(r"/account/sessions/(\w{32})/end", text)
    assert len(ended) == 1
    assert log_in(app, "leader").post(f"/account/sessions/{ended[0]}/end").status_code == 404
    assert first.get("/account/").status_code == 200
    assert second.post(f"/account/sessions/{ended[0]}/end").status_code == 302
    assert first.get("/account/").status_code == 302
    third = log_in(app, "handler")
    second.post("/account/sessions/end-others")
    assert third.get("/account/").status_code == 302
    assert second.get("/account/").status_code == 200
    del world


def test_a_password_is_changed_in_the_page(app: Flask) -> None:
    client, new = log_in(app, "handler"), "另一句谁也想不到的演示密码"
    data = {"old": PASSWORD, "password": new, "again": new}
    assert client.post("/account/password", data=data | {"again": "x"}).status_code == 422
    assert client.post("/account/password", data=data | {"old": "x"}).status_code == 409
    assert client.post("/account/password", data=data).status_code == 302
    assert client.get("/account/").status_code == 200
    assert app.test_client().post("/login", data={"login": "handler", "password": PASSWORD}).status_code == 401


def test_whoever_has_not_proved_who_it_is_seals_nothing(app: Flask, world: World, accepted: str) -> None:
    client = log_in(app, "archivist")
    grow_old(world)
    asked = client.post(f"/cases/{accepted}/seal")
    assert asked.status_code == 403
    assert "已接收待封存" in client.get(f"/cases/{accepted}").text
    wrong = client.post(f"/cases/{accepted}/seal", data={STEP_UP_FIELD: "错的密码错的密码错的"})
    assert wrong.status_code == 403
    assert "密码不正确" in wrong.text
    assert client.post(f"/cases/{accepted}/seal", data={STEP_UP_FIELD: PASSWORD}).status_code == 302
    assert "已封存" in client.get(f"/cases/{accepted}").text


def test_nothing_that_was_typed_is_lost_and_the_password_is_not_asked_twice(app: Flask, world: World) -> None:
    secadmin, leader = log_in(app, "secadmin"), log_in(app, "leader")
    for right in ("clearance:2", "mark:minor"):
        leader.post("/rights/ask", data={"login": "handler", "right": right, "ground": "演示"})
    first, second = re.findall(r"/rights/asked/\w{32}", secadmin.get("/rights/waiting").text)
    grow_old(world)
    form = {"decision": "grant", "ground": "演示“核对”<任命>"}
    asked = secadmin.post(first, data=form)
    assert asked.status_code == 403
    assert 'name="ground" value="演示“核对”&lt;任命&gt;"' in asked.text
    assert 'name="decision" value="grant"' in asked.text
    before = secadmin.get_cookie("anjuan")
    assert secadmin.post(first, data=form | {STEP_UP_FIELD: PASSWORD}).status_code == 302
    after = secadmin.get_cookie("anjuan")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert secadmin.post(second, data=form).status_code == 302


def test_the_step_up_tells_nothing_of_what_is_there(app: Flask, world: World, accepted: str) -> None:
    client = log_in(app, "handler")
    grow_old(world)
    answers = [client.post(f"/cases/{case_id}/seal") for case_id in (accepted, "0" * 32)]
    pages = [re.sub(r'value="[^"]{60,}"', "", answer.text.replace(accepted, "0" * 32)) for answer in answers]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert pages[0] == pages[1]


def test_what_weighs_is_a_page_that_exists(app: Flask) -> None:
    assert set(app.view_functions) >= STEP_UP_ENDPOINTS


def test_a_token_for_commands_is_made_after_the_password_and_shown_once(app: Flask, world: World) -> None:
    client = log_in(app, "archivist")
    grow_old(world)
    asked = client.post("/account/command-token")
    assert asked.status_code == 403
    assert "<code>" not in asked.text
    page = client.post("/account/command-token", data={"step_up_password": PASSWORD}).text
    token = re.findall(r"<code>([\w-]{20,})</code>", page)[0]
    assert world.opened.services.accounts.by_command_token("archivist", token).account_id == world.ids["archivist"]
    assert token not in client.get("/account/").text
    assert "command-title" not in log_in(app, "party").get("/account/").text
