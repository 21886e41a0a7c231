"""The page of access tokens."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.portal.conftest import log_in
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.reading import Library


@pytest.mark.parametrize("who", ["party", "legal", "sysadmin", "secadmin", "auditor"])
def test_offices_without_search_get_the_answer_of_nothing(library_app: Flask, who: str) -> None:
    client = log_in(library_app, who)
    missing = plain(client.get("/nothing/here"))
    assert plain(client.get("/account/tokens")) == missing
    assert plain(client.post("/account/tokens", data={"name": "程序", "last_day": "2999-01-01"})) == missing


def test_a_token_is_shown_once_and_ends_by_its_button(library: Library, library_app: Flask) -> None:
    client, day = log_in(library_app, "leader"), library.world.opened.desk.today() + timedelta(days=30)
    assert "还没有令牌" in client.get("/account/tokens").text
    made = client.post("/account/tokens", data={"name": "统计程序", "last_day": day.isoformat()})
    found = re.search(r'<code class="token">([\w-]{43})</code>', made.text)
    assert found
    again = client.get("/account/tokens").text
    assert found[1] not in again
    assert "统计程序" in again
    asked = {"Authorization": f"Bearer {found[1]}"}
    assert library_app.test_client().get("/api/v1/search?q=采砂", headers=asked).status_code == 200
    action = re.search(r'action="(/account/tokens/\w+/withdraw)"', again)
    assert action
    assert log_in(library_app, "archivist").post(action[1]).status_code == 404
    assert client.post(action[1]).status_code == 302
    assert library_app.test_client().get("/api/v1/search?q=采砂", headers=asked).status_code == 401


@pytest.mark.parametrize(("name", "day"), [("", "2999-01-01"), ("程序", ""), ("程序", "2020-01-01"), ("程序", "明天")])
def test_what_is_wrong_is_said_and_what_was_typed_stays(library_app: Flask, name: str, day: str) -> None:
    answer = log_in(library_app, "archivist").post("/account/tokens", data={"name": name, "last_day": day})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'value="{name}"' in answer.text
