"""The person's own sessions: which there are, and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from archive_store.audit.events import EventName
from archive_store.errors import NotFoundError
from archive_store.models.accounts import Account, WebSession

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from archive_store.identity import Actor
    from portal.services.desk import Desk


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session that still holds."""

    id: str
    begun: datetime
    seen: datetime
    ends: datetime
    address: str
    is_this: bool


class OwnAccountService:
    """What everyone may see and end of the own account."""

    def __init__(self, desk: Desk, *, idle: timedelta) -> None:
        self._desk = desk
        self._idle = idle

    def sessions(self, actor: Actor, this: str) -> list[OwnSession]:
        """The sessions that still hold, the present one first, then those seen last."""
        now = self._desk.clock()
        with self._desk.database.read() as session:
            version = session.get_one(Account, actor.account_id).rights_version
            rows = session.scalars(
                select(WebSession)
                .where(
                    WebSession.account_id == actor.account_id,
                    WebSession.rights_version == version,
                    WebSession.ends_at > now,
                    WebSession.seen_at > now - self._idle,
                )
                .order_by(WebSession.seen_at.desc(), WebSession.id)
            ).all()
        found = [
            OwnSession(row.id, row.created_at, row.seen_at, row.ends_at, row.address, row.id == this) for row in rows
        ]
        return sorted(found, key=lambda one: not one.is_this)

    def end_session(self, actor: Actor, session_id: str) -> None:
        """End one of one's own sessions.

        Raises:
            NotFoundError: one has no such session.
        """
        with self._desk.database.write() as unit:
            row = unit.session.get(WebSession, session_id)
            if row is None or row.account_id != actor.account_id:
                raise NotFoundError
            unit.session.delete(row)
            subject = ("account", actor.account_id)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_END_SESSION, subject)

    def end_others(self, actor: Actor, this: str) -> None:
        """End all of one's own sessions but this."""
        with self._desk.database.write() as unit:
            others = delete(WebSession).where(WebSession.account_id == actor.account_id, WebSession.id != this)
            unit.session.execute(others)
            subject = ("account", actor.account_id)
            self._desk.record(unit.session, actor, EventName.ACCOUNT_END_SESSION, subject, others=True)
