"""Which recordings are to be heard by the program for speech, and how far that has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.models.derivatives import DerivativeState, SpeechDerivative
from archive_store.work import RECOGNISE_SPEECH, note_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def want(session: Session, file_id: str) -> None:
    """Have a recording heard, unless it was or cannot be."""
    row = session.get(SpeechDerivative, file_id)
    if row is None:
        row = SpeechDerivative(file_id=file_id, state=DerivativeState.WAITING, reason="")
        session.add(row)
        session.flush()
    if row.state is DerivativeState.WAITING:
        note_once(session, RECOGNISE_SPEECH, file_id)


def lose(session: Session, row: SpeechDerivative) -> None:
    """What was heard is no longer there: it is heard again."""
    row.state, row.reason, row.settled_at = DerivativeState.WAITING, "", None
    want(session, row.file_id)
