"""The bench from outside: who reaches it, what is refused, and the way from the first box to pages that can leave."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from archive_store.models.cases import Item
from archive_store.models.copies import Opinion
from archive_store.request_words import Advice
from tests.portal.conftest import log_in
from tests.portal.services import requests as way
from tests.portal.stages import WITNESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

OTHERS = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")
ABSENT = "0" * 32
JSON = {"Accept": "application/json"}
BOX = {"page": 1, "x0": 0.1, "y0": 0.1, "x1": 0.4, "y1": 0.15, "ground": "personal_privacy"}


@pytest.fixture
def world(preparing_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with preparing_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def preparing(preparing_stage: Stage) -> str:
    """The id of a request in preparation for three items, the second of which must be covered."""
    return preparing_stage.request_id


def plain(answer: TestResponse) -> tuple[int, bytes]:
    """Status and body without form tokens."""
    return answer.status_code, re.sub(rb'value="[^"]{60,}"', b"", answer.data)


def put(client: FlaskClient, base: str, *boxes: dict[str, Any], seen: str) -> TestResponse:
    return client.put(f"{base}/boxes", json={"boxes": [*boxes], "seen": seen}, headers=JSON)


def mark_on(client: FlaskClient, base: str) -> str:
    found = re.search(r'data-mark="([0-9a-f]{64})"', client.get(base).text)
    assert found
    return found[1]


def everything(client: FlaskClient, request_id: str, item_id: str) -> list[tuple[int, bytes]]:
    """What every address of the bench answers."""
    base = f"/requests/{request_id}/bench"
    item = f"{base}/{item_id}"
    return [
        plain(answer)
        for answer in (
            client.get(base),
            client.get(f"{base}/progress", headers=JSON),
            client.post(f"{base}/order"),
            client.get(item),
            client.get(f"{item}/preview/1.jpg"),
            client.post(f"{item}/settle"),
            put(client, item, BOX, seen="0" * 64),
            client.post(f"{item}/find", json={"words": "Inspection", "ground": "minor"}, headers=JSON),
            client.post(f"{item}/cover", data={"words": "Inspection", "ground": "minor"}),
            client.post(f"{item}/boxes/remove", data={"place": "0"}),
            client.post(
                f"{item}/boxes",
                data={"page": "1", "left": "1", "top": "1", "width": "9", "height": "9", "ground": "minor"},
            ),
        )
    ]


def test_for_every_other_office_the_bench_does_not_exist(app: Flask, world: World, preparing: str) -> None:
    item_id = way.item_ids(world, preparing)[0]
    for who in OTHERS:
        client = log_in(app, who)
        there, nowhere = everything(client, preparing, item_id), everything(client, ABSENT, ABSENT)
        assert there == nowhere, who
        assert {status for status, _ in there} == {404}, who
        image = "/requests/{}/bench/released/1/1.jpg"
        assert plain(client.get(image.format(preparing))) == plain(client.get(image.format(ABSENT))), who


def test_an_item_that_was_not_asked_for_is_not_on_the_bench(app: Flask, world: World, preparing: str) -> None:
    with world.opened.database.read() as session:
        asked = way.item_ids(world, preparing)
        other = next(item.id for item in session.scalars(select(Item)) if item.id not in asked)
    client = log_in(app, "archivist")
    answers = everything(client, preparing, other)
    assert [status for status, _ in answers[3:]] == [404] * 8
    assert client.get(f"/requests/{preparing}/bench/{asked[0]}/preview/3.jpg").status_code == 404


def test_what_is_no_box_is_refused_in_words_and_nothing_is_saved(app: Flask, world: World, preparing: str) -> None:
    client = log_in(app, "archivist")
    base = f"/requests/{preparing}/bench/{way.item_ids(world, preparing)[0]}"
    empty = mark_on(client, base)
    for wrong in (
        BOX | {"x1": 1.2},
        BOX | {"page": 3},
        BOX | {"x0": 0.4},
        BOX | {"ground": "auxiliary_volume"},
        BOX | {"ground": "nothing"},
        BOX | {"x0": "0.1"},
        BOX | {"more": 1},
        {"page": 1},
    ):
        answer = put(client, base, BOX, wrong, seen=empty)
        assert answer.status_code == 422, wrong
        assert answer.json["message"].endswith("。"), wrong
    for body in ("", "[]", '{"boxes": NaN}', '{"boxes": [], "seen": 1}'):
        assert client.put(f"{base}/boxes", data=body, content_type="application/json").status_code == 422
    assert client.put(f"{base}/boxes", data=b" " * 3 * 2**20, content_type="application/json").status_code == 413
    assert mark_on(client, base) == empty


def test_boxes_seen_by_nobody_are_not_overwritten(app: Flask, world: World, preparing: str) -> None:
    one, two = log_in(app, "archivist"), log_in(app, "second_archivist")
    base = f"/requests/{preparing}/bench/{way.item_ids(world, preparing)[0]}"
    empty = mark_on(one, base)
    assert put(two, base, BOX, seen=empty).status_code == 200
    late = put(one, base, seen=empty)
    assert late.status_code == 409
    assert "没有保存" in late.json["message"]
    assert one.get(base).text.count("<li><a href=") == 1


def test_a_script_needs_the_form_token_too(app: Flask, world: World, preparing: str) -> None:
    client = log_in(app, "archivist")
    base = f"/requests/{preparing}/bench/{way.item_ids(world, preparing)[0]}"
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get(base).text
    mark, token = (re.search(rf'data-{name}="([^"]+)"', page)[1] for name in ("mark", "token"))  # type: ignore[index]
    assert put(client, base, BOX, seen=mark).status_code == 400
    body = {"boxes": [BOX], "seen": mark}
    assert client.put(f"{base}/boxes", json=body, headers=JSON | {"X-CSRFToken": token}).status_code == 200


def test_without_script_boxes_are_added_found_and_taken_away(app: Flask, world: World, preparing: str) -> None:
    client = log_in(app, "archivist")
    base = f"/requests/{preparing}/bench/{way.item_ids(world, preparing)[0]}"
    numbers = {"page": "2", "left": "10", "top": "20", "width": "30", "height": "5", "ground": "minor"}
    shown = client.post(f"{base}/boxes", data=numbers, follow_redirects=True).text
    assert "已添加遮盖框" in shown
    assert "第 2 页　7 未成年人信息" in shown
    assert "百分之几" in client.post(f"{base}/boxes", data=numbers | {"left": "x"}, follow_redirects=True).text
    assert "超出页面" in client.post(f"{base}/boxes", data=numbers | {"left": "90"}, follow_redirects=True).text
    words = {"words": "Inspection", "ground": "personal_privacy"}
    assert "已遮盖 2 处" in client.post(f"{base}/cover", data=words, follow_redirects=True).text
    first = {"place": "0", "seen": mark_on(client, base)}
    assert client.post(f"{base}/boxes/remove", data=first, follow_redirects=True).text.count('name="place"') == 2
    assert client.post(f"{base}/boxes/remove", data=first).status_code == 409


def test_pages_of_the_bench_hold_no_inline_script_or_style(app: Flask, world: World, preparing: str) -> None:
    client = log_in(app, "archivist")
    base = f"/requests/{preparing}/bench"
    item = f"{base}/{way.item_ids(world, preparing)[0]}"
    put(client, item, BOX, seen=mark_on(client, item))
    for path in (base, item):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*src=)", text), path
        assert not re.search(r"\sstyle=|\son\w+=", text), path


def test_advice_to_keep_back_stands_out(app: Flask, world: World, preparing: str) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(Opinion).values(advice=Advice.WITHHOLD, text="演示：有证人的住址"))
    shown = log_in(app, "archivist").get(f"/requests/{preparing}/bench").text
    assert '<span class="late">不予提供</span>：演示：有证人的住址' in shown


def test_the_bench_goes_from_objections_to_pages_that_can_leave(app: Flask, world: World, preparing: str) -> None:
    client = log_in(app, "archivist")
    base, marked = f"/requests/{preparing}/bench", way.item_ids(world, preparing)[1]
    item = f"{base}/{marked}"
    shown = client.get(base).text
    assert "须遮盖" in shown
    assert "须先遮盖，或者不予提供" in shown
    assert f'<a href="#item-{marked}">' in shown
    assert "还不能制作" in client.post(f"{base}/order", follow_redirects=True).text
    found = client.post(f"{item}/find", json={"words": WITNESS, "ground": "personal_privacy"}, headers=JSON)
    assert found.json["pages_without_text"] == []
    assert put(client, item, *found.json["boxes"], seen=mark_on(client, item)).status_code == 200
    assert client.get(f"{item}/preview/1.jpg").data.startswith(b"\xff\xd8")
    assert client.get(f"{base}/progress", headers=JSON).json == {"stage": "none", "done": 0, "total": 0}
    assert "正在制作页面 0 / 4" in client.post(f"{base}/order", follow_redirects=True).text
    way.work(world)
    assert client.get(f"{base}/progress", headers=JSON).json == {"stage": "made", "done": 4, "total": 4}
    shown = client.get(base).text
    assert 'value="submit_release"' in shown
    assert f"{base}/released/1/2.jpg" in shown
    assert client.get(f"{base}/released/1/2.jpg").mimetype == "image/jpeg"
    settled = client.post(f"{item}/settle", data={"own_marks": "personal_privacy"}, follow_redirects=True).text
    assert "制作之后已有改动，须重新制作" in settled
    assert "submit_release" not in settled


def test_an_item_is_kept_back_on_a_ground_for_that_and_never_all(app: Flask, world: World, preparing: str) -> None:
    client = log_in(app, "archivist")
    items = [f"/requests/{preparing}/bench/{item_id}" for item_id in way.item_ids(world, preparing)]
    wrong = client.post(f"{items[0]}/settle", data={"withheld": "nothing_releasable"}, follow_redirects=True).text
    assert "不能以此理由不予提供" in wrong
    kept = [client.post(f"{i}/settle", data={"withheld": "unrelated"}, follow_redirects=True).text for i in items]
    assert "不予提供：与本案当事人无关" in kept[0]
    assert "所申请的各件均不予提供" not in kept[1]
    assert "所申请的各件均不予提供" in kept[2]


def test_a_submitted_release_is_looked_at_and_not_changed(app: Flask, world: World, preparing: str) -> None:
    way.covered(world, preparing, WITNESS)
    way.made(world, preparing)
    client = log_in(app, "archivist")
    base, item_id = f"/requests/{preparing}/bench", way.item_ids(world, preparing)[1]
    answer = client.post(f"/requests/{preparing}/step", data={"step": "submit_release"})
    assert answer.status_code == 302
    shown, page = client.get(base).text, client.get(f"{base}/{item_id}").text
    assert "本页只能查看" in shown
    assert "保存处理" not in shown
    assert 'data-may-change="no"' in page
    refused = put(client, f"{base}/{item_id}", seen=mark_on(client, f"{base}/{item_id}"))
    assert refused.status_code == 409
    assert "待审批" in refused.json["message"]
