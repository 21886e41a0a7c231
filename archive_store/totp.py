"""One-time codes by time (TOTP), for the second factor; no I/O.

- A code is HOTP(key, counter) with counter = seconds since 1970 / 30 (RFC 6238 section 4), six digits, HMAC-SHA-1: what
  every authenticator app takes.
- A code holds for its own step and one beside it on either side (section 5.2 recommends at most one for the delay).
- A code counts once: what was accepted, and every step before it, is refused afterwards (section 5.2).
- Keys are 160 random bits (RFC 4226 section 4, R6).
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from datetime import datetime

STEP_SECONDS = 30
DIGITS = 6
KEY_BYTES = 20
BESIDE = 1
"""Steps before and after the present one whose codes hold, for clocks that differ and fingers that are slow."""
NEVER = -1
"""The last accepted step of a key that was not used yet."""


def new_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def hotp(key: bytes, counter: int, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of a counter (RFC 4226 section 5.3)."""
    digest = hmac.digest(key, counter.to_bytes(8, "big"), algorithm)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_at(moment: datetime) -> int:
    """The counter at a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def accepted_step(key: bytes, code: str, moment: datetime, last: int = NEVER) -> int | None:
    """The step whose code this is, among those that hold and come after `last`; None where it is none.

    Every step is tried, whichever matches, so that the time tells nothing.
    """
    present, found = step_at(moment), None
    for step in range(max(0, present - BESIDE), present + BESIDE + 1):
        matches = hmac.compare_digest(hotp(key, step).encode(), code.encode())
        if matches and step > last:
            found = step
    return found


def written_key(key: bytes) -> str:
    """The key as it is typed into an app: base32 in groups of four."""
    text = b32encode(key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address(key: bytes, issuer: str, login: str) -> str:
    """The key as an app reads it from a QR code (`otpauth` key URI)."""
    facts = {"secret": written_key(key).replace(" ", ""), "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(f'{issuer}:{login}')}?{urlencode(facts, quote_via=quote)}"
