"""Addresses of recordings that hold for one session, one person and one item, until a moment.

An address is `nonce.until.mac`: 16 random bytes, the second (Unix time) until which it holds, and
HMAC-SHA-256(key, purpose || nonce || until || session || account || item), each part by its length. It says nothing
that would help outside the session: there, or after logout, it answers like what does not exist.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex

PURPOSE = b"anjuan/playback/1"
LIFETIME = timedelta(hours=2)
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9]{10})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom and for what an address holds."""

    session_id: str
    account_id: str
    item_id: str


class AddressMaker:
    """Makes and checks addresses under a key of its purpose."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, PURPOSE, sha256)

    def make(self, holder: Holder, now: datetime) -> str:
        """A new address that holds from now on."""
        nonce, until = token_hex(16), f"{int((now + LIFETIME).timestamp()):010d}"
        return f"{nonce}.{until}.{self._mac(holder, nonce, until)}"

    def holds(self, address: str, holder: Holder, now: datetime) -> bool:
        """Whether the address was made for this holder and still holds."""
        found = _FORM.fullmatch(address)
        if found is None:
            return False
        nonce, until, mac = found.groups()
        return hmac.compare_digest(mac, self._mac(holder, nonce, until)) and now.timestamp() < int(until)

    def _mac(self, holder: Holder, nonce: str, until: str) -> str:
        parts = (nonce, until, holder.session_id, holder.account_id, holder.item_id)
        message = b"".join(len(part).to_bytes(2, "big") + part for part in (part.encode() for part in parts))
        return hmac.digest(self._key, message, sha256).hex()
