"""What a file is, by its content and never by its name."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

HEAD = 4096
SIGNATURES: tuple[tuple[bytes, int, str, str], ...] = (
    (b"%PDF-", 0, "application/pdf", "pdf"),
    (b"\xff\xd8\xff", 0, "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", "png"),
    (b"II*\0", 0, "image/tiff", "tif"),
    (b"MM\0*", 0, "image/tiff", "tif"),
    (b"ftypM4A", 4, "audio/mp4", "m4a"),
    (b"ftyp", 4, "video/mp4", "mp4"),
    (b"ID3", 0, "audio/mpeg", "mp3"),
    (b"\xff\xfb", 0, "audio/mpeg", "mp3"),
    (b"\xff\xf3", 0, "audio/mpeg", "mp3"),
    (b"RIFF", 0, "audio/x-wav", "wav"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "application/x-ole-storage", "doc"),
)
IN_ZIP = (
    ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("OFD.xml", "application/ofd", "ofd"),
)
PAGED = frozenset({"application/pdf", "image/jpeg", "image/png", "image/tiff"})
PLAYING = frozenset({"video/mp4", "audio/mp4", "audio/mpeg", "audio/x-wav"})


def detect(file: BinaryIO) -> tuple[str, str]:
    """Media type and canonical extension."""
    file.seek(0)
    head = file.read(HEAD)
    for signature, place, media_type, extension in SIGNATURES:
        if head[place : place + len(signature)] == signature:
            return media_type, extension
    if b"%PDF-" in head[:1024]:
        return "application/pdf", "pdf"
    if head[:4] == b"PK\x03\x04":
        return _in_zip(file)
    return ("text/plain", "txt") if _is_text(head) else ("application/octet-stream", "bin")


def _in_zip(file: BinaryIO) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return "application/zip", "zip"
    return next(((kind, extension) for name, kind, extension in IN_ZIP if name in names), ("application/zip", "zip"))


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False
