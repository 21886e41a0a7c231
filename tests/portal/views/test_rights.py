"""The pages of rights from outside: asked for, granted, ended; everyone else is told that there is no such page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive_store.models.accounts import RightsAsk, RoleGrant
from tests.portal.conftest import PASSWORD, log_in
from tests.portal.rights import given

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

OFFICES = ("handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
PAGES = {
    "/accounts/": {"sysadmin"},
    "/accounts/new": {"sysadmin"},
    "/departments/": {"sysadmin"},
    "/system": {"sysadmin"},
    "/rights/ask": {"leader", "archivist", "sysadmin"},
    "/rights/waiting": {"secadmin"},
    "/rights/people/": {"secadmin"},
    "/rights/changes": {"auditor"},
    "/log": {"auditor"},
}


def plain(text: str) -> str:
    return re.sub(r'value="[^"]{60,}"', "", text)


def test_each_page_is_of_its_office_and_absent_for_all_others(app: Flask) -> None:
    for who in OFFICES:
        client = log_in(app, who)
        absent = client.get("/nothing/here")
        for path, offices in PAGES.items():
            answer = client.get(path)
            if who in offices:
                assert answer.status_code == 200, (who, path)
                assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*src=)", answer.text), path
            else:
                assert answer.status_code == 404, (who, path)
                assert plain(answer.text) == plain(absent.text), (who, path)


def test_a_new_person_comes_in_and_is_given_an_office_by_three_people(app: Flask, world: World) -> None:
    sysadmin, leader, secadmin = (log_in(app, who) for who in ("sysadmin", "leader", "secadmin"))
    made = sysadmin.post("/accounts/new", data={"login": "xinren", "name": "新人演示"})
    code = re.search(r'<code id="code">([^<]+)</code>', made.text)
    assert code is not None
    assert code[1] not in sysadmin.get("/accounts/").text
    assert "新人演示" in sysadmin.get("/").text
    enrolled = {"code": code[1], "password": PASSWORD, "again": PASSWORD}
    assert app.test_client().post("/enrol", data=enrolled).status_code == 302
    department = world.actor("handler").departments
    for right in (f"membership:{next(iter(department))}", "role:handler"):
        sent = leader.post("/rights/ask", data={"login": "xinren", "right": right, "ground": "演示任命"})
        assert sent.status_code == 302, sent.text
    newcomer = log_in(app, "xinren")
    assert newcomer.get("/intake/").status_code == 404
    for ask_id in _waiting(world):
        assert "新人演示" in secadmin.get(f"/rights/asked/{ask_id}").text
        answer = secadmin.post(f"/rights/asked/{ask_id}", data={"decision": "grant", "ground": "演示核对"})
        assert answer.status_code == 302, answer.text
    assert newcomer.get("/").status_code == 302
    assert log_in(app, "xinren").get("/intake/").status_code == 200
    assert "已授予" in leader.get("/rights/ask").text
    assert "新人演示" in log_in(app, "auditor").get("/rights/changes").text


def test_a_refusal_keeps_what_was_typed(app: Flask) -> None:
    sysadmin, leader = log_in(app, "sysadmin"), log_in(app, "leader")
    answer = sysadmin.post("/accounts/new", data={"login": "handler", "name": "重名演示"})
    assert answer.status_code == 422
    assert "重名演示" in answer.text
    answer = leader.post("/rights/ask", data={"login": "nobody", "right": "role:handler", "ground": "演示依据"})
    assert answer.status_code == 422
    assert "演示依据" in answer.text
    for day in ("2026-02-30", "x"):
        data = {"login": "handler", "right": "role:handler", "ground": "x", "valid_to": day}
        assert leader.post("/rights/ask", data=data).status_code == 422


def test_an_ended_right_puts_its_person_out(app: Flask, world: World) -> None:
    handler, secadmin = log_in(app, "handler"), log_in(app, "secadmin")
    grant_id = _role(world, "handler")
    place = f"/rights/people/{world.ids['handler']}"
    assert "角色：承办人" in secadmin.get(place).text
    data = {"kind": "role", "grant": grant_id, "ground": ""}
    assert "请写明依据" in secadmin.post(f"{place}/end", data=data, follow_redirects=True).text
    assert handler.get("/intake/").status_code == 200
    secadmin.post(f"{place}/end", data=data | {"ground": "演示：调离"})
    assert handler.get("/intake/").status_code == 302
    assert log_in(app, "handler").get("/intake/").status_code == 404


def test_the_last_administrator_is_told_why_it_stays(app: Flask, world: World) -> None:
    secadmin, auditor = log_in(app, "secadmin"), world.ids["auditor"]
    data = {"kind": "role", "grant": _role(world, "auditor"), "ground": "演示"}
    answer = secadmin.post(f"/rights/people/{auditor}/end", data=data, follow_redirects=True)
    assert "唯一一位在任的安全审计员" in answer.text


def test_an_account_is_closed_and_opened_again(app: Flask, world: World) -> None:
    handler, sysadmin = log_in(app, "handler"), log_in(app, "sysadmin")
    place = f"/accounts/{world.ids['handler']}"
    sysadmin.post(f"{place}/close", data={"reason": "演示：休假"})
    assert handler.get("/").status_code == 302
    assert "已停用" in sysadmin.get("/accounts/").text
    sysadmin.post(f"{place}/open", data={"reason": "演示：返岗"})
    assert log_in(app, "handler").get("/intake/").status_code == 200


def test_a_department_is_made_and_asks_for_its_leader(app: Flask) -> None:
    sysadmin = log_in(app, "sysadmin")
    assert sysadmin.post("/departments/", data={"name": "演示新处", "code": "?"}).status_code == 422
    assert sysadmin.post("/departments/", data={"name": "演示新处", "code": "XC"}).status_code == 302
    assert "演示新处 没有主管领导" in sysadmin.get("/").text
    assert "主管部门：演示新处" in sysadmin.get("/rights/ask").text


def test_the_auditor_begins_with_what_waits_and_checks_the_log(app: Flask, world: World) -> None:
    given(world, "handler", "clearance:2")
    auditor = log_in(app, "auditor")
    assert "日志还没有核验过" in auditor.get("/").text
    assert "核验通过" in auditor.post("/log/verify").text
    page = auditor.get("/").text
    assert "日志还没有核验过" not in page
    assert "核验日志" in page


def test_waiting_rights_are_on_the_first_page_of_who_grants(app: Flask) -> None:
    secadmin = log_in(app, "secadmin")
    assert "目前没有等待授权的申请" in secadmin.get("/").text
    data = {"login": "handler", "right": "clearance:2", "ground": "演示"}
    assert log_in(app, "leader").post("/rights/ask", data=data).status_code == 302
    assert "承办演示甲" in secadmin.get("/").text


def test_a_case_is_opened_to_a_person_and_found_under_its_own_menu(app: Flask, world: World, sealed: str) -> None:
    archivist, secadmin = log_in(app, "archivist"), log_in(app, "secadmin")
    assert f"/cases/{sealed}/open" in archivist.get(f"/cases/{sealed}").text
    data = {"login": "legal", "valid_to": "2099-12-31", "ground": "演示抽查通知"}
    assert archivist.post(f"/cases/{sealed}/open", data=data | {"valid_to": "x"}).status_code == 422
    assert archivist.post(f"/cases/{sealed}/open", data=data | {"valid_to": ""}).status_code == 409
    assert archivist.post(f"/cases/{sealed}/open", data=data).status_code == 302
    assert "演示抽查通知" in archivist.get(f"/cases/{sealed}/open").text
    for who in ("handler", "legal", "party", "secadmin"):
        assert log_in(app, who).get(f"/cases/{sealed}/open").status_code == 404
    (ask_id,) = _waiting(world)
    assert "演示河段检查案" not in secadmin.get(f"/rights/asked/{ask_id}").text
    legal = log_in(app, "legal")
    assert "演示河段检查案" not in legal.get("/cases/").text
    secadmin.post(f"/rights/asked/{ask_id}", data={"decision": "grant", "ground": "演示核对"})
    assert "演示河段检查案" in log_in(app, "legal").get("/cases/").text


def _waiting(world: World) -> list[str]:
    with world.opened.database.read() as session:
        return [ask.id for ask in session.query(RightsAsk).order_by(RightsAsk.asked_at)]


def _role(world: World, login: str) -> str:
    with world.opened.database.read() as session:
        return session.query(RoleGrant).filter_by(account_id=world.ids[login]).one().id
