"""Handing signed copies out: a counted number of whole transfers until they expire; withdrawing them.

A transfer counts when its last byte went out. Those under way are counted too, so that no more than the allowed number
can ever end. What lies in the store is checked against its digest each time before it leaves.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from archive_store.audit.events import EventName
from archive_store.blobs.base import StoredBlob
from archive_store.copy_requests import check
from archive_store.errors import ArchiveError, InvalidInputError, RefusedError
from archive_store.identity import Role, service_actor
from archive_store.models.copies import CopyRequest, Delivery, SignedCopy
from archive_store.permissions import Permission
from archive_store.request_words import GRANTED, RequestState, Step
from archive_store.requests import copy_of, facts_of, latest_decision, request_for, take_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from archive_store.blobs.base import StagingStore
    from archive_store.identity import Actor
    from portal.services.desk import Desk

TRANSFER_MINUTES = 30
"""A transfer that has not ended by then is taken for broken off."""
NOT_READY = "复制件正在制作，通常几分钟内完成。请稍后刷新页面再领取。"
EXPIRED = "领取期已过，复制件不再提供。确有需要的，请重新申请。"
WITHDRAWN = "该复制件已被撤回，不能领取。请与档案管理机构联系。"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A copy on its way to its recipient; reading `chunks` to its end counts it."""

    name: str
    """A name for the file, in Chinese."""
    size: int
    chunks: Iterator[bytes]


