"""Is what is hidden truly gone? Three questions; an answer other than "yes" makes a release impossible.

- Of a released image (`page_findings`): is it a plain JPEG without a single segment of metadata, and does it show at
  every box exactly the box (decoded and compared with a box drawn on an empty page)?
- Of a list of hidden passages (`words_under` gives them from the text layer of the original): do they stand in the
  words that the copy says itself (`words_findings`), such as a title that names who was covered?
- Of the assembled file (`document_findings`): are there only the certificate's objects, page images whose digests the
  manifest names, and the manifest, and is no passage in any stream?

What is under a box cannot influence the image at all, since the box is painted over it before compression; these checks
guard against mistakes in that chain, not against its design.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pikepdf
from PIL import Image, ImageFilter
from PIL.ImageChops import difference as differing
from PIL.ImageChops import multiply

from portal.dissemination.assemble import IMAGE_NAME, MANIFEST_NAME, page_drawing
from portal.dissemination.certificate import words_of
from portal.dissemination.prepare import strip_height
from portal.dissemination.redact import Box, cover_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from portal.dissemination.release import CopyManifest, ReleasedPage

Place: TypeAlias = tuple[float, float, float, float]
SHORTEST_SECRET = 2
SHORTEST_RUN = 6
"""Of plain letters and digits: shorter ones stand in digests, check codes and dates by chance."""
RANDOM_WORDS = frozenset({"qr", "check_code", "approved_sha256"})
"""What of a certificate is drawn from digests and random bits."""
ENCODINGS = ("utf-8", "utf-16-be", "utf-16-le", "gb18030")

_EDGE = 8  # pixels at a box's edge to which compression may carry something from outside
_NOISE = 64  # of 255: how far compression may push a pixel of the label or its surroundings
_ANYWHERE = 128  # the same at the very edge, and for boxes that are nothing but edge
_PLAIN_SEGMENTS = frozenset({0xC0, 0xC4, 0xDA, 0xDB, 0xE0})
_JFIF_LENGTH = 16  # an APP0 segment without a thumbnail (ITU-T T.871, 10.1)


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """Something that must not leave: where, and what, in words for the preparer."""

    place: str
    message: str


def words_under(text: str, places: Sequence[Place | None], boxes: Sequence[Box]) -> list[str]:
    """The passages of a page's text that lie under boxes, longest runs first.

    Args:
        text: the page's text layer.
        places: for each character of it, its rectangle in fractions of the page, None where it has none (as
            `archive_store.parsing` gives it).
        boxes: the boxes of this page.
    """
    runs: list[str] = [""]
    for character, place in zip(text, places, strict=True):
        if place is None or character.isspace() or any(box.meets(*place) for box in boxes):
            runs[-1] += character
        elif runs[-1]:
            runs.append("")
    found = {folded for line in runs for folded in map(fold, line.splitlines()) if len(folded) >= SHORTEST_SECRET}
    return sorted(found, key=lambda words: (-len(words), words))


def fold(words: str) -> str:
    """Words without white space and without differences of width or case."""
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


def page_findings(content: bytes, boxes: Sequence[Box], dpi: int, place: str) -> list[LeakFinding]:
    """What is wrong with one released image, given its own boxes and the resolution of its release."""
    if not is_plain_jpeg(content):
        return [LeakFinding(place, "页面图像带有图像以外的数据")]
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
    page = image.crop((0, 0, image.width, image.height - strip_height(dpi)))
    return [] if _shows_boxes(page, boxes) else [LeakFinding(place, "遮盖框内不是完整的遮盖")]


def is_plain_jpeg(content: bytes) -> bool:
    """Whether a JPEG holds its tables, one frame and one scan alone: no comment, Exif, profile, thumbnail, appendix."""
    if not content.startswith(b"\xff\xd8") or not content.endswith(b"\xff\xd9"):
        return False
    at, marker = 2, 0
    while marker != 0xDA:  # noqa: PLR2004 - start of scan
        if at + 4 > len(content) or content[at] != 0xFF:  # noqa: PLR2004 - the prefix of a marker
            return False
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker not in _PLAIN_SEGMENTS or (marker == 0xE0 and length != _JFIF_LENGTH):  # noqa: PLR2004 - APP0
            return False
        at += 2 + length
    # in the scan a 0xFF is data only before 0x00; without restart markers the first other one is the end of the image
    scan = content[at:].replace(b"\xff\x00", b"")
    return scan.find(b"\xff") == len(scan) - 2


def words_findings(manifest: CopyManifest, secrets: Iterable[str]) -> list[LeakFinding]:
    """Hidden passages that the copy itself says, in manifest or certificate.

    What the recipient is told in any case (own name, numbers of the request and of the file, bureau, offices, the words
    of the grounds) is no secret, although it may well stand under a box too.
    """
    release = manifest.release
    told = {release.recipient, release.request_number, release.archival_code, manifest.bureau}
    told |= {words for ground in release.grounds for words in (ground.text, ground.basis)}
    told |= {words for step in manifest.offices for words in (step.office, step.act)}
    known = [fold(words) for words in told]
    words = {name: value for name, value in words_of(manifest).items() if name not in RANDOM_WORDS}
    said = fold("\n".join([*_strings(words), *(item.title for item in release.items)]))
    hidden = (secret for secret in map(fold, secrets) if is_telling(secret) and not any(secret in k for k in known))
    return [_word_finding(secret) for secret in hidden if secret in said]


def is_telling(secret: str) -> bool:
    """Whether finding a passage could mean anything: two letters or digits stand in every digest and date."""
    return len(secret) >= (SHORTEST_RUN if secret.isascii() else SHORTEST_SECRET)


def document_findings(path: Path, manifest: CopyManifest, secrets: Sequence[str]) -> list[LeakFinding]:
    """What is wrong with an assembled, unsigned copy."""
    with pikepdf.open(path) as pdf:
        return [*_catalog_findings(pdf), *_pages_findings(pdf, manifest), *_stream_findings(pdf, secrets)]


def _word_finding(secret: str) -> LeakFinding:
    return LeakFinding("证明页或放行清单", f"出现了被遮盖的内容（{len(secret)} 字）")


def _shows_boxes(page: Image.Image, boxes: Sequence[Box]) -> bool:
    """Each box is looked at with its surroundings; where boxes lie near each other they see each other there."""
    cover = cover_of(page.size, boxes) if boxes else page
    for box in boxes:
        left, top, right, bottom = box.pixels(*page.size)
        x, y = max(0, left - 2 * _EDGE), max(0, top - 2 * _EDGE)
        place = (x, y, min(page.width, right + 2 * _EDGE), min(page.height, bottom + 2 * _EDGE))
        if not _shows(page.crop(place), cover.crop(place), (left - x, top - y, right - x, bottom - y)):
            return False
    return True


def _shows(page: Image.Image, expected: Image.Image, within: tuple[int, int, int, int]) -> bool:
    """Whether the part `within` shows what is expected; what lies around it tells of labels and edges nearby."""
    inner = _shrunk(expected.getchannel("A"), _EDGE)
    difference = differing(page, expected.convert("RGB")).convert("L")
    label = _grown(expected.convert("L"), _EDGE)
    near = _shrunk(expected.getchannel("A"), 1)
    # away from edge and label the compressed box is black but for rounding; near the label it may ring
    plain = multiply(inner, label.point([255] + [0] * 255))
    strict = difference.point([0] * 5 + [255] * 251)
    loose = difference.point([0] * _NOISE + [255] * (256 - _NOISE))
    dark = difference.point([0] * _ANYWHERE + [255] * (256 - _ANYWHERE))
    wrong = (multiply(strict, plain), multiply(loose, inner), multiply(dark, near))
    return all(mask.crop(within).getbbox() is None for mask in wrong)


def _shrunk(mask: Image.Image, pixels: int) -> Image.Image:
    """The mask without its rim; small steps cost a fraction of one large one."""
    for _ in range(pixels):
        mask = mask.filter(ImageFilter.MinFilter(3))
    return mask


def _grown(mask: Image.Image, pixels: int) -> Image.Image:
    for _ in range(pixels):
        mask = mask.filter(ImageFilter.MaxFilter(3))
    return mask


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


def _catalog_findings(pdf: pikepdf.Pdf) -> Iterator[LeakFinding]:
    if list(pdf.attachments) != [MANIFEST_NAME]:
        yield LeakFinding("文件", "附件不是唯一的放行清单")
    allowed = {"/Type", "/Pages", "/Metadata", "/OutputIntents", "/AF", "/Names", "/Lang", "/ViewerPreferences"}
    if not set(pdf.Root.keys()) <= allowed or set(pdf.Root.Names.keys()) != {"/EmbeddedFiles"}:
        yield LeakFinding("文件", "文件目录里有不应出现的内容")


def _pages_findings(pdf: pikepdf.Pdf, manifest: CopyManifest) -> Iterator[LeakFinding]:
    images = pdf.pages[manifest.certificate_pages :]
    released = [(item.position, page) for item in manifest.release.items for page in item.pages]
    if len(images) != len(released):
        yield LeakFinding("文件", "页数与放行清单不同")
        return
    for found, (position, page) in zip(images, released, strict=True):
        if not _is_image_alone(found, page, manifest.release.dpi):
            yield LeakFinding(f"第 {position} 项第 {page.number} 页", "除获准的页面图像外还有其他内容")


def _is_image_alone(found: pikepdf.Page, page: ReleasedPage, dpi: int) -> bool:
    resources = found.obj.Resources
    if set(resources.keys()) != {"/XObject"} or set(resources.XObject.keys()) != {f"/{IMAGE_NAME}"}:
        return False
    image = resources.XObject[f"/{IMAGE_NAME}"]
    keys = {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
    return (
        set(found.obj.keys()) == keys
        and isinstance(found.obj.Contents, pikepdf.Stream)
        and found.obj.Contents.read_bytes() == page_drawing(page, dpi)
        and hashlib.sha256(image.read_raw_bytes()).hexdigest() == page.sha256
    )


def _stream_findings(pdf: pikepdf.Pdf, secrets: Sequence[str]) -> Iterator[LeakFinding]:
    telling = [secret for secret in secrets if is_telling(secret) and len(secret) > SHORTEST_SECRET]
    needles = [secret.encode(encoding) for secret in telling for encoding in ENCODINGS]
    for number, thing in enumerate(pdf.objects, start=1):
        if not isinstance(thing, pikepdf.Stream) or thing.get("/Subtype") == pikepdf.Name.Image:
            continue
        content = thing.read_bytes()
        if any(needle in content for needle in needles):
            yield LeakFinding(f"对象 {number}", "出现了被遮盖的内容")
