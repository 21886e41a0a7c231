"""Urgent reading from outside: the same answer for what is and is not there, loud while it lasts, shut at its end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import update

from archive_store.models.accounts import CaseGrant
from archive_store.models.base import now
from tests.portal.conftest import PEOPLE, log_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World

NUMBER, NONE = "演水检〔2026〕1号", "演水检〔2026〕9号"
LOUD = "紧急查阅进行中"


def plain(text: str) -> str:
    return re.sub(r'value="[^"]{60,}"', "", text)


def ask(client: FlaskClient, number: str) -> str:
    form = {"number": number, "ground": "演示：汛情紧急"}
    return client.post("/urgent/", data=form, follow_redirects=True).text


def first_link(client: FlaskClient, path: str = "/urgent/") -> str:
    found = re.search(r'href="(/urgent/(?:reviews/)?[0-9a-f]{32})"', client.get(path).text)
    assert found is not None
    return found[1]


def test_the_pages_are_of_their_offices_and_absent_for_all_others(app: Flask) -> None:
    askers = {"handler", "other_handler", "archivist", "second_archivist", "leader", "secadmin"}
    for who in PEOPLE:
        client = log_in(app, who)
        absent = plain(client.get("/nothing/here").text)
        for path, offices in (("/urgent/", askers), ("/urgent/reviews/", {"auditor"})):
            answer = client.get(path)
            assert (answer.status_code == 200) == (who in offices), (who, path)
            if who not in offices:
                assert plain(answer.text) == absent, (who, path)
        if who not in askers - {"secadmin"}:
            assert client.post("/urgent/", data={"number": NUMBER, "ground": "x"}).status_code == 404


def test_the_answer_is_the_same_whether_or_not_there_is_such_a_case(app: Flask, sealed: str) -> None:
    del sealed
    answers = []
    for who, number in (("other_handler", NUMBER), ("handler", NONE)):
        text = plain(ask(log_in(app, who), number)).replace(PEOPLE[who][0], "").replace(number, "")
        answers.append(re.sub(r"\d{1,2}:\d\d", "", text))
    assert answers[0] == answers[1]
    assert "已登记，等待处理" in answers[0]


def test_an_hour_of_reading_is_loud_and_ends_and_is_reviewed(app: Flask, world: World, indexed: str) -> None:
    asker, leader, auditor = (log_in(app, who) for who in ("other_handler", "leader", "auditor"))
    case = f"/cases/{indexed}"
    hidden = asker.get(case)
    assert hidden.status_code == 404
    ask(asker, NUMBER)
    path = first_link(leader)
    assert path in leader.get("/").text
    assert asker.get(path).status_code == 404
    assert leader.post(path, data={"decision": "agree", "ground": ""}).status_code == 422
    assert leader.post(path, data={"decision": "agree", "ground": "演示：已核实"}).status_code == 302
    assert leader.post(path, data={"decision": "agree", "ground": "演示"}).status_code == 409
    for page in ("/", case, "/account/", "/nothing/here", "/urgent/"):
        assert LOUD in asker.get(page).text, page
    assert LOUD not in leader.get("/").text
    assert asker.get(case).status_code == 200
    assert indexed in asker.get("/search/", query_string={"q": "演示河段"}).text
    assert "紧急查阅正在进行" in auditor.get("/").text
    review = first_link(auditor, "/urgent/reviews/")
    assert "结束审查" not in auditor.get(review).text
    with world.opened.database.write() as unit:
        unit.session.execute(update(CaseGrant).values(ends_at=now()))
    assert plain(asker.get(case).text) == plain(hidden.text)
    assert indexed not in asker.get("/search/", query_string={"q": "演示河段"}).text
    assert LOUD not in asker.get("/").text


def test_the_reader_ends_it_early_and_the_auditor_closes_the_review(app: Flask, sealed: str) -> None:
    asker, leader, auditor = (log_in(app, who) for who in ("other_handler", "leader", "auditor"))
    ask(asker, NUMBER)
    path = first_link(leader)
    leader.post(path, data={"decision": "agree", "ground": "演示：已核实"})
    assert leader.get(f"/cases/{sealed}").status_code == 200
    assert asker.post(f"{path}/end").status_code == 302
    assert asker.get(f"/cases/{sealed}").status_code == 404
    review = first_link(auditor, "/urgent/reviews/")
    assert review in auditor.get("/").text
    assert leader.post(review, data={"review": "x"}).status_code == 404
    assert auditor.post(review, data={"review": ""}).status_code == 422
    assert auditor.post(review, data={"review": "演示：属实"}).status_code == 302
    assert review not in auditor.get("/").text
    assert "演示：属实" in auditor.get(review).text
    assert "开启紧急查阅" in auditor.get("/rights/changes").text
    assert NUMBER not in auditor.get("/rights/changes").text + auditor.get(review).text
