"""Files for the parser's tests: proper ones and hostile ones, made here and not kept."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import pikepdf
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

Colour = tuple[int, int, int]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def page_colour(page: int) -> Colour:
    """A colour that tells which page (from 1) it is."""
    return page * 8 % 256, page * 40 % 256, 255 - page * 5 % 256


def pdf_of(*contents: str, size: tuple[float, float] = (300, 400), **page_keys: Any) -> bytes:  # noqa: ANN401 - handed on to the library
    """A PDF with one page for each content stream; Helvetica is /F1."""
    document = pikepdf.new()
    for content in contents:
        page = document.add_blank_page(page_size=size)
        page.Contents = document.make_stream(content.encode())
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        for key, value in page_keys.items():
            page.obj[f"/{key}"] = value
    return saved(document)


def saved(document: pikepdf.Pdf, **options: Any) -> bytes:  # noqa: ANN401 - handed on to the library
    out = io.BytesIO()
    document.save(out, **options)
    return out.getvalue()


def fill(colour: Colour, box: tuple[float, float, float, float] = (0, 0, 300, 400)) -> str:
    """Content that fills a box (x, y, width, height) of a page."""
    red, green, blue = (part / 255 for part in colour)
    return f"{red:.4f} {green:.4f} {blue:.4f} rg {box[0]} {box[1]} {box[2]} {box[3]} re f"


def words(text: str, x: float = 30, y: float = 350, size: float = 20) -> str:
    return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET"


def coloured_pdf(pages: int) -> bytes:
    return pdf_of(*(fill(page_colour(page)) for page in range(1, pages + 1)))


def pdf_naming_a_chinese_font(text: str) -> bytes:
    """A PDF that names 宋体 and brings no font, as office programs of the country write."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(300, 400))
    descendant = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.CIDFontType2,
        BaseFont=pikepdf.Name.SimSun,
        CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="GB1", Supplement=2),
        DW=1000,
    )
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type0,
        BaseFont=pikepdf.Name.SimSun,
        Encoding=pikepdf.Name("/GBK-EUC-H"),
        DescendantFonts=pikepdf.Array([document.make_indirect(descendant)]),
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=document.make_indirect(font)))
    page.Contents = document.make_stream(f"BT /F1 30 Tf 20 200 Td <{text.encode('gbk').hex()}> Tj ET".encode())
    return saved(document)


def pdf_with_a_stamp() -> bytes:
    """A PDF whose red seal is an annotation, as signing programs add it."""
    document = pikepdf.open(io.BytesIO(pdf_of("")))
    seal = pikepdf.Stream(document, fill(RED, (0, 0, 100, 100)).encode())
    seal.update(pikepdf.Dictionary(Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 100, 100]))
    stamp = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Stamp,
        Rect=[100, 150, 200, 250],
        F=4,
        AP=pikepdf.Dictionary(N=document.make_indirect(seal)),
    )
    document.pages[0].obj["/Annots"] = pikepdf.Array([document.make_indirect(stamp)])
    return saved(document)


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    with pikepdf.open(io.BytesIO(pdf_of(words("locked")))) as document:
        return saved(document, encryption=pikepdf.Encryption(user="demo", owner="demo"))


def pdf_with_circling_pages() -> bytes:
    """A page tree whose node is its own child."""
    return _raw_pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 3 /Kids [2 0 R 3 0 R 2 0 R] /Parent 2 0 R >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
    )


def pdf_with_circling_forms() -> bytes:
    """A form whose content draws itself."""
    form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >> /Length 11"
    return _raw_pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 5 0 R"
        " /Resources << /XObject << /X 4 0 R >> >> >>",
        f"<< {form} >> stream\n/X Do /X Do\nendstream",
        "<< /Length 5 >> stream\n/X Do\nendstream",
    )


def huge_pdf(side: int) -> bytes:
    """A page far larger than any paper, red."""
    content = fill(RED, (0, 0, side, side))
    return _raw_pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {side} {side // 2}] /Contents 4 0 R >>",
        f"<< /Length {len(content)} >> stream\n{content}\nendstream",
    )


def pdf_with_many_pages_claimed(count: int) -> bytes:
    """One page, and a page tree that claims many."""
    kids = "3 0 R " * count
    return _raw_pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
    )


