"""The second factor of an account, as login and step-up ask for it: a code by time, or one of the recovery codes.

`check` takes the same steps for every account, with or without a second factor, known or unknown; `spend` makes that
a code counts once. Both belong into the transaction that locks the account.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from archive_store.accounts import token_hash
from archive_store.models.second_factor import FactorCode, SecondFactor
from archive_store.totp import DIGITS, NEVER, accepted_step, new_key

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from archive_store.private_fields import FieldSeal

CODES = 8
CODE_BYTES = 10
LONGEST_CODE = 40
PURPOSE = "second-factor:"
"""Before the account's id where a key is bound to it, so that no other sealed value can stand in its place."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a code: whether it is enough, and what is spent with it."""

    good: bool
    step: int | None = None
    code_id: str | None = None


class SecondFactors:
    """Checks codes and keeps keys."""

    def __init__(self, seal: FieldSeal) -> None:
        self._seal = seal
        self._decoy = new_key()

    def is_on(self, session: Session, account_id: str) -> bool:
        """Whether the account is asked for a code."""
        row = session.get(SecondFactor, account_id)
        return row is not None and row.confirmed_at is not None

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

    def check(self, session: Session, account_id: str | None, code: str, moment: datetime) -> Checked:
        """Whether the code is enough for this account: any is where it has no second factor."""
        asked = select(SecondFactor).where(SecondFactor.account_id == (account_id or ""))
        row = session.scalars(asked.with_for_update()).first()
        required = row is not None and row.confirmed_at is not None
        key, last = (self.key(row), row.last_step) if row is not None and required else (self._decoy, NEVER)
        typed = "".join(code.split()).replace("-", "").upper()[:LONGEST_CODE]
        is_timed = len(typed) == DIGITS and typed.isascii() and typed.isdigit()
        step = accepted_step(key, typed if is_timed else "", moment, last)
        spare = select(FactorCode.id).where(
            FactorCode.account_id == (account_id or ""), FactorCode.code_hash == token_hash(typed)
        )
        code_id = session.scalars(spare).first()
        if not required:
            return Checked(good=True)
        return Checked(step is not None or code_id is not None, step, code_id)

    def spend(self, session: Session, account_id: str, checked: Checked) -> None:
        """Have the code that was accepted count no second time."""
        if checked.step is not None:
            session.get_one(SecondFactor, account_id).last_step = checked.step
        if checked.code_id is not None:
            session.execute(delete(FactorCode).where(FactorCode.id == checked.code_id))

    def new_codes(self, session: Session, account_id: str) -> list[str]:
        """New recovery codes in the clear; the former ones end."""
        session.execute(delete(FactorCode).where(FactorCode.account_id == account_id))
        codes = [b32encode(secrets.token_bytes(CODE_BYTES)).decode() for _ in range(CODES)]
        session.add_all(FactorCode(account_id=account_id, code_hash=token_hash(code)) for code in codes)
        return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]

    def take_away(self, session: Session, account_id: str) -> None:
        """No code is asked for any more."""
        session.execute(delete(FactorCode).where(FactorCode.account_id == account_id))
        session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
