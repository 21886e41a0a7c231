"""The public page: the same for everyone, nothing of an attack called good, large bodies left unread."""

from __future__ import annotations

import io
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from archive_store.models.base import now
from portal.application import create_app
from portal.config import Profile, Settings
from portal.dissemination.verdict import SENTENCES
from portal.services.verification import LARGEST_FILE, RecordState
from tests.portal.conftest import log_in
from tests.portal.copies import enter_copy
from tests.portal.dissemination.attacks import ATTACKS, Scene
from tests.portal.dissemination.conftest import NUMBER, Bench, new_bench

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.portal.conftest import World
    from tests.portal.dissemination.conftest import Made

GENUINE = SENTENCES["genuine"]
KINDS = tuple(ATTACKS)[::6]
"""One kind of forgery in six: each is proven by itself in the room that judges them."""


class Untouched(io.BytesIO):
    """A body that nobody may read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError(f"{size} bytes of the body were read")


def send(client: FlaskClient, content: bytes, name: str = "件.pdf") -> TestResponse:
    return client.post("/verify/file", data={"file": (io.BytesIO(content), name)})


def send_unread(client: FlaskClient, path: str, size: int) -> TestResponse:
    kind = "multipart/form-data; boundary=x" if path.startswith("/verify") else "application/x-www-form-urlencoded"
    claimed = {"CONTENT_LENGTH": str(size), "wsgi.input": Untouched()}
    return client.post(path, content_type=kind, environ_overrides=claimed)


def main_of(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]


@pytest.fixture
def scene(world: World, genuine: Made, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    stranger = new_bench(tmp_path_factory.mktemp("stranger") / "keys")
    return Scene(genuine, Bench(world.opened.authority), stranger, tmp_path_factory.mktemp("attacks"))


def test_no_forgery_is_called_genuine(app: Flask, scene: Scene) -> None:
    for kind in KINDS:
        answer = send(app.test_client(), ATTACKS[kind][0](scene))
        assert answer.status_code == 200
        assert GENUINE not in answer.text, kind
        assert NUMBER not in answer.text, kind


def test_rubbish_cannot_be_confirmed(app: Flask) -> None:
    for content in (b"", b"%PDF-1.7\n", bytes(300), "文字".encode()):
        answer = send(app.test_client(), content)
        assert answer.status_code == 200
        assert f"{SENTENCES['unknown']}（演示证书，不具法律效力）" in answer.text


def test_no_file_chosen_is_said(app: Flask) -> None:
    for data in ({}, {"file": (io.BytesIO(b"x"), "")}):
        answer = app.test_client().post("/verify/file", data=data)
        assert (answer.status_code, "请先选择" in answer.text) == (422, True)


def test_the_genuine_copy_is_confirmed_with_every_check_and_its_own_words(
    app: Flask, world: World, sealed: str, genuine: Made
) -> None:
    enter_copy(world, sealed, genuine)
    answer = send(app.test_client(), genuine.content)
    assert f"{GENUINE}（演示证书，不具法律效力）" in answer.text
    assert answer.text.count("✓ 通过") == 10
    assert NUMBER in answer.text
    assert "本单位留有出具此件的记录" in answer.text
    assert "演示河段检查案" not in answer.text


def test_a_withdrawn_copy_is_headed_by_its_withdrawal(app: Flask, world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine, withdrawn_at=now())
    text = send(app.test_client(), genuine.content).text
    assert "此件已由本单位撤回，不再有效" in text.partition("</h2>")[0]
    assert "verdict-good" not in text
    assert "撤回的内部理由" not in text


def test_a_genuine_copy_without_record_is_said_to_have_none(app: Flask, genuine: Made) -> None:
    text = send(app.test_client(), genuine.content).text
    assert GENUINE in text
    assert "没有出具此件的记录" in text


def test_the_qr_code_and_the_form_ask_the_same(app: Flask, world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine)
    given = {"number": NUMBER, "code": genuine.manifest.check_code}
    by_code = app.test_client().get("/verify", query_string=given)
    by_form = app.test_client().post("/verify/number", data=given)
    assert main_of(by_code.text) == main_of(by_form.text)
    assert RecordState.VALID.zh in by_code.text


def test_wrong_number_and_wrong_code_look_the_same(app: Flask, world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine)
    client, code = app.test_client(), genuine.manifest.check_code
    wrong_code = client.post("/verify/number", data={"number": NUMBER, "code": "f" * 32})
    wrong_number = client.post("/verify/number", data={"number": "演复2025-9999", "code": code})
    assert wrong_code.text.replace(NUMBER, "") == wrong_number.text.replace("演复2025-9999", "")
    assert RecordState.NONE.zh in wrong_code.text


def test_whoever_is_logged_in_sees_what_everyone_sees(app: Flask, genuine: Made) -> None:
    for ask in (lambda client: client.get("/verify"), lambda client: send(client, genuine.content)):
        seen = {main_of(ask(client).text) for client in (app.test_client(), log_in(app, "archivist"))}
        assert len(seen) == 1


def test_visitors_need_no_form_token_and_get_no_session(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    assert "Set-Cookie" not in client.get("/verify").headers
    answer = send(client, b"")
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)


def test_other_sites_cannot_have_a_visitor_send_a_file(app: Flask) -> None:
    answer = app.test_client().post("/verify/file", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 404


def test_a_body_that_is_too_large_is_refused_unread(app: Flask) -> None:
    answer = send_unread(app.test_client(), "/verify/file", LARGEST_FILE + 2**20)
    assert (answer.status_code, "文件超过 50 MB" in answer.text) == (413, True)


def test_the_other_open_pages_take_no_large_bodies(app: Flask) -> None:
    for path in ("/login", "/enrol", "/verify/number"):
        app.config["WTF_CSRF_ENABLED"] = True
        assert send_unread(app.test_client(), path, 65 * 1024).status_code == 413, path


def test_where_the_queue_is_full_nothing_is_received(app: Flask, world: World) -> None:
    with ExitStack() as stack:
        fill(world, stack)
        answer = send_unread(app.test_client(), "/verify/file", 1000)
    assert (answer.status_code, "过一分钟再试" in answer.text) == (503, True)


def test_a_flood_of_uploads_takes_no_parser_process_from_readers(app: Flask, world: World, sealed: str) -> None:
    reader = log_in(app, "archivist")
    item = re.findall(r'href="/items/([0-9a-f]{32})"', reader.get(f"/cases/{sealed}").text)[0]
    with ExitStack() as stack:
        fill(world, stack)
        busy = world.opened.pools.copies._take()
        answer = reader.get(f"/items/{item}/pages/1.jpg")
        world.opened.pools.copies._give_back(busy, reusable=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")


def fill(world: World, stack: ExitStack) -> None:
    """Take every place in the queue."""
    for _ in range(world.opened.settings.web_threads // 4):
        stack.enter_context(world.opened.services.verification.place())


def test_a_classified_deployment_has_no_public_verification(world: World) -> None:
    settings = Settings(data=world.opened.settings.data, profile=Profile.CLASSIFIED)
    opened = world.opened
    app = create_app(settings, opened.services, opened.database, b"k" * 32, secure=False, behind_proxy=False)
    client = app.test_client()
    for path in ("/verify", "/verify?number=1&code=2"):
        assert client.get(path).headers["Location"] == "/login"
    assert "/verify" not in client.get("/login").text
