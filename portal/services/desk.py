"""What every service works with: the database, the log, and how an event is written."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive_store.accounts import rights_still_stand
from archive_store.audit.events import Event, EventName
from archive_store.deadlines import local_date
from archive_store.errors import ConflictError
from archive_store.models.base import now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from archive_store.audit.log import AuditLog
    from archive_store.identity import Actor
    from archive_store.unit_of_work import Database

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered, on events and lines of the log; None in the worker and in commands."""

RIGHTS_CHANGED = "您的权限刚有变动，本次操作没有办理。请重新登录后再试。"


@dataclass(frozen=True)
class Desk:
    """The tools that all services share."""

    database: Database
    log: AuditLog
    clock: Callable[[], datetime] = now
    """The present moment; the demonstration files its cases on days gone by."""

    def today(self) -> date:
        """The present day in China."""
        return local_date(self.clock())

    def check_rights(self, session: Session, actor: Actor) -> None:
        """Refuse what was begun under rights that have changed since; for the transaction that acts.

        Raises:
            ConflictError: they have changed; nothing may be committed.
        """
        if not rights_still_stand(session, actor):
            raise ConflictError(RIGHTS_CHANGED)

    def record(
        self,
        session: Session,
        actor: Actor | str,
        name: EventName,
        subject: tuple[str, str],
        outcome: str = "done",
        **details: Any,  # noqa: ANN401 - JSON values
    ) -> None:
        """Append an event about `subject` (kind, id) to the transaction of what it records.

        Raises:
            ConflictError: the actor's rights changed since it was read; nothing may be committed.
        """
        if isinstance(actor, str):
            who = actor
        else:
            self.check_rights(session, actor)
            who = actor.account_id
        kind, identifier = subject
        self.log.append(session, Event(name, who, kind, identifier, outcome, self.clock(), details, REQUEST_ID.get()))
