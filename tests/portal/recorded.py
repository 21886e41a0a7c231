"""A sealed case with recordings, for tests of the player."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image
from sqlalchemy import select

from archive_store.models.cases import Item
from portal.demonstration.recordings import film, sound
from portal.worker import Worker
from tests.portal.scans import seal_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World

RECORDING = {
    "device": "演示记录仪01",
    "recorded_at": "2026-11-02T09:30:00+08:00",
    "stored_at": "2026-11-02T17:30:00+08:00",
    "recorder": "承办演示甲",
    "place": "演示河段",
    "duration_seconds": 4,
}


def seal_recordings(world: World, folder: Path) -> dict[str, str]:
    """A sealed case with a film, a commercially secret film, a sound and a broken film; ids by title."""
    folder.mkdir(parents=True)
    whole = film(Image.new("RGB", (640, 480), "green"), 4, 440)
    items = []
    for title, name, content, marks in (
        ("现场录像", "1.mp4", whole, []),
        ("车间录像", "2.mp4", film(Image.new("RGB", (640, 480), "blue"), 2, 300), ["commercial_secret"]),
        ("谈话录音", "3.mp3", sound("mp3", 2, 300), []),
        ("损坏录像", "4.mp4", whole[: len(whole) // 3] + bytes(len(whole)), []),
    ):
        (folder / name).write_bytes(content)
        label = {"level": "internal", "marks": marks}
        item = {"file": name, "title": title, "type": "other", "date": "2026-11-02", "label": label}
        items.append(item | {"recording": RECORDING})
    case = {
        "format": "anjuan-case-1",
        "case_number": "演水检〔2026〕7号",
        "title": "演示录像案",
        "kind": "inspection",
        "procedure": "ordinary",
        "department": "水政监察支队",
        "handlers": ["承办演示甲"],
        "started": "2026-11-01",
        "ended": "2026-11-10",
        "persons": [],
        "items": items,
    }
    (folder / "case.json").write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    case_id = seal_folder(world, folder)
    Worker(world.opened).run_until_idle()
    with world.opened.database.read() as session:
        return {item.title: item.id for item in session.scalars(select(Item).where(Item.case_id == case_id))}
