"""The second factor of an account: its key, encrypted, and the recovery codes that stand in for it, hashed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, new_id, now


class SecondFactor(Base):
    """One account's key for one-time codes; it is asked for once it was confirmed."""

    __tablename__ = "second_factors"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    """AES-256-GCM under the field key, bound to the account."""
    begun_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=-1)
    """The step of the last code that was accepted: none up to it counts again."""


class FactorCode(Base):
    """One of the recovery codes of an account; it goes with its use."""

    __tablename__ = "factor_codes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256: enough for a random code of 80 bits."""
