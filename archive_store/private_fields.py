"""Identity numbers, phones and addresses: encrypted at rest, masked in every view.

AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D); the person's id is bound as associated data, so that a
sealed value cannot be moved to another person.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_store.errors import IntegrityError, InvalidInputError

NONCE_BYTES = 12
KEY_BYTES = 32
SHOWN_HEAD, SHOWN_TAIL = 3, 2
NO_WHOLE_NUMBERS = "请不要填写完整的证件号码。写明证件种类、末四位和核对的材料即可。"
_WHOLE_NUMBER = re.compile(r"\d{12,}")


@dataclass(frozen=True, slots=True)
class PrivateFields:
    """What is known of a person beyond the name."""

    identity_number: str = ""
    phone: str = ""
    address: str = ""

    def masked(self) -> PrivateFields:
        """As views show it: enough to recognise, not enough to use."""
        return PrivateFields(mask(self.identity_number), mask(self.phone), mask_address(self.address))


def mask(value: str) -> str:
    """`130***********34`: the first three and last two stay; short values vanish whole."""
    if len(value) <= SHOWN_HEAD + SHOWN_TAIL + 1:
        return "*" * len(value)
    return value[:SHOWN_HEAD] + "*" * (len(value) - SHOWN_HEAD - SHOWN_TAIL) + value[-SHOWN_TAIL:]


def mask_address(value: str) -> str:
    """The first six characters (province and city) stay."""
    return value[:6] + "*" * min(6, max(0, len(value) - 6))


def refuse_whole_numbers(text: str, field: str) -> None:
    """Keep whole identity numbers out of notes, which nobody encrypts.

    Raises:
        InvalidInputError: `text`, written into `field`, holds one.
    """
    if _WHOLE_NUMBER.search(text):
        raise InvalidInputError(NO_WHOLE_NUMBERS, field)


class FieldSeal:
    """Seals and opens private fields with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, person_id: str, fields: PrivateFields) -> bytes:
        """Nonce and ciphertext, bound to the person."""
        return self.seal_bytes(person_id, json.dumps(asdict(fields), ensure_ascii=False).encode())

    def seal_bytes(self, owner: str, plain: bytes) -> bytes:
        """Nonce and ciphertext, bound to `owner`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, owner.encode())

    def open(self, person_id: str, sealed: bytes | None) -> PrivateFields:
        """The fields again.

        Raises:
            IntegrityError: the value was changed, or belongs to another person.
        """
        if sealed is None:
            return PrivateFields()
        return PrivateFields(**json.loads(self.open_bytes(person_id, sealed)))

    def open_bytes(self, owner: str, sealed: bytes) -> bytes:
        """What was sealed for `owner`.

        Raises:
            IntegrityError: the value was changed, or belongs to another.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
        except InvalidTag as error:
            raise IntegrityError("人员信息的加密内容校验不通过，请联系系统管理员。") from error
