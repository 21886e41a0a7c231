"""Put certificate, page images and manifest together: the unsigned copy, PDF/A-3b.

- The JPEG bytes that were approved go in as they are (no decoding, no second loss): their digest stays checkable.
- A page holds its image and the one drawing of it, no text, no annotation, no link.
- The manifest is an associated file of the document (ISO 19005-3, 6.8; AFRelationship /Data).
- The file ends with a line end after %%EOF, or the update of the signature would break PDF/A (ISO 19005-2, 6.1.9).

Pages are written to disk in groups and joined by reference, so that memory follows a group and not the copy.
"""

from __future__ import annotations

import io
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pikepdf
from pikepdf import Array, Dictionary, Name

from portal.dissemination.certificate import certificate_pdf
from portal.dissemination.pixels import POINTS_AN_INCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from portal.dissemination.release import CopyManifest, ReleasedPage

MANIFEST_NAME = "release.json"
MANIFEST_TYPE = "application/json"
MANIFEST_WORDS = "放行清单：本复制件所含各项、各页摘要及遮盖依据"
IMAGE_NAME = "Im0"
GROUP = 25  # pages in memory at once

_DEVICE_SPACE = {1: Name.DeviceGray, 3: Name.DeviceRGB}
_FRAME_MARKERS = frozenset({0xC0, 0xC1, 0xC2})
_FRAME_HEADER = 10


@dataclass(frozen=True, slots=True)
class PageFile:
    """A released page: where its JPEG lies, and what the manifest says of it."""

    path: Path
    page: ReleasedPage


def assemble(manifest: CopyManifest, pages: Iterable[PageFile], target: Path) -> CopyManifest:
    """Write the unsigned copy to `target`; files beside it hold groups of pages for the time being.

    Returns the manifest as attached: with the number of pages that the certificate takes, which is known only here
    (the certificate does not show it).

    The output intent of the certificate (sRGB, set by typst) covers the grey and RGB images too.
    """
    with ExitStack() as stack:
        copy = stack.enter_context(pikepdf.open(io.BytesIO(certificate_pdf(manifest))))
        final = manifest.model_copy(update={"certificate_pages": len(copy.pages)})
        for number, group in enumerate(_groups(pages)):
            part = target.with_name(f"{target.name}.{number}.part")
            stack.callback(part.unlink, missing_ok=True)
            _write_group(group, manifest.release.dpi, part)
            copy.pages.extend(stack.enter_context(pikepdf.open(part)).pages)
        _attach(copy, final)
        copy.save(target, object_stream_mode=pikepdf.ObjectStreamMode.preserve, fix_metadata_version=False)
    return final


def jpeg_components(content: bytes) -> int:
    """Colour channels of a JPEG, from its frame header (ITU-T T.81, B.2.2).

    Raises:
        ValueError: it has no frame header that PDF can take.
    """
    at = 2
    while at + _FRAME_HEADER <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - the prefix of a marker
        if content[at + 1] in _FRAME_MARKERS:
            return content[at + 9]
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    raise ValueError("not a JPEG that a page can hold")


def _groups(pages: Iterable[PageFile]) -> Iterator[list[PageFile]]:
    group: list[PageFile] = []
    for page in pages:
        group.append(page)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def _write_group(group: list[PageFile], dpi: int, part: Path) -> None:
    with pikepdf.new() as pdf:
        for file in group:
            _add_page(pdf, file, dpi)
        pdf.save(part, compress_streams=False)


def _add_page(pdf: pikepdf.Pdf, file: PageFile, dpi: int) -> None:
    content, page = file.path.read_bytes(), file.page
    image = pdf.make_stream(
        content,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=page.width,
        Height=page.height,
        ColorSpace=_DEVICE_SPACE[jpeg_components(content)],
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )
    width, height = page_points(page, dpi)
    drawing = page_drawing(page, dpi)
    pdf.pages.append(
        pikepdf.Page(
            Dictionary(
                Type=Name.Page,
                MediaBox=Array([0, 0, width, height]),
                Resources=Dictionary(XObject=Dictionary({f"/{IMAGE_NAME}": image})),
                Contents=pdf.make_stream(drawing),
            )
        )
    )


def page_points(page: ReleasedPage, dpi: int) -> tuple[float, float]:
    """Width and height of a page in points, to a hundredth."""
    return round(page.width * POINTS_AN_INCH / dpi, 2), round(page.height * POINTS_AN_INCH / dpi, 2)


def page_drawing(page: ReleasedPage, dpi: int) -> bytes:
    """The whole content of a page: its image over its full area."""
    width, height = page_points(page, dpi)
    return f"q {width} 0 0 {height} 0 0 cm /{IMAGE_NAME} Do Q".encode()


def _attach(copy: pikepdf.Pdf, manifest: CopyManifest) -> None:
    content = manifest.canonical()
    moment = f"D:{manifest.made_at:%Y%m%d%H%M%S}Z"
    embedded = copy.make_stream(
        content,
        Type=Name.EmbeddedFile,
        Subtype=Name(f"/{MANIFEST_TYPE}"),
        Params=Dictionary(Size=len(content), ModDate=moment, CreationDate=moment),
    )
    entry = copy.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=MANIFEST_NAME,
            UF=MANIFEST_NAME,
            Desc=MANIFEST_WORDS,
            AFRelationship=Name.Data,
            EF=Dictionary(F=embedded, UF=embedded),
        )
    )
    copy.Root.AF = Array([entry])
    copy.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([pikepdf.String(MANIFEST_NAME), entry])))
