"""The person's own second factor: begun with a QR code, confirmed with a code, taken away by its owner alone."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import segno
from sqlalchemy import delete, func, select

from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import ADMINISTRATORS
from archive_store.models.accounts import Account, WebSession
from archive_store.models.second_factor import FactorCode, SecondFactor
from archive_store.totp import accepted_step, address, written_key

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.second_factor import SecondFactors
    from portal.services.desk import Desk

ISSUER = "案卷"
WRONG_CODE = "验证码不正确，尚未开启。请核对手机时间是否准确，输入当前显示的 6 位数字。"
REQUIRED = "本单位要求管理员使用动态验证码，不能关闭。换手机的，请联系另一位管理员办理恢复登录。"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the person's second factor stands."""

    is_on: bool
    since: datetime | None
    codes_left: int
    is_required: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A key to be taken into an app: as an image (data URI) and in writing."""

    image: str
    written: str


class SecondFactorService:
    """Begins, confirms and takes away; `required` is whether administrators must have one."""

    def __init__(self, desk: Desk, factors: SecondFactors, *, required: bool) -> None:
        self._desk = desk
        self._factors = factors
        self._required = required

    def is_due(self, actor: Actor) -> bool:
        """Whether the person has to set one up before anything else."""
        return self._requires(actor) and not self.is_on(actor)

    def is_on(self, actor: Actor) -> bool:
        """Whether the person is asked for a code."""
        with self._desk.database.read() as session:
            return self._factors.is_on(session, actor.account_id)

    def standing(self, actor: Actor) -> Standing:
        """How it stands, for the person's own page."""
        with self._desk.database.read() as session:
            row = session.get(SecondFactor, actor.account_id)
            kept = select(func.count()).where(FactorCode.account_id == actor.account_id)
            since = row.confirmed_at if row else None
            return Standing(since is not None, since, session.scalar(kept) or 0, self._requires(actor))

    def begin(self, actor: Actor) -> Key:
        """A new key; it is asked for once it was confirmed.

        Raises:
            RefusedError: one is on already.
        """
        with self._desk.database.write() as unit:
            if self._factors.is_on(unit.session, actor.account_id):
                raise RefusedError("动态验证码已经开启。更换验证器的，请先关闭再重新开启。")
            row = self._factors.begin(unit.session, actor.account_id, self._desk.clock())
            return self._shown(unit.session, row)

    def begun(self, actor: Actor) -> Key:
        """The key that was begun and not confirmed, again.

        Raises:
            NotFoundError: there is none.
        """
        with self._desk.database.read() as session:
            return self._shown(session, self._begun(session, actor))

    def confirm(self, actor: Actor, code: str, session_id: str) -> list[str]:
        """Turn it on with a first code; gives the recovery codes, this once. Every other session ends.

        Raises:
            NotFoundError: none was begun.
            InvalidInputError: the code is not that of the key.
        """
        with self._desk.database.write() as unit:
            row = self._begun(unit.session, actor)
            typed, now = "".join(code.split()), self._desk.clock()
            step = accepted_step(self._factors.key(row), typed, now)
            if step is None:
                raise InvalidInputError(WRONG_CODE, "code")
            row.confirmed_at, row.last_step = now, step
            others = delete(WebSession).where(WebSession.account_id == actor.account_id, WebSession.id != session_id)
            unit.session.execute(others)
            self._record(unit.session, actor, EventName.FACTOR_ENABLE)
            return self._factors.new_codes(unit.session, actor.account_id)

    def new_codes(self, actor: Actor) -> list[str]:
        """New recovery codes, this once; the former ones end."""
        with self._desk.database.write() as unit:
            if not self._factors.is_on(unit.session, actor.account_id):
                raise NotFoundError
            self._record(unit.session, actor, EventName.FACTOR_NEW_CODES)
            return self._factors.new_codes(unit.session, actor.account_id)

    def remove(self, actor: Actor) -> None:
        """Turn it off.

        Raises:
            RefusedError: it is required of the person.
        """
        with self._desk.database.write() as unit:
            if not self._factors.is_on(unit.session, actor.account_id):
                raise NotFoundError
            if self._requires(actor):
                raise RefusedError(REQUIRED)
            self._factors.take_away(unit.session, actor.account_id)
            self._record(unit.session, actor, EventName.FACTOR_DISABLE)

    # --- parts

    def _requires(self, actor: Actor) -> bool:
        return self._required and not actor.roles.isdisjoint(ADMINISTRATORS)

    def _begun(self, session: Session, actor: Actor) -> SecondFactor:
        row = session.get(SecondFactor, actor.account_id, with_for_update=True)
        if row is None or row.confirmed_at is not None:
            raise NotFoundError
        return row

    def _shown(self, session: Session, row: SecondFactor) -> Key:
        key, out = self._factors.key(row), io.BytesIO()
        login = session.get_one(Account, row.account_id).login
        segno.make_qr(address(key, ISSUER, login), error="m").save(out, kind="svg", scale=5, border=4)
        return Key(f"data:image/svg+xml;base64,{b64encode(out.getvalue()).decode()}", written_key(key))

    def _record(self, session: Session, actor: Actor, name: EventName) -> None:
        self._desk.record(session, actor, name, ("account", actor.account_id))
