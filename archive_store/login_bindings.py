"""Identities elsewhere that say who comes: a subject of the single sign-on, or a client certificate.

They replace name and password at login, nothing more: rights come from the archive's own grants, and a second factor is
asked for as after a password. An identity is bound to one account only, by its owner, while both are proved.

Source: OpenID Connect Core 1.0, 2 and 5.7 (issuer and subject together name a person); RFC 9440 (Client-Cert).
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from sqlalchemy import delete, select

from archive_store.errors import RefusedError
from archive_store.identity import BindingKind
from archive_store.models.login_bindings import LoginBinding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

MOST = 5
"""Identities of one account."""
LONGEST_NAME = 200
LONGEST_PART = 255
"""Characters of issuer and subject (OpenID Connect Core 1.0, 2)."""
LONGEST_CERTIFICATE = 16 * 1024
"""Characters of a certificate as a proxy hands it on."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity elsewhere that was proved just now, and how it calls itself."""

    kind: BindingKind
    issuer: str
    subject: str
    name: str

    @property
    def is_sound(self) -> bool:
        """Whether it can be kept: neither empty nor longer than the standard allows."""
        return 0 < len(self.subject) <= LONGEST_PART and len(self.issuer) <= LONGEST_PART


def read_certificate(written: str, moment: datetime) -> Identity | None:
    """The identity in a certificate as a proxy hands it on, of which the proxy has checked chain and key.

    Args:
        written: `:base64 of DER:` (RFC 9440), or PEM with percent signs (`$ssl_client_escaped_cert` of nginx).
        moment: when; a certificate that does not hold then says nothing.
    """
    try:
        certificate = _parse(written[:LONGEST_CERTIFICATE].strip())
        holds = certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        serial = f"{certificate.serial_number:x}"
    except (ValueError, TypeError):
        return None
    if not holds:
        return None
    name = f"{_printable(common[0].value) if common else '（无名称）'}（证书号 {serial[-12:]}）"
    return Identity(BindingKind.CERTIFICATE, "", certificate.fingerprint(SHA256()).hex(), name[:LONGEST_NAME])


def _parse(written: str) -> x509.Certificate:
    if written.startswith(":"):
        return x509.load_der_x509_certificate(b64decode(written.strip(":"), validate=True))
    return x509.load_pem_x509_certificate(unquote(written).encode())


def _printable(value: str | bytes) -> str:
    text = value if isinstance(value, str) else value.decode("utf-8", "replace")
    return "".join(sign for sign in text if sign.isprintable())[:100]


def bindings(session: Session, account_id: str) -> Sequence[LoginBinding]:
    """The identities of an account, oldest first."""
    asked = select(LoginBinding).where(LoginBinding.account_id == account_id)
    return session.scalars(asked.order_by(LoginBinding.made_at, LoginBinding.id)).all()


def bound_to(session: Session, identity: Identity) -> LoginBinding | None:
    """What binds an identity to an account, if anything does."""
    asked = select(LoginBinding).where(
        LoginBinding.kind == identity.kind,
        LoginBinding.issuer == identity.issuer,
        LoginBinding.subject == identity.subject,
    )
    return session.scalars(asked).first()


def bind(session: Session, account_id: str, identity: Identity, moment: datetime) -> LoginBinding:
    """Bind an identity to an account, within the transaction that locks it.

    Raises:
        RefusedError: it is bound already, to this account or another, or the account has as many as it may have.
    """
    if not identity.is_sound:
        raise RefusedError("对方给出的身份标识为空或者过长，不能绑定。请联系系统管理员。")
    if bound_to(session, identity) is not None:
        raise RefusedError("这一身份已经绑定账号，不能重复绑定。")
    if len(bindings(session, account_id)) >= MOST:
        raise RefusedError(f"最多绑定 {MOST} 个登录身份，请先解除不用的。")
    row = LoginBinding(account_id=account_id, kind=identity.kind, issuer=identity.issuer, subject=identity.subject)
    row.name, row.made_at = identity.name[:LONGEST_NAME], moment
    session.add(row)
    session.flush()
    return row


def unbind_all(session: Session, account_id: str) -> None:
    """Bind an account to nothing any more (it was recovered)."""
    session.execute(delete(LoginBinding).where(LoginBinding.account_id == account_id))
