"""What `case.json` says of a case of the demonstration: pure, without making a single file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from archive_store.case_folder import FORMAT, CarrierPart, CaseFolder, ItemPart, RecordingPart, RenditionPart
from archive_store.labels import Volume
from archive_store.vocabulary import CarrierKind
from portal.demonstration.scans import DPI
from portal.demonstration.source import CaseSource, ItemSource, Make, case_words, item_words

if TYPE_CHECKING:
    from portal.demonstration.people import Bureau
    from portal.demonstration.source import DocumentType, Words

DAYS_TO_DIGITISE = 4
PAPER = frozenset({Make.SCAN, Make.TIFF})
RECORDINGS = frozenset({Make.VIDEO, Make.AUDIO_M4A, Make.AUDIO_MP3})
PICTURES = frozenset({Make.PHOTO, Make.PNG})
WITHOUT_PAGES = frozenset({Make.DOCX, Make.TXT})
_SUFFIXES = {Make.PAGES: "pdf", Make.SCAN: "pdf", Make.TIFF: "tif", Make.PHOTO: "jpg", Make.VIDEO: "mp4"}


def describe(case: CaseSource, bureau: Bureau, types: dict[str, DocumentType]) -> CaseFolder:
    """The case in the form of the archive; its items stand in the order of `case.items`."""
    words = case_words(case, bureau)
    facts = case.model_dump(include=set(CaseFolder.model_fields) - {"items", "format"})
    facts["note"] = case.note.format_map(words)
    items = [_item(case, item, number, bureau, types[item.type]) for number, item in enumerate(case.items, 1)]
    return CaseFolder.model_validate({"format": FORMAT, **facts, "items": items})


def words_of(case: CaseSource, item: ItemSource, bureau: Bureau, kind: DocumentType) -> Words:
    """Every word that the texts of one item may use; `item_title` is its title."""
    words = case_words(case, bureau)
    return item_words(item, words, (item.title or kind.title).format_map(words))


def _item(case: CaseSource, item: ItemSource, number: int, bureau: Bureau, kind: DocumentType) -> ItemPart:
    words = words_of(case, item, bureau, kind)
    name = _file_name(number, words["item_title"], item.make)
    volume = item.volume or kind.volume
    return ItemPart(
        file=name,
        title=words["item_title"],
        type=item.type,
        neutral_title=item.neutral_title.format_map(words) or kind.neutral_title,
        listable=_listable(item, volume),
        stage=item.stage or kind.stage,
        volume=volume,
        document_number=item.document_number.format_map(words) or _number_on_page(item, words),
        originator=item.originator.format_map(words) or bureau.name,
        date=item.date,
        label=item.label,
        carrier=_carrier(case, item, number),
        rendition=_rendition(name, item, case.handlers[0]),
        recording=_recording(item, words),
        signed=item.signed,
        contains=item.contains,
    )


def _number_on_page(item: ItemSource, words: Words) -> str:
    """The number printed on the page, where it is a number and not a note."""
    number = item.page.number.format_map(words)
    return number if number.endswith("号") and "　" not in number else ""


def _listable(item: ItemSource, volume: Volume) -> bool:
    """Whether a party may see the item in its list: the main volume, unless the data says otherwise."""
    if item.listable is not None:
        return item.listable
    return volume is Volume.MAIN and not item.label.label.is_compartment


def _file_name(number: int, title: str, make: Make) -> str:
    folder = "音像/" if make in RECORDINGS else ""
    return f"{folder}{number:02d}-{title}.{_SUFFIXES.get(make, make.value)}"


def _rendition(name: str, item: ItemSource, made_by: str) -> RenditionPart | None:
    """The PDF beside a file without pages, or the transcript beside a recording."""
    stem = name.rpartition(".")[0]
    if item.make in WITHOUT_PAGES:
        return RenditionPart(file=f"{stem}（版式件）.pdf", made_by=made_by)
    if item.recording is not None and item.recording.said:
        return RenditionPart(file=f"{stem}（文字记录）.vtt", made_by=made_by)
    return None


def _carrier(case: CaseSource, item: ItemSource, number: int) -> CarrierPart:
    if item.make not in PAPER:
        return CarrierPart()
    return CarrierPart(
        kind=CarrierKind.DIGITISED,
        paper_location=f"{case.shelf} 第{number}件",
        digitised_by="演示数字化加工组",
        digitised_on=max(case.ended, item.date) + timedelta(days=DAYS_TO_DIGITISE),
        resolution_dpi=DPI,
    )


def _recording(item: ItemSource, words: Words) -> RecordingPart | None:
    if item.recording is None:
        return None
    return RecordingPart(
        device=item.recording.device,
        recorded_at=item.recording.recorded_at,
        stored_at=item.recording.stored_at,
        recorder=item.recording.recorder.format_map(words),
        place=item.recording.place.format_map(words),
        duration_seconds=float(item.recording.seconds) if item.make in RECORDINGS else None,
    )
