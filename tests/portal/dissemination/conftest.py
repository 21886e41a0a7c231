"""A small genuine copy, made by the real functions under an authority of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw

from archive_store.authority import Authority, load_authority, make_authority
from archive_store.parsing.documents import PageImage
from archive_store.seal_signature import time_stamper
from portal.dissemination.assemble import PageFile
from portal.dissemination.make_copy import CopyOrder, make_copy
from portal.dissemination.prepare import CopyMark, release_page
from portal.dissemination.redact import Box
from portal.dissemination.release import GroundWords, OfficeStep, ReleasedItem, ReleaseManifest, SealReference
from portal.dissemination.sign import CopySigner
from portal.dissemination.verdict import Report, trust_in
from portal.dissemination.verify import check
from portal.dissemination.watermark import WatermarkPress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from portal.dissemination.release import CopyManifest

DPI = 72
NUMBER = "演复2025-0007"
RECIPIENT = "张演示"
PRIVACY = GroundWords(code="personal_privacy", number=3, text="个人隐私", basis="《办法》第三十一条")
INFORMANT = GroundWords(code="informant", number=4, text="投诉人、举报人信息", basis="《办法》第三十条")
DAY = date(2025, 5, 9)
OFFICES = (OfficeStep(office="档案管理员", act="制作", on=DAY), OfficeStep(office="主管领导", act="同意复制", on=DAY))


def now() -> datetime:
    return datetime.now(UTC)


def sheet(words: str, size: tuple[int, int] = (400, 560), *, seal: bool = False) -> PageImage:
    """A page with lines of text-like strokes, and a red ring where it has a seal."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for line in range(20, size[1] - 20, 24):
        pen.text((30, line), words, fill="black")
    if seal:
        pen.ellipse((260, 380, 340, 460), outline=(190, 30, 30), width=4)
    return PageImage(image.width, image.height, image.tobytes())


@dataclass(frozen=True)
class Prepared:
    """A release with its page files."""

    release: ReleaseManifest
    pages: list[PageFile]


def prepare(folder: Path, counts: Sequence[int] = (2, 1), boxes: Sequence[Box] = ()) -> Prepared:
    """Items of so many pages each (0: withheld); the boxes lie on the first."""
    press, mark = WatermarkPress(), CopyMark(NUMBER, RECIPIENT)
    folder.mkdir(parents=True, exist_ok=True)
    files: list[PageFile] = []
    items: list[ReleasedItem] = []
    for position, count in enumerate(counts, start=1):
        own = tuple(boxes) if position == 1 else ()
        made = []
        for number in range(1, count + 1):
            raster = sheet(f"item {position} page {number}", seal=number == 1)
            on_page = [box for box in own if box.page == number]
            image = release_page(raster, on_page, mark, (position, number, count), press, DPI)
            path = folder / f"{position}-{number}.jpg"
            path.write_bytes(image.jpeg)
            files.append(PageFile(path, image.page))
            made.append(image.page)
        withheld = None if count else PRIVACY.code
        items.append(
            ReleasedItem(
                position=position, title=f"询问笔录{position}", withheld=withheld, pages=tuple(made), boxes=own
            )
        )
    used = {box.ground for box in boxes} | {item.withheld for item in items}
    release = ReleaseManifest(
        request_number=NUMBER,
        recipient=RECIPIENT,
        archival_code="J001-XZZF·2025-Y30-ZF-0012",
        dpi=DPI,
        prepared_at=now(),
        items=tuple(items),
        grounds=tuple(ground for ground in (PRIVACY, INFORMANT) if ground.code in used),
    )
    return Prepared(release, files)


def order_for(prepared: Prepared, *, secrets: tuple[str, ...] = ()) -> CopyOrder:
    return CopyOrder(
        release=prepared.release,
        approved_sha256=prepared.release.sha256,
        bureau="演示市水务局",
        offices=OFFICES,
        made_at=now(),
        verify_at="http://localhost:8000/verify",
        pages=prepared.pages,
        secrets=secrets,
        demonstration=True,
        seal=SealReference(sealed_on=DAY, root="ab" * 32),
    )


@dataclass(frozen=True)
class Made:
    """A genuine copy and what it was made of."""

    path: Path
    content: bytes
    manifest: CopyManifest
    prepared: Prepared


class Bench:
    """Signs and judges under one authority."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.stamper = time_stamper(authority, "", now)
        self.signer = CopySigner(authority, self.stamper)

    def verdict(self, path: Path, **other: object) -> Report:
        with path.open("rb") as file:
            answer = check(file, **{**trust_in(self.authority), **other})
        return Report.from_json(answer.value)

    def make(self, order: CopyOrder, target: Path) -> Made:
        manifest = make_copy(order, self.signer, self.verdict, target)
        return Made(target, target.read_bytes(), manifest, Prepared(order.release, list(order.pages)))


def new_bench(folder: Path, bureau: str = "演示市水务局") -> Bench:
    make_authority(folder, bureau=bureau, demonstration=True, bits=2048)
    return Bench(load_authority(folder))


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return new_bench(tmp_path_factory.mktemp("bench") / "keys")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Another authority with exactly the same names."""
    return new_bench(tmp_path_factory.mktemp("stranger") / "keys")


@pytest.fixture(scope="session")
def made(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One genuine copy: an item with boxes, a plain one, one withheld."""
    folder = tmp_path_factory.mktemp("made")
    boxes = (Box(1, 0.1, 0.1, 0.6, 0.16, "informant", 4), Box(2, 0.1, 0.5, 0.9, 0.7, "personal_privacy", 3))
    return bench.make(order_for(prepare(folder / "pages", (2, 1, 0), boxes)), folder / "copy.pdf")
