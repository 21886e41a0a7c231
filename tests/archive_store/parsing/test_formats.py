from __future__ import annotations

import io
import zipfile

import pytest

from archive_store.parsing import formats
from archive_store.parsing.formats import Kind, detect, identify
from tests.archive_store.parsing import makers

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


def ole(name: str) -> bytes:
    return OLE.ljust(512, b"\0") + "Root Entry".encode("utf-16-le").ljust(128, b"\0") + _entry(name)


def _entry(name: str) -> bytes:
    return name.encode("utf-16-le").ljust(128, b"\0")


CASES = {
    "empty": (b"", "application/octet-stream", "bin"),
    "noise": (bytes(range(256)) * 4, "application/octet-stream", "bin"),
    "pdf": (makers.pdf_of(""), "application/pdf", "pdf"),
    "pdf after other bytes": (b"\0" * 100 + b"%PDF-1.4", "application/pdf", "pdf"),
    "words about pdf, far in": (b"x" * 2000 + b"%PDF-1.4", "text/plain", "txt"),
    "jpeg": (makers.image("JPEG"), "image/jpeg", "jpg"),
    "png": (makers.image("PNG"), "image/png", "png"),
    "tiff": (makers.tiff(makers.RED), "image/tiff", "tif"),
    "gif": (makers.image("GIF"), "image/gif", "gif"),
    "bmp": (makers.image("BMP"), "image/bmp", "bmp"),
    "webp": (makers.image("WEBP"), "image/webp", "webp"),
    "docx": (zipped(word__document_xml=b"<x/>"), formats.IN_ZIP[0][1].media_type, "docx"),
    "xlsx": (zipped(xl__workbook_xml=b"<x/>"), formats.IN_ZIP[1][1].media_type, "xlsx"),
    "pptx": (zipped(ppt__presentation_xml=b"<x/>"), formats.IN_ZIP[2][1].media_type, "pptx"),
    "ofd": (zipped(OFD_xml=b"<x/>"), "application/ofd", "ofd"),
    "odt": (
        zipped(mimetype=b"application/vnd.oasis.opendocument.text"),
        formats.IN_ZIP and "application/vnd.oasis.opendocument.text",
        "odt",
    ),
    "zip": (zipped(other=b"x"), "application/zip", "zip"),
    "broken zip": (zipped(word__document_xml=b"<x/>")[:40], "application/zip", "zip"),
    "doc": (ole("WordDocument"), "application/msword", "doc"),
    "xls": (ole("Workbook"), "application/vnd.ms-excel", "xls"),
    "ppt": (ole("PowerPoint Document"), "application/vnd.ms-powerpoint", "ppt"),
    "other ole": (ole("Something"), "application/x-ole-storage", "ole"),
    "name of another in the text of an ole": (
        ole("x") + b"..." + _entry("Workbook"),
        "application/x-ole-storage",
        "ole",
    ),
    "utf-8": ("行政处罚决定书".encode(), "text/plain", "txt"),
    "gb18030": ("行政处罚决定书".encode("gb18030"), "text/plain", "txt"),
    "utf-16": ("行政处罚决定书".encode("utf-16"), "text/plain", "txt"),
    "long text cut in a character": (("处" * 40_000).encode(), "text/plain", "txt"),
    "html": (b"\n<!DOCTYPE HTML><p>", "text/html", "html"),
    "html with a mark": ("\ufeff<html>".encode(), "text/html", "html"),
    "xml": (b"<?xml version='1.0'?><x/>", "application/xml", "xml"),
    "rtf": (b"{\\rtf1 x}", "application/rtf", "rtf"),
    "mp4": (b"\0\0\0\x18ftypisom\0\0\0\0", "video/mp4", "mp4"),
    "m4a": (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio/mp4", "m4a"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0", "video/quicktime", "mov"),
    "3gp": (b"\0\0\0\x14ftyp3gp5\0\0\0\0", "video/3gpp", "3gp"),
    "heic": (b"\0\0\0\x14ftypheic\0\0\0\0", "image/heic", "heic"),
    "mp3 with remarks": (b"ID3\4\0\0\0\0\0\0", "audio/mpeg", "mp3"),
    "mp3": (b"\xff\xfb\x90\x00" + bytes(100), "audio/mpeg", "mp3"),
    "mp3 with impossible rate": (b"\xff\xfb\xf0\x00" + bytes(100), "application/octet-stream", "bin"),
    "aac": (b"\xff\xf1\x50\x80" + bytes(100), "audio/aac", "aac"),
    "wav": (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", "wav"),
    "avi": (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo", "avi"),
    "mkv": (b"\x1a\x45\xdf\xa3\x01matroska", "video/x-matroska", "mkv"),
    "webm": (b"\x1a\x45\xdf\xa3\x01webm", "video/webm", "webm"),
    "ts": ((b"G" + bytes(187)) * 3, "video/mp2t", "ts"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0", "application/x-7z-compressed", "7z"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_content_says_what_a_file_is(name: str) -> None:
    content, media_type, extension = CASES[name]
    found = detect(io.BytesIO(content))
    assert (found.media_type, found.extension) == (media_type, extension)


@pytest.mark.parametrize("name", ["pdf", "jpeg", "png", "tiff"])
def test_four_formats_are_shown_page_by_page(name: str) -> None:
    assert detect(io.BytesIO(CASES[name][0])).kind is Kind.PAGES


@pytest.mark.parametrize("name", ["mp4", "m4a", "mp3"])
def test_three_formats_are_played(name: str) -> None:
    assert detect(io.BytesIO(CASES[name][0])).kind is Kind.PLAYING


@pytest.mark.parametrize("name", ["docx", "ofd", "utf-8", "mov", "heic", "zip", "empty"])
def test_all_others_are_kept(name: str) -> None:
    assert detect(io.BytesIO(CASES[name][0])).kind is Kind.KEPT


@pytest.mark.parametrize(("content", "empty"), [(b"", True), (b"x", False)])
def test_an_empty_file_is_said_to_be_empty(content: bytes, *, empty: bool) -> None:
    value = identify(io.BytesIO(content)).value
    assert isinstance(value, dict)
    assert value["empty"] is empty
