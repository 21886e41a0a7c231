"""Preparing a copy: boxes, items kept back, and the release that the leader will see (办法 Art. 30, 31).

Pages are ordered in one transaction and made by the worker; what is drawn afterwards makes them stale. Nothing here is
ever written into the sealed file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import rfc8785
from sqlalchemy import delete

from archive_store.audit.events import EventName
from archive_store.copy_requests import available, check
from archive_store.drafts import page_count, page_file
from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Mark
from archive_store.models.copies import CopyRequest, RedactionBox, Release
from archive_store.permissions import Permission
from archive_store.regulation.grounds import Use
from archive_store.regulation.release import MAY_BE_THE_REQUESTERS_OWN, verdict
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
from archive_store.work import MAKE_RELEASE, last_failure, note
from portal.dissemination.leak_check import fold
from portal.dissemination.prepare import CopyMark, release_page
from portal.dissemination.redact import Box
from portal.services.marking import rectangles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from archive_store.copy_requests import RequestFacts
    from archive_store.identity import Actor
    from archive_store.models.cases import StoredFile
    from archive_store.models.copies import Opinion, RequestedItem
    from archive_store.pages import Pages
    from archive_store.parsing.documents import PageText
    from archive_store.regulation.grounds import Ground, Grounds
    from archive_store.regulation.release import Verdict
    from archive_store.request_words import RequestState
    from portal.dissemination.watermark import WatermarkPress
    from portal.services.desk import Desk

RELEASE_DPI = 150
MOST_BOXES = 5000
SHORTEST_WORDS, LONGEST_WORDS = 1, 100
CHANGED_MEANWHILE = "该件的遮盖框已在别处改动，您在本页的改动没有保存。请刷新页面，核对现有的遮盖框后再继续。"
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
class FoundWords:
    """Boxes over every place of the words, and the pages (from 1) whose text nobody can search."""

    boxes: list[Drawn]
    pages_without_text: list[int]


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One item on the bench."""

    row: RequestedItem
    pages: int
    boxes: list[RedactionBox]
    boxes_mark: str
    """Names exactly these boxes: whoever saves tells which he began from."""
    verdict: Verdict
    grounds_against: list[Ground]
    """The verdict's grounds, in words."""
    may_be_own: list[Mark]
    """Marks that may concern the requester alone."""
    opinion: Opinion | None
    withheld: Ground | None


class Making(StrEnum):
    """Where the release stands."""

    NONE = "none"
    UNDER_WAY = "under_way"
    FAILED = "failed"
    MADE = "made"
    STALE = "stale"
    """What it was to be made of has changed since."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the release is: pages made of pages in all, and why it could not be made, or what stopped it last."""

    stage: Making
    done: int = 0
    total: int = 0
    problem: str = ""


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
    progress: Progress
    may_change: bool
    submit_obstacle: str
    """Why the release cannot be submitted now, in words; empty where it can."""


