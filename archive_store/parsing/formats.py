"""What a file is, by its content and never by its name. Runs in a parser process; the words are for everyone."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from archive_store.parsing.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_BYTES = 64 * 1024
PDF_HEADER_WITHIN = 1024
"""PDF readers accept leading bytes before the header, up to here."""
OLE_ENTRY_BYTES = 128
LOCKED = "PDF 设有打开密码，无法读取。请提供去除密码的文件。"
TEXT_ENCODINGS = ("utf-8", "gb18030")
CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")


class Kind(StrEnum):
    """What can be done with a file: shown page by page, played, or only kept as it is (无版式件)."""

    PAGES = "pages"
    PLAYING = "playing"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its media type, its one extension and its kind."""

    media_type: str
    extension: str
    kind: Kind = Kind.KEPT


PDF = Format("application/pdf", "pdf", Kind.PAGES)
JPEG = Format("image/jpeg", "jpg", Kind.PAGES)
PNG = Format("image/png", "png", Kind.PAGES)
TIFF = Format("image/tiff", "tif", Kind.PAGES)
MP4 = Format("video/mp4", "mp4", Kind.PLAYING)
M4A = Format("audio/mp4", "m4a", Kind.PLAYING)
MP3 = Format("audio/mpeg", "mp3", Kind.PLAYING)
ZIP = Format("application/zip", "zip")
OLE = Format("application/x-ole-storage", "ole")
TEXT = Format("text/plain", "txt")
HTML = Format("text/html", "html")
XML = Format("application/xml", "xml")
VTT = Format("text/vtt", "vtt")
SRT = Format("application/x-subrip", "srt")
MAIL = Format("message/rfc822", "eml")
UNKNOWN = Format("application/octet-stream", "bin")

RECORDINGS = {
    "mov": Format("video/quicktime", "mov"),
    "3gp": Format("video/3gpp", "3gp"),
    "avi": Format("video/x-msvideo", "avi"),
    "mkv": Format("video/x-matroska", "mkv"),
    "webm": Format("video/webm", "webm"),
    "wmv": Format("video/x-ms-asf", "asf"),
    "flv": Format("video/x-flv", "flv"),
    "mpg": Format("video/mpeg", "mpg"),
    "ts": Format("video/mp2t", "ts"),
    "wav": Format("audio/wav", "wav"),
    "flac": Format("audio/flac", "flac"),
    "ogg": Format("audio/ogg", "ogg"),
    "amr": Format("audio/amr", "amr"),
    "aac": Format("audio/aac", "aac"),
}
"""Audio and video that is kept, and played only through a derivative."""
SOUND_AND_PICTURE = frozenset(found.media_type for found in (MP4, M4A, MP3, *RECORDINGS.values()))
"""Media types that are recordings, whether they play as they are or not."""

PREFIXES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"ID3", MP3),
    (b"GIF87a", Format("image/gif", "gif")),
    (b"GIF89a", Format("image/gif", "gif")),
    (b"BM", Format("image/bmp", "bmp")),
    (b"Rar!\x1a\x07", Format("application/vnd.rar", "rar")),
    (b"7z\xbc\xaf\x27\x1c", Format("application/x-7z-compressed", "7z")),
    (b"{\\rtf", Format("application/rtf", "rtf")),
    (b"\0\0\1\xba", RECORDINGS["mpg"]),
    (b"fLaC", RECORDINGS["flac"]),
    (b"OggS", RECORDINGS["ogg"]),
    (b"FLV\1", RECORDINGS["flv"]),
    (b"#!AMR", RECORDINGS["amr"]),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", RECORDINGS["wmv"]),
)

RIFF_FORMS = {b"WAVE": RECORDINGS["wav"], b"AVI ": RECORDINGS["avi"], b"WEBP": Format("image/webp", "webp")}

BRANDS = {
    b"M4A ": M4A,
    b"M4B ": M4A,
    b"qt  ": RECORDINGS["mov"],
    **dict.fromkeys((b"heic", b"heix", b"mif1", b"msf1", b"heim"), Format("image/heic", "heic")),
    b"avif": Format("image/avif", "avif"),
}

IN_ZIP: tuple[tuple[str, Format], ...] = (
    (
        "word/document.xml",
        Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ),
    ("xl/workbook.xml", Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")),
    (
        "ppt/presentation.xml",
        Format("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ),
    ("OFD.xml", Format("application/ofd", "ofd")),
)

OPEN_DOCUMENTS = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}

IN_OLE = (
    ("WordDocument", Format("application/msword", "doc")),
    ("Workbook", Format("application/vnd.ms-excel", "xls")),
    ("Book", Format("application/vnd.ms-excel", "xls")),
    ("PowerPoint Document", Format("application/vnd.ms-powerpoint", "ppt")),
)


WORDED: dict[str, str] = {
    **{found.media_type: found.extension for _, found in (*IN_ZIP, *IN_OLE)},
    **{media_type.decode(): extension for media_type, extension in OPEN_DOCUMENTS.items()},
    **{found.media_type: found.extension for found in (TEXT, HTML, XML, MAIL, VTT, SRT)},
    "application/rtf": "rtf",
}
"""Formats without pages of which the words can be had (`archive_store.parsing.words`), with their extensions."""
TRANSCRIPTS = frozenset({VTT.media_type, SRT.media_type})
"""What was said in a recording, with times (`archive_store.parsing.transcripts`)."""
_VTT_HEAD = re.compile(r"WEBVTT(?:[ \t\r\n]|$)")
_SRT_HEAD = re.compile(r"\d+[ \t]*(?:\r\n?|\n)[ \t]*(?:\d+:)?\d\d:\d\d,\d{3}[ \t]+-->")
MAIL_HEAD = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]{1,40}:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){3,}")
"""Three header fields or more at the beginning of a file (RFC 5322, 2.2)."""
MAIL_FIELDS = (b"from:", b"received:", b"mime-version:", b"message-id:", b"subject:")


