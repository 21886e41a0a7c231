"""The pages of copy requests: what the wrong people get, and the way from a party's click to the counted download."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.portal.conftest import log_in, make_app
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

ABSENT = "0" * 32
GETS = (
    "/requests/{}",
    "/requests/{}/items",
    "/requests/{}/check",
    "/requests/{}/approval",
    "/requests/{}/released/1/1.jpg",
)
POSTS = (
    "/requests/{}/step",
    "/requests/{}/accept",
    "/requests/{}/refer",
    "/requests/{}/opinion",
    "/requests/{}/copy",
    "/requests/{}/discard",
    "/requests/{}/approval",
    "/requests/{}/send-back",
    "/requests/{}/change",
    "/requests/{}/extend",
    "/requests/{}/withdraw-copy",
)
FORM = {
    "step": "approve",
    "reason": "演示",
    "identity_proof": "演示",
    "relation_proof": "演示",
    "days": "5",
    "seen": "x",
    "reviewer": "x",
}
HIDDEN = ("周演示", "结案审批表", "演示河段检查案", "档案演示", "保密演示", "承办演示", "个人隐私", "内部")
STRANGERS = ("handler", "other_handler", "legal", "sysadmin", "secadmin", "auditor")


@pytest.fixture
def waiting(awaiting_stage: Stage, tmp_path: Path) -> Iterator[World]:
    """A request on the leader's desk."""
    with awaiting_stage.world(tmp_path) as opened:
        yield opened


def plain(answer: TestResponse) -> tuple[int, bytes]:
    return answer.status_code, re.sub(rb'value="[^"]{60,}"', b"", answer.data)


def test_whoever_has_no_part_in_a_request_gets_the_answer_of_none(waiting: World, awaiting_stage: Stage) -> None:
    app, request_id = make_app(waiting.opened), awaiting_stage.request_id
    for who in STRANGERS:
        client = log_in(app, who)
        for path in GETS:
            assert plain(client.get(path.format(request_id))) == plain(client.get(path.format(ABSENT))), (who, path)
        for path in POSTS:
            here, there = (client.post(path.format(one), data=FORM) for one in (request_id, ABSENT))
            assert plain(here) == plain(there), (who, path)
            assert here.status_code == 404, (who, path)
    assert way.state_of(waiting, request_id) == "awaiting_approval"


def test_a_party_cannot_take_the_steps_of_the_office(waiting: World, awaiting_stage: Stage) -> None:
    client, request_id = log_in(make_app(waiting.opened), "party"), awaiting_stage.request_id
    for path in ("accept", "refer", "opinion", "approval", "send-back", "change", "extend", "withdraw-copy"):
        assert client.post(f"/requests/{request_id}/{path}", data=FORM).status_code == 404, path
    assert client.get(f"/requests/{request_id}/released/1/1.jpg").status_code == 404
    assert client.get(f"/requests/{request_id}/approval").status_code == 404
    assert client.get(f"/cases/{awaiting_stage.case_id}").status_code == 404
    assert client.get(f"/cases/{awaiting_stage.case_id}/requests/new").status_code == 404


def test_a_party_reads_no_title_no_name_and_no_label_of_the_office(waiting: World, awaiting_stage: Stage) -> None:
    client = log_in(make_app(waiting.opened), "party")
    paths = ("/", "/requests/", f"/requests/{awaiting_stage.request_id}", f"/my-cases/{awaiting_stage.case_id}")
    for path in paths:
        text = client.get(path).text
        for hidden in (
            "周演示",
            "结案审批表",
            "演示河段检查案",
            "档案演示",
            "保密演示",
            "承办演示",
            "个人隐私",
            "内部",
        ):
            assert hidden not in text, (path, hidden)


