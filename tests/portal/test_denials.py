"""Every denial is an event: the same for what is hidden and for what is absent, and none for strangers."""

from __future__ import annotations

import io
import json
import logging
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.errors import UnavailableError
from archive_store.models.audit import AuditLeaf
from portal.cli.context import REFUSED
from portal.logs import JsonLines
from tests.portal.cli.running import run
from tests.portal.conftest import log_in
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

ABSENT = "0" * 32


def denials(world: World) -> list[AuditLeaf]:
    wanted = select(AuditLeaf).where(AuditLeaf.name == EventName.ACCESS_DENIED.value).order_by(AuditLeaf.id)
    with world.opened.database.read() as session:
        return list(session.scalars(wanted))


@pytest.mark.both_databases
def test_a_hidden_case_and_an_absent_one_leave_the_same_event(app: Flask, world: World, draft: str) -> None:
    client = log_in(app, "leader")
    for case_id in (draft, ABSENT):
        assert client.get(f"/cases/{case_id}").status_code == 404
    hidden, absent = denials(world)
    assert [leaf.object_id for leaf in (hidden, absent)] == [draft, ABSENT]
    assert {leaf.object_type for leaf in (hidden, absent)} == {"cases.page"}
    assert {leaf.actor_id for leaf in (hidden, absent)} == {world.actor("leader").account_id}
    assert {leaf.outcome for leaf in (hidden, absent)} == {"refused"}
    assert hidden.request_id
    assert hidden.request_id != absent.request_id


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/system"), ("GET", "/nothing/here"), ("POST", f"/cases/{ABSENT}/seal"), ("POST", "/system")],
)
def test_what_is_not_of_the_office_and_what_there_is_not_are_denials(
    app: Flask, world: World, method: str, path: str
) -> None:
    assert log_in(app, "handler").open(path, method=method, data={"step_up_password": ""}).status_code in (403, 404)
    client = log_in(app, "handler")
    assert client.get("/system").status_code == 404
    assert denials(world)


def test_a_stranger_leaves_no_event(app: Flask, world: World) -> None:
    for path in ("/system", "/nothing/here", f"/cases/{ABSENT}", "/verify/none", "/static/none.css"):
        app.test_client().get(path)
    assert not denials(world)


def test_what_was_typed_is_not_kept(app: Flask, world: World) -> None:
    log_in(app, "archivist").get("/cases/张演示 的案卷?q=张演示")
    (leaf,) = denials(world)
    assert (leaf.object_type, leaf.object_id) == ("cases.page", "")


def test_the_answer_stands_where_the_log_cannot_be_written(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = log_in(app, "handler")

    def fail(*_given: object) -> None:
        raise UnavailableError("演示")

    usual = plain(client.get(f"/cases/{ABSENT}"))
    monkeypatch.setattr(world.opened.services.audit, "note_denial", fail)
    assert plain(client.get(f"/cases/{ABSENT}")) == usual


def test_a_denial_leaves_at_a_whole_multiple_of_the_step(app: Flask, world: World, draft: str) -> None:
    even = world.opened.settings.model_copy(update={"denial_step_ms": 250})
    client = log_in(app, "leader")
    app.extensions["anjuan.settings"] = even
    for case_id in (draft, ABSENT):
        began = time.perf_counter()
        assert client.get(f"/cases/{case_id}").status_code == 404
        assert time.perf_counter() - began >= 0.25


def test_a_command_that_is_denied_leaves_an_event(world: World, draft: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = world.opened.services.accounts.issue_command_token(world.actor("handler"))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    assert run(world.opened.settings.data, "seal", draft, "--as", "handler").code == REFUSED
    (leaf,) = denials(world)
    assert leaf.object_type == "command seal"


def test_the_auditor_narrows_the_log(app: Flask, draft: str) -> None:
    log_in(app, "leader").get(f"/cases/{draft}")
    auditor = log_in(app, "auditor")
    only = auditor.get("/log?name=access:denied&outcome=refused").text
    assert "cases.page" in only
    assert '<span class="quiet">case:import' not in only
    assert "cases.page" not in auditor.get("/log?person=handler").text
    assert "没有符合条件的记录" in auditor.get("/log?until=2020-01-01").text
    for wrong in ("name=none", "outcome=none", "since=昨天"):
        answer = auditor.get(f"/log?{wrong}")
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True), wrong
    assert log_in(app, "handler").get("/log?name=none").status_code == 404


def test_a_line_of_the_log_holds_no_words_of_an_error(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    try:
        int("张演示")
    except ValueError:
        logging.getLogger("some.library").exception("on /search/?q=张演示")
        logging.getLogger("portal.access").warning("known words %s", 3)
    with caplog.at_level(logging.INFO, "portal.requests"):
        log_in(app, "handler").get("/search/?q=张演示")
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert "张演示" not in json.dumps(lines, ensure_ascii=False)
    assert lines[0]["error"][0]["kind"] == "ValueError"
    assert lines[1]["message"] == "known words 3"
    searched = lines[-1]
    assert (searched["page"], searched["status"]) == ("search.page", 200)
    assert searched["request"]
