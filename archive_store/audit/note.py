"""Signed notes and their keys (c2sp.org/signed-note), Ed25519 only; pure.

The rules:

- a note is text that ends in a newline, a blank line, and signature lines `— NAME base64(key id || signature)`;
  UTF-8, no control character but the newline; the last blank line parts text and signatures;
- a key is named; a name is not empty and has neither white space nor plus; the key id is the first four bytes of
  SHA-256(name || 0x0A || type || public key);
- a verifier key is written `NAME+hex(key id)+base64(type || public key)`, in one way only;
- signatures by unknown keys are ignored; one by a known key that fails makes the whole note fail; a note without a
  good signature of a known key is no note;
- type 0x01 signs the text itself, type 0x04 (c2sp.org/tlog-cosignature) the text under a header with the time, which
  travels in front of the signature.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive_store.errors import IntegrityError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = 32
STAMP = struct.Struct(">Q")
LATEST = 2**63 - 1
DASH = "— "

BAD_NOTE = "检查点文件的格式不正确，请核对文件是否完整。"
BAD_KEY = "验证密钥的格式不正确，请核对后重新输入。"
BAD_NAME = "密钥名称不能为空，也不能含空格或加号。"
BAD_SIGNATURE = "检查点的签名不正确：内容或签名被改动。"
NOT_SIGNED = "检查点没有可信密钥的签名。"


class SignatureType(IntEnum):
    """The two types that we make and check."""

    NOTE = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key with the type of signature that it checks."""

    name: str
    kind: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        """Refuse a name that cannot stand in a signature line."""
        if not is_key_name(self.name):
            raise InvalidInputError(BAD_NAME)
        if len(self.public) != PUBLIC_KEY_BYTES:
            raise InvalidInputError(BAD_KEY)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key.

        Raises:
            InvalidInputError: it is not written exactly so, is of another type, or its key id is not its own.
        """
        try:
            name, _, material = text.split("+", 2)
            kind, *public = base64.b64decode(material, validate=True)
            key = cls(name, SignatureType(kind), bytes(public))
        except ValueError as error:
            raise InvalidInputError(BAD_KEY) from error
        if str(key) != text:
            raise InvalidInputError(BAD_KEY)
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """The verifier key as it is handed around."""
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def matches(self, signature: Signature) -> bool:
        """Whether a signature claims to be by this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verifies(self, text: str, signature: Signature) -> bool:
        """Whether the signature is this key's over `text`."""
        message, value = text.encode(), signature.value
        if self.kind is SignatureType.COSIGNATURE:
            if len(value) < STAMP.size or signature.seconds > LATEST:
                return False
            message, value = cosigned_message(text, signature.seconds), value[STAMP.size :]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who claims to have signed, and the bytes."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def seconds(self) -> int:
        """Of a cosignature: the time that stands in front, in POSIX seconds."""
        seconds: int = STAMP.unpack_from(self.value)[0]
        return seconds

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


class SigningKey:
    """A named Ed25519 private key that makes signatures of one type."""

    def __init__(self, name: str, private: Ed25519PrivateKey, kind: SignatureType = SignatureType.NOTE) -> None:
        self._private = private
        self.verifier = VerifierKey(name, kind, private.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, name: str, seed: bytes, kind: SignatureType = SignatureType.NOTE) -> SigningKey:
        """From the 32 bytes of RFC 8032's private key."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed), kind)

    @property
    def name(self) -> str:
        """The name that stands in signature lines."""
        return self.verifier.name

    def sign(self, text: str) -> Signature:
        """A note signature (type 0x01) over `text`.

        Raises:
            ValueError: this key makes cosignatures.
        """
        if self.verifier.kind is not SignatureType.NOTE:
            raise ValueError("a witness key makes cosignatures only")
        return Signature(self.name, self.verifier.key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, at: datetime) -> Signature:
        """A cosignature (type 0x04) over `text` at a moment, which is kept in whole seconds.

        Raises:
            ValueError: this key makes note signatures, or the moment lies before 1970.
        """
        if self.verifier.kind is not SignatureType.COSIGNATURE:
            raise ValueError("only a witness key makes cosignatures")
        seconds = int(at.astimezone(UTC).timestamp())
        if seconds < 0:
            raise ValueError("a cosignature cannot be older than 1970")
        value = self._private.sign(cosigned_message(text, seconds))
        return Signature(self.name, self.verifier.key_id, STAMP.pack(seconds) + value)


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text (with its last newline) and its signatures; `parse` checks the form, `open` the signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Read a note; nothing in it may be trusted before `open`.

        Raises:
            InvalidInputError: it does not have the form of a signed note.
        """
        try:
            note = (data if isinstance(data, bytes) else data.encode()).decode()
        except UnicodeError as error:
            raise InvalidInputError(BAD_NOTE) from error
        text, blank, lines = note.rpartition("\n\n")
        if len(note.encode()) > MAX_NOTE_BYTES or not (blank and lines.endswith("\n")) or _has_control(note):
            raise InvalidInputError(BAD_NOTE)
        signatures = tuple(_parse_line(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MAX_SIGNATURES:
            raise InvalidInputError(BAD_NOTE)
        return cls(text + "\n", signatures)

    def __str__(self) -> str:
        """The note as it is kept and handed around."""
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)

    def open(self, keys: Sequence[VerifierKey]) -> dict[VerifierKey, Signature]:
        """The keys among `keys` that signed, each with its (first) signature.

        Raises:
            IntegrityError: none of them signed, or a signature under the name of one of them is wrong.
        """
        good: dict[VerifierKey, Signature] = {}
        for signature in self.signatures:
            for key in keys:
                if not key.matches(signature):
                    continue
                if not key.verifies(self.text, signature):
                    raise IntegrityError(BAD_SIGNATURE)
                good.setdefault(key, signature)
        if not good:
            raise IntegrityError(NOT_SIGNED)
        return good

    def add(self, signature: Signature) -> SignedNote:
        """The same note with one more signature; an older one by the same key gives way."""
        others = (s for s in self.signatures if (s.name, s.key_id) != (signature.name, signature.key_id))
        return SignedNote(self.text, (*others, signature))


def generate_key(name: str, kind: SignatureType = SignatureType.NOTE) -> SigningKey:
    """A new key under a name, for a log (NOTE) or a witness (COSIGNATURE).

    Raises:
        InvalidInputError: the name is empty or has white space or plus in it.
    """
    return SigningKey(name, Ed25519PrivateKey.generate(), kind)


def is_key_name(name: str) -> bool:
    """Whether a name can stand in a signature line and in a verifier key."""
    return bool(name) and "+" not in name and name.isprintable() and not any(map(str.isspace, name))


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a cosignature signs: header, time, the whole note text (tlog-cosignature, Ed25519 signed message)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def moment(seconds: int) -> datetime:
    """POSIX seconds as a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _has_control(note: str) -> bool:
    return any(character < " " and character != "\n" for character in note)


def _parse_line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not is_key_name(name):
        raise InvalidInputError(BAD_NOTE)
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(BAD_NOTE) from error
    if len(value) <= KEY_ID_BYTES or base64.b64encode(value).decode() != encoded:
        raise InvalidInputError(BAD_NOTE)
    return Signature(name, value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])