def identify(file: BinaryIO) -> Answer:
    """The format of a file and whether it is empty, for `Documents.probe`."""
    size = file.seek(0, io.SEEK_END)
    found = detect(file)
    return Answer(
        {"media_type": found.media_type, "extension": found.extension, "kind": found.kind.value, "empty": size == 0}
    )


def detect(file: BinaryIO) -> Format:
    """The format of a file, by its content alone; `UNKNOWN` where nothing fits."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    looks: tuple[Callable[[], Format | None], ...] = (
        lambda: next((found for prefix, found in PREFIXES if head.startswith(prefix)), None),
        lambda: _in_boxes(head),
        lambda: RIFF_FORMS.get(head[8:12]) if head.startswith(b"RIFF") else None,
        lambda: _in_matroska(head),
        lambda: _in_zip(file) if head.startswith(b"PK\3\4") else None,
        lambda: _in_ole(file) if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") else None,
        lambda: _in_mpeg_frames(head),
        lambda: PDF if b"%PDF-" in head[:PDF_HEADER_WITHIN] else None,
        lambda: _in_text(head),
    )
    return next((found for look in looks if (found := look())), UNKNOWN)


def _in_boxes(head: bytes) -> Format | None:
    """ISO base media (ISO/IEC 14496-12): the major brand says which of the family."""
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    return RECORDINGS["3gp"] if brand.startswith(b"3g") else BRANDS.get(brand, MP4)


def _in_matroska(head: bytes) -> Format | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return RECORDINGS["webm"] if b"webm" in head[:64] else RECORDINGS["mkv"]


def _in_mpeg_frames(head: bytes) -> Format | None:
    """Streams without a header: MPEG audio by its frame header (ISO/IEC 11172-3), transport streams by their sync."""
    packet = 188
    if len(head) > 2 * packet and head[0] == head[packet] == head[2 * packet] == ord("G"):
        return RECORDINGS["ts"]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - length and sync of the header
        return None
    version, layer, rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if layer == 0 and version >= 2:  # noqa: PLR2004 - ADTS
        return RECORDINGS["aac"]
    return MP3 if layer == 1 and version != 1 and rate not in {0, 15} and sampling != 3 else None  # noqa: PLR2004


def _in_zip(file: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size <= OLE_ENTRY_BYTES:
                media_type = archive.read("mimetype").strip()
                if media_type in OPEN_DOCUMENTS:
                    return Format(media_type.decode(), OPEN_DOCUMENTS[media_type])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return ZIP
    return next((found for name, found in IN_ZIP if name in names), ZIP)


def _in_ole(file: BinaryIO) -> Format:
    """Old office files ([MS-CFB]): names in the directory, UTF-16, each at the start of an entry of 128 bytes."""
    file.seek(0)
    while block := file.read(HEAD_BYTES):
        entries = {block[place : place + 64] for place in range(0, len(block), OLE_ENTRY_BYTES)}
        for name, found in IN_OLE:
            if name.encode("utf-16-le").ljust(64, b"\0") in entries:
                return found
    return OLE


def _in_mail(head: bytes) -> bool:
    found = MAIL_HEAD.match(head.lstrip(b"\r\n"))
    return found is not None and sum(field in b"\n" + found[0].lower() for field in MAIL_FIELDS) > 1


def text_of(content: bytes) -> str:
    """A text in one of the encodings that Chinese systems write, whichever fits first."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    for encoding in TEXT_ENCODINGS:
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    return content.decode("gb18030", "replace")


def _in_text(head: bytes) -> Format | None:
    if _in_mail(head) and CONTROLS.isdisjoint(head):
        return MAIL
    text = _decoded(head)
    if text is None:
        return None
    opening = text.lstrip("\ufeff \t\r\n")
    if _VTT_HEAD.match(opening):
        return VTT
    if _SRT_HEAD.match(opening):
        return SRT
    start = opening[:64].lower()
    if start.startswith(("<!doctype html", "<html")):
        return HTML
    return XML if start.startswith("<?xml") else TEXT


def _decoded(head: bytes) -> str | None:
    """The head as text, or None for what is no text; its last character may be cut through."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if not head or not CONTROLS.isdisjoint(head):
        return None
    for encoding in TEXT_ENCODINGS:
        for cut in range(4 if len(head) == HEAD_BYTES else 1):
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None