def pdf_bomb(megabytes: int) -> bytes:
    """A page whose content is white space in great quantity, twice compressed."""
    document = pikepdf.open(io.BytesIO(pdf_of("")))
    stream = pikepdf.Stream(document, zlib.compress(_zeros(megabytes), 9))
    stream["/Filter"] = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    document.pages[0].obj["/Contents"] = document.make_indirect(stream)
    return saved(document, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def png_bomb(width: int, height: int) -> bytes:
    """A black PNG of very many pixels in few bytes (at most 4 GiB of them are there)."""
    body = _zeros(min((width * 3 + 1) * height // 2**20 + 1, 4_096))
    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def image(
    form: str,
    size: tuple[int, int] = (60, 40),
    colour: int | tuple[int, ...] = RED,
    mode: str = "RGB",
    **options: Any,  # noqa: ANN401
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form, **options)
    return out.getvalue()


def halves(form: str, size: tuple[int, int] = (80, 40), **options: Any) -> bytes:  # noqa: ANN401 - handed on to the library
    """An image whose left half is red and whose right half is blue."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    picture.save(out, form, **options)
    return out.getvalue()


def noisy_jpeg(size: tuple[int, int] = (200, 200)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


def tiff(*colours: Colour, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:  # noqa: ANN401 - handed on to the library
    out = io.BytesIO()
    first, *others = (Image.new("RGB", size, colour) for colour in colours)
    first.save(out, "TIFF", save_all=True, append_images=others, **options)
    return out.getvalue()


def exif(orientation: int) -> bytes:
    remarks = Image.Exif()
    remarks[0x0112] = orientation
    return remarks.tobytes()


def film(
    path: Path, *, sound: bool = True, picture: bool = True, seconds: int = 2, form: str = "mp4", index: str = "last"
) -> Path:
    """A short film: its first frame red, the others green; a hum."""
    options = {"movflags": "faststart"} if index == "first" else {}
    with av.open(str(path), "w", format=form, options=options) as container:
        pictures = _picture_stream(container) if picture else None
        hum = _sound_stream(container, "aac") if sound else None
        if pictures:
            _add_pictures(container, pictures, seconds)
        if hum:
            _add_hum(container, hum, seconds)
    return path


def recording(path: Path, *, seconds: int = 2) -> Path:
    """A hum as MP3."""
    with av.open(str(path), "w", format="mp3") as container:
        _add_hum(container, _sound_stream(container, "libmp3lame"), seconds)
    return path


def _picture_stream(container: av.container.OutputContainer) -> av.VideoStream:
    stream = container.add_stream("mpeg4", rate=10)
    stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 120, "yuv420p", 1
    return stream


def _sound_stream(container: av.container.OutputContainer, codec: str) -> av.AudioStream:
    stream = container.add_stream(codec, rate=44_100, layout="mono")
    assert isinstance(stream, av.AudioStream)
    return stream


def _add_pictures(container: av.container.OutputContainer, stream: av.VideoStream, seconds: int) -> None:
    for number in range(10 * seconds):
        frame = _still(RED if number == 0 else GREEN)
        frame.pts, frame.time_base = number, Fraction(1, 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _still(colour: Colour) -> av.VideoFrame:
    pixels = av.VideoFrame(160, 120, "rgb24")
    row = bytes(colour) * 160
    pixels.planes[0].update(row.ljust(pixels.planes[0].line_size, b"\0") * 120)
    return pixels


def _add_hum(container: av.container.OutputContainer, stream: av.AudioStream, seconds: int) -> None:
    samples = 1_152 if stream.codec_context.name.startswith(("mp3", "libmp3")) else 1_024
    for number in range(44_100 * seconds // samples):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=samples)
        frame.planes[0].update(bytes(samples * 4))
        frame.sample_rate, frame.pts = 44_100, number * samples
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _raw_pdf(*objects: str) -> bytes:
    """A PDF of objects numbered from 1, the first of them its catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def _zeros(megabytes: int) -> bytes:
    """That many megabytes of zeros, compressed, without ever making them: one block, again and again (RFC 1950)."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    last = b"\x03\x00"  # an empty final block
    checksum = struct.pack("!HH", megabytes * 2**20 % 65_521, 1)
    return first + again * (megabytes - 1) + last + checksum


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
