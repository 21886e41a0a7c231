"""What the cases are written in: TOML tables of facts and plain words, checked before anything is made.

A case says its facts as `case.json` does (the same field names), its `words` (names, amounts, dates that
occur in many documents), and for each item how it is made (`make`) and what stands on its page (`page`).
`{word}` in a text is replaced by the word; standard forms (`content/standard.toml`, by document type) give the
text that is the same everywhere. No text is ever read as typst markup.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from archive_store.case_folder import LabelPart, PersonPart
from archive_store.labels import Volume
from archive_store.vocabulary import ActKind, Fact, Procedure, Retention, ServiceMethod, Stage

if TYPE_CHECKING:
    from portal.demonstration.people import Bureau

Words = dict[str, str]
Row = list[str]


class Becomes(StrEnum):
    """What a case of the demonstration is meant to become."""

    SEALED = "sealed"
    DRAFT = "draft"
    LOOSE = "loose"


class Make(StrEnum):
    """How an item's file is made."""

    PAGES = "pages"
    """A PDF with text."""
    SCAN = "scan"
    """A PDF of page images, turned a little and noisy, without text."""
    TIFF = "tiff"
    """The same page images as one TIFF of several pages."""
    PHOTO = "photo"
    """A JPEG as a camera gives it."""
    PNG = "png"
    """A PNG picture."""
    VIDEO = "video"
    AUDIO_M4A = "m4a"
    AUDIO_MP3 = "mp3"
    DOCX = "docx"
    """A DOCX with a PDF rendition beside it."""
    TXT = "txt"
    """A text file with a PDF rendition beside it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(_Part):
    """A table in the running text, put where the line 【表】 stands."""

    columns: Row
    rows: list[Row]
    widths: list[float] | None = None
    caption: str = ""


class Photo(_Part):
    """A picture of a scene, with what its caption plate and the photo sheet say."""

    scene: str
    caption: str = ""
    taken: str = ""
    place: str = ""
    by: str = ""
    number: str = ""


class Card(_Part):
    """An identity card (`identity`) or a business licence (`licence`): label and value line by line."""

    kind: Literal["identity", "licence"]
    heading: str = ""
    seal: str = "石门市演示登记机关"
    lines: list[Annotated[Row, Field(min_length=2, max_length=2)]]


class Page(_Part):
    """What stands on a document; `templates/document.typ` lays it out in this order."""

    head: str = "plain"
    title: str = ""
    title_size: float = 21
    size: float = 14
    number: str = ""
    fields: list[Row] = []
    rows: list[Row] = []
    opinions: list[Annotated[Row, Field(min_length=4, max_length=4)]] = []
    to: str = ""
    body: str = ""
    tables: list[Table] = []
    photos: list[Photo] = []
    sign: list[Annotated[Row, Field(min_length=3, max_length=3)]] = []
    page_sign: list[Annotated[Row, Field(min_length=2, max_length=2)]] = []
    thumb: str = ""
    office: str = ""
    date: str = ""
    seal: str = ""
    seal_use: str = ""
    note: str = ""
    card: Card | None = None


class Recording(_Part):
    """What is known of an audio-visual record; the scene gives its picture."""

    scene: str = ""
    caption: str = ""
    device: str
    recorded_at: datetime
    stored_at: datetime
    recorder: str
    place: str = ""
    seconds: Annotated[int, Field(ge=1, le=20)] = 4
    said: list[tuple[Annotated[int, Field(ge=0, le=20)], str]] = []
    """What is said in which second, for the transcript beside it; the made sound is a tone."""


class ItemSource(_Part):
    """One item: its facts as in `case.json`, and how its file is made."""

    type: str
    date: date
    title: str = ""
    make: Make = Make.PAGES
    words: dict[str, Any] = {}
    page: Page = Page()
    recording: Recording | None = None
    stage: Stage | None = None
    volume: Volume | None = None
    neutral_title: str = ""
    listable: bool | None = None
    document_number: str = ""
    originator: str = ""
    label: LabelPart = LabelPart()
    signed: bool = True
    contains: list[str] = []


class CaseSource(_Part):
    """One case of the demonstration, as written in `content/cases/NAME.toml`."""

    name: str
    folder: str
    becomes: Becomes
    filed_on: date | None = None
    shelf: str
    words: dict[str, Any] = {}
    case_number: str
    title: str
    kind: ActKind
    procedure: Procedure
    facts: list[Fact]
    served: list[ServiceMethod] = []
    department: str
    handlers: Annotated[list[str], Field(min_length=1)]
    started: date
    ended: date
    retention: Retention
    label: LabelPart = LabelPart()
    note: str = ""
    persons: list[PersonPart] = []
    items: list[ItemSource]


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One entry of the archive's catalogue of document types."""

    code: str
    title: str
    stage: Stage
    volume: Volume
    neutral_title: str


