"""Security keys (WebAuthn Level 3): registration, and the check of what a key signed.

- A challenge is random, known to one session only, ends after five minutes and is taken by its first answer.
- Keys are discoverable: the browser is never told which keys an account has, so that asking for a key looks the same
  for every name.
- The origin and the relying party come from the address of the portal, never from the request.
- The signature counter must grow: one that does not is told apart, for it means that the key was copied.
- User verification (a PIN or a finger) is preferred, not required: the password is asked for beside it.

Source: W3C Web Authentication Level 3, 7.1 and 7.2; ASVS 5.0, V6.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import webauthn
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import CursorResult, delete, select
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    encode_cbor,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from archive_store.accounts import token_hash
from archive_store.errors import RefusedError
from archive_store.models.security_keys import KeyChallenge, SecurityKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy.orm import Session
    from webauthn.helpers.structs import AuthenticationCredential

    from archive_store.models.accounts import Account

PARTY = "案卷"
LASTS = timedelta(minutes=5)
MOST = 10
"""Keys of one person."""
LONGEST_ANSWER = 16 * 1024
"""Characters of what a browser gives back."""
NOT_TAKEN = "安全密钥没有登记成功：请在 5 分钟内插入密钥并触碰，每次登记须重新开始。"
_BROKEN = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading an answer that is none raises, the library's own and those of the formats in it."""


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What the browser gave back, as JSON, and the challenge that this session was given."""

    credential: str
    challenge: str


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """What became of an answer: the key that signed and its counter, where all is well."""

    key_id: str | None = None
    sign_count: int = 0
    copied: bool = False
    """The signature holds and the counter did not grow."""


NO_KEY = CheckedKey()


class SecurityKeys:
    """Gives challenges and checks what keys answer, for the portal at one address."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._party = parts.hostname or "localhost"
        numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        size = 32
        self._decoy = encode_cbor(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(size, "big"), -3: numbers.y.to_bytes(size, "big")}
        )

    def keys(self, session: Session, account_id: str) -> Sequence[SecurityKey]:
        """The keys of an account, oldest first."""
        asked = select(SecurityKey).where(SecurityKey.account_id == account_id)
        return session.scalars(asked.order_by(SecurityKey.made_at, SecurityKey.id)).all()

    def request(self, session: Session, moment: datetime) -> tuple[str, str]:
        """What a browser is asked with, as JSON, the same for everybody, and its challenge."""
        challenge = self._challenge(session, moment)
        options = webauthn.generate_authentication_options(
            rp_id=self._party,
            challenge=base64url_to_bytes(challenge),
            timeout=int(LASTS.total_seconds() * 1000),
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        return webauthn.options_to_json(options), challenge

    def begin(self, session: Session, account: Account, moment: datetime) -> tuple[str, str]:
        """What a browser makes a key with, as JSON, and its challenge."""
        challenge = self._challenge(session, moment)
        known = [PublicKeyCredentialDescriptor(key.credential_id) for key in self.keys(session, account.id)]
        options = webauthn.generate_registration_options(
            rp_id=self._party,
            rp_name=PARTY,
            user_id=account.id.encode(),
            user_name=account.login,
            user_display_name=account.name,
            challenge=base64url_to_bytes(challenge),
            timeout=int(LASTS.total_seconds() * 1000),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=known,
        )
        return webauthn.options_to_json(options), challenge

    def register(self, session: Session, account_id: str, name: str, answer: KeyAnswer, moment: datetime) -> None:
        """Keep a new key.

        Raises:
            RefusedError: the answer is not one to this challenge at this address, or the key is known already.
        """
        if not self._take(session, answer.challenge, moment):
            raise RefusedError(NOT_TAKEN)
        try:
            made = webauthn.verify_registration_response(
                credential=answer.credential[:LONGEST_ANSWER],
                expected_challenge=base64url_to_bytes(answer.challenge),
                expected_rp_id=self._party,
                expected_origin=self._origin,
            )
        except _BROKEN as error:
            raise RefusedError(NOT_TAKEN) from error
        if session.scalars(select(SecurityKey.id).where(SecurityKey.credential_id == made.credential_id)).first():
            raise RefusedError("这把安全密钥已经登记过。")
        row = SecurityKey(account_id=account_id, name=name, credential_id=made.credential_id, made_at=moment)
        row.public_key, row.sign_count = made.credential_public_key, made.sign_count
        session.add(row)

    def check(self, session: Session, account_id: str | None, answer: KeyAnswer, moment: datetime) -> CheckedKey:
        """Whether a key of the account signed; the same steps for an account without one, or none."""
        taken = self._take(session, answer.challenge, moment)
        try:
            given = parse_authentication_credential_json(answer.credential[:LONGEST_ANSWER])
        except _BROKEN:
            return NO_KEY
        asked = select(SecurityKey).where(
            SecurityKey.account_id == (account_id or ""), SecurityKey.credential_id == given.raw_id
        )
        row = session.scalars(asked.with_for_update()).first()
        count = self._signed(given, answer.challenge, row.public_key if row else self._decoy)
        if not taken or row is None or count is None or given.response.user_handle != row.account_id.encode():
            return NO_KEY
        checked = CheckedKey(row.id, count)
        return replace(checked, copied=True) if count <= row.sign_count and (count or row.sign_count) else checked

    def spend(self, session: Session, checked: CheckedKey, moment: datetime) -> None:
        """Keep the counter of the key that signed."""
        row = session.get_one(SecurityKey, checked.key_id)
        row.sign_count, row.used_at = checked.sign_count, moment

    # --- parts

    def _signed(self, given: AuthenticationCredential, challenge: str, public_key: bytes) -> int | None:
        """The counter beside a signature that holds; it is compared by who knows the former one."""
        expected: dict[str, Any] = {"expected_rp_id": self._party, "expected_origin": self._origin}
        try:
            done = webauthn.verify_authentication_response(
                credential=given,
                expected_challenge=base64url_to_bytes(challenge),
                credential_public_key=public_key,
                credential_current_sign_count=0,
                **expected,
            )
        except _BROKEN:
            return None
        return done.new_sign_count

    def _challenge(self, session: Session, moment: datetime) -> str:
        session.execute(delete(KeyChallenge).where(KeyChallenge.ends_at <= moment))
        challenge = bytes_to_base64url(secrets.token_bytes(32))
        session.add(KeyChallenge(challenge_hash=token_hash(challenge), ends_at=moment + LASTS))
        return challenge

    def _take(self, session: Session, challenge: str, moment: datetime) -> bool:
        """Whether the challenge waits; from now on it does not: of two answers at once one deletes the row."""
        mine = delete(KeyChallenge).where(
            KeyChallenge.challenge_hash == token_hash(challenge), KeyChallenge.ends_at > moment
        )
        done = session.execute(mine)
        return isinstance(done, CursorResult) and done.rowcount == 1