class PreparationService:
    """Draws, keeps back, orders releases, and shows what will leave."""

    def __init__(
        self,
        desk: Desk,
        pages: Pages,
        press: WatermarkPress,
        grounds: Grounds,
    ) -> None:
        self._desk = desk
        self._pages = pages
        self._press = press
        self._grounds = grounds

    def bench(self, actor: Actor, request_id: str) -> Bench:
        """The bench of a request that the actor prepares; the look is an event."""
        with self._desk.database.write() as unit:
            session = unit.session
            request = request_for(session, actor, request_id, Permission.PREPARE_COPY)
            self._desk.record(session, actor, EventName.COPY_REQUEST_VIEW, ("copy_request", request.id))
            boxes, opinions = boxes_of(session, request.id), opinions_of(session, request.id)
            release, plan = latest_release(session, request.id), plan_sha256(request, boxes)
            facts = facts_of(session, request, self._desk.today())
            return Bench(
                request=request,
                items=[self._item(row, boxes, opinions.get(row.item_id)) for row in request.items],
                redact_grounds=[*self._grounds.usable_for(Use.REDACT)],
                withhold_grounds=[*self._grounds.usable_for(Use.WITHHOLD)],
                objections=plan_objections(request, boxes),
                release=release,
                is_fresh=release is not None and release.plan_sha256 == plan,
                progress=_progress(session, release, plan),
                may_change=Step.PREPARE in available(request.state, facts, actor),
                submit_obstacle=_obstacle(Step.SUBMIT_RELEASE, request.state, facts, actor),
            )

    def progress(self, actor: Actor, request_id: str) -> Progress:
        """How far the release of a request that the actor prepares is."""
        with self._desk.database.read() as session:
            request = request_for(session, actor, request_id, Permission.PREPARE_COPY)
            plan = plan_sha256(request, boxes_of(session, request.id))
            return _progress(session, latest_release(session, request.id), plan)

    def save_boxes(
        self, actor: Actor, request_id: str, item_id: str, drawn: Sequence[Drawn], seen: str | None = None
    ) -> str:
        """Replace the boxes of one item; gives the mark of what stands now.

        Args:
            actor: who prepares.
            request_id: the request.
            item_id: the item.
            drawn: all boxes of the item.
            seen: the mark of the boxes that the drawing began from; None to replace whatever is there.

        Raises:
            InvalidInputError: a box lies on no page, beyond its page, or bears a ground that does not allow covering.
            ConflictError: the boxes are no longer those that were seen; a box of another's would be lost unnoticed.
        """
        if len(drawn) > MOST_BOXES:
            raise InvalidInputError(f"一件最多 {MOST_BOXES} 个遮盖框，请改为不予提供或者合并。", "boxes")
        with self._desk.database.write() as unit:
            session = unit.session
            session.get(CopyRequest, request_id, with_for_update=True)  # two windows are heard one after the other
            request, row = self._row(session, actor, request_id, item_id)
            for box in drawn:
                self._check(box, page_count(row.item))
            if seen is not None and seen != boxes_mark(_boxes_on(row, boxes_of(session, request.id))):
                raise ConflictError(CHANGED_MEANWHILE)
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
        return boxes_mark(drawn)

    def settle(self, actor: Actor, request_id: str, item_id: str, *, withheld: str, own_marks: frozenset[str]) -> None:
        """Keep an item back on a ground (give it where empty), and say which marks concern the requester alone."""
        if withheld and Use.WITHHOLD not in self._grounds.get(withheld).use:
            raise InvalidInputError("不能以此理由不予提供，请另选理由。", "withheld")
        with self._desk.database.write() as unit:
            request, row = self._row(unit.session, actor, request_id, item_id)
            if not own_marks <= set(_may_be_own(row)):
                raise InvalidInputError("该件没有所选的标识，或者该标识不能只涉及申请人本人，请刷新页面。", "own_marks")
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

    def find_words(self, actor: Actor, request_id: str, item_id: str, words: str, ground: str) -> FoundWords:
        """Every place of an item where the words stand in its text, for "the same everywhere"."""
        with self._desk.database.write() as unit:
            _, row = self._row(unit.session, actor, request_id, item_id)
            file = _page_file(row)
            if not SHORTEST_WORDS <= len(fold(words)) <= LONGEST_WORDS:
                raise InvalidInputError(f"请输入 {SHORTEST_WORDS} 至 {LONGEST_WORDS} 个字。", "words")
            self._check_ground(ground)
            subject = ("search", item_id)  # whoever asks where words stand learns what the item says, as by a search
            self._desk.record(unit.session, actor, EventName.SEARCH_QUERY, subject, length=len(words))
        found = FoundWords([], [])
        for page, layer in enumerate(self._pages.texts(file), start=1):
            found.boxes.extend(places_of(words, layer, page, ground))
            if not layer.text.strip():
                found.pages_without_text.append(page)
        return found

    def preview(self, actor: Actor, request_id: str, item_id: str, page: int) -> bytes:
        """One page as it would leave with the boxes as they are drawn now, as JPEG; an event, like each page seen."""
        with self._desk.database.write() as unit:
            request, row = self._row(unit.session, actor, request_id, item_id)
            file = _page_file(row)
            if not 1 <= page <= page_count(row.item):
                raise NotFoundError
            boxes = [box for box in boxes_of(unit.session, request.id) if box.item_id == item_id and box.page == page]
            place = (row.position, page, page_count(row.item))
            mark = CopyMark(request.number or "", request.recipient)
            burnt = self.burnt(boxes)
            self._desk.record(unit.session, actor, EventName.ITEM_VIEW_PAGE, ("item", item_id), page=page, width=0)
        raster = self._pages.image(file, page, dpi=RELEASE_DPI)
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
                page_total=sum(page_count(row.item) for row in request.items if row.withheld_ground is None),
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

    def _item(self, row: RequestedItem, drawn: Sequence[RedactionBox], opinion: Opinion | None) -> WorkItem:
        boxes, found = _boxes_on(row, drawn), verdict(release_item(row))
        return WorkItem(
            row=row,
            pages=page_count(row.item),
            boxes=boxes,
            boxes_mark=boxes_mark(boxes),
            verdict=found,
            grounds_against=[self._grounds.get(code) for code in found.grounds],
            may_be_own=_may_be_own(row),
            opinion=opinion,
            withheld=self._grounds.get(row.withheld_ground) if row.withheld_ground else None,
        )

    def _check_ground(self, ground: str) -> None:
        if Use.REDACT not in self._grounds.get(ground).use:
            raise InvalidInputError("不能以此理由遮盖，请另选理由。", "ground")

    def _check(self, box: Drawn, pages: int) -> None:
        self._check_ground(box.ground)
        Box(box.page, box.x0, box.y0, box.x1, box.y1, box.ground, 1)  # refuses what is no part of a page
        if box.page > pages:
            raise InvalidInputError("遮盖框没有对应的页，请重新绘制。", "page")


