"""Security keys (WebAuthn) of accounts, and the challenges that wait for an answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, new_id, now


class SecurityKey(Base):
    """One key of a person: its public half and how often it has signed."""

    __tablename__ = "security_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(String(50))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """As COSE_Key (RFC 9052)."""
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    """What the key said when it last signed; a copy of it says less or the same (WebAuthn Level 3, 6.1.1)."""
    made_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class KeyChallenge(Base):
    """A challenge that was given out and not answered yet: its answer takes the row away."""

    __tablename__ = "key_challenges"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)
