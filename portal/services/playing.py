"""Playing recordings: from a derivative, under an address of the session, each request checked, playing on record.

The original is never sent. What is played was made in a parser process (`archive_store.parsing.playable`) and can be
thrown away and made anew. `item:play` is written when a playback is opened, and again with the first request of each
further minute in which anything of it is fetched; it is durable before the first byte leaves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import select

from archive_store import playback
from archive_store.audit.events import EventName
from archive_store.cases import item_for
from archive_store.deadlines import CHINA
from archive_store.derivatives import Kind
from archive_store.drafts import playing_file
from archive_store.errors import IntegrityError, NotFoundError, UnavailableError
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import StoredFile
from archive_store.models.derivatives import DerivativeState, PlayingDerivative
from archive_store.page_texts import Spoken
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError, ParserTimedOutError
from portal.services.playback_address import AddressMaker, Holder

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.derivatives import Derivatives
    from archive_store.identity import Actor
    from archive_store.models.cases import Case, Item
    from archive_store.originals import Originals
    from archive_store.page_texts import PageTexts
    from archive_store.parsing.documents import Documents
    from portal.dissemination.watermark import WatermarkPress
    from portal.services.desk import Desk

FORM = "form"
"""The name under which the playable form lies among the derivatives of a file."""
EVENT_COVERS = timedelta(minutes=1)
TOO_LONG = "转换超过 30 分钟仍未完成，不能在线播放。原件完好。"
NOT_NOW = "文字记录暂时不能显示，请稍后刷新。"
LOST = "转换程序两次中断，不能在线播放。原件完好。"


@dataclass(frozen=True, slots=True)
class Player:
    """An item open in the player; `address` is empty unless it is ready."""

    case: Case
    item: Item
    state: DerivativeState
    reason: str
    address: str
    is_film: bool
    opened_at: datetime
    spoken: Spoken
    """What was said and when, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Medium:
    """The playable form, open for reading; the tag tells two makings apart."""

    file: BinaryIO
    size: int
    media_type: str
    tag: str


@dataclass(frozen=True, slots=True)
class Studio:
    """What recordings are taken from, made with and kept in; `maker` has processes of a single call each."""

    originals: Originals
    derivatives: Derivatives
    maker: Documents
    documents: Documents


