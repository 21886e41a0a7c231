"""Pages from outside: the door, the answers to the wrong people, the way from draft to seal in a client."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from tests.portal.conftest import PASSWORD, log_in, pdf
from tests.portal.rights import given

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

OFFICES = ("handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def plain(answer) -> tuple[int, bytes]:  # noqa: ANN001 - a test answer
    """Status and body without what differs by itself (form tokens)."""
    return answer.status_code, re.sub(rb'value="[^"]{60,}"', b"", answer.data)


@pytest.mark.parametrize("path", ["/", "/cases/", "/cases/abc", "/nothing/here", "/intake/", "/system", "/enrolx"])
def test_whoever_is_not_logged_in_gets_the_same_redirect(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


def test_every_office_has_a_first_page(app: Flask) -> None:
    for office in OFFICES:
        answer = log_in(app, office).get("/")
        assert answer.status_code == 200, office
        assert "退出" in answer.text


@pytest.mark.parametrize("who", ["other_handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin"])
def test_a_hidden_case_answers_like_none(app: Flask, draft: str, who: str) -> None:
    client = log_in(app, who)
    absent = "0" * 32
    for path in ("/cases/{}", "/intake/{}", "/intake/{}/head"):
        assert plain(client.get(path.format(draft))) == plain(client.get(path.format(absent))), path
    for path in ("/cases/{}/hand-over", "/cases/{}/accept", "/cases/{}/seal", "/intake/{}/files"):
        assert plain(client.post(path.format(draft))) == plain(client.post(path.format(absent))), path


def test_a_wrong_password_and_an_unknown_name_look_the_same(app: Flask) -> None:
    client = app.test_client()
    wrong = client.post("/login", data={"login": "handler", "password": "错的密码错的密码错的"})
    unknown = client.post("/login", data={"login": "handlxx", "password": "错的密码错的密码错的"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("handler", "") == unknown.text.replace("handlxx", "")


def test_forms_without_their_token_are_refused(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post("/login", data={"login": "handler", "password": PASSWORD})
    assert answer.status_code in (200, 400)
    assert "退出" not in answer.text


def test_every_answer_bears_the_strict_headers(app: Flask) -> None:
    answer = log_in(app, "handler").get("/")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_hold_no_inline_script_or_style(app: Flask, draft: str) -> None:
    client = log_in(app, "handler")
    for path in ("/", "/cases/", f"/cases/{draft}", f"/intake/{draft}", f"/intake/{draft}/head", "/intake/new"):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*src=)", text), path
        assert not re.search(r"\sstyle=|\son\w+=", text), path


def test_rights_that_change_end_the_session(app: Flask, world: World) -> None:
    client = log_in(app, "handler")
    assert client.get("/").status_code == 200
    given(world, "handler", "role:leader")
    assert client.get("/").status_code == 302


@pytest.mark.both_databases
def test_a_case_goes_from_an_empty_form_to_its_seal(app: Flask) -> None:
    handler, archivist = log_in(app, "handler"), log_in(app, "archivist")
    head = {
        "case_number": "演水罚〔2026〕9号",
        "title": "演示取水案",
        "kind": "inspection",
        "procedure": "ordinary",
        "department": "水政监察支队",
        "handlers": "承办演示甲",
        "started": "2026-11-01",
        "ended": "2026-11-10",
        "retention": "10y",
        "level": "internal",
    }
    assert handler.post("/intake/new", data=head | {"started": "2026-12-01"}).status_code == 422
    made = handler.post("/intake/new", data=head)
    assert made.status_code == 302
    case_id = made.headers["Location"].rsplit("/", 1)[1]
    sent = {"files": (io.BytesIO(pdf("one", "two")), "01 现场检查（勘验）笔录.pdf")}
    assert handler.post(f"/intake/{case_id}/files", data=sent).status_code == 302
    assert "现场检查（勘验）笔录" in handler.get(f"/intake/{case_id}").text
    assert handler.post(f"/cases/{case_id}/hand-over").status_code == 302
    assert archivist.post(f"/cases/{case_id}/accept").status_code == 302
    page = archivist.get(f"/cases/{case_id}").text
    for key in re.findall(r'<option value="([A-Z]\d+[^"]*)"', page):
        archivist.post(f"/cases/{case_id}/waive", data={"finding": key, "reason": "演示：已核实"})
    assert archivist.post(f"/cases/{case_id}/seal").status_code == 302
    assert "已封存" in archivist.get(f"/cases/{case_id}").text


@pytest.mark.usefixtures("draft")
def test_the_auditor_reads_the_log_without_content(app: Flask) -> None:
    text = log_in(app, "auditor").get("/").text
    assert "case:import" in text
    assert "演示河段检查案" not in text


def test_identity_numbers_are_masked(app: Flask, sealed: str) -> None:
    text = log_in(app, "archivist").get(f"/cases/{sealed}").text
    assert "张演示" in text
    assert "130100199001010000" not in text
    assert "13900000001" not in text


@pytest.mark.parametrize("path", ["/login", "/enrol"])
def test_the_door_reads_no_json(library_app: Flask, path: str) -> None:
    """A body of JSON that is no table of fields is an empty form, not a fault."""
    for body in (0, [1], "x", {"login": ["x"]}):
        assert library_app.test_client().post(path, json=body).status_code == 200
