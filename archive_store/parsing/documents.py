"""What the rest of the house asks of uploaded files, as typed calls into the parser processes.

A parser process may be in the hands of a hostile file: the shape of all that it answers is checked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, NamedTuple, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from archive_store.parsing.errors import ParserCrashedError, ParserFailedError, ParserRefusedError
from archive_store.parsing.formats import JPEG, M4A, MP3, MP4, PDF, PNG, SOUND_AND_PICTURE, TIFF, Kind
from archive_store.parsing.transcripts import LONGEST_CUE, LONGEST_SECONDS, MOST_CUES

if TYPE_CHECKING:
    from archive_store.parsing.pool import FileSource, ParserPool, Result

ROOM = "archive_store.parsing"
OCR_SECONDS = 180
PLAYABLE_SECONDS = 1800
MAX_SIDE = 65_535
MOST_SOUND_SECONDS = 13 * 3600
LONGEST_PROBLEM = 300
LONGEST_CELL = 6000
LONGEST_PART = 10_000
WORDS_SECONDS = 60
MODULES = {PDF.media_type: "pdf", **dict.fromkeys((found.media_type for found in (JPEG, PNG, TIFF)), "images")}
"""Which module draws and reads a media type that has pages."""
NO_RECORDING = "这不是音像文件，不能播放。"
NO_PAGES = "这种文件没有版式页面，不能逐页显示。请提供 PDF 或图像。"
TURNS = frozenset({0, 90, 180, 270})

Fraction = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Problem = Annotated[str, Field(max_length=LONGEST_PROBLEM)]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is, by its content.

    Attributes:
        media_type: e.g. "application/pdf"; "application/octet-stream" where nothing fits.
        extension: the one extension of that format, without a dot.
        kind: whether it is shown page by page, played, or kept as it is.
        pages: how many pages; None where the format has none or they cannot be read.
        page_sizes: width and height of each page in points, upright.
        duration_seconds: length of a recording, where it says so.
        codecs: of a recording, in the order of its streams, e.g. ("h264", "aac").
        has_text_layer: whether one of the first pages has text.
        problem: a sentence for people, where the file cannot be used or not in full: encrypted, broken, empty, too
            large.
    """

    media_type: str
    extension: str
    kind: Kind
    pages: Annotated[int, Field(ge=1)] | None = None
    page_sizes: tuple[tuple[Points, Points], ...] = ()
    duration_seconds: Points | None = None
    codecs: tuple[str, ...] = ()
    has_text_layer: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class PageImage:
    """Pixels of a page: `width` x `height`, RGB of 8 bits, rows from the top without padding."""

    width: int
    height: int
    rgb: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a page and for each of its characters a box, or None where none is drawn (spaces, line ends).

    Boxes are (x0, y0, x1, y1) as fractions 0..1 of the page as it is shown, from its top left.
    """

    text: str
    boxes: tuple[tuple[Fraction, Fraction, Fraction, Fraction] | None, ...] = ()

    def __post_init__(self) -> None:
        if len(self.text) != len(self.boxes):
            raise ValueError("a box, or None, for each character")


@dataclass(frozen=True, slots=True)
class RecognisedText(PageText):
    """Text that was recognised on an image: how sure (0..1), and the turn that it took to make the page upright."""

    confidence: Fraction = 0.0
    turn: int = 0


class Cell(NamedTuple):
    """What stands in a cell of a workbook, as words; days and moments are ISO 8601 without a zone."""

    kind: Literal["text", "number", "day", "moment", "flag", "formula", "error"]
    text: Annotated[str, Field(max_length=LONGEST_CELL)]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its rows that are not empty, each with its number (from 1) and its cells from A on."""

    name: Annotated[str, Field(max_length=200)]
    rows: Annotated[tuple[tuple[Annotated[int, Field(ge=1)], tuple[Cell | None, ...]], ...], Field(max_length=5000)]


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a file without pages, in parts of about a page; `cut` tells that there is more of it."""

    parts: Annotated[tuple[Annotated[str, Field(max_length=LONGEST_PART)], ...], Field(max_length=20_000)] = ()
    cut: bool = False


class Cue(NamedTuple):
    """Words that begin in a second of a recording."""

    second: Annotated[int, Field(ge=0, le=LONGEST_SECONDS)]
    words: Annotated[str, Field(max_length=LONGEST_CUE)]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in a recording, in order of time, at most one cue a second; `cut` tells that there is more."""

    cues: Annotated[tuple[Cue, ...], Field(max_length=MOST_CUES)] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Sound:
    seconds: Annotated[float, Field(gt=0, le=MOST_SOUND_SECONDS)]


