"""Which recordings are made ready for playing, and how far that has come."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from archive_store.models.derivatives import DerivativeState, PlayingDerivative
from archive_store.work import PREPARE_PLAYING, note_once

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

MOST_ATTEMPTS = 2


def want(session: Session, file_id: str) -> PlayingDerivative:
    """Have a recording made ready, unless it is or cannot be; gives its row."""
    row = session.get(PlayingDerivative, file_id)
    if row is None:
        row = PlayingDerivative(file_id=file_id, state=DerivativeState.WAITING, media_type="", tag="")
        session.add(row)
        session.flush()
    if row.state is DerivativeState.WAITING:
        note_once(session, PREPARE_PLAYING, file_id)
    return row


def lose(session: Session, row: PlayingDerivative) -> None:
    """What was ready is no longer there: it is made anew."""
    row.state, row.attempts, row.settled_at = DerivativeState.WAITING, 0, None
    want(session, row.file_id)


def settle_ready(row: PlayingDerivative, media_type: str, at: datetime) -> None:
    """The playable form is kept."""
    row.state, row.media_type, row.reason, row.settled_at = DerivativeState.READY, media_type, "", at
    row.tag = token_hex(16)


def settle_failed(row: PlayingDerivative, reason: str, at: datetime) -> None:
    """The recording cannot be played."""
    row.state, row.reason, row.settled_at = DerivativeState.FAILED, reason[:500], at