def document_types() -> dict[str, DocumentType]:
    """The archive's catalogue by code."""
    text = files("archive_store.regulation").joinpath("document_types.toml").read_text("utf-8")
    return {
        entry["code"]: DocumentType(
            entry["code"], entry["title"], Stage(entry["stage"]), Volume(entry["volume"]), entry["neutral_title"]
        )
        for entry in tomllib.loads(text)["type"]
    }


def load_cases() -> tuple[CaseSource, ...]:
    """Read every case, in the order of its file name; a slip in the data raises pydantic's error."""
    standard = _read("standard.toml")
    folder = files(__package__).joinpath("content/cases")
    texts = sorted((path.name, path.read_text("utf-8")) for path in folder.iterdir() if path.name.endswith(".toml"))
    return tuple(_case(tomllib.loads(text), standard) for _, text in texts)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("content", name).read_text("utf-8"))


def _case(data: dict[str, Any], standard: dict[str, Any]) -> CaseSource:
    return CaseSource.model_validate(data | {"items": [_with_standard(item, standard) for item in data["items"]]})


def _with_standard(item: dict[str, Any], standard: dict[str, Any]) -> dict[str, Any]:
    """The item laid over the standard form of its type; `contains` is the union."""
    base = standard.get(item["type"], {})
    merged = {**base, **item, "page": {**base.get("page", {}), **item.get("page", {})}}
    merged["words"] = {**base.get("words", {}), **item.get("words", {})}
    merged["contains"] = sorted({*base.get("contains", ()), *item.get("contains", ())})
    return merged


def case_words(case: CaseSource, bureau: Bureau) -> Words:
    """The words that every document of the case may use."""
    department = bureau.department(case.department)
    handlers = {
        f"{letter}{n}": value
        for n, name in enumerate(case.handlers, 1)
        for letter, value in (("h", name), ("c", bureau.named(name).certificate))
    }
    return {
        "bureau": bureau.name,
        "case_number": case.case_number,
        "case_title": case.title,
        "department": case.department,
        "head": department.head,
        "leader": bureau.login(department.leader).name,
        "started": say(case.started),
        "ended": say(case.ended),
        **handlers,
        **{key: say(value) for key, value in case.words.items()},
    }


def item_words(item: ItemSource, words: Words, title: str) -> Words:
    """The case's words with those of one item; an item's word may itself use the case's."""
    base = {**words, "date": say(item.date), "item_title": title}
    return {**base, **{key: say(value).format_map(base) for key, value in item.words.items()}}


def say(value: object) -> str:
    """A word as text; a date the Chinese way (2025年3月12日)."""
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, date) else str(value)


def fill(value: Any, words: Words) -> Any:  # noqa: ANN401 - any JSON value
    """Replace `{word}` in every text of a JSON value; KeyError names a word that is missing."""
    if isinstance(value, str):
        return value.format_map(words)
    if isinstance(value, list):
        return [fill(part, words) for part in value]
    if isinstance(value, dict):
        return {key: fill(part, words) for key, part in value.items()}
    return value
