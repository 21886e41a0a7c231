"""Personal access tokens: made and withdrawn by the person, for one purpose and until a day.

A token stands for its person as of the moment of each request: it never gives more than the person holds then, and
nothing beyond its scope. Only a hash is kept, so it is shown once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import actor_of, new_token, token_hash
from archive_store.audit.events import EventName
from archive_store.deadlines import CHINA, beginning_of
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.models.tokens import AccessToken
from archive_store.permissions import Permission
from archive_store.policy import may

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from portal.services.desk import Desk

LONGEST_DAYS = 366
MOST = 10
"""A person has so many tokens at once at most."""
MAX_NAME = 60


class TokenScope(StrEnum):
    """What a token is for."""

    SEARCH = "search"


NEEDS = {TokenScope.SEARCH: Permission.SEARCH}
"""The permission without which a scope is not of a person's office."""


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token as its person sees it."""

    id: str
    name: str
    made_at: datetime
    last_day: date
    withdrawn_at: datetime | None
    holds: bool


class TokenService:
    """Makes, lists and withdraws the tokens of the one who asks, and tells whose token it is."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def make(self, actor: Actor, name: str, last_day: date | None, scope: TokenScope = TokenScope.SEARCH) -> str:
        """A new token, which is valid to the end of `last_day`.

        Raises:
            NotFoundError: the scope is not of the actor's office.
            InvalidInputError: no name, or a day that is past or too far off.
            RefusedError: the actor has too many tokens.
        """
        self._check_office(actor, scope)
        ends = self._end_of(name, last_day)
        token, digest = new_token()
        with self._desk.database.write() as unit:
            held = [row for row in self._rows(unit.session, actor) if self._holds(row)]
            if len(held) >= MOST:
                raise RefusedError(f"您已有 {MOST} 个有效的访问令牌。请先作废不用的，再签发新的。")
            row = AccessToken(account_id=actor.account_id, name=name.strip(), scope=str(scope), token_hash=digest)
            row.made_at, row.ends_at = self._desk.clock(), ends
            unit.session.add(row)
            unit.session.flush()
            self._desk.record(unit.session, actor, EventName.TOKEN_MAKE, ("access_token", row.id), scope=str(scope))
        return token

    def listed(self, actor: Actor) -> list[ShownToken]:
        """The actor's tokens, the newest first.

        Raises:
            NotFoundError: no scope is of the actor's office.
        """
        self._check_office(actor, TokenScope.SEARCH)
        with self._desk.database.read() as session:
            return [
                ShownToken(row.id, row.name, row.made_at, _last_day(row), row.withdrawn_at, self._holds(row))
                for row in self._rows(session, actor)
            ]

    def withdraw(self, actor: Actor, token_id: str) -> None:
        """End a token of the actor's own at once.

        Raises:
            NotFoundError: the actor has no such token.
        """
        with self._desk.database.write() as unit:
            row = unit.session.get(AccessToken, token_id)
            if row is None or row.account_id != actor.account_id:
                raise NotFoundError
            if row.withdrawn_at is None:
                row.withdrawn_at = self._desk.clock()
                self._desk.record(unit.session, actor, EventName.TOKEN_WITHDRAW, ("access_token", row.id))

    def bearer(self, token: str, scope: TokenScope) -> Actor | None:
        """The person for whom a token speaks in this scope now; None where it does not hold (any more)."""
        with self._desk.database.read() as session:
            found = select(AccessToken).where(AccessToken.token_hash == token_hash(token))
            row = session.scalars(found).first()
            if row is None or row.scope != scope or not self._holds(row):
                return None
            return actor_of(session, row.account_id)

    def _check_office(self, actor: Actor, scope: TokenScope) -> None:
        if not may(actor, NEEDS[scope]):
            raise NotFoundError

    def _end_of(self, name: str, last_day: date | None) -> datetime:
        today = self._desk.today()
        if not 1 <= len(name.strip()) <= MAX_NAME:
            raise InvalidInputError(f"请写明用途，最多 {MAX_NAME} 个字，例如：统计程序。", field="name")
        if last_day is None or not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
            raise InvalidInputError(f"有效期至须是今天或以后，且不超过 {LONGEST_DAYS} 天。", field="last_day")
        return beginning_of(last_day + timedelta(days=1))

    def _holds(self, row: AccessToken) -> bool:
        return row.withdrawn_at is None and row.ends_at > self._desk.clock()

    @staticmethod
    def _rows(session: Session, actor: Actor) -> list[AccessToken]:
        own = select(AccessToken).where(AccessToken.account_id == actor.account_id)
        return [*session.scalars(own.order_by(AccessToken.made_at.desc(), AccessToken.id))]


def _last_day(row: AccessToken) -> date:
    return (row.ends_at.astimezone(CHINA) - timedelta(microseconds=1)).date()
