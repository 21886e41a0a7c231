"""A security key in software: makes keys and signs as a browser with a real one does, and as a forger would."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

from archive_store.security_keys import KeyAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGIN = "http://localhost:8000"
"""The address of the portal where nothing else is set."""
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftKey:
    """One key with one credential; `count` is what it says next."""

    def __init__(self, *, origin: str = ORIGIN, party: str = "localhost") -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.origin, self.party, self.count, self.user = origin, party, 1, ""

    def made(self, options: str | Mapping[str, Any]) -> str:
        """What the browser gives back for a new key."""
        asked = json.loads(options) if isinstance(options, str) else options
        self.user = asked["user"]["id"]
        numbers = self.private.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + encode_cbor(public)
        data = self._data(PRESENT | ATTESTED, 0) + credential
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def signed(self, challenge: str, *, count: int | None = None, user: str | None = None) -> str:
        """What the browser gives back for a login."""
        said = self.count if count is None else count
        self.count = said + 1
        client, data = self._client("webauthn.get", challenge), self._data(PRESENT | VERIFIED, said)
        signature = self.private.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        sent = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        handle = self.user if user is None else user
        return self._answer(**sent, userHandle=handle)

    def answer(self, asked: tuple[str, str], **how: Any) -> KeyAnswer:  # noqa: ANN401 - as `signed`
        """The same for what a service gave: options and challenge."""
        return KeyAnswer(self.signed(asked[1], **how), asked[1])

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, flags: int, count: int) -> bytes:
        return sha256(self.party.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _answer(self, **response: bytes | str) -> str:
        name = bytes_to_base64url(self.id)
        plain = {k: v if isinstance(v, str) else bytes_to_base64url(v) for k, v in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": plain})
