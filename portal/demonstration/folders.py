"""Case folders written from the demonstration's data, in the form of `archive_store.case_folder`.

The pictures, pages and recordings of a case depend on its data alone, so two builds give the same bytes.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archive_store.case_folder import (
    DESCRIPTION,
    FORMAT,
    CarrierPart,
    CaseFolder,
    ItemPart,
    RecordingPart,
    RenditionPart,
)
from archive_store.labels import Volume
from archive_store.vocabulary import CarrierKind
from portal.demonstration import office, pictures, recordings, scans
from portal.demonstration.source import CaseSource, DocumentType, ItemSource, Make, Words, case_words, fill, item_words

if TYPE_CHECKING:
    from pathlib import Path

    from portal.demonstration.people import Bureau
    from portal.demonstration.typesetter import Typesetter

MARK = "演示样本　纯属虚构"
PAPER_MAKES = frozenset({Make.SCAN, Make.TIFF})
SUFFIXES = {Make.PAGES: "pdf", Make.SCAN: "pdf", Make.TIFF: "tif", Make.PHOTO: "jpg", Make.VIDEO: "mp4"}
DAYS_TO_DIGITISE = 4


@dataclass(frozen=True, slots=True)
class Made:
    """The files of one item: its own, and the PDF beside it where it has no pages."""

    name: str
    content: bytes
    rendition: bytes | None = None

    @property
    def rendition_name(self) -> str:
        """The name of the PDF beside the file."""
        return self.name.rpartition(".")[0] + "（版式件）.pdf"


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
        words = case_words(case, self._bureau)
        items = [self._item(case, item, number, words, folder) for number, item in enumerate(case.items, 1)]
        description = json.dumps(_described(case, items, words), ensure_ascii=False, indent=2)
        (folder / DESCRIPTION).write_text(description + "\n", "utf-8")
        return folder

    def _item(self, case: CaseSource, item: ItemSource, number: int, words: Words, folder: Path) -> ItemPart:
        kind = self._types[item.type]
        title = (item.title or kind.title).format_map(words)
        own = item_words(item, words, title)
        made = self._make(item, f"{case.name}/{number}", _file_name(number, title, item.make), _page(item, own))
        for name, content in ((made.name, made.content), (made.rendition_name, made.rendition)):
            if content is not None:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(content)
        volume = item.volume or kind.volume
        return ItemPart(
            file=made.name,
            title=title,
            type=item.type,
            neutral_title=item.neutral_title.format_map(own) or kind.neutral_title,
            listable=_listable(item, volume),
            stage=item.stage or kind.stage,
            volume=volume,
            document_number=item.document_number.format_map(own) or _page_number(item, own),
            originator=item.originator.format_map(own) or self._bureau.name,
            date=item.date,
            label=item.label,
            carrier=self._carrier(case, item, number),
            rendition=None
            if made.rendition is None
            else RenditionPart(file=made.rendition_name, made_by=case.handlers[0]),
            recording=_recording(item, own),
            signed=item.signed,
            contains=item.contains,
        )

    def _make(self, item: ItemSource, key: str, name: str, page: dict[str, Any]) -> Made:
        page |= {"key": key, "bureau": self._bureau.name, "mark": MARK, "title": page["title"] or _bare(name)}
        if item.make in {Make.PHOTO, Make.PNG}:
            picture = pictures.scene(page["photos"][0]["scene"], page["photos"][0]["caption"])
            taken = item.recording.recorded_at if item.recording else None
            return Made(name, pictures.jpeg(picture, taken) if item.make is Make.PHOTO else pictures.png(picture))
        if item.recording is not None:
            return Made(name, _recorded(item, key))
        self._lay_photos(page)
        if item.make in PAPER_MAKES:
            return Made(name, self._scan(item, key, page))
        pdf = self._typesetter.pdf(page, item.date)
        lines = [line for line in page["body"] if line != "【表】"]
        if item.make is Make.DOCX:
            return Made(name, office.docx(page["title"], lines), pdf)
        if item.make is Make.TXT:
            return Made(name, office.plain_text(page["title"], lines), pdf)
        return Made(name, pdf)

    def _lay_photos(self, page: dict[str, Any]) -> None:
        for n, photo in enumerate(page["photos"]):
            photo["file"] = f"photo-{n}.jpg"
            picture = pictures.scene(photo["scene"], f"{photo['taken']} {photo['place']}", (960, 720))
            self._typesetter.keep_picture(photo["file"], pictures.jpeg(picture))

    def _scan(self, item: ItemSource, key: str, page: dict[str, Any]) -> bytes:
        images = self._typesetter.images(page, scans.DPI)
        scanned = [scans.scanned(image, f"{key}/{n}") for n, image in enumerate(images)]
        if item.make is Make.TIFF:
            return scans.as_tiff(scanned)
        return scans.as_pdf(scanned, item.date, "")

    def _carrier(self, case: CaseSource, item: ItemSource, number: int) -> CarrierPart:
        if item.make not in PAPER_MAKES:
            return CarrierPart()
        return CarrierPart(
            kind=CarrierKind.DIGITISED,
            paper_location=f"{case.shelf} 第{number}件",
            digitised_by="演示数字化加工组",
            digitised_on=max(case.ended, item.date) + timedelta(days=DAYS_TO_DIGITISE),
            resolution_dpi=scans.DPI,
        )


def _page(item: ItemSource, words: Words) -> dict[str, Any]:
    page: dict[str, Any] = fill(item.page.model_dump(mode="json", exclude_none=True), words)
    page["body"] = [line.strip() for line in page["body"].splitlines() if line.strip()]
    page["note"] = [line.strip() for line in page["note"].splitlines() if line.strip()]
    return page


def _page_number(item: ItemSource, words: Words) -> str:
    return item.page.number.format_map(words)


def _listable(item: ItemSource, volume: Volume) -> bool:
    """Whether a party may see the item in its list: the main volume, unless the data says otherwise."""
    return item.listable if item.listable is not None else volume is Volume.MAIN and not item.label.label.is_compartment


def _file_name(number: int, title: str, make: Make) -> str:
    folder = "音像/" if make in {Make.VIDEO, Make.AUDIO_M4A, Make.AUDIO_MP3} else ""
    return f"{folder}{number:02d}{title}.{SUFFIXES.get(make, make.value)}"


def _bare(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0].lstrip("0123456789")


def _recorded(item: ItemSource, key: str) -> bytes:
    recording = item.recording
    if recording is None:
        raise ValueError(f"{key}: 没有音像记录的说明")
    tone = 330 + 11 * (sum(key.encode()) % 20)
    if item.make is Make.VIDEO:
        return recordings.film(pictures.scene(recording.scene, recording.caption), recording.seconds, tone)
    return recordings.sound("mp3" if item.make is Make.AUDIO_MP3 else "m4a", recording.seconds, tone)


def _recording(item: ItemSource, words: Words) -> RecordingPart | None:
    if item.recording is None:
        return None
    return RecordingPart(
        device=item.recording.device,
        recorded_at=item.recording.recorded_at,
        stored_at=item.recording.stored_at,
        recorder=item.recording.recorder.format_map(words),
        place=item.recording.place.format_map(words),
        duration_seconds=None if item.make in {Make.PHOTO, Make.PNG} else float(item.recording.seconds),
    )


def _described(case: CaseSource, items: list[ItemPart], words: Words) -> dict[str, Any]:
    facts = case.model_dump(include=set(CaseFolder.model_fields) - {"items", "format"})
    facts["note"] = case.note.format_map(words)
    folder = CaseFolder.model_validate({"format": FORMAT, **facts, "items": items})
    return folder.model_dump(mode="json", exclude_defaults=True)
