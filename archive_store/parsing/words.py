"""The text of a file that has no pages (无版式件), so that it can be found: in parts, as written, without layout.

Runs in a parser process. Nothing is fetched and nothing is carried out: no links, scripts, macros, formulas or
external entities; a document type declaration is refused. What unpacks, nests or says more than a person could have
written is cut off or refused. Reading and copying go through the rendition that was handed in beside such a file.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser
from typing import TYPE_CHECKING, BinaryIO
from xml.etree import ElementTree as ET

from striprtf.striprtf import rtf_to_text

from archive_store.parsing import old_office, packages, pdf, transcripts
from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import HTML, MAIL, PDF, SRT, TEXT, VTT, WORDED, XML, ZIP, detect, text_of
from archive_store.parsing.wire import Answer
from archive_store.parsing.zipped import DECLARATIONS, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from email.message import EmailMessage

MAX_BYTES = 64 * 2**20
MAX_CHARACTERS = 2_000_000
PART_CHARACTERS = 1500
"""About a page: a part ends at the next end of a paragraph, or at twice that in the midst of one."""
UNREADABLE = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error)
"""What `zipfile` raises of damaged, locked and foreign packages."""
_IN_UTF8 = 0x800
MAX_DEPTH = 4
"""Attachments within attachments."""
MAX_ATTACHMENTS = 200
TOO_LARGE = "文件过大，没有提取其中的文字。文件本身完好。"
BROKEN = "文件内容已损坏，或者与格式不符，不能提取其中的文字。"


def extract(file: BinaryIO, media_type: str) -> Answer:
    """`{"parts": [...], "cut": ...}`: the text in parts of about a page; `cut` tells that there is more of it.

    Raises:
        ParserRefusedError: no text can be had of it.
    """
    if file.seek(0, io.SEEK_END) > MAX_BYTES:
        raise ParserRefusedError(TOO_LARGE)
    file.seek(0)
    found = _Parts()
    found.add(_paragraphs(file, media_type, _Nesting()))
    return Answer({"parts": [*found.finished()], "cut": found.cut})


@dataclass
class _Nesting:
    """How deep in attachments, and how many there were."""

    depth: int = 0
    count: list[int] = field(default_factory=lambda: [0])

    def deeper(self) -> _Nesting | None:
        self.count[0] += 1
        return (
            None if self.depth >= MAX_DEPTH or self.count[0] > MAX_ATTACHMENTS else _Nesting(self.depth + 1, self.count)
        )


class _Parts:
    """Gathers paragraphs into parts until there are enough."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[str] = []
        self._length, self._left = 0, MAX_CHARACTERS
        self.cut = False

    def add(self, paragraphs: Iterable[str]) -> None:
        for paragraph in paragraphs:
            line = paragraph.replace("\0", "").strip()
            for piece in (line[at : at + 2 * PART_CHARACTERS] for at in range(0, len(line), 2 * PART_CHARACTERS)):
                if len(piece) > self._left:
                    self.cut = True
                    return
                self._take(piece)

    def _take(self, piece: str) -> None:
        self._left -= len(piece)
        self._length += len(piece)
        self._open.append(piece)
        if self._length >= PART_CHARACTERS:
            self._close()

    def _close(self) -> None:
        if self._open:
            self._parts.append("\n".join(self._open))
        self._open, self._length = [], 0

    def finished(self) -> list[str]:
        self._close()
        return self._parts


