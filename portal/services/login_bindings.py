"""The identities elsewhere by which a person may log in: bound, listed and taken off by their owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.errors import NotFoundError
from archive_store.login_bindings import bind, bindings
from archive_store.models.accounts import Account
from archive_store.models.login_bindings import LoginBinding

if TYPE_CHECKING:
    from datetime import datetime

    from archive_store.identity import Actor, BindingKind
    from archive_store.login_bindings import Identity
    from portal.services.desk import Desk


@dataclass(frozen=True, slots=True)
class OwnBinding:
    """An identity as its owner sees it."""

    id: str
    kind: BindingKind
    name: str
    made: datetime
    used: datetime | None


class LoginBindingService:
    """Binds and takes off."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def listed(self, actor: Actor) -> list[OwnBinding]:
        """One's own identities, oldest first."""
        with self._desk.database.read() as session:
            rows = bindings(session, actor.account_id)
            return [OwnBinding(row.id, row.kind, row.name, row.made_at, row.used_at) for row in rows]

    def bind(self, actor: Actor, identity: Identity) -> None:
        """Let the person log in by an identity that it proved just now.

        Raises:
            RefusedError: the identity is bound already, or the person has as many as one may have.
        """
        with self._desk.database.write() as unit:
            unit.session.get_one(Account, actor.account_id, with_for_update=True)
            row = bind(unit.session, actor.account_id, identity, self._desk.clock())
            subject = ("account", actor.account_id)
            self._desk.record(
                unit.session, actor, EventName.ACCOUNT_BIND_LOGIN, subject, binding=row.id, way=identity.kind
            )

    def remove(self, actor: Actor, binding_id: str) -> None:
        """Take one of one's own identities off.

        Raises:
            NotFoundError: one has no such identity.
        """
        with self._desk.database.write() as unit:
            row = unit.session.get(LoginBinding, binding_id)
            if row is None or row.account_id != actor.account_id:
                raise NotFoundError
            unit.session.delete(row)
            subject, way = ("account", actor.account_id), row.kind
            self._desk.record(unit.session, actor, EventName.ACCOUNT_UNBIND_LOGIN, subject, binding=binding_id, way=way)
