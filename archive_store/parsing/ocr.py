"""Text recognised on page images: by rapidocr, after tesseract has said how the page is turned.

Runs in a parser process; the models lie in rapidocr's own package.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import onnxruntime
from PIL import Image
from rapidocr import RapidOCR

from archive_store.parsing import geometry, images, pdf
from archive_store.parsing.formats import PDF
from archive_store.parsing.images import TURNS
from archive_store.parsing.wire import Answer, Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive_store.parsing.geometry import Box

DPI = 200
TURN_SECONDS = 20
LEAST_TURN_CONFIDENCE = 1.0
LEAST_SCORE = 0.5
SETTINGS: dict[str, Any] = {
    "Global.log_level": "critical",
    "Global.text_score": 0.0,  # we choose ourselves: rapidocr's own filter loses the boxes' places
    "Global.return_word_box": True,
    "Global.return_single_char_box": True,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Rec.rec_batch_num": 1,  # lines of unequal length side by side are padded: a third more work
    "Det.limit_type": "max",
    "Det.limit_side_len": 1600,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A recognised line: its text, how sure it is (0..1), and a box for each character, in pixels or none."""

    text: str
    score: float
    boxes: tuple[Box | None, ...]


def recognise(file: BinaryIO, *, media_type: str, page: int) -> Answer:
    """The text of a page image, line by line, with boxes on the page as it is shown."""
    picture = _picture(file, media_type, page)
    turn = _needed_turn(picture)
    upright = picture.transpose(TURNS[turn]) if turn else picture
    lines = _lines(upright)
    characters: list[str] = []
    boxes: list[Box | None] = []
    for line in lines:
        characters.append(line.text + "\n")
        boxes += [*(_on_page(box, upright.size, turn) if box else None for box in line.boxes), None]
    counted = sum(len(line.text) for line in lines)
    confidence = sum(line.score * len(line.text) for line in lines) / counted if counted else 0.0
    places: list[Json] = [list(box) if box else None for box in boxes]
    return Answer({"text": "".join(characters), "boxes": places, "confidence": round(confidence, 4), "turn": turn})


def _picture(file: BinaryIO, media_type: str, page: int) -> Image.Image:
    source = pdf if media_type == PDF.media_type else images
    answer = source.render(file, page=page, width=None, dpi=DPI, turn=0)
    width, height = (int(str(side)) for side in answer.value) if isinstance(answer.value, list) else (0, 0)
    return Image.frombytes("RGB", (width, height), bytes(answer.blobs[0]))


def _needed_turn(picture: Image.Image) -> int:
    """Degrees clockwise until the page stands upright, as tesseract sees it; 0 where it is missing or unsure."""
    if shutil.which("tesseract") is None:
        return 0
    grey = picture.convert("L")
    header = f"P5 {grey.width} {grey.height} 255\n".encode()
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            ["tesseract", "-", "-", "--psm", "0", "-l", "osd", "--dpi", str(DPI)],  # noqa: S607 - from /usr/bin, see sandbox
            input=header + grey.tobytes(),
            capture_output=True,
            timeout=TURN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 0
    return turn_said(done.stdout.decode("utf-8", "replace"))


def turn_said(report: str) -> int:
    """The turn that tesseract's report asks for, where it is sure enough."""
    found = dict(re.findall(r"^(Rotate|Orientation confidence): ([0-9.]+)$", report, re.MULTILINE))
    turn = int(found.get("Rotate", "0"))
    sure = float(found.get("Orientation confidence", "0")) >= LEAST_TURN_CONFIDENCE
    return turn if sure and turn in TURNS else 0


def _lines(picture: Image.Image) -> list[Line]:
    pixels = np.asarray(picture)[:, :, ::-1]  # it expects blue first
    found: Any = _engine()(np.ascontiguousarray(pixels))  # its type depends on what it found
    if not getattr(found, "txts", None):
        return []
    words = iter(found.word_results)
    lines = []
    upcoming = next(words, ())
    for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True):
        own = upcoming if _spells(upcoming, text) else ()
        if own:
            upcoming = next(words, ())
        if score >= LEAST_SCORE:
            lines.append(Line(text, float(score), boxes_of_line(text, _around(corners), own)))
    return lines


def _spells(words: Sequence[tuple[str, float, Any]], text: str) -> bool:
    """Whether the characters belong to the line; rapidocr leaves lines without boxes out of its list."""
    spelt = "".join(word for word, _, _ in words)
    return bool(spelt) and spelt.replace(" ", "") == text.replace(" ", "")


def boxes_of_line(text: str, line: Box, words: Sequence[tuple[str, float, Any]]) -> tuple[Box | None, ...]:
    """A box for each character of a line (none for spaces): rapidocr's where it has one, else an even share."""
    if not words:
        return _even_shares(text, line)
    drawn = iter([(character, corners) for word, _, corners in words for character in word if character != " "])
    boxes: list[Box | None] = []
    for character in text:
        corners = None if character == " " else next(drawn, (character, None))[1]
        boxes.append(_around(corners) if corners is not None else None)
    return tuple(boxes)


def _even_shares(text: str, line: Box) -> tuple[Box | None, ...]:
    x0, y0, x1, y1 = line
    edges = [x0 + (x1 - x0) * place / len(text) for place in range(len(text) + 1)]
    shares = zip(text, pairwise(edges), strict=True)
    return tuple(None if character == " " else (left, y0, right, y1) for character, (left, right) in shares)


def _around(corners: Any) -> Box:  # noqa: ANN401 - four points, an array or lists
    across = [float(point[0]) for point in corners]
    down = [float(point[1]) for point in corners]
    return min(across), min(down), max(across), max(down)


def _on_page(box: Box, size: tuple[int, int], turn: int) -> Box | None:
    width, height = size
    upright = box[0] / width, box[1] / height, box[2] / width, box[3] / height
    return geometry.visible_box(geometry.turn_box(upright, -turn))


@cache
def _engine() -> RapidOCR:
    onnxruntime.disable_telemetry_events()
    return RapidOCR(params=SETTINGS)