class PlayingService:
    """Opens recordings for those who may read them, and makes them ready."""

    def __init__(self, desk: Desk, studio: Studio, texts: PageTexts, press: WatermarkPress, key: bytes) -> None:
        self._desk = desk
        self._studio = studio
        self._texts = texts
        self._press = press
        self._addresses = AddressMaker(key)

    def open(self, actor: Actor, session_id: str, item_id: str) -> Player:
        """What the player shows of an item; where it is not ready, that is noted as work.

        Raises:
            NotFoundError: no such item for this actor, or it is no recording.
        """
        now = self._desk.clock()
        spoken = self._spoken(actor, item_id)
        with self._desk.database.write() as unit:
            session = unit.session
            case, item = item_for(session, actor, item_id)
            file = _recording(item)
            row = playback.want(session, file.id)
            if row.state is DerivativeState.READY and FORM not in self._studio.derivatives.names(Kind.PLAYING, file.id):
                playback.lose(session, row)
            address = ""
            if row.state is DerivativeState.READY:
                address = self._addresses.make(Holder(session_id, actor.account_id, item_id), now)
            if address or spoken.cues:
                self._desk.record(session, actor, EventName.ITEM_PLAY, ("item", item_id), words=bool(spoken.cues))
            film = (row.media_type or file.media_type).startswith("video/")
            return Player(case, item, row.state, row.reason, address, film, now.astimezone(CHINA), spoken)

    def _spoken(self, actor: Actor, item_id: str) -> Spoken:
        """What was said in it, or why it cannot be told now."""
        with self._desk.database.read() as session:
            _, item = item_for(session, actor, item_id)
            _recording(item)
        try:
            return self._texts.said(item)
        except UnavailableError:
            return Spoken(problem=NOT_NOW)

    def medium(self, actor: Actor, session_id: str, item_id: str, address: str, first_byte: int) -> Medium:
        """The playable form behind an address; the event is durable when it is given.

        Raises:
            NotFoundError: the address does not hold for this session, person and item, the actor may not read the
                item (any more), or it is not ready.
        """
        row, file = self._ready(actor, session_id, item_id, address)
        self._record(actor, item_id, first_byte)
        return Medium(file, os.fstat(file.fileno()).st_size, row.media_type, row.tag)

    def poster(self, actor: Actor, session_id: str, item_id: str, address: str) -> bytes:
        """A picture of the film as JPEG, with the viewer's name and time burnt in; errors as for `medium`."""
        row, file = self._ready(actor, session_id, item_id, address)
        with file:
            if not row.media_type.startswith("video/"):
                raise NotFoundError
            image = self._studio.documents.poster(file, row.media_type)
        jpeg = self._press.view_jpeg(image, actor.name, self._desk.clock().astimezone(CHINA))
        self._record(actor, item_id, 0)
        return jpeg

    def prepare(self, file_id: str) -> bool:
        """Make the playable form of a noted recording; gives whether it is to be tried once more. For the worker.

        Raises:
            UnavailableError: nothing can be done now (the disk is full, the process is closing).
        """
        with self._desk.database.read() as session:
            row, file = session.get(PlayingDerivative, file_id), session.get(StoredFile, file_id)
        if row is None or file is None or row.state is not DerivativeState.WAITING:
            return False
        try:
            media_type = self._made(file)
        except (ParserRefusedError, IntegrityError, NotFoundError) as error:
            return self._settled(file_id, failed_because=error.message)
        except ParserTimedOutError:
            return self._settled(file_id, failed_because=TOO_LONG)
        except ParserFailedError:
            return self._lost(row)
        return self._settled(file_id, media_type)

    def reconcile(self) -> None:
        """Note again what was lost, and throw away what belongs to no file any more."""
        derivatives = self._studio.derivatives
        kept = set(derivatives.file_ids(Kind.PLAYING))
        known: set[str] = set()
        with self._desk.database.write() as unit:
            for row in unit.session.scalars(select(PlayingDerivative)).all():
                known.add(row.file_id)
                if row.state is DerivativeState.READY and row.file_id not in kept:
                    playback.lose(unit.session, row)
                elif row.state is DerivativeState.WAITING:
                    playback.want(unit.session, row.file_id)
        for file_id in kept - known:
            derivatives.remove(Kind.PLAYING, file_id)

    def _ready(self, actor: Actor, session_id: str, item_id: str, address: str) -> tuple[PlayingDerivative, BinaryIO]:
        if not self._addresses.holds(address, Holder(session_id, actor.account_id, item_id), self._desk.clock()):
            raise NotFoundError
        with self._desk.database.read() as session:
            _, item = item_for(session, actor, item_id)
            row = session.get(PlayingDerivative, _recording(item).id)
        if row is None or row.state is not DerivativeState.READY:
            raise NotFoundError
        return row, self._studio.derivatives.open(Kind.PLAYING, row.file_id, FORM)

    def _record(self, actor: Actor, item_id: str, first_byte: int) -> None:
        """Append the event, unless one of the last minute says the same already."""
        with self._desk.database.read() as session:
            if self._was_recorded(session, actor, item_id):
                return
        with self._desk.database.write() as unit:
            item_for(unit.session, actor, item_id)
            self._desk.record(unit.session, actor, EventName.ITEM_PLAY, ("item", item_id), first_byte=first_byte)

    def _was_recorded(self, session: Session, actor: Actor, item_id: str) -> bool:
        same = (
            AuditLeaf.object_type == "item",
            AuditLeaf.object_id == item_id,
            AuditLeaf.actor_id == actor.account_id,
            AuditLeaf.name == EventName.ITEM_PLAY.value,
            AuditLeaf.at > self._desk.clock() - EVENT_COVERS,
        )
        return session.scalars(select(AuditLeaf.id).where(*same).limit(1)).first() is not None

    def _made(self, file: StoredFile) -> str:
        """Make the form and look at it as at any file that comes in; gives its media type."""
        studio = self._studio
        making = studio.derivatives.making(Kind.PLAYING, file.id, FORM, expected=file.size)
        with studio.originals.open(file) as original, making as place:
            made = studio.maker.playable(original, file.media_type, place)
            found = studio.documents.probe(place)
            if found.problem or found.media_type != made.media_type:
                raise ParserRefusedError
        return made.media_type

    def _lost(self, row: PlayingDerivative) -> bool:
        """The parser process was lost: once may be chance, twice is the file's fault."""
        if row.attempts + 1 >= playback.MOST_ATTEMPTS:
            return self._settled(row.file_id, failed_because=LOST)
        with self._desk.database.write() as unit:
            unit.session.get_one(PlayingDerivative, row.file_id).attempts += 1
        return True

    def _settled(self, file_id: str, media_type: str = "", *, failed_because: str = "") -> bool:
        with self._desk.database.write() as unit:
            row = unit.session.get(PlayingDerivative, file_id)
            if row is not None and media_type:
                playback.settle_ready(row, media_type, self._desk.clock())
            elif row is not None:
                playback.settle_failed(row, failed_because, self._desk.clock())
        return False


def _recording(item: Item) -> StoredFile:
    file = playing_file(item)
    if file is None:
        raise NotFoundError
    return file
