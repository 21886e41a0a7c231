"""Transcripts beside recordings: found by what was said, shown with their times, for those who may play alone."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from PIL import Image
from sqlalchemy import select

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Item
from portal.demonstration.recordings import film
from tests.portal.conftest import copy_of, log_in, make_app
from tests.portal.recorded import recording, seal_items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive_store.identity import Actor
    from portal.services.search import SearchService
    from tests.portal.conftest import World

SAID = "你们是什么时候开始采砂的"
SRT = "\r\n".join(
    (
        *("1", "00:00:00,500 --> 00:00:01,000", "开始询问。", ""),
        *("2", "00:01:05,000 --> 00:01:09,000", f"{SAID}？", ""),
        *("3", "01:02:03,000 --> 01:02:04,000", "去年十月，在演示河段", ""),
        *("4", "01:02:05,000 --> 01:02:06,000", "上游的滩地。", ""),
    )
)
STRANGERS = ("other_handler", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


@pytest.fixture(scope="module")
def filmed(
    prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, dict[str, str]]]:
    """A sealed case with a film and its transcript, and one whose transcript is none."""
    folder = tmp_path_factory.mktemp("filmed")
    with copy_of(*prepared, folder / "data") as world:
        yield world, seal_films(world, folder / "case")


def seal_films(world: World, folder: Path) -> dict[str, str]:
    files, items = {}, []
    for number, (title, said) in enumerate((("询问录像", SRT), ("损坏的记录", "WEBVTT\n\n没有时间")), start=1):
        picture = Image.new("RGB", (320, 240), ("green", "blue")[number - 1])
        files |= {f"{number}.mp4": film(picture, 2, 440), f"{number}.srt": said.encode("gb18030")}
        rendition = {"file": f"{number}.srt", "made_by": "承办演示甲"}
        items.append(recording(f"{number}.mp4", title, rendition=rendition))
    case_id, ids = seal_items(world, folder, "演水检〔2026〕8号", files, items)
    return ids | {"case": case_id}


def hits(world: World, query: str, who: str = "archivist") -> list[int]:
    search: SearchService = world.opened.services.search
    found = search.search(world.actor(who), search.asked(query, {}, "relevance", 0, 20))
    return [hit.page for case in found.cases for item in case.items for hit in item.pages]


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_neither_find_nor_read_what_was_said(filmed: tuple[World, dict[str, str]], who: str) -> None:
    world, ids = filmed
    stranger: Actor = world.actor(who)
    with pytest.raises(NotFoundError):
        world.opened.services.playing.open(stranger, "s", ids["询问录像"])
    client = log_in(make_app(world.opened), who)
    assert client.get(f"/items/{ids['询问录像']}/play?q={SAID}").status_code == 404
    if client.get("/search/").status_code == 200:
        assert hits(world, SAID, who) == []


def test_what_was_said_is_found_at_its_second_and_over_the_end_of_a_cue(filmed: tuple[World, dict[str, str]]) -> None:
    world, _ = filmed
    assert hits(world, SAID) == [66]
    assert hits(world, "演示河段上游的滩地") == [3724]
    assert hits(world, "没有时间") == []


def test_a_hit_leads_to_the_second_on_the_page_in_the_json_and_in_the_workbook(
    filmed: tuple[World, dict[str, str]],
) -> None:
    world, ids = filmed
    client = log_in(make_app(world.opened), "archivist")
    page = client.get(f"/search/?q={SAID}").text
    assert f"/items/{ids['询问录像']}/play?q=" in page
    assert "&amp;t=65" in page
    assert "<strong>1:05</strong>" in page
    told = client.get(f"/api/v1/search?q={SAID}").json
    assert told is not None
    (found,) = told["cases"][0]["items"][0]["pages"]
    assert (found["page"], found["second"]) == (66, 65)
    sheet = load_workbook(io.BytesIO(client.get(f"/search/list.xlsx?q={SAID}").data)).active
    assert [row[-1].value for row in sheet.iter_rows()][-1] == "1:05"


def test_the_player_shows_every_cue_with_its_time_and_marks_what_was_asked(
    filmed: tuple[World, dict[str, str]],
) -> None:
    world, ids = filmed
    client = log_in(make_app(world.opened), "archivist")
    page = client.get(f"/items/{ids['询问录像']}/play?q=什么时候&t=65").text
    assert "在 1 处说到" in page
    assert "<mark>什么时候</mark>" in page
    for time, second in (("0:00", 0), ("1:05", 65), ("1:02:03", 3723)):
        assert f'data-at="{second}"><span class="num">{time}</span>' in page
    assert "没有找到" in client.get(f"/items/{ids['询问录像']}/play?q=没有说过的话").text
    assert client.get(f"/items/{ids['询问录像']}/play?q=((").status_code == 200
    over = client.get(f"/items/{ids['询问录像']}/play?q=演示河段上游的滩地").text
    assert "<mark>演示河段</mark>" in over
    assert "<mark>上游的滩地</mark>" in over


def test_that_the_words_were_shown_is_an_event_without_the_words(filmed: tuple[World, dict[str, str]]) -> None:
    world, ids = filmed
    world.opened.services.playing.open(world.actor("archivist"), "s", ids["询问录像"])
    with world.opened.database.read() as session:
        leaf = session.scalars(
            select(AuditLeaf).where(AuditLeaf.object_id == ids["询问录像"]).order_by(AuditLeaf.id.desc()).limit(1)
        ).one()
    assert (leaf.name, json.loads(leaf.details or "{}")["words"]) == ("item:play", True)


def test_what_is_no_transcript_is_marked_and_the_film_plays(filmed: tuple[World, dict[str, str]]) -> None:
    world, ids = filmed
    client = log_in(make_app(world.opened), "archivist")
    page = client.get(f"/items/{ids['损坏的记录']}/play").text
    assert "不符合 SRT 或 WebVTT 格式" in page
    assert 'id="player"' in page
    told = world.opened.services.recognition.of_case(world.actor("archivist"), ids["case"])
    assert [(failure.item_number, "SRT" in failure.reason) for failure in told.failures] == [(2, True)]


def test_a_transcript_is_handed_in_beside_a_recording_and_nothing_else(world: World, draft: str) -> None:
    intake, handler = world.opened.services.intake, world.actor("handler")
    with world.opened.database.read() as session:
        paper = session.scalars(select(Item.id).where(Item.case_id == draft)).first()
    assert paper is not None
    with pytest.raises(InvalidInputError, match="只能附在录音录像上"):
        intake.add_rendition(handler, draft, paper, io.BytesIO(SRT.encode()), "a.srt", "")
    recording = intake.add_file(handler, draft, "1.mp4", io.BytesIO(film(Image.new("RGB", (320, 240)), 1, 440)))
    with pytest.raises(InvalidInputError, match="SRT 或 WebVTT"):
        intake.add_rendition(handler, draft, recording, io.BytesIO("没有时间".encode()), "a.txt", "")
    client = log_in(make_app(world.opened), "handler")
    assert "附上文字记录" in client.get(f"/intake/{draft}").text
    upload = {"rendition": (io.BytesIO(SRT.encode()), "a.srt"), "made_by": ""}
    assert client.post(f"/intake/{draft}/items/{recording}/rendition", data=upload).status_code == 302
    with world.opened.database.read() as session:
        files = {file.role: file.media_type for file in session.get_one(Item, recording).files}
    assert files == {"original": "video/mp4", "rendition": "application/x-subrip"}
    assert "附上文字记录" not in client.get(f"/intake/{draft}").text
