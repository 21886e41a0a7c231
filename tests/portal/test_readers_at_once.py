"""Four readers page through PDFs at once, through the front door: no crash, no failure, nobody gets another page.

Every page of every file has a height and a colour of its own, so that each image tells which page it is. Two minutes
with `--full`, else eight seconds.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np
import pikepdf
import pytest
from PIL import Image

from portal.config import write_profile
from portal.services.viewing import THUMBNAIL
from tests.demonstration import ANJUAN, clean_environment, free_port, wait_until_ready
from tests.portal.conftest import PASSWORD, World, open_installation, write_case
from tests.portal.filing import seal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs import ProofBook

READERS = ("archivist", "second_archivist", "handler", "leader")
SHORT_S, FULL_S = 8, 120
PAGES = 40
WIDE, LOWEST, STEP = 300, 200, 4
COLOURS = ((200, 40, 40), (40, 150, 60), (60, 80, 210), (190, 150, 20))
WIDTHS = (THUMBNAIL, 900)
NEAR = 5
"""JPEG moves a colour by less than this."""


@dataclass
class Tally:
    """What one reader saw."""

    right: int = 0
    wrong: int = 0
    failures: list[str] = field(default_factory=list)


def colour(item: int, page: int) -> tuple[int, int, int]:
    """The colour of a page, with steps that JPEG keeps apart."""
    red, green, blue = COLOURS[item]
    return red, green, (blue + 20 * (page % 3)) % 256


def book(item: int) -> bytes:
    """A PDF whose page n is n steps higher than the lowest, in its own colour."""
    with pikepdf.new() as made:
        for page in range(1, PAGES + 1):
            size = (WIDE, LOWEST + STEP * page)
            made.add_blank_page(page_size=size)
            tint = " ".join(f"{value / 255:.4f}" for value in colour(item, page))
            made.pages[-1].Contents = made.make_stream(f"{tint} rg 0 0 {size[0]} {size[1]} re f".encode())
        out = io.BytesIO()
        made.save(out)
    return out.getvalue()


@dataclass(frozen=True)
class Seen:
    """An image as it came: its size, and the colour of most of it (a watermark lies on the rest)."""

    size: tuple[int, int]
    tint: tuple[float, ...]

    @classmethod
    def of(cls, data: bytes) -> Seen:
        image = Image.open(io.BytesIO(data)).convert("RGB")
        return cls(image.size, tuple(np.median(np.asarray(image).reshape(-1, 3), axis=0)))

    def is_page(self, item: int, page: int, width: int) -> bool:
        """Whether it is this page at this width."""
        height = round(width * (LOWEST + STEP * page) / WIDE)
        off = max(abs(one - other) for one, other in zip(self.tint, colour(item, page), strict=True))
        return self.size == (width, height) and off <= NEAR


@pytest.mark.parametrize("width", WIDTHS)
def test_the_judge_tells_every_page_from_every_other(width: int) -> None:
    pages = [(item, page) for item in range(len(COLOURS)) for page in range(1, PAGES + 1)]
    for page in (1, 2, 20, PAGES):
        blank = Image.new("RGB", (width, round(width * (LOWEST + STEP * page) / WIDE)), colour(1, page))
        out = io.BytesIO()
        blank.save(out, "JPEG", quality=78)
        seen = Seen.of(out.getvalue())
        assert [one for one in pages if seen.is_page(*one, width)] == [(1, page)]


@dataclass(frozen=True)
class Shelf:
    """A server with four files, by their ids."""

    url: str
    items: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: Path


@pytest.fixture
def shelf(prepared: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Shelf]:
    made, ids = prepared
    data, log = tmp_path / "data", tmp_path / "server.log"
    shutil.copytree(made, data)
    write_profile(data, {"profile": "demonstration", "bureau": "石门市演示水务局"})
    with open_installation(data) as opened:
        items = fill(World(opened, ids), tmp_path / "case")
    port = free_port()
    url = f"http://localhost:{port}"
    command = [*ANJUAN, "--data", str(data), "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=clean_environment(), stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(process, url, log)
        yield Shelf(url, items, process, log)
    finally:
        process.terminate()
        process.wait(timeout=60)


def fill(world: World, folder: Path) -> tuple[str, ...]:
    """Seal a case of four files; their ids."""
    names = [f"{n:02}.pdf" for n in range(1, len(COLOURS) + 1)]
    kinds = ("site_inspection_record", "inquiry_record", "site_inspection_record", "closing_report")
    items = [
        {"file": name, "title": f"演示文件{name}", "type": kind, "date": "2026-11-02", "label": {"level": "public"}}
        for name, kind in zip(names, kinds, strict=True)
    ]
    write_case(folder, items=items)
    for item, name in enumerate(names):
        (folder / name).write_bytes(book(item))
    outcome = world.opened.services.intake.import_case(world.actor("handler"), folder)
    assert outcome.case_id is not None, outcome.findings
    seal(world, outcome.case_id)
    shown = world.opened.services.cases.page(world.actor("archivist"), outcome.case_id)
    return tuple(item.id for item in shown.items)


class Reader:
    """One person with a session of her own."""

    def __init__(self, url: str, login: str) -> None:
        self._url = url
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/login").decode())
        form = {"login": login, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        with self._open(f"{url}/login", urlencode(form).encode(), timeout=60) as answer:
            assert "退出" in answer.read().decode()

    def get(self, path: str) -> bytes:
        with self._open(self._url + path, timeout=60) as answer:
            return bytes(answer.read())

    def read(self, items: tuple[str, ...], seconds: float, seed: int) -> Tally:
        """Turn pages until the time is over, as the reader does: the page, then its image."""
        draw, tally, end = Random(seed), Tally(), time.monotonic() + seconds  # noqa: S311 - no secret is drawn
        while time.monotonic() < end:
            item, page, width = draw.randrange(len(items)), draw.randint(1, PAGES), draw.choice(WIDTHS)
            address = f"/items/{items[item]}"
            try:
                text = self.get(f"{address}?page={page}").decode()
                data = self.get(f"{address}/pages/{page}.jpg?width={width}")
            except OSError as error:
                tally.failures.append(f"{address} {page} {width}: {error}")
                continue
            good = f"第 {page} 页的图像" in text and Seen.of(data).is_page(item, page, width)
            tally.right, tally.wrong = tally.right + good, tally.wrong + (not good)
        return tally


def test_four_readers_at_once_get_their_own_pages(shelf: Shelf, proofs: ProofBook, full: bool) -> None:  # noqa: FBT001
    seconds = FULL_S if full else SHORT_S
    readers = [Reader(shelf.url, login) for login in READERS]
    with ThreadPoolExecutor(len(readers)) as together:
        at_work = [together.submit(reader.read, shelf.items, seconds, n) for n, reader in enumerate(readers)]
        tallies = [work.result() for work in at_work]
    seen = sum(tally.right + tally.wrong for tally in tallies)
    wrong, failures = sum(tally.wrong for tally in tallies), [text for tally in tallies for text in tally.failures]
    proofs.record("wrong pages seen by four readers at once", wrong, f"0 of {seen}", holds=wrong == 0)
    proofs.record("pages that failed for four readers at once", len(failures), "0", holds=not failures)
    assert all(tally.right for tally in tallies)
    assert shelf.process.poll() is None
    assert "Traceback" not in shelf.log.read_text(encoding="utf-8")
    assert failures == []
