"""The pages of a draft: what a handler gets, saved with script and without; everyone else gets what is not there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from archive_store.case_columns import CASE_SHEET
from tests.portal.conftest import log_in, pdf
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
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