def _paragraphs(file: BinaryIO, media_type: str, nesting: _Nesting) -> Iterable[str]:
    """The paragraphs of a file of a known format."""
    extension = WORDED.get(media_type)
    if extension in packages.READERS:
        return packages.paragraphs(file, extension)
    if extension in old_office.READERS:
        return old_office.paragraphs(file, extension)
    ways: dict[str, Callable[[], Iterable[str]]] = {
        TEXT.media_type: lambda: text_of(file.read()).splitlines(),
        HTML.media_type: lambda: _of_html(text_of(file.read())),
        XML.media_type: lambda: _of_xml(file.read()),
        **dict.fromkeys((VTT.media_type, SRT.media_type), lambda: _of_transcript(text_of(file.read()))),
        "application/rtf": lambda: _of_rich_text(text_of(file.read())),
        MAIL.media_type: lambda: _of_mail(BytesParser(policy=policy.default).parse(file), nesting),
    }
    if media_type not in ways:
        raise ParserRefusedError(BROKEN)
    return ways[media_type]()


class _Html(HTMLParser):
    """The words of a page that a browser would show."""

    HIDDEN = frozenset({"script", "style", "template", "noscript", "head"})
    BREAKING = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "section", "td"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in self.HIDDEN
        if tag in self.BREAKING:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self.HIDDEN))
        if tag in self.BREAKING:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _of_html(text: str) -> list[str]:
    page = _Html()
    page.feed(text)
    page.close()
    return "".join(page.words).splitlines()


def _of_transcript(text: str) -> Iterator[str]:
    """The words of a transcript that stands by itself, without their times."""
    yield from (line for _, words in transcripts.cues(text) for line in words.splitlines())


def _of_rich_text(content: str) -> list[str]:
    text: str = rtf_to_text(content, errors="ignore")  # type: ignore[no-untyped-call]
    return text.splitlines()


def _of_xml(content: bytes) -> Iterator[str]:
    if any(word in content for word in DECLARATIONS):
        raise ParserRefusedError(BROKEN)
    try:
        for _, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 - no declarations, so no entities
            yield from (text for text in (element.text, element.tail) if text and text.strip())
            element.clear()
    except ET.ParseError as error:
        raise ParserRefusedError(BROKEN) from error


def _of_mail(message: EmailMessage, nesting: _Nesting) -> Iterator[str]:
    """Head, body and attachments; of an attachment that cannot be read, its name."""
    for header in ("subject", "from", "to", "cc", "date"):
        if value := message.get(header):
            yield f"{header}: {value}"
    for part in message.walk():
        if part.is_multipart():
            continue
        if name := part.get_filename():
            yield name
        content = part.get_payload(decode=True)
        deeper = nesting.deeper()
        if isinstance(content, bytes) and deeper is not None:
            yield from _of_attachment(content, deeper, is_page=part.get_content_type() == HTML.media_type)


def _of_attachment(content: bytes, nesting: _Nesting, *, is_page: bool = False) -> Iterator[str]:
    """The words of a file within a file, `is_page` where it is known to be HTML; none where it cannot be read."""
    file = io.BytesIO(content)
    found = HTML.media_type if is_page else detect(file).media_type
    file.seek(0)
    with suppress(ParserRefusedError):
        if found == PDF.media_type:
            yield from pdf.lines(file)
        elif found == ZIP.media_type:
            yield from _of_zip(file, nesting)
        else:
            yield from _paragraphs(file, found, nesting)


def _of_zip(file: BinaryIO, nesting: _Nesting) -> Iterator[str]:
    """The names and the words of the files in a package; of one that is locked or damaged, its name."""
    left = MAX_BYTES
    try:
        with zipfile.ZipFile(file) as archive:
            for part in archive.infolist():
                deeper = nesting.deeper()
                if part.is_dir() or deeper is None:
                    continue
                yield _name_in(part)
                with suppress(*UNREADABLE):
                    content = b"".join(chunks(archive, part, left, too_large=TOO_LARGE))
                    left -= len(content)
                    yield from _of_attachment(content, deeper)
    except UNREADABLE as error:
        raise ParserRefusedError(BROKEN) from error


def _name_in(part: zipfile.ZipInfo) -> str:
    """A name as it was given: in UTF-8, whether the package says so or not, or in GBK, as by Windows."""
    if not part.flag_bits & _IN_UTF8:
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                return part.filename.encode("cp437").decode(encoding)
    return part.filename