@dataclass(frozen=True, slots=True)
class _Identity:
    media_type: str
    extension: str
    kind: Kind
    empty: bool


@dataclass(frozen=True, slots=True)
class _Pages:
    pages: Annotated[int, Field(ge=1)]
    page_sizes: tuple[tuple[Points, Points], ...]
    has_text_layer: bool
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class _ExactFormat:
    media_type: str
    extension: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Recording:
    duration_seconds: Points | None
    codecs: tuple[str, ...]
    problem: Problem | None
    format: _ExactFormat | None


@dataclass(frozen=True, slots=True)
class Playable:
    """What was made for browsers to play: its media type, and whether pictures or sound had to be encoded anew."""

    media_type: str
    remade: bool


_IDENTITY = TypeAdapter(_Identity)
_PAGES = TypeAdapter(_Pages)
_RECORDING = TypeAdapter(_Recording)
_SIZE = TypeAdapter(tuple[Side, Side])
_TEXT = TypeAdapter(PageText)
_RECOGNISED = TypeAdapter(RecognisedText)
_SHEETS = TypeAdapter(Annotated[tuple[Sheet, ...], Field(max_length=100)])
_PLAYABLE = TypeAdapter(Playable)
_WORDS = TypeAdapter(Words)
_TRANSCRIPT = TypeAdapter(Transcript)
_SOUND = TypeAdapter(_Sound)


