"""Identities elsewhere that an account is bound to: at the single sign-on, or a certificate on a USB key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.identity import BindingKind
from archive_store.models.base import Base, EnumText, new_id, now


class LoginBinding(Base):
    """One identity elsewhere of one person; it says who comes, and gives no right."""

    __tablename__ = "login_bindings"
    __table_args__ = (UniqueConstraint("kind", "issuer", "subject"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[BindingKind] = mapped_column(EnumText(BindingKind))
    issuer: Mapped[str] = mapped_column(String(255))
    """Who vouches for it: the issuer identifier of the provider (OpenID Connect Core, 2), or empty."""
    subject: Mapped[str] = mapped_column(String(255))
    """The provider's `sub`, or the SHA-256 of the certificate in hex."""
    name: Mapped[str] = mapped_column(String(200))
    """How its owner tells it from others."""
    made_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