def boxes_mark(boxes: Iterable[Drawn | RedactionBox]) -> str:
    """A short name of exactly these boxes, whatever their order."""
    rows = sorted((box.page, box.x0, box.y0, box.x1, box.y1, box.ground) for box in boxes)
    return sha256(rfc8785.dumps([[*row] for row in rows])).hexdigest()


def burnt_box(box: RedactionBox, grounds: Grounds) -> Box:
    """A drawn box with the number of its ground."""
    return Box(box.page, box.x0, box.y0, box.x1, box.y1, box.ground, grounds.get(box.ground).number)


def places_of(words: str, layer: PageText, page: int, ground: str) -> list[Drawn]:
    """Boxes over each place where the words stand in a page's text, white space aside; one for each line."""
    drawn = ((at, letter) for at, letter in enumerate(layer.text) if layer.boxes[at] is not None)
    run = [(letter, at) for at, letters in drawn for letter in fold(letters)]
    text, sought = "".join(letter for letter, _ in run), fold(words)
    marks: list[tuple[int, int]] = []
    found = text.find(sought) if sought else -1
    while found >= 0:
        marks.append((run[found][1], run[found + len(sought) - 1][1] + 1))
        found = text.find(sought, found + len(sought))
    return [_beside(box, page, ground) for boxes in rectangles(layer, marks) for box in boxes]


def _beside(box: tuple[float, float, float, float], page: int, ground: str) -> Drawn:
    x0, y0, x1, y1 = box
    return Drawn(
        page, max(0.0, x0 - _BESIDE), max(0.0, y0 - _BESIDE), min(1.0, x1 + _BESIDE), min(1.0, y1 + _BESIDE), ground
    )


def _obstacle(step: Step, state: RequestState, facts: RequestFacts, actor: Actor) -> str:
    try:
        check(step, state, facts, actor)
    except RefusedError as error:
        return error.message
    return ""


def _progress(session: Session, release: Release | None, plan: str) -> Progress:
    if release is None:
        return Progress(Making.NONE)
    problem = release.problem
    if release.plan_sha256 != plan:
        stage = Making.STALE
    elif release.manifest is not None:
        stage = Making.MADE
    elif problem:
        stage = Making.FAILED
    else:
        stage, problem = Making.UNDER_WAY, last_failure(session, MAKE_RELEASE, release.id)
    return Progress(stage, release.pages_done, release.page_total, problem)


def _boxes_on(row: RequestedItem, boxes: Iterable[RedactionBox]) -> list[RedactionBox]:
    return [box for box in boxes if box.item_id == row.item_id]


def _may_be_own(row: RequestedItem) -> list[Mark]:
    return sorted(row.item.label.marks & MAY_BE_THE_REQUESTERS_OWN)


def _page_file(row: RequestedItem) -> StoredFile:
    file = page_file(row.item)
    if file is None or not file.pages:
        raise NotFoundError
    return file
