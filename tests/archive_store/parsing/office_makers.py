"""Documents without pages for the tests: packages, old Office files, mail; made here and not kept."""

from __future__ import annotations

import io
import struct
import zipfile
from email.message import EmailMessage

END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SECTOR = 512


def package(**parts: str | bytes) -> bytes:
    """A ZIP package; `__` in a name stands for a slash, `_DOT_` for a dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return target.getvalue()


def docx(*paragraphs: str, declaration: str = "") -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return package(
        word__document_DOT_xml=f'<?xml version="1.0"?>{declaration}<w:document xmlns:w="w">{body}</w:document>'
    )


def pptx(*slides: str) -> bytes:
    made = {
        f"ppt__slides__slide{n}_DOT_xml": f'<p xmlns:a="a"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p>'
        for n, text in enumerate(slides, 1)
    }
    return package(ppt__presentation_DOT_xml="<p/>", **made)


def ofd(*pages: str) -> bytes:
    made = {
        f"Doc_0__Pages__Page_{n}__Content_DOT_xml": f'<ofd:Page xmlns:ofd="o"><ofd:TextObject><ofd:TextCode>{text}'
        "</ofd:TextCode></ofd:TextObject></ofd:Page>"
        for n, text in enumerate(pages)
    }
    return package(OFD_DOT_xml="<ofd:OFD xmlns:ofd='o'/>", **made)


def odt(*paragraphs: str) -> bytes:
    body = "".join(f"<text:p>{text}</text:p>" for text in paragraphs)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", f'<office xmlns:text="t">{body}</office>')
    return target.getvalue()


def compound(**streams: bytes) -> bytes:
    """An OLE compound file ([MS-CFB], version 3) of streams of 4096 bytes or more; `_` in a name stands for a blank."""
    padded = {
        name.replace("_", " "): data.ljust(-(-max(len(data), 4096) // SECTOR) * SECTOR, b"\0")
        for name, data in streams.items()
    }
    directory_sectors = -(-(len(padded) + 1) // 4)
    total = directory_sectors + sum(len(data) // SECTOR for data in padded.values())
    fat_sectors = -(-total // 127)
    table = [FAT] * fat_sectors
    entries = [_entry("Root Entry", 5, 1, END, 0)]

    def chain(count: int) -> int:
        start = len(table)
        table.extend([*range(start + 1, start + count), END])
        return start

    first_directory = chain(directory_sectors)
    body = b""
    for n, (name, data) in enumerate(padded.items(), 1):
        start = chain(len(data) // SECTOR)
        following = n + 1 if n < len(padded) else FREE
        entries.append(_entry(name, 2, FREE, start, len(data), right=following))
        body += data
    directory = b"".join(entries).ljust(directory_sectors * SECTOR, b"\0")
    table += [FREE] * (fat_sectors * 128 - len(table))
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6),
        *(0, fat_sectors, first_directory, 0, 4096, END, 0, END, 0),
    )
    places = struct.pack("<109I", *range(fat_sectors), *[FREE] * (109 - fat_sectors))
    return head + places + struct.pack(f"<{len(table)}I", *table) + directory + body


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int = FREE) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<64sHBBIII", written, len(written), kind, 1, FREE, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def doc(text: str, *, flags: int = 0x0200) -> bytes:
    """A Word document of one piece of UTF-16 text."""
    written = text.encode("utf-16-le")
    head = bytearray(0x400)
    struct.pack_into("<H", head, 0, 0xA5EC)
    struct.pack_into("<H", head, 0x0A, flags)
    pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, len(head), 0)
    table = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", head, 0x01A2, 0, len(table))
    return compound(WordDocument=bytes(head) + written, **{"1Table": table})


def xls(*cells: str) -> bytes:
    """A workbook (BIFF8) of one sheet with a label in each row."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)
    sheet = record(0x0809, begin[:2] + struct.pack("<H", 0x0010) + begin[4:])
    for row, text in enumerate(cells):
        written = text.encode("utf-16-le")
        sheet += record(0x0204, struct.pack("<HHHHB", row, 0, 0, len(text), 1) + written)
    sheet += record(0x000A, b"")
    name = "台账".encode("utf-16-le")
    sizes = len(record(0x0809, begin)) + 4 + 8 + len(name) + 4
    bound = record(0x0085, struct.pack("<IBBBB", sizes, 0, 0, 2, 1) + name)
    return compound(Workbook=record(0x0809, begin) + bound + record(0x000A, b"") + sheet)


def ppt(*lines: str) -> bytes:
    atoms = b"".join(struct.pack("<HHI", 0, 0x0FA0, 2 * len(text)) + text.encode("utf-16-le") for text in lines)
    return compound(PowerPoint_Document=struct.pack("<HHI", 0xF, 0x03E8, len(atoms)) + atoms)


def mail(subject: str, body: str, *attachments: tuple[str, bytes], html: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "甲 <a@example.org>", "b@example.org", subject
    message["Message-ID"] = "<1@example.org>"
    message.set_content(body, charset="gb18030")
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in attachments:
        message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes()


def zipped(*files: tuple[str, bytes]) -> bytes:
    """A package as Windows makes it: names in GBK, without a word about it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files:
            entry = _InGbk(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return target.getvalue()


class _InGbk(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's own name
        return self.filename.encode("gbk"), self.flag_bits


def flagged(content: bytes, flag: int) -> bytes:
    """The package with a flag set for each of its files (APPNOTE 4.4.4)."""
    made = bytearray(content)
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = made.find(mark)
        while at >= 0:
            made[at + place] |= flag
            at = made.find(mark, at + 1)
    return bytes(made)


def nested_mail(depth: int, inmost: str) -> bytes:
    """Mail within mail, `depth` deep."""
    content = mail("inmost", inmost)
    for n in range(depth):
        content = mail(f"level {n}", "see below", (f"{n}.eml", content))
    return content
