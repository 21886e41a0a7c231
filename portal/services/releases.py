"""Releases: the page images that will leave, made by the worker, checked, and shown to those who decide.

A release is made whole or not at all; interrupted, it is begun again, and what it left behind is swept.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from archive_store.audit.events import EventName
from archive_store.drafts import page_count, page_file
from archive_store.errors import NotFoundError
from archive_store.models.copies import CopyRequest, Release
from archive_store.parsing.errors import ParserRefusedError
from archive_store.permissions import Permission
from archive_store.request_words import RequestState
from archive_store.requests import (
    boxes_of,
    latest_decision,
    latest_release,
    may_with,
    plan_sha256,
    request_for,
)
from portal.dissemination.leak_check import page_findings, words_findings, words_under
from portal.dissemination.prepare import CopyMark, release_page
from portal.dissemination.release import (
    CHECK_CODE_BYTES,
    CopyManifest,
    GroundWords,
    OfficeStep,
    ReleasedItem,
    ReleasedPage,
    ReleaseManifest,
)
from portal.services.preparation import RELEASE_DPI, burnt_box

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archive_store.blobs.base import StagingStore
    from archive_store.identity import Actor
    from archive_store.models.copies import RequestedItem
    from archive_store.pages import OpenPages, Pages
    from archive_store.regulation.grounds import Grounds
    from portal.dissemination.redact import Box
    from portal.dissemination.watermark import WatermarkPress
    from portal.services.desk import Desk

ENDED = (RequestState.REFUSED, RequestState.WITHDRAWN, RequestState.EXPIRED)
"""Requests in which nothing is handed out, or seen before it is, any more."""
PAGES_A_NOTE = 5
"""Pages after which progress is written down."""
BROKEN = "第 {position} 项第 {page} 页不能显示，没有制作完成。请改为不予提供，或者联系系统管理员检查该文件。"
LEAKS = "检查没有通过：{said}。请核对遮盖框后重新制作。"


@dataclass(frozen=True, slots=True)
class _Order:
    """What a release is to be made of, read in one go."""

    release_id: str
    request: CopyRequest
    boxes: Mapping[tuple[str, int], list[Box]]


class _CannotMakeError(Exception):
    """Said to the preparer: the release cannot be made as it is ordered."""


class ReleaseService:
    """Makes and shows releases."""

    def __init__(
        self,
        desk: Desk,
        pages: Pages,
        store: StagingStore,
        press: WatermarkPress,
        grounds: Grounds,
    ) -> None:
        self._desk = desk
        self._pages = pages
        self._store = store
        self._press = press
        self._grounds = grounds

    # --- the worker's part

    def make(self, release_id: str) -> None:
        """Make the pages of an ordered release, unless it was made or fell meanwhile."""
        order = self._order(release_id)
        if order is None:
            return
        try:
            manifest, pages = self._made(order)
        except _CannotMakeError as problem:
            self._finish(release_id, problem=str(problem))
        else:
            self._finish(release_id, manifest=manifest, pages=pages)

    def hidden_words(self, request: CopyRequest, manifest: ReleaseManifest) -> tuple[str, ...]:
        """The passages known to lie under the boxes of a release, from the text of the sealed pages."""
        by_position = {row.position: row for row in request.items}
        found: dict[str, None] = {}
        for item in manifest.items:
            if item.boxes:
                found |= dict.fromkeys(self._hidden(by_position[item.position], item.boxes))
        return tuple(found)

    def named_blobs(self) -> set[str]:
        """Page images that someone may still see or that a copy is still to be made of, for the sweep."""
        with self._desk.database.read() as session:
            open_requests = session.scalars(select(CopyRequest.id).where(CopyRequest.state.not_in(ENDED))).all()
            releases = [latest_release(session, request_id) for request_id in open_requests]
            decisions = [latest_decision(session, request_id) for request_id in open_requests]
            releases += [session.get_one(Release, d.release_id) for d in decisions if d is not None and d.release_id]
            return {name for release in releases if release is not None for name in release.pages.values()}

    # --- seeing

    def released_image(self, actor: Actor, request_id: str, position: int, page: int) -> bytes:
        """One page image exactly as it will leave, for those who prepare or decide; an event.

        Raises:
            NotFoundError: no such page for this actor.
        """
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id)
            if not any(may_with(actor, p, request) for p in (Permission.PREPARE_COPY, Permission.DECIDE_REQUEST)):
                raise NotFoundError
            release = latest_release(session, request.id)
            name = release.pages.get(f"{position}:{page}") if release is not None else None
            if name is None:
                raise NotFoundError
            subject = ("copy_request", request.id)
            self._desk.record(session, actor, EventName.COPY_REQUEST_VIEW_PAGE, subject, position=position, page=page)
        with self._store.open(name) as file:
            return file.read()

    # --- parts

    def _order(self, release_id: str) -> _Order | None:
        with self._desk.database.read() as session:
            release = session.get(Release, release_id)
            if release is None or release.voided_at is not None or release.manifest is not None:
                return None
            request = session.get_one(CopyRequest, release.request_id)
            drawn = boxes_of(session, request.id)
            if release.plan_sha256 != plan_sha256(request, drawn):
                return None
            for row in request.items:
                row.item.files  # noqa: B018 - loaded while the session is open
            key = lambda box: (box.item_id, box.page)  # noqa: E731 - one key, twice
            boxes = {
                place: [burnt_box(box, self._grounds) for box in group]
                for place, group in groupby(sorted(drawn, key=key), key)
            }
            return _Order(release_id, request, boxes)

    def _made(self, order: _Order) -> tuple[ReleaseManifest, dict[str, str]]:
        pages: dict[str, str] = {}
        items = [self._item(order, row, pages) for row in order.request.items]
        codes = {box.ground for item in items for box in item.boxes} | {i.withheld for i in items if i.withheld}
        manifest = ReleaseManifest(
            request_number=order.request.number or "",
            recipient=order.request.recipient,
            archival_code=order.request.case.archival_code or "",
            dpi=RELEASE_DPI,
            prepared_at=self._desk.clock(),
            items=tuple(items),
            grounds=tuple(ground_words(self._grounds, code) for code in sorted(codes, key=self._number)),
        )
        self._check_words(order.request, manifest)
        return manifest, pages

    def _item(self, order: _Order, row: RequestedItem, pages: dict[str, str]) -> ReleasedItem:
        if row.withheld_ground is not None:
            return ReleasedItem(position=row.position, title=row.title, withheld=row.withheld_ground)
        file = page_file(row.item)
        if file is None or not file.pages:
            raise _CannotMakeError(BROKEN.format(position=row.position, page=1))
        made: list[ReleasedPage] = []
        boxes: list[Box] = []
        with self._pages.open(file) as opened:
            for number in range(1, file.pages + 1):
                here = order.boxes.get((row.item_id, number), [])
                page, name = self._page(order, row, opened, number, here)
                made.append(page)
                boxes += here
                pages[f"{row.position}:{number}"] = name
                self._note_progress(order.release_id, len(pages))
        return ReleasedItem(position=row.position, title=row.title, pages=tuple(made), boxes=tuple(boxes))

    def _page(
        self, order: _Order, row: RequestedItem, opened: OpenPages, number: int, boxes: list[Box]
    ) -> tuple[ReleasedPage, str]:
        try:
            raster = opened.image(number, dpi=RELEASE_DPI)
        except ParserRefusedError as error:
            raise _CannotMakeError(BROKEN.format(position=row.position, page=number)) from error
        mark = CopyMark(order.request.number or "", order.request.recipient)
        image = release_page(
            raster, boxes, mark, (row.position, number, page_count(row.item)), self._press, RELEASE_DPI
        )
        findings = page_findings(image.jpeg, boxes, RELEASE_DPI, f"第 {row.position} 项第 {number} 页")
        if findings:
            raise _CannotMakeError(LEAKS.format(said=f"{findings[0].place}{findings[0].message}"))
        return image.page, self._store.put(io.BytesIO(image.jpeg)).name

    def _check_words(self, request: CopyRequest, release: ReleaseManifest) -> None:
        """What a copy would say must not hold what its boxes hide; told now, not after the approval."""
        day = release.prepared_at.date()
        draft = CopyManifest(
            bureau="—",
            release=release,
            approved_sha256=release.sha256,
            offices=(OfficeStep(office="—", act="—", on=day),),
            made_at=release.prepared_at,
            check_code="0" * 2 * CHECK_CODE_BYTES,
            verify_at="—",
            certificate_pages=1,
        )
        findings = words_findings(draft, self.hidden_words(request, release))
        if findings:
            raise _CannotMakeError(LEAKS.format(said=f"{findings[0].place}{findings[0].message}"))

    def _hidden(self, row: RequestedItem, boxes: tuple[Box, ...]) -> Iterator[str]:
        file = page_file(row.item)
        if file is None:
            return
        for page in sorted({box.page for box in boxes}):
            layer = self._pages.text(file, page)
            yield from words_under(layer.text, layer.boxes, [box for box in boxes if box.page == page])

    def _note_progress(self, release_id: str, done: int) -> None:
        if done % PAGES_A_NOTE == 0:
            with self._desk.database.write() as unit:
                unit.session.execute(update(Release).where(Release.id == release_id).values(pages_done=done))

    def _finish(
        self,
        release_id: str,
        *,
        manifest: ReleaseManifest | None = None,
        pages: Mapping[str, str] | None = None,
        problem: str = "",
    ) -> None:
        with self._desk.database.write() as unit:
            release = unit.session.get_one(Release, release_id, with_for_update=True)
            if release.manifest is not None or release.voided_at is not None:
                return  # another worker was quicker, and its hash may be approved; or it fell meanwhile
            release.problem = problem
            if manifest is not None and pages is not None:
                release.manifest, release.manifest_sha256 = manifest.canonical().decode(), manifest.sha256
                release.pages, release.pages_done = dict(pages), len(pages)

    def _number(self, code: str) -> int:
        return self._grounds.get(code).number


def ground_words(grounds: Grounds, code: str) -> GroundWords:
    """A ground as a certificate explains it."""
    ground = grounds.get(code)
    return GroundWords(code=ground.code, number=ground.number, text=ground.text, basis=ground.basis)
