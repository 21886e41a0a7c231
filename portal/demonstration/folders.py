"""Case folders written from the demonstration's data, in the form of `archive_store.case_folder`.

The pictures, pages and recordings of a case depend on its data alone, so two builds give the same bytes.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from archive_store.case_folder import DESCRIPTION
from portal.demonstration import office, pictures, recordings, scans
from portal.demonstration.descriptions import PAPER, PICTURES, RECORDINGS, describe, words_of
from portal.demonstration.source import Make, fill

if TYPE_CHECKING:
    from pathlib import Path

    from portal.demonstration.people import Bureau
    from portal.demonstration.source import CaseSource, DocumentType, ItemSource, Words
    from portal.demonstration.typesetter import Typesetter

MARK = "演示样本　纯属虚构"
SHEET_PHOTO = (960, 720)


class FolderWriter:
    """Writes case folders with one typesetter."""

    def __init__(self, typesetter: Typesetter, bureau: Bureau, types: dict[str, DocumentType]) -> None:
        self._typesetter = typesetter
        self._bureau = bureau
        self._types = types

    def write(self, case: CaseSource, target: Path) -> Path:
        """Write the case as a folder below `target`; a folder of that name from an earlier build is replaced."""
        folder = target / case.folder
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        description = describe(case, self._bureau, self._types)
        for number, (item, part) in enumerate(zip(case.items, description.items, strict=True), 1):
            words = words_of(case, item, self._bureau, self._types[item.type])
            original, rendition = self.make(item, words, f"{case.name}/{number}")
            _lay(folder / part.file, original)
            if part.rendition is not None and rendition is not None:
                _lay(folder / part.rendition.file, rendition)
        said = description.model_dump(mode="json", exclude_defaults=True)
        (folder / DESCRIPTION).write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", "utf-8")
        return folder

    def make(self, item: ItemSource, words: Words, key: str) -> tuple[bytes, bytes | None]:
        """The item's file, and the PDF or transcript beside it where it has no pages; `key` seeds every accident."""
        if item.make in PICTURES:
            return _picture(item, words), None
        if item.make in RECORDINGS:
            return _recorded(item, key), _said(item)
        page = self._page(item, words, key)
        if item.make in PAPER:
            return self._scan(item, page, key), None
        pdf = self._typesetter.pdf(page, item.date)
        lines = [line for line in page["body"] if line != "【表】"]
        if item.make is Make.DOCX:
            return office.docx(page["title"], lines), pdf
        if item.make is Make.TXT:
            return office.plain_text(page["title"], lines), pdf
        return pdf, None

    def _page(self, item: ItemSource, words: Words, key: str) -> dict[str, Any]:
        """The data of `templates/document.typ`, with the photographs laid beside it."""
        page: dict[str, Any] = fill(item.page.model_dump(mode="json", exclude_none=True), words)
        for text in ("body", "note"):
            page[text] = [line.strip() for line in page[text].splitlines() if line.strip()]
        for n, photo in enumerate(page["photos"]):
            photo["file"] = f"photo-{n}.jpg"
            picture = pictures.scene(photo["scene"], f"{photo['taken']} {photo['place']}", SHEET_PHOTO)
            self._typesetter.keep_picture(photo["file"], pictures.jpeg(picture))
        title = page["title"] or words["item_title"]
        return page | {"key": key, "bureau": self._bureau.name, "mark": MARK, "title": title}

    def _scan(self, item: ItemSource, page: dict[str, Any], key: str) -> bytes:
        images = self._typesetter.images(page, scans.DPI)
        scanned = [scans.scanned(image, f"{key}/{n}") for n, image in enumerate(images)]
        return scans.as_tiff(scanned) if item.make is Make.TIFF else scans.as_pdf(scanned, item.date)


def _lay(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _picture(item: ItemSource, words: Words) -> bytes:
    photo = item.page.photos[0]
    picture = pictures.scene(photo.scene, photo.caption.format_map(words))
    if item.make is Make.PNG:
        return pictures.png(picture)
    return pictures.jpeg(picture, item.recording.recorded_at if item.recording else None)


def _said(item: ItemSource) -> bytes | None:
    """The transcript of a recording, as WebVTT."""
    said = item.recording.said if item.recording else []
    cues = (f"00:00:{second:02d}.000 --> 00:00:{second + 2:02d}.000\n{words}\n" for second, words in said)
    return "\n".join(("WEBVTT\n", *cues)).encode() if said else None


def _recorded(item: ItemSource, key: str) -> bytes:
    recording = item.recording
    if recording is None:
        raise ValueError(f"{key}: 没有音像记录的说明")
    tone = 330 + 11 * (sum(key.encode()) % 20)
    if item.make is Make.VIDEO:
        return recordings.film(pictures.scene(recording.scene, recording.caption), recording.seconds, tone)
    return recordings.sound("mp3" if item.make is Make.AUDIO_MP3 else "m4a", recording.seconds, tone)
