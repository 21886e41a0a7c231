"""The second factor of an account, as login and step-up ask for it: a security key, a code by time, or a recovery code.

`check` takes the same steps for every account, with or without a second factor, known or unknown; `spend` makes that
an answer counts once. Both belong into the transaction that locks the account.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from archive_store.accounts import token_hash
from archive_store.identity import ADMINISTRATORS
from archive_store.labels import Level
from archive_store.models.second_factor import FactorCode, SecondFactor
from archive_store.models.security_keys import SecurityKey
from archive_store.security_keys import NO_KEY, CheckedKey, KeyAnswer
from archive_store.totp import DIGITS, NEVER, accepted_step, new_key

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.private_fields import FieldSeal
    from archive_store.security_keys import SecurityKeys

CODES = 8
CODE_BYTES = 10
LONGEST_CODE = 40
PURPOSE = "second-factor:"
"""Before the account's id where a key is bound to it, so that no other sealed value can stand in its place."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of an answer: whether it is enough, and what is spent with it."""

    good: bool
    step: int | None = None
    code_id: str | None = None
    key: CheckedKey = NO_KEY


@dataclass(frozen=True, slots=True)
class FactorRules:
    """Of whom a second factor is required: of administrators any, or of more people a security key."""

    any_required: bool = False
    key_required: bool = False

    def requires_key(self, actor: Actor) -> bool:
        """Whether the person must have a security key, and log in with it."""
        return self.key_required and (actor.has(*ADMINISTRATORS) or actor.clearance >= Level.CONFIDENTIAL)

    def requires_any(self, actor: Actor) -> bool:
        """Whether the person must have a second factor."""
        return self.requires_key(actor) or (self.any_required and actor.has(*ADMINISTRATORS))


class SecondFactors:
    """Checks what is answered and keeps the keys of one-time codes."""

    def __init__(self, seal: FieldSeal, keys: SecurityKeys, rules: FactorRules) -> None:
        self._seal = seal
        self._decoy = new_key()
        self.keys = keys
        self.rules = rules

    def is_on(self, session: Session, account_id: str) -> bool:
        """Whether one-time codes are on."""
        row = session.get(SecondFactor, account_id)
        return row is not None and row.confirmed_at is not None

    def asks(self, session: Session, account_id: str) -> bool:
        """Whether an account answers with a second factor: it has a code or a security key."""
        return self.is_on(session, account_id) or self._has_key(session, account_id)

    def key(self, row: SecondFactor) -> bytes:
        """The key in the clear."""
        return self._seal.open_bytes(PURPOSE + row.account_id, row.sealed_key)

    def begin(self, session: Session, account_id: str, moment: datetime) -> SecondFactor:
        """A new key that is not asked for yet; a former one that nobody confirmed goes."""
        session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
        sealed = self._seal.seal_bytes(PURPOSE + account_id, new_key())
        row = SecondFactor(account_id=account_id, sealed_key=sealed, begun_at=moment)
        session.add(row)
        session.flush()
        return row

    def check(
        self,
        session: Session,
        account_id: str | None,
        answer: str | KeyAnswer,
        moment: datetime,
        *,
        key_only: bool = False,
    ) -> Checked:
        """Whether a typed code, or what a key signed, is enough: anything is for an account without a second factor.

        `key_only`: a code does not stand in for a key, once there is one.
        """
        code = "" if isinstance(answer, KeyAnswer) else answer
        coded, checked = self._check_code(session, account_id, code, moment)
        has_key = self._has_key(session, account_id)
        if isinstance(answer, KeyAnswer):
            key = self.keys.check(session, account_id, answer, moment)
            checked = Checked(key.key_id is not None and not key.copied, key=key)
        elif has_key and key_only:
            checked = Checked(good=False)
        return checked if coded or has_key else Checked(good=True)

    def spend(self, session: Session, account_id: str, checked: Checked, moment: datetime) -> None:
        """Have the answer that was accepted count no second time."""
        if checked.step is not None:
            session.get_one(SecondFactor, account_id).last_step = checked.step
        if checked.code_id is not None:
            session.execute(delete(FactorCode).where(FactorCode.id == checked.code_id))
        if checked.key.key_id is not None:
            self.keys.spend(session, checked.key, moment)

    def new_codes(self, session: Session, account_id: str) -> list[str]:
        """New recovery codes in the clear; the former ones end."""
        session.execute(delete(FactorCode).where(FactorCode.account_id == account_id))
        codes = [b32encode(secrets.token_bytes(CODE_BYTES)).decode() for _ in range(CODES)]
        session.add_all(FactorCode(account_id=account_id, code_hash=token_hash(code)) for code in codes)
        return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]

    def end_codes(self, session: Session, account_id: str) -> None:
        """No code is asked for any more."""
        session.execute(delete(FactorCode).where(FactorCode.account_id == account_id))
        session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))

    def take_away(self, session: Session, account_id: str) -> None:
        """Take all away, security keys too: nothing is asked for but the password."""
        self.end_codes(session, account_id)
        session.execute(delete(SecurityKey).where(SecurityKey.account_id == account_id))

    def _has_key(self, session: Session, account_id: str | None) -> bool:
        asked = select(SecurityKey.id).where(SecurityKey.account_id == (account_id or "")).limit(1)
        return session.scalars(asked).first() is not None

    def _check_code(
        self, session: Session, account_id: str | None, code: str, moment: datetime
    ) -> tuple[bool, Checked]:
        """Whether codes are on, and what became of this one."""
        asked = select(SecondFactor).where(SecondFactor.account_id == (account_id or ""))
        row = session.scalars(asked.with_for_update()).first()
        is_on = row is not None and row.confirmed_at is not None
        key, last = (self.key(row), row.last_step) if row is not None and is_on else (self._decoy, NEVER)
        typed = "".join(code.split()).replace("-", "").upper()[:LONGEST_CODE]
        is_timed = len(typed) == DIGITS and typed.isascii() and typed.isdigit()
        step = accepted_step(key, typed if is_timed else "", moment, last)
        spare = select(FactorCode.id).where(
            FactorCode.account_id == (account_id or ""), FactorCode.code_hash == token_hash(typed)
        )
        code_id = session.scalars(spare).first()
        if not is_on:
            return False, Checked(good=False)
        return True, Checked(step is not None or code_id is not None, step, code_id)