class CopyService:
    """Hands copies out."""

    def __init__(self, desk: Desk, store: StagingStore, *, transfers: int) -> None:
        self._desk = desk
        self._store = store
        self._transfers = transfers

    def open(self, actor: Actor, request_id: str) -> Transfer:
        """Begin a transfer: to its party, or to an archivist who hands it out at the counter.

        Raises:
            NotFoundError: no such request for this actor.
            RefusedError: no copy lies ready, or it was taken as often as is allowed.
            IntegrityError: what lies in the store is not what was made.
        """
        permission, step = _way(actor)
        with self._desk.database.read() as session:
            request = request_for(session, actor, request_id, permission)
            check(step, request.state, facts_of(session, request, self._desk.today()), actor)
            copy = self._ready(session, request)
            copy_id, blob = copy.id, StoredBlob(copy.blob or "", copy.size, copy.sha512)
            name = f"复制件-{request.number}.pdf"
        self._store.verify(blob)  # before a place is taken: what cannot be handed out uses up none
        delivery_id = self._begin(actor, copy_id)
        chunks = self._counted(
            blob,
            lambda: self._keep_place(actor, delivery_id),
            lambda: self._arrived(actor, request_id, delivery_id),
        )
        return Transfer(name, blob.size, chunks)

    def taken(self, copy_id: str) -> int:
        """How many whole transfers there were."""
        whole = Delivery.copy_id == copy_id, Delivery.completed_at.is_not(None)
        with self._desk.database.read() as session:
            return session.scalar(select(func.count()).select_from(Delivery).where(*whole)) or 0

    def withdraw(self, actor: Actor, request_id: str, reason: str) -> None:
        """Have a copy that was given out count no more: whoever checks it is told so from now on."""
        if not reason.strip():
            raise InvalidInputError("撤回复制件须写明理由。", "reason")
        with self._desk.database.write() as unit:
            request = request_for(unit.session, actor, request_id, Permission.DECIDE_REQUEST)
            copy = copy_of(unit.session, latest_decision(unit.session, request.id))
            if copy is None or copy.withdrawn_at is not None:
                raise RefusedError("没有可以撤回的复制件。")
            copy.withdrawn_at, copy.withdrawn_reason = self._desk.clock(), reason.strip()
            self._desk.record(unit.session, actor, EventName.COPY_WITHDRAW, ("copy_request", request.id))

    def expire(self) -> int:
        """End what lay ready long enough, and let its bytes go; gives how many. For the worker."""
        with self._desk.database.read() as session:
            due = SignedCopy.blob.is_not(None), SignedCopy.expires_at <= self._desk.clock()
            ids = session.scalars(select(SignedCopy.id).where(*due)).all()
        for copy_id in ids:
            self._expire(copy_id)
        return len(ids)

    def kept(self) -> list[StoredBlob]:
        """Every copy that lies ready, for the sweep and for checks of the whole."""
        with self._desk.database.read() as session:
            rows = session.scalars(select(SignedCopy).where(SignedCopy.blob.is_not(None)))
            return [StoredBlob(row.blob or "", row.size, row.sha512) for row in rows]

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Each copy that lies ready and is not what was made: number of its request, and what is wrong."""
        kept = select(SignedCopy, CopyRequest.number).join(CopyRequest, CopyRequest.id == SignedCopy.request_id)
        with self._desk.database.read() as session:
            rows = session.execute(kept.where(SignedCopy.blob.is_not(None))).all()
        for copy, number in rows:
            try:
                self._store.verify(StoredBlob(copy.blob or "", copy.size, copy.sha512))
            except ArchiveError as error:
                yield number or "", error.message

    # --- parts

    def _ready(self, session: Session, request: CopyRequest) -> SignedCopy:
        copy = copy_of(session, latest_decision(session, request.id))
        if copy is None:
            raise RefusedError(NOT_READY)
        if copy.withdrawn_at is not None:
            raise RefusedError(WITHDRAWN)
        if copy.blob is None or copy.expires_at <= self._desk.clock():
            raise RefusedError(EXPIRED)
        return copy

    def _begin(self, actor: Actor, copy_id: str) -> str:
        with self._desk.database.write() as unit:
            self._desk.check_rights(unit.session, actor)
            copy = unit.session.get_one(SignedCopy, copy_id)
            self._find_place(unit.session, copy)
            if copy.withdrawn_at is not None or copy.blob is None:
                raise RefusedError(WITHDRAWN if copy.withdrawn_at is not None else EXPIRED)
            delivery = Delivery(copy_id=copy_id, account_id=actor.account_id, started_at=self._desk.clock())
            unit.session.add(delivery)
            unit.session.flush()
            return delivery.id

    def _find_place(self, session: Session, copy: SignedCopy, besides: str = "") -> None:
        """Refuse where every transfer that is allowed has ended or is under way, the one named `besides` aside."""
        recent = self._desk.clock() - timedelta(minutes=TRANSFER_MINUTES)
        counts = or_(Delivery.completed_at.is_not(None), Delivery.started_at > recent)
        session.get(SignedCopy, copy.id, with_for_update=True)  # two beginnings at once are counted one after the other
        others = Delivery.copy_id == copy.id, Delivery.id != besides, counts
        if (session.scalar(select(func.count()).select_from(Delivery).where(*others)) or 0) >= self._transfers:
            raise RefusedError(f"复制件最多领取 {self._transfers} 次，不能再领取。确有需要的，请重新申请。")

    def _counted(
        self, blob: StoredBlob, keep_place: Callable[[], None], arrived: Callable[[], None]
    ) -> Iterator[bytes]:
        """The bytes; asked for more after the last, the server has sent it."""
        left = blob.size
        for chunk in self._store.read_range(blob.name, 0, blob.size):
            left -= len(chunk)
            if left <= 0:
                keep_place()
            yield chunk
        arrived()

    def _keep_place(self, actor: Actor, delivery_id: str) -> None:
        """Before the last bytes: one that took so long that it stopped counting ends only where its place is free."""
        with self._desk.database.write() as unit:
            self._desk.check_rights(unit.session, actor)
            delivery = unit.session.get_one(Delivery, delivery_id)
            copy = unit.session.get_one(SignedCopy, delivery.copy_id, with_for_update=True)
            if copy.withdrawn_at is not None:
                raise RefusedError(WITHDRAWN)
            self._find_place(unit.session, copy, delivery_id)
            delivery.started_at = self._desk.clock()

    def _arrived(self, actor: Actor, request_id: str, delivery_id: str) -> None:
        _, step = _way(actor)
        with self._desk.database.write() as unit:
            session = unit.session
            session.get_one(Delivery, delivery_id).completed_at = self._desk.clock()
            request = session.get_one(CopyRequest, request_id, with_for_update=True)  # of two at once none may be lost
            facts = facts_of(session, request, self._desk.today())
            with suppress(RefusedError):  # voided meanwhile: it arrived all the same, and counts
                take_step(session, request, step, actor, facts=facts, moment=self._desk.clock())
            name = EventName(f"copy_request:{step}")
            self._desk.record(session, actor, name, ("copy_request", request_id), delivery=delivery_id)

    def _expire(self, copy_id: str) -> None:
        actor = service_actor("copies")
        with self._desk.database.write() as unit:
            session = unit.session
            copy = session.get_one(SignedCopy, copy_id)
            blob, copy.blob = copy.blob, None
            request = session.get_one(CopyRequest, copy.request_id)
            stands = copy_of(session, latest_decision(session, request.id)) is copy
            if stands and request.state in GRANTED | {RequestState.DELIVERED}:
                facts = facts_of(session, request, self._desk.today())
                take_step(session, request, Step.EXPIRE, actor, facts=facts, moment=self._desk.clock())
            self._desk.record(session, actor, EventName.COPY_REQUEST_EXPIRE, ("copy_request", request.id))
            if blob is not None:
                unit.after_commit(lambda: self._store.delete(blob))


def _way(actor: Actor) -> tuple[Permission, Step]:
    if actor.has(Role.ARCHIVIST):
        return Permission.HAND_OUT_COPY, Step.HAND_OUT
    return Permission.TAKE_COPY, Step.DOWNLOAD
