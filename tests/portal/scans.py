"""A sealed case with scans, for tests of what is done with pages that have no text layer."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from archive_store.parsing.documents import RecognisedText
from tests.portal.conftest import pdf, write_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.portal.conftest import World

FONT = Path(str(pylopdf_fonts_zh_cn.__file__)).parent / "NotoSansSC-Regular.otf"
OPEN_WORDS, HIDDEN_WORDS = "当事人演示甲在河道内采砂", "配方含演示成分若干"


def scan(words: str) -> Image.Image:
    """A page image with a line of text."""
    picture = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(picture).text((60, 100), words, font=ImageFont.truetype(str(FONT), 52), fill="black")
    return picture


def saved(form: str, *pictures: Image.Image) -> bytes:
    out = io.BytesIO()
    more = {"save_all": True, "append_images": pictures[1:]} if len(pictures) > 1 else {}
    pictures[0].save(out, form, dpi=(200, 200), **more)
    return out.getvalue()


def seal_scans(world: World, folder: Path) -> str:
    """A sealed case: a text PDF, a TIFF of two scanned pages, and a PNG that is a commercial secret."""
    items: list[dict[str, Any]] = [
        {"file": "01.pdf", "title": "检查笔录", "type": "site_inspection_record", "date": "2026-11-02"},
        {"file": "02.tif", "title": "登记台账", "type": "other", "date": "2026-11-03"},
        {
            "file": "03.png",
            "title": "配方说明",
            "type": "other",
            "date": "2026-11-04",
            "label": {"level": "internal", "marks": ["commercial_secret"]},
        },
    ]
    write_case(folder, items=items)
    (folder / "02.pdf").unlink()
    (folder / "01.pdf").write_bytes(pdf("Inspection"))
    (folder / "02.tif").write_bytes(saved("TIFF", scan(OPEN_WORDS), scan("第二页说明")))
    (folder / "03.png").write_bytes(saved("PNG", scan(HIDDEN_WORDS)))
    return seal_folder(world, folder)


def seal_folder(world: World, folder: Path) -> str:
    """Import a case folder and carry it to its seal."""
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert outcome.case_id is not None, outcome.findings
    transfer, archivist = world.opened.services.transfer, world.actor("archivist")
    transfer.hand_over(world.actor("handler"), outcome.case_id)
    transfer.accept(archivist, outcome.case_id)
    for found in transfer.findings(archivist, outcome.case_id):
        if found.blocks:
            transfer.waive(archivist, outcome.case_id, found.finding.key, "演示：已核实")
    world.opened.services.sealing.seal(archivist, outcome.case_id)
    return outcome.case_id


class Reader:
    """Stands for the parser that recognises text: gives what `answer` says, or raises it, and notes what was asked."""

    def __init__(self, answer: Callable[[str, int], str | Exception]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, int]] = []

    def ocr(self, file: object, media_type: str, page: int) -> RecognisedText:
        del file
        self.asked.append((media_type, page))
        found = self._answer(media_type, page)
        if isinstance(found, Exception):
            raise found
        return RecognisedText(found, (None,) * len(found), 0.9)


def read_with(world: World, answer: Callable[[str, int], str | Exception]) -> Reader:
    """Have an installation recognise with a stand-in."""
    reader = Reader(answer)
    world.opened.services.recognition._reader = reader  # type: ignore[assignment]
    return reader
