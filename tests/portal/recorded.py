"""A sealed case with recordings, for tests of the player."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image
from sqlalchemy import select

from archive_store.models.cases import Item
from portal.demonstration.recordings import film, sound
from portal.worker import Worker
from tests.portal.conftest import write_case
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
    whole = film(Image.new("RGB", (640, 480), "green"), 4, 440)
    secret = {"level": "internal", "marks": ["commercial_secret"]}
    files = {
        "1.mp4": whole,
        "2.mp4": film(Image.new("RGB", (640, 480), "blue"), 2, 300),
        "3.mp3": sound("mp3", 2, 300),
        "4.mp4": whole[: len(whole) // 3] + bytes(len(whole)),
    }
    items = [
        recording("1.mp4", "现场录像"),
        recording("2.mp4", "车间录像", label=secret),
        recording("3.mp3", "谈话录音"),
        recording("4.mp4", "损坏录像"),
    ]
    return seal_items(world, folder, "演水检〔2026〕7号", files, items)[1]


def recording(file: str, title: str, **more: object) -> dict[str, object]:
    """How a case folder describes a recording."""
    return {"file": file, "title": title, "type": "other", "date": "2026-11-02", "recording": RECORDING} | more


def seal_items(
    world: World, folder: Path, number: str, files: dict[str, bytes], items: list[dict[str, object]]
) -> tuple[str, dict[str, str]]:
    """A sealed and indexed case of these items, with all that is made of them; its id, and those of items by title."""
    write_case(folder, case_number=number, title="演示录像案", items=items, persons=[])
    for name, content in files.items():
        (folder / name).write_bytes(content)
    case_id = seal_folder(world, folder)
    Worker(world.opened).run_until_idle()
    with world.opened.database.read() as session:
        found = session.scalars(select(Item).where(Item.case_id == case_id))
        return case_id, {item.title: item.id for item in found}
