"""A forgotten password from outside: seen in person by one, confirmed by another, and outsiders learn nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.portal.conftest import PASSWORD, PEOPLE, log_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World

NEW = "另一句谁也想不到的演示密码"
OFFICES = {"sysadmin", "secadmin", "auditor"}


def plain(text: str) -> str:
    return re.sub(r'value="[^"]{60,}"', "", text)


def begin(client: FlaskClient, account_id: str) -> str:
    answer = client.post(f"/recoveries/of/{account_id}", data={"reason": "演示：当面核对证件"}, follow_redirects=True)
    found = re.search(r"/recoveries/([0-9a-f]{32})", answer.text)
    assert found is not None, answer.text
    return found[0]


def test_the_pages_are_of_the_administrators_and_absent_for_all_others(app: Flask, world: World) -> None:
    path = begin(log_in(app, "sysadmin"), world.ids["handler"])
    for who in PEOPLE:
        client = log_in(app, who)
        absent = plain(client.get("/nothing/here").text)
        assert (client.get("/recoveries/").status_code == 200) == (who in OFFICES), who
        for answer in (client.get(path), client.post(path, data={"decision": "confirm", "ground": "x"})):
            if who not in ("sysadmin", "secadmin"):
                assert answer.status_code == 404, who
                assert plain(answer.text) == absent, who


def test_a_forgotten_password_is_set_anew_by_three_people(app: Flask, world: World) -> None:
    sysadmin, secadmin, handler = (log_in(app, who) for who in ("sysadmin", "secadmin", "handler"))
    assert "登记恢复登录" in sysadmin.get(f"/accounts/{world.ids['handler']}").text
    path = begin(sysadmin, world.ids["handler"])
    assert "登记恢复登录" not in sysadmin.get(f"/accounts/{world.ids['handler']}").text
    assert sysadmin.post(path, data={"decision": "confirm", "ground": "演示"}).status_code == 404
    assert path in secadmin.get("/").text
    assert secadmin.post(path, data={"decision": "confirm", "ground": ""}).status_code == 422
    shown = secadmin.post(path, data={"decision": "confirm", "ground": "演示：当面核对"})
    code = re.search(r'<code id="code">([^<]+)</code>', shown.text)
    assert code is not None
    assert code[1] not in secadmin.get(path).text
    assert handler.get("/").status_code == 200, "nothing changes until the code is used"
    outside, wrong = app.test_client(), {"code": code[1], "password": NEW, "again": NEW[:-1]}
    assert outside.post("/recover", data=wrong).status_code == 200
    assert outside.post("/recover", data=wrong | {"again": NEW}).status_code == 302
    assert handler.get("/").status_code == 302
    assert outside.post("/login", data={"login": "handler", "password": PASSWORD}).status_code == 401
    assert outside.post("/login", data={"login": "handler", "password": NEW}).status_code == 302
    again = app.test_client().post("/recover", data=wrong | {"again": NEW})
    unknown = app.test_client().post("/recover", data=wrong | {"again": NEW, "code": "x" * len(code[1])})
    assert again.status_code == unknown.status_code == 422
    assert again.text.replace(code[1], "") == unknown.text.replace("x" * len(code[1]), "")
    assert "凭恢复码重设密码" in log_in(app, "auditor").get("/rights/changes").text


def test_the_auditor_confirms_for_an_administrator_and_sees_it_on_the_first_page(app: Flask, world: World) -> None:
    secadmin, auditor = log_in(app, "secadmin"), log_in(app, "auditor")
    person = f"/rights/people/{world.ids['sysadmin']}"
    assert "登记恢复登录" in secadmin.get(person).text
    assert "登记恢复登录" not in secadmin.get(f"/rights/people/{world.ids['handler']}").text
    path = begin(secadmin, world.ids["sysadmin"])
    assert path in auditor.get("/").text
    assert secadmin.post(path, data={"decision": "confirm", "ground": "演示"}).status_code == 404
    assert auditor.post(path, data={"decision": "refuse", "ground": "演示：不是本人"}).status_code == 302
    assert path not in auditor.get("/").text


def test_who_began_it_takes_it_back(app: Flask, world: World) -> None:
    sysadmin, secadmin = log_in(app, "sysadmin"), log_in(app, "secadmin")
    path = begin(sysadmin, world.ids["leader"])
    assert secadmin.post(f"{path}/withdraw").status_code == 404
    assert "已撤回" in sysadmin.post(f"{path}/withdraw", follow_redirects=True).text
    assert "刷新页面" in sysadmin.post(f"{path}/withdraw", follow_redirects=True).text
