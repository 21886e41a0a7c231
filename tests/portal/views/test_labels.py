"""The pages of labels from outside: proposed, decided after the password was given, gone for who may not see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive_store.accounts import office_today
from archive_store.classification import years_after
from tests.portal.conftest import log_in
from tests.portal.rights import given

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

OTHERS = ("other_handler", "archivist", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def test_a_level_goes_from_its_proposal_to_its_effect(app: Flask, world: World, sealed: str) -> None:
    until = years_after(office_today(), 1)
    given(world, "leader", "role:classification_officer", until=until)
    for login in ("leader", "handler"):
        given(world, login, "clearance:3")
    place = f"/cases/{sealed}/labels"
    for who in OTHERS:
        assert log_in(app, who).get(place).status_code == 404, who
        assert log_in(app, who).get("/labels/").status_code == 404, who
    handler, officer, archivist = log_in(app, "handler"), log_in(app, "leader"), log_in(app, "archivist")
    assert place in handler.get(f"/cases/{sealed}").text
    page = handler.get(place).text
    assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*src=)", page)
    item_id = re.findall(r'name="subject" value="item"><input type="hidden" name="subject_id" value="(\w{32})"', page)[
        0
    ]
    form = {"subject": "item", "subject_id": item_id, "level": "3", "ground": "演示保密事项"}
    for wrong in (
        {"level": "9"},
        {"marks": "king"},
        {"declassify_on": "x"},
        {},
        {"ground": " ", "declassify_on": until},
    ):
        answer = handler.post(place, data=form | wrong)
        assert answer.status_code == 422, wrong
    assert "演示保密事项" in handler.post(place, data=form).text
    assert handler.post(place, data=form | {"subject": "king"}).status_code == 404
    assert handler.post(place, data=form | {"declassify_on": until.isoformat()}).status_code == 302
    assert "等待定密责任人决定" in handler.get(place).text
    assert "定密与审核" in officer.get("/").text
    (proposal,) = set(re.findall(r"/labels/\w{32}", officer.get("/labels/").text))
    assert handler.get(proposal).status_code == 404
    assert officer.post(proposal, data={"decision": "grant", "ground": ""}).status_code == 422
    assert "现场检查笔录" in archivist.get(f"/cases/{sealed}").text
    assert officer.post(proposal, data={"decision": "grant", "ground": "演示同意"}).status_code == 302
    assert "现场检查笔录" not in archivist.get(f"/cases/{sealed}").text
    assert archivist.get(f"/items/{item_id}").status_code == 404
    assert "解密日期" in handler.get(place).text


def test_a_proposal_is_withdrawn_by_its_own_hand(app: Flask, world: World, sealed: str) -> None:
    handler = log_in(app, "handler")
    place = f"/cases/{sealed}/labels"
    form = {"subject": "entry", "subject_id": sealed, "level": "1", "marks": "minor", "ground": "演示"}
    assert handler.post(place, data=form).status_code == 302
    assert handler.post(place, data=form).status_code == 409
    (withdraw,) = re.findall(rf"{place}/\w{{32}}/withdraw", handler.get(place).text)
    assert log_in(app, "archivist").post(withdraw).status_code == 404
    assert "建议已撤回" in handler.post(withdraw, follow_redirects=True).text
    assert handler.post(place, data=form).status_code == 302
    del world
