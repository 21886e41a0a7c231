"""The pages of a draft: what a handler gets, saved with script and without; everyone else gets what is not there."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from archive_store.case_columns import CASE_SHEET
from archive_store.labels import Mark
from archive_store.models.cases import Person
from tests.portal.conftest import log_in, pdf, write_case
from tests.portal.crowded import PERSONS
from tests.portal.rights import given
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from tests.portal.conftest import World

JSON = {"Accept": "application/json"}
PART = {"file": "01.pdf", "title": "程序启动审批表", "type": "start_approval", "date": "2026-11-02", "signed": "on"}
WRONG = ("other_handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def first_item(world: World, draft: str) -> str:
    return world.opened.services.cases.page(world.actor("handler"), draft).items[0].id


@pytest.mark.parametrize("who", WRONG)
def test_saving_a_row_of_a_hidden_draft_answers_like_none(app: Flask, world: World, draft: str, who: str) -> None:
    client, item = log_in(app, who), first_item(world, draft)
    hidden = client.post(f"/intake/{draft}/items/{item}", data=PART, headers=JSON)
    absent = client.post(f"/intake/{'0' * 32}/items/{'0' * 32}", data=PART, headers=JSON)
    assert plain(hidden) == plain(absent)
    assert hidden.status_code == 404


def test_a_row_saved_by_script_answers_with_what_is_still_missing(app: Flask, world: World, draft: str) -> None:
    client, item = log_in(app, "handler"), first_item(world, draft)
    answer = client.post(f"/intake/{draft}/items/{item}", data=PART, headers=JSON)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["item"] == item
    assert "<h2" in answer.json["checklist"]
    assert "statements" in answer.json
    assert "程序启动审批表" in client.get(f"/intake/{draft}").text


def test_a_row_that_cannot_be_saved_says_why_and_stays(app: Flask, world: World, draft: str) -> None:
    client, item = log_in(app, "handler"), first_item(world, draft)
    answer = client.post(f"/intake/{draft}/items/{item}", data=PART | {"date": "x"}, headers=JSON)
    assert answer.status_code == 422
    assert answer.json is not None
    assert "日期" in answer.json["refused"][0]
    assert "现场检查笔录" in client.get(f"/intake/{draft}").text


def test_without_script_a_row_is_saved_by_its_button(app: Flask, world: World, draft: str) -> None:
    client, item = log_in(app, "handler"), first_item(world, draft)
    answer = client.post(f"/intake/{draft}/items/{item}", data=PART)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/intake/{draft}#item-{item}")


def test_a_file_sent_twice_is_told_apart_from_one_that_is_refused(app: Flask, draft: str) -> None:
    client, content = log_in(app, "handler"), pdf("one more")
    answers = [
        client.post(f"/intake/{draft}/files", data={"files": (io.BytesIO(content), "x.pdf")}, headers=JSON)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [len(answer.json["present"]) for answer in answers if answer.json] == [0, 1]


def test_what_bears_a_mark_is_not_shown_before_it_is_asked_for(app: Flask, world: World, draft: str) -> None:
    client, item = log_in(app, "handler"), first_item(world, draft)
    image = f"/items/{item}/pages/1.jpg"
    assert image in client.get(f"/intake/{draft}").text
    client.post(f"/intake/{draft}/items/{item}", data=PART | {"marks": "personal_privacy"})
    page = client.get(f"/intake/{draft}").text
    assert image not in page
    assert "不预览" in page


def test_only_handlers_get_the_empty_workbook(app: Flask) -> None:
    for who in WRONG[1:]:
        assert log_in(app, who).get("/intake/template.xlsx").status_code == 404, who
    answer = log_in(app, "handler").get("/intake/template.xlsx")
    assert CASE_SHEET in load_workbook(io.BytesIO(answer.data)).sheetnames


def persons(world: World, case_id: str) -> dict[str, Person]:
    with world.opened.database.read() as session:
        return {row.name: row for row in session.scalars(select(Person).where(Person.case_id == case_id))}


class _Fields(HTMLParser):
    """What a browser would send of the head form as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.sent.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.sent.append((self._select, given.get("value", "")))
        elif tag == "textarea":
            self.sent.append((name, ""))


def as_it_stands(page: str) -> list[tuple[str, str]]:
    """The fields of the head form; a department is an option without a value."""
    form = _Fields()
    form.feed(page[page.index('name="case_number"') - 200 :])
    return [(name, "水政监察支队" if name == "department" else value) for name, value in form.sent]


def test_saving_the_head_as_it_stands_loses_no_label_and_nobody(world: World, app: Flask, tmp_path: Path) -> None:
    """The handler does not even know of the informant."""
    privacy = {"level": "internal", "marks": ["personal_privacy"]}
    given(world, "handler", "mark:personal_privacy")
    people = [*PERSONS[:3], PERSONS[4] | {"label": privacy}, PERSONS[5]]
    folder = write_case(tmp_path / "peopled", persons=people)
    case_id = world.opened.services.intake.import_case(world.actor("handler"), folder).case_id
    assert case_id is not None
    before = persons(world, case_id)
    client = log_in(app, "handler")
    page = client.get(f"/intake/{case_id}/head").text
    assert "举报演示" not in page
    answer = client.post(f"/intake/{case_id}/head", data=MultiDict(as_it_stands(page)))
    assert answer.status_code == 302, answer.text
    after = persons(world, case_id)
    assert {n: (p.id, p.label, p.role, p.represents_id, p.representation_until) for n, p in after.items()} == {
        n: (p.id, p.label, p.role, p.represents_id, p.representation_until) for n, p in before.items()
    }
    assert after["周证人"].label.marks == {Mark.PERSONAL_PRIVACY}
    assert after["陈代理"].represents_id == after["张演示"].id


def test_who_is_taken_out_of_the_head_is_gone_and_who_is_unseen_stays(world: World, app: Flask, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "peopled", persons=PERSONS)
    case_id = world.opened.services.intake.import_case(world.actor("handler"), folder).case_id
    assert case_id is not None
    client = log_in(app, "handler")
    fields = as_it_stands(client.get(f"/intake/{case_id}/head").text)
    kept = [(name, "" if value == "周证人" else value) for name, value in fields]
    assert client.post(f"/intake/{case_id}/head", data=MultiDict(kept)).status_code == 302
    assert "周证人" not in persons(world, case_id)
    assert "举报演示" in persons(world, case_id)
