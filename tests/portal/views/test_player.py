"""The player from outside: the wrong people, other sessions, ranges, and what the answers say."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from portal.views.player import MOST_BYTES
from tests.portal.conftest import copy_of, log_in
from tests.portal.recorded import seal_recordings
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World
    from tests.proofs import ProofBook

    Prepared = tuple[Path, dict[str, str]]

OFFICES = ("other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


@pytest.fixture(scope="module")
def recorded(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, dict[str, str]]:
    """A data folder with recordings that are ready, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("recorded")
    with copy_of(*prepared, folder / "data") as made:
        return (folder / "data", prepared[1]), seal_recordings(made, folder / "case")


@pytest.fixture
def world(recorded: tuple[Prepared, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    with copy_of(*recorded[0], tmp_path / "data") as made:
        yield made


@pytest.fixture
def items(recorded: tuple[Prepared, dict[str, str]]) -> dict[str, str]:
    return recorded[1]


def visitor(app: Flask, who: str) -> FlaskClient:
    """A client that takes each answer to its end, as a browser does, so that files are closed."""
    client = log_in(app, who)
    client.open = partial(client.open, buffered=True)  # type: ignore[method-assign]
    return client


def address_in(client: FlaskClient, item_id: str) -> str:
    text = client.get(f"/items/{item_id}/play").text
    return re.search(r'src="(/items/[^"]+/media)"', text).group(1)  # type: ignore[union-attr]


def test_a_recording_answers_the_wrong_people_like_none(app: Flask, items: dict[str, str], proofs: ProofBook) -> None:
    address = address_in(visitor(app, "archivist"), items["车间录像"])
    absent = "0" * 32
    leaks = 0
    for who in (*OFFICES, "handler", "second_archivist"):
        client = visitor(app, who)
        paths = [address, address.replace("media", "poster.jpg")]
        paths += [f"/items/{items['车间录像']}/play"] if who != "second_archivist" else []
        for path in paths:
            nothing = client.get(path.replace(items["车间录像"], absent))
            answer = client.get(path)
            leaks += plain(answer) != plain(nothing) or answer.status_code != 404
    proofs.record("recordings given to the wrong people or sessions", leaks, "0", holds=leaks == 0)


def test_an_address_ends_with_its_session(app: Flask, items: dict[str, str]) -> None:
    client, twin = visitor(app, "archivist"), visitor(app, "archivist")
    address = address_in(client, items["现场录像"])
    assert client.get(address).status_code == 200
    assert twin.get(address).status_code == 404
    client.post("/logout")
    assert client.get(address).headers["Location"] == "/login"
    client.post("/login", data={"login": "archivist", "password": "一句足够长的演示密码用来登录"})
    assert client.get(address).status_code == 404
    assert app.test_client().get(address).headers["Location"] == "/login"


def test_the_answer_is_neutral_and_not_kept(app: Flask, items: dict[str, str]) -> None:
    client = visitor(app, "archivist")
    address = address_in(client, items["现场录像"])
    answer = client.get(address)
    assert answer.headers["Content-Disposition"] == "inline; filename=recording.mp4"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.mimetype == "video/mp4"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    tag = answer.headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200
    head = client.head(address)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(answer.data)))
    poster = client.get(address.replace("media", "poster.jpg"))
    assert poster.data[:3] == b"\xff\xd8\xff"
    assert poster.headers["Cache-Control"] == "no-store"
    sound = address_in(client, items["谈话录音"])
    assert client.get(sound).mimetype == "audio/mpeg"
    assert client.get(sound.replace("media", "poster.jpg")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [("bytes=0-", 0, None), ("bytes=10-19", 10, 20), ("bytes=-7", -7, None), ("bytes=5-99999999", 5, None)],
)
def test_a_range_is_given_as_asked(app: Flask, items: dict[str, str], asked: str, begin: int, end: int | None) -> None:
    client = visitor(app, "archivist")
    address = address_in(client, items["现场录像"])
    whole = client.get(address)
    answer = client.get(address, headers={"Range": asked, "If-Range": whole.headers["ETag"]})
    assert answer.status_code == 206
    assert answer.data == whole.data[begin:end]
    first = begin % len(whole.data)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{len(whole.data)}"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("bytes=99999999-", 416),
        ("bytes=0-1,5-6", 416),
        ("bytes=5-2", 200),
        ("bytes=abc", 200),
        ("pages=1-2", 200),
        ("bytes=", 200),
        ("bytes=-0", 200),
    ],
)
def test_a_range_that_cannot_be_given_is_refused_or_passed_over(
    app: Flask, items: dict[str, str], asked: str, code: int
) -> None:
    client = visitor(app, "archivist")
    address = address_in(client, items["现场录像"])
    size = len(client.get(address).data)
    answer = client.get(address, headers={"Range": asked})
    assert answer.status_code == code
    if code == 416:
        assert answer.headers["Content-Range"] == f"bytes */{size}"
        assert answer.data == b""
    else:
        assert len(answer.data) == size


def test_a_range_of_another_making_gives_the_whole(app: Flask, items: dict[str, str]) -> None:
    client = visitor(app, "archivist")
    address = address_in(client, items["现场录像"])
    for condition in ('"other"', "Tue, 24 Nov 2026 00:00:00 GMT"):
        assert client.get(address, headers={"Range": "bytes=1-2", "If-Range": condition}).status_code == 200


def test_no_answer_to_a_range_holds_a_thread_for_long(
    app: Flask, items: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_BYTES == 2 * 2**20
    monkeypatch.setattr("portal.views.player.MOST_BYTES", 1000)
    client = visitor(app, "archivist")
    address = address_in(client, items["现场录像"])
    whole, got = client.get(address).data, b""
    while len(got) < len(whole):
        got += client.get(address, headers={"Range": f"bytes={len(got)}-"}).data
    assert got == whole


def test_the_case_page_leads_to_the_player_and_a_broken_recording_says_why(
    app: Flask, items: dict[str, str], world: World
) -> None:
    client = visitor(app, "archivist")
    (case,) = world.opened.services.cases.listed(world.actor("archivist"), frozenset({"sealed"}))[0]  # type: ignore[arg-type]
    page = client.get(f"/cases/{case.id}").text
    for item_id in items.values():
        assert f"/items/{item_id}/play" in page
    broken = client.get(f"/items/{items['损坏录像']}/play").text
    assert "不能播放" in broken
    assert "<video" not in broken
    shown = client.get(f"/items/{items['现场录像']}/play").text
    assert "档案演示甲" in shown.split('class="viewer"')[1]
    assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*src=)", shown)
