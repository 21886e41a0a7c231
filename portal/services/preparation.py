"""Preparing a copy: boxes, items kept back, and the release that the leader will see (办法 Art. 30, 31).

Pages are ordered in one transaction and made by the worker; what is drawn afterwards makes them stale. Nothing here is
ever written into the sealed file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete

from archive_store.audit.events import EventName
from archive_store.copy_requests import check
from archive_store.drafts import page_file
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Mark
from archive_store.models.copies import RedactionBox, Release
from archive_store.permissions import Permission
from archive_store.regulation.grounds import Use
from archive_store.regulation.release import verdict
from archive_store.request_words import Step
from archive_store.requests import (
    boxes_of,
    facts_of,
    latest_release,
    opinions_of,
    plan_objections,
    plan_sha256,
    release_item,
    request_for,
    take_step,
)
from archive_store.work import MAKE_RELEASE, note
from portal.dissemination.leak_check import fold
from portal.dissemination.prepare import CopyMark, release_page
from portal.dissemination.redact import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.models.cases import StoredFile
    from archive_store.models.copies import CopyRequest, Opinion, RequestedItem
    from archive_store.originals import Originals
    from archive_store.parsing.documents import Documents
    from archive_store.regulation.grounds import Ground, Grounds
    from archive_store.regulation.release import Verdict
    from portal.dissemination.watermark import WatermarkPress
    from portal.services.desk import Desk

RELEASE_DPI = 150
MOST_BOXES = 5000
SHORTEST_WORDS, LONGEST_WORDS = 1, 100
_BESIDE = 0.002  # of the page: how far a box for found words reaches beyond the letters


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box as the preparer drew it: page from 1, edges as fractions of the page from its top left, code of ground."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    ground: str


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One item on the bench."""

    row: RequestedItem
    pages: int
    boxes: list[RedactionBox]
    verdict: Verdict
    opinion: Opinion | None


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that the preparer works with."""

    request: CopyRequest
    items: list[WorkItem]
    redact_grounds: list[Ground]
    withhold_grounds: list[Ground]
    objections: list[str]
    release: Release | None
    is_fresh: bool


class PreparationService:
    """Draws, keeps back, orders releases, and shows what will leave."""

    def __init__(
        self, desk: Desk, originals: Originals, documents: Documents, press: WatermarkPress, grounds: Grounds
    ) -> None:
        self._desk = desk
        self._originals = originals
        self._documents = documents
        self._press = press
        self._grounds = grounds

    def bench(self, actor: Actor, request_id: str) -> Bench:
        """The bench of a request that the actor prepares."""
        with self._desk.database.read() as session:
            request = request_for(session, actor, request_id, Permission.PREPARE_COPY)
            boxes, opinions = boxes_of(session, request.id), opinions_of(session, request.id)
            release = latest_release(session, request.id)
            items = [
                WorkItem(
                    row=row,
                    pages=_pages(row),
                    boxes=[box for box in boxes if box.item_id == row.item_id],
                    verdict=verdict(release_item(row)),
                    opinion=opinions.get(row.item_id),
                )
                for row in request.items
            ]
            return Bench(
                request=request,
                items=items,
                redact_grounds=[*self._grounds.usable_for(Use.REDACT)],
                withhold_grounds=[*self._grounds.usable_for(Use.WITHHOLD)],
                objections=plan_objections(request, boxes),
                release=release,
                is_fresh=release is not None and release.plan_sha256 == plan_sha256(request, boxes),
            )

    def save_boxes(self, actor: Actor, request_id: str, item_id: str, drawn: Sequence[Drawn]) -> None:
        """Replace the boxes of one item.

        Raises:
            InvalidInputError: a box lies on no page, beyond its page, or bears a ground that does not allow covering.
        """
        if len(drawn) > MOST_BOXES:
            raise InvalidInputError(f"一件最多 {MOST_BOXES} 个遮盖框，请改为不予提供或者合并。", "boxes")
        with self._desk.database.write() as unit:
            session = unit.session
            request, row = self._row(session, actor, request_id, item_id)
            for box in drawn:
                self._check(box, _pages(row))
            self._prepare(session, request, actor)
            here = RedactionBox.request_id == request.id, RedactionBox.item_id == row.item_id
            session.execute(delete(RedactionBox).where(*here))
            moment = self._desk.clock()
            session.add_all(
                RedactionBox(
                    request_id=request.id,
                    item_id=row.item_id,
                    page=box.page,
                    x0=box.x0,
                    y0=box.y0,
                    x1=box.x1,
                    y1=box.y1,
                    ground=box.ground,
                    drawn_by=actor.account_id,
                    drawn_at=moment,
                )
                for box in drawn
            )
            subject = ("copy_request", request.id)
            position = row.position
            self._desk.record(
                session, actor, EventName.COPY_REQUEST_PREPARE, subject, position=position, boxes=len(drawn)
            )

    def settle(self, actor: Actor, request_id: str, item_id: str, *, withheld: str, own_marks: frozenset[str]) -> None:
        """Keep an item back on a ground (give it where empty), and say which marks concern the requester alone."""
        if withheld and Use.WITHHOLD not in self._grounds.get(withheld).use:
            raise InvalidInputError("不能以此理由不予提供，请另选理由。", "withheld")
        with self._desk.database.write() as unit:
            request, row = self._row(unit.session, actor, request_id, item_id)
            if not own_marks <= {str(mark) for mark in row.item.label.marks}:
                raise InvalidInputError("该件没有所选的标识，请刷新页面。", "own_marks")
            self._prepare(unit.session, request, actor)
            row.withheld_ground, row.own_marks = withheld or None, sorted(Mark(mark) for mark in own_marks)
            self._desk.record(
                unit.session,
                actor,
                EventName.COPY_REQUEST_PREPARE,
                ("copy_request", request.id),
                position=row.position,
                withheld=withheld,
                own=row.own_marks,
            )

    def find_words(self, actor: Actor, request_id: str, item_id: str, words: str, ground: str) -> list[Drawn]:
        """Boxes over every place of an item where the words stand in its text, for "the same everywhere"."""
        wanted = "".join(words.split())
        if not SHORTEST_WORDS <= len(wanted) <= LONGEST_WORDS:
            raise InvalidInputError(f"请输入 {SHORTEST_WORDS} 至 {LONGEST_WORDS} 个字。", "words")
        with self._desk.database.read() as session:
            _, row = self._row(session, actor, request_id, item_id)
            file = _page_file(row)
        found: list[Drawn] = []
        with self._originals.open(file) as handle:
            for page in range(1, (file.pages or 0) + 1):
                text = self._documents.text(handle, file.media_type, page)
                found += places_of(wanted, text.text, text.boxes, page, ground)
        return found

    def preview(self, actor: Actor, request_id: str, item_id: str, page: int) -> bytes:
        """One page as it would leave with the boxes as they are drawn now, as JPEG; an event, like each page seen."""
        with self._desk.database.write() as unit:
            request, row = self._row(unit.session, actor, request_id, item_id)
            file = _page_file(row)
            if not 1 <= page <= (file.pages or 0):
                raise NotFoundError
            boxes = [box for box in boxes_of(unit.session, request.id) if box.item_id == item_id and box.page == page]
            place = (row.position, page, file.pages or 0)
            mark = CopyMark(request.number or "", request.recipient)
            burnt = self.burnt(boxes)
            self._desk.record(unit.session, actor, EventName.ITEM_VIEW_PAGE, ("item", item_id), page=page, width=0)
        with self._originals.open(file) as handle:
            raster = self._documents.render(handle, file.media_type, page, dpi=RELEASE_DPI)
        return release_page(raster, burnt, mark, place, self._press, RELEASE_DPI).jpeg

    def order(self, actor: Actor, request_id: str) -> None:
        """Have the worker make the pages that will leave.

        Raises:
            RefusedError: something stands against releasing by what is drawn; the sentence says what.
        """
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id, Permission.PREPARE_COPY)
            boxes = boxes_of(session, request.id)
            objections = plan_objections(request, boxes)
            if objections:
                raise RefusedError("还不能制作。" + "".join(objections))
            self._prepare(session, request, actor)
            former = latest_release(session, request.id)
            if former is not None:
                former.voided_at = self._desk.clock()
            release = Release(
                request_id=request.id,
                prepared_by=actor.account_id,
                prepared_at=self._desk.clock(),
                plan_sha256=plan_sha256(request, boxes),
                page_total=sum(_pages(row) for row in request.items if row.withheld_ground is None),
                pages={},
            )
            session.add(release)
            session.flush()
            note(session, MAKE_RELEASE, release.id)
            subject = ("copy_request", request.id)
            self._desk.record(session, actor, EventName.COPY_REQUEST_PREPARE, subject, pages=release.page_total)

    def burnt(self, boxes: Sequence[RedactionBox]) -> list[Box]:
        """Drawn boxes with the numbers of their grounds."""
        return [burnt_box(box, self._grounds) for box in boxes]

    # --- parts

    def _row(self, session: Session, actor: Actor, request_id: str, item_id: str) -> tuple[CopyRequest, RequestedItem]:
        request = request_for(session, actor, request_id, Permission.PREPARE_COPY)
        row = next((row for row in request.items if row.item_id == item_id), None)
        if row is None:
            raise NotFoundError
        return request, row

    def _prepare(self, session: Session, request: CopyRequest, actor: Actor) -> None:
        """Ask the table of steps; who prepares is written down the first time."""
        facts = facts_of(session, request, self._desk.today())
        if actor.account_id in facts.preparers:
            check(Step.PREPARE, request.state, facts, actor)
        else:
            take_step(session, request, Step.PREPARE, actor, facts=facts, moment=self._desk.clock())

    def _check(self, box: Drawn, pages: int) -> None:
        if Use.REDACT not in self._grounds.get(box.ground).use:
            raise InvalidInputError("不能以此理由遮盖，请另选理由。", "ground")
        Box(box.page, box.x0, box.y0, box.x1, box.y1, box.ground, 1)  # refuses what is no part of a page
        if box.page > pages:
            raise InvalidInputError("遮盖框没有对应的页，请重新绘制。", "page")


def burnt_box(box: RedactionBox, grounds: Grounds) -> Box:
    """A drawn box with the number of its ground."""
    return Box(box.page, box.x0, box.y0, box.x1, box.y1, box.ground, grounds.get(box.ground).number)


def places_of(
    wanted: str, text: str, places: Sequence[tuple[float, float, float, float] | None], page: int, ground: str
) -> list[Drawn]:
    """Boxes over each place where `wanted` stands in a page's text, one for each line that it runs over."""
    pairs = [(fold(letter), place) for letter, place in zip(text, places, strict=True) if place is not None]
    shown = [(letter, place) for letters, place in pairs for letter in letters]
    run, sought = "".join(letter for letter, _ in shown), fold(wanted)
    found: list[Drawn] = []
    at = run.find(sought) if sought else -1
    while at >= 0:
        found += _boxes_over([place for _, place in shown[at : at + len(sought)]], page, ground)
        at = run.find(sought, at + len(sought))
    return found


def _boxes_over(places: Sequence[tuple[float, float, float, float]], page: int, ground: str) -> list[Drawn]:
    lines: list[list[tuple[float, float, float, float]]] = []
    for place in places:
        if lines and place[1] < lines[-1][-1][3] and place[3] > lines[-1][-1][1]:
            lines[-1].append(place)
        else:
            lines.append([place])
    return [
        Drawn(
            page,
            max(0.0, min(p[0] for p in line) - _BESIDE),
            max(0.0, min(p[1] for p in line) - _BESIDE),
            min(1.0, max(p[2] for p in line) + _BESIDE),
            min(1.0, max(p[3] for p in line) + _BESIDE),
            ground,
        )
        for line in lines
    ]


def _page_file(row: RequestedItem) -> StoredFile:
    file = page_file(row.item)
    if file is None or not file.pages:
        raise NotFoundError
    return file


def _pages(row: RequestedItem) -> int:
    file = page_file(row.item)
    return (file.pages or 0) if file else 0