class Documents:
    """Probes, draws and reads files in parser processes.

    Files may be descriptors, paths, open files or bytes; always the whole content counts. Every method but `probe`
    raises ParserRefusedError where the file cannot be read so, and UnavailableError (ParserCrashedError,
    ParserTimedOutError, PoolBusyError) where a parser process was lost or none is free.
    """

    def __init__(self, pool: ParserPool) -> None:
        self._pool = pool

    def probe(self, file: FileSource) -> Probe:
        """What a file is. Whatever is wrong with it, or what it did to the parser, is told in `problem`.

        Raises:
            PoolBusyError: no parser process is free.
        """
        found = _checked(_IDENTITY, self._pool.run(f"{ROOM}.formats:identify", [file]))
        probe = Probe(found.media_type, found.extension, found.kind)
        if found.empty:
            return replace(probe, problem="文件是空的。请核对后重新提供。")
        try:
            return self._looked_into_twice(file, probe)
        except ParserRefusedError as error:
            return replace(probe, problem=error.message[:LONGEST_PROBLEM])
        except ParserFailedError:
            return replace(probe, problem="检查时解析程序中断或超时，文件可能已损坏或有害。请核对后重新提供。")

    def render(
        self,
        file: FileSource,
        media_type: str,
        page: int,
        *,
        width: int | None = None,
        dpi: int | None = None,
        turn: int = 0,
    ) -> PageImage:
        """Draw a page (from 1), `width` pixels wide or at `dpi` (150 where neither is given), turned clockwise.

        At most 40 million pixels are made, and an image is never made larger than it is: see the size that comes back.
        """
        if turn not in TURNS or (width is not None and not 1 <= width <= MAX_SIDE) or (dpi is not None and dpi < 1):
            raise ValueError(f"cannot draw at width {width}, dpi {dpi}, turn {turn}")
        function = f"{ROOM}.{_module(media_type)}:render"
        return _image(self._pool.run(function, [file], page=page, width=width, dpi=dpi, turn=turn))

    def text(self, file: FileSource, media_type: str, page: int) -> PageText:
        """The text layer of a page (from 1), empty where it has none."""
        return _checked(_TEXT, self._pool.run(f"{ROOM}.{_module(media_type)}:text", [file], page=page))

    def ocr(self, file: FileSource, media_type: str, page: int) -> RecognisedText:
        """Recognise the text on a page (from 1); takes seconds, and about 1.2 GiB in the parser process."""
        _module(media_type)
        function = f"{ROOM}.ocr:recognise"
        result = self._pool.run(function, [file], timeout=OCR_SECONDS, media_type=media_type, page=page)
        return _checked(_RECOGNISED, result)

    def poster(self, file: FileSource, media_type: str) -> PageImage:
        """A picture of a video, at most 960 pixels wide."""
        return _image(self._pool.run(f"{ROOM}.playing:poster", [file], media_type=media_type))

    def sheets(self, file: FileSource) -> tuple[Sheet, ...]:
        """The sheets of a workbook (XLSX), with every cell as words; no formula is evaluated."""
        return _checked(_SHEETS, self._pool.run(f"{ROOM}.spreadsheet:read", [file]))

    def words(self, file: FileSource, media_type: str) -> Words:
        """The text of a file that has no pages, of one of the formats in `formats.WORDED`."""
        function = f"{ROOM}.words:extract"
        return _checked(_WORDS, self._pool.run(function, [file], timeout=WORDS_SECONDS, media_type=media_type))

    def transcript(self, file: FileSource) -> Transcript:
        """What a transcript (`formats.TRANSCRIPTS`) says was said, and when."""
        return _checked(_TRANSCRIPT, self._pool.run(f"{ROOM}.transcripts:extract", [file], timeout=WORDS_SECONDS))

    def sound(self, file: FileSource, media_type: str, output: BinaryIO) -> float:
        """Write the sound of a recording as WAV for a program for speech to an empty file; gives its seconds."""
        if media_type not in SOUND_AND_PICTURE:
            raise ParserRefusedError(NO_RECORDING)
        function = f"{ROOM}.sound:make"
        result = self._pool.run(function, [file], timeout=PLAYABLE_SECONDS, output=output, media_type=media_type)
        return _checked(_SOUND, result).seconds

    def playable(self, file: FileSource, media_type: str, output: BinaryIO) -> Playable:
        """Write the form of a recording that browsers play, without a word of its metadata, to an empty file.

        Where pictures and sound are of the kinds that browsers know they are copied, else encoded anew. Needs a pool
        whose processes serve one call each; takes half an hour at most.
        """
        if media_type not in SOUND_AND_PICTURE:
            raise ParserRefusedError(NO_RECORDING)
        function = f"{ROOM}.playable:make"
        result = self._pool.run(function, [file], timeout=PLAYABLE_SECONDS, output=output, media_type=media_type)
        made = _checked(_PLAYABLE, result)
        if made.media_type not in {MP4.media_type, M4A.media_type, MP3.media_type}:
            raise ParserCrashedError
        return made

    def _looked_into_twice(self, file: FileSource, probe: Probe) -> Probe:
        """A process may also be lost by chance: only what happens again is the file's fault."""
        try:
            return self._looked_into(file, probe)
        except ParserCrashedError:
            return self._looked_into(file, probe)

    def _looked_into(self, file: FileSource, probe: Probe) -> Probe:
        if probe.kind is Kind.PAGES:
            return self._paged(file, probe)
        return self._played(file, probe) if probe.kind is Kind.PLAYING else probe

    def _paged(self, file: FileSource, probe: Probe) -> Probe:
        pages = _checked(_PAGES, self._pool.run(f"{ROOM}.{_module(probe.media_type)}:inspect", [file]))
        return replace(
            probe,
            pages=pages.pages,
            page_sizes=pages.page_sizes,
            has_text_layer=pages.has_text_layer,
            problem=pages.problem,
        )

    def _played(self, file: FileSource, probe: Probe) -> Probe:
        result = self._pool.run(f"{ROOM}.playing:inspect", [file], media_type=probe.media_type)
        recording = _checked(_RECORDING, result)
        exact = recording.format or probe
        return Probe(
            exact.media_type,
            exact.extension,
            exact.kind,
            duration_seconds=recording.duration_seconds,
            codecs=recording.codecs,
            problem=recording.problem,
        )


def _module(media_type: str) -> str:
    if media_type not in MODULES:
        raise ParserRefusedError(NO_PAGES)
    return MODULES[media_type]


def _checked(shape: TypeAdapter[T], result: Result) -> T:
    value: Any = result.value
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        raise ParserCrashedError from error


def _image(result: Result) -> PageImage:
    width, height = _checked(_SIZE, result)
    if [len(blob) for blob in result.blobs] != [3 * width * height]:
        raise ParserCrashedError
    return PageImage(width, height, result.blobs[0])
