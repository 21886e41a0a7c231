"""The person's own one-time codes: begun with a QR code, confirmed with a code, taken away by their owner alone."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import segno
from sqlalchemy import delete, func, select

from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
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
REQUIRED = "本单位要求您使用第二重验证，不能关闭。换手机的，请联系另一位管理员办理恢复登录。"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A security key as its owner sees it."""

    id: str
    name: str
    made: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the person's second factor stands: one-time codes, security keys, and what is required."""

    is_on: bool
    since: datetime | None
    codes_left: int
    is_required: bool
    key_required: bool = False
    keys: tuple[OwnKey, ...] = ()

    @property
    def asks_code(self) -> bool:
        """Whether a code is good for anything: it is not where a key is required, once there is one."""
        return self.is_on and not (self.key_required and self.keys)

    @property
    def may_remove_key(self) -> bool:
        """Whether one of the keys may go."""
        if self.key_required:
            return len(self.keys) > 1
        return not self.is_required or self.is_on or len(self.keys) > 1


@dataclass(frozen=True, slots=True)
class Key:
    """A key to be taken into an app: as an image (data URI) and in writing."""

    image: str
    written: str


class SecondFactorService:
    """Begins, confirms and takes away."""

    def __init__(self, desk: Desk, factors: SecondFactors) -> None:
        self._desk = desk
        self._factors = factors

    def is_due(self, actor: Actor) -> bool:
        """Whether the person has to set one up before anything else."""
        if not self._factors.rules.requires_any(actor):
            return False
        with self._desk.database.read() as session:
            if self._factors.keys.keys(session, actor.account_id):
                return False
            return self._factors.rules.requires_key(actor) or not self._factors.is_on(session, actor.account_id)

    def standing(self, actor: Actor) -> Standing:
        """How it stands, for the person's own page."""
        with self._desk.database.read() as session:
            return standing_of(session, self._factors, actor)

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
            standing = standing_of(unit.session, self._factors, actor)
            if standing.is_required and not standing.keys:
                raise RefusedError(REQUIRED)
            self._factors.end_codes(unit.session, actor.account_id)
            self._record(unit.session, actor, EventName.FACTOR_DISABLE)

    # --- parts

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


def standing_of(session: Session, factors: SecondFactors, actor: Actor) -> Standing:
    """How the person's second factor stands."""
    row = session.get(SecondFactor, actor.account_id)
    kept = select(func.count()).where(FactorCode.account_id == actor.account_id)
    since, rules = row.confirmed_at if row else None, factors.rules
    keys = factors.keys.keys(session, actor.account_id)
    return Standing(
        since is not None,
        since,
        session.scalar(kept) or 0,
        rules.requires_any(actor),
        rules.requires_key(actor),
        tuple(OwnKey(key.id, key.name, key.made_at, key.used_at) for key in keys),
    )
