"""The person's own security keys: registered with a name, listed, taken away; and the question that login asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from archive_store.audit.events import EventName
from archive_store.errors import NotFoundError, RefusedError
from archive_store.models.accounts import Account, WebSession
from archive_store.models.security_keys import SecurityKey
from archive_store.security_keys import MOST
from portal.services.second_factor import standing_of
from portal.services.words import one_line

if TYPE_CHECKING:
    from archive_store.identity import Actor
    from archive_store.second_factor import SecondFactors
    from archive_store.security_keys import KeyAnswer
    from portal.services.desk import Desk

LONGEST_NAME = 50
LAST_KEY = "本单位要求您使用第二重验证，最后一把安全密钥不能删除。请先登记另一把，再删除这一把。"


class SecurityKeyService:
    """Asks for keys, registers them and takes them away."""

    def __init__(self, desk: Desk, factors: SecondFactors) -> None:
        self._desk = desk
        self._factors = factors

    def request(self) -> tuple[str, str]:
        """What any browser is asked with, as JSON, and the challenge for its session alone."""
        with self._desk.database.write() as unit:
            return self._factors.keys.request(unit.session, self._desk.clock())

    def begin(self, actor: Actor) -> tuple[str, str]:
        """What the browser makes a key with, as JSON, and the challenge for this session alone.

        Raises:
            RefusedError: the person has as many as one may have.
        """
        with self._desk.database.write() as unit:
            if len(self._factors.keys.keys(unit.session, actor.account_id)) >= MOST:
                raise RefusedError(f"最多登记 {MOST} 把安全密钥，请先删除不用的。")
            account = unit.session.get_one(Account, actor.account_id)
            return self._factors.keys.begin(unit.session, account, self._desk.clock())

    def confirm(self, actor: Actor, name: str, answer: KeyAnswer, session_id: str) -> None:
        """Keep the key that the browser made. Every other session ends.

        Raises:
            InvalidInputError: the name is missing or too long.
            RefusedError: it is not the answer to what this session was asked.
        """
        name = one_line(name, "name", LONGEST_NAME, f"请给这把密钥起个名称，不超过 {LONGEST_NAME} 字。")
        with self._desk.database.write() as unit:
            unit.session.get_one(Account, actor.account_id, with_for_update=True)
            self._factors.keys.register(unit.session, actor.account_id, name, answer, self._desk.clock())
            others = delete(WebSession).where(WebSession.account_id == actor.account_id, WebSession.id != session_id)
            unit.session.execute(others)
            self._desk.record(unit.session, actor, EventName.FACTOR_ADD_KEY, ("account", actor.account_id))

    def remove(self, actor: Actor, key_id: str) -> None:
        """Take one of one's own keys away.

        Raises:
            NotFoundError: one has no such key.
            RefusedError: it is the last second factor of somebody who must have one.
        """
        with self._desk.database.write() as unit:
            unit.session.get_one(Account, actor.account_id, with_for_update=True)
            row = unit.session.get(SecurityKey, key_id)
            if row is None or row.account_id != actor.account_id:
                raise NotFoundError
            if not standing_of(unit.session, self._factors, actor).may_remove_key:
                raise RefusedError(LAST_KEY)
            unit.session.delete(row)
            subject = ("account", actor.account_id)
            self._desk.record(unit.session, actor, EventName.FACTOR_REMOVE_KEY, subject, key=key_id)