def test_a_request_goes_from_the_partys_click_to_a_counted_download(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        app = make_app(world.opened)
        party, archivist, leader = (log_in(app, who) for who in ("party", "archivist", "leader"))
        assert "演水检〔2026〕1号" in party.get("/").text
        listed = re.findall(r'name="items" value="(\w+)"', party.get(f"/my-cases/{sealed_stage.case_id}").text)
        begun = party.post(f"/my-cases/{sealed_stage.case_id}/requests", data={"items": [listed[0]]})
        request_id = begun.headers["Location"].split("/")[2]
        assert party.post(f"/requests/{request_id}/items", data={}).status_code == 422
        steps = (
            ("items", {"items": listed[0]}),
            ("purpose", {"purpose": "演示：核对"}),
            ("delivery", {}),
            ("check", {}),
        )
        for name, data in steps:
            assert party.post(f"/requests/{request_id}/{name}", data=data).status_code == 302, name
        assert "待核验申请" in archivist.get("/").text
        archivist.post(f"/requests/{request_id}/accept", data={"identity_proof": "身份证", "relation_proof": ""})
        assert way.state_of(world, request_id) == "submitted"
        proofs = {"identity_proof": "身份证", "relation_proof": "当事人"}
        archivist.post(f"/requests/{request_id}/accept", data=proofs)
        archivist.post(f"/requests/{request_id}/step", data={"step": "begin_preparation"})
        way.made(world, request_id)
        archivist.post(f"/requests/{request_id}/step", data={"step": "submit_release"})
        assert "待审批申请" in leader.get("/").text
        screen = leader.get(f"/requests/{request_id}/approval").text
        seen = re.search(r'name="seen" value="(\w{64})"', screen)
        assert seen is not None
        assert leader.get(f"/requests/{request_id}/released/1/1.jpg").mimetype == "image/jpeg"
        leader.post(f"/requests/{request_id}/approval", data={"step": "approve", "seen": seen[1]})
        assert "正在制作" in party.get(f"/requests/{request_id}").text
        way.work(world)
        for _ in range(3):
            answer = party.post(f"/requests/{request_id}/copy")
            assert answer.data.startswith(b"%PDF")
            assert answer.headers["Cache-Control"] == "no-store"
            disposition = answer.headers["Content-Disposition"]
            assert disposition.startswith("attachment")
            assert disposition.isascii()
        assert party.post(f"/requests/{request_id}/copy").status_code == 302
        assert "已完整下载 3 次" in party.get(f"/requests/{request_id}").text
        assert party.get(f"/requests/{request_id}/copy").status_code == 404


def test_the_counter_enters_and_hands_out(sealed_stage: Stage, tmp_path: Path) -> None:
    with sealed_stage.world(tmp_path) as world:
        archivist = log_in(make_app(world.opened), "archivist")
        path = f"/cases/{sealed_stage.case_id}/requests/new"
        form = archivist.get(path).text
        person = re.search(r'<option value="(\w{32})"', form)
        item = re.search(r'name="items" value="(\w+)"', form)
        assert person is not None
        assert item is not None
        assert archivist.post(path, data={"person": "x", "items": item[1], "purpose": "演示"}).status_code == 422
        data = {"person": person[1], "items": item[1], "purpose": "演示"}
        request_id = archivist.post(path, data=data).headers["Location"].split("/")[2]
        archivist.post(f"/requests/{request_id}/check")
        second = log_in(make_app(world.opened), "second_archivist")
        second.post(f"/requests/{request_id}/accept", data={"identity_proof": "身份证", "relation_proof": "当事人"})
        way.begun(world, request_id, "second_archivist")
        way.made(world, request_id, "second_archivist")
        way.handed_up(world, request_id, "second_archivist")
        way.approved(world, request_id)
        assert log_in(make_app(world.opened), "party").get(f"/requests/{request_id}").status_code == 404
        assert archivist.post(f"/requests/{request_id}/copy").data.startswith(b"%PDF")
        assert way.state_of(world, request_id) == "delivered"


def test_a_withdrawal_needs_no_reason_of_the_party(waiting: World, awaiting_stage: Stage) -> None:
    client = log_in(make_app(waiting.opened), "party")
    client.post(f"/requests/{awaiting_stage.request_id}/step", data={"step": "withdraw"})
    assert way.state_of(waiting, awaiting_stage.request_id) == "withdrawn"
    assert "申请已撤回" in client.get(f"/requests/{awaiting_stage.request_id}").text


def test_an_opinion_must_speak_on_every_item(preparing_stage: Stage, sealed_stage: Stage, tmp_path: Path) -> None:
    del preparing_stage
    with sealed_stage.world(tmp_path) as world:
        request_id = way.submitted(world, sealed_stage.case_id)
        way.accepted(world, request_id)
        app = make_app(world.opened)
        archivist, reviewer = log_in(app, "archivist"), log_in(app, "reviewer")
        assert reviewer.get(f"/requests/{request_id}").status_code == 404
        archivist.post(f"/requests/{request_id}/refer", data={"reviewer": world.ids["reviewer"]})
        text = reviewer.get(f"/requests/{request_id}").text
        items = re.findall(r'name="advice-(\w+)"', text)
        assert len({*items}) == 1
        assert reviewer.get(f"/items/{items[0]}").status_code == 200
        others = [item for item in way.item_ids(world, request_id) if item != items[0]]
        assert all(reviewer.get(f"/items/{item}").status_code == 404 for item in others)
        reviewer.post(f"/requests/{request_id}/opinion", data={})
        assert "待保密审查" in reviewer.get("/").text
        reviewer.post(f"/requests/{request_id}/opinion", data={f"advice-{items[0]}": "redact"})
        assert "待保密审查" in reviewer.get("/").text
        reviewer.post(
            f"/requests/{request_id}/opinion", data={f"advice-{items[0]}": "redact", f"text-{items[0]}": "演示：证人"}
        )
        assert "待保密审查" not in reviewer.get("/").text
