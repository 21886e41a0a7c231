"""Checkpoints of the log (c2sp.org/tlog-checkpoint): made, signed, read, kept.

- The text is origin, size, root in base64, one a line, then extension lines, which we neither write nor refuse.
- The log signs under its origin's name. It never signs a checkpoint that is not proven to continue the one before.
- Making, signing and keeping are three steps, so that no key works inside a transaction.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlalchemy import select

from archive_store.audit.merkle import HASH_SIZE, verify_consistency
from archive_store.audit.note import SignatureType, SignedNote, SigningKey, VerifierKey, generate_key
from archive_store.errors import IntegrityError, InvalidInputError
from archive_store.models.audit import AuditCheckpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from archive_store.audit.log import AuditLog

HEAD_LINES = 3
MAX_SIZE = 2**63 - 1
BAD_CHECKPOINT = "检查点的内容格式不正确，请核对文件是否完整。"
OTHER_LOG = "这个检查点不是本系统审计日志的检查点。"
STRANGE_SIGNATURE = "检查点带有未登记密钥的签名，不能保存。"
NOT_CONTINUED = "审计日志与上一个检查点不一致，已停止签署新的检查点。请安全审计员运行日志核验。"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its name, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note (with its last newline).

        Raises:
            InvalidInputError: it does not have the form of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) <= HEAD_LINES or lines.pop() or not all(lines):
            raise InvalidInputError(BAD_CHECKPOINT)
        origin, size, root, *extensions = lines
        checkpoint = cls(origin, _size(size), _root(root), tuple(extensions))
        if checkpoint.text != text:
            raise InvalidInputError(BAD_CHECKPOINT)
        return checkpoint

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def generate_checkpoint_key(name: str) -> SigningKey:
    """A new key for a log; `name` is the origin of its checkpoints, e.g. `archive.example/audit`.

    Raises:
        InvalidInputError: the name is empty or has white space or plus in it.
    """
    return generate_key(name, SignatureType.NOTE)


def sign(checkpoint: Checkpoint, key: SigningKey) -> SignedNote:
    """The checkpoint signed by its log.

    Raises:
        ValueError: the key's name is not the checkpoint's origin.
    """
    if key.name != checkpoint.origin:
        raise ValueError("a log signs under the name of its origin")
    return SignedNote(checkpoint.text, (key.sign(checkpoint.text),))


def open_kept(note: SignedNote, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that we keep ourselves: every one of its signatures is good and by one of `keys`.

    Raises:
        IntegrityError: a signature is wrong, unknown, or missing.
        InvalidInputError: the text is no checkpoint.
    """
    if not all(any(key.matches(signature) for key in keys) for signature in note.signatures):
        raise IntegrityError(STRANGE_SIGNATURE)
    return open_checkpoint(note, keys)


def open_checkpoint(note: SignedNote, log_keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that one of the log's keys signed.

    Args:
        note: as it was read.
        log_keys: the log's keys of now and before, all under one name.

    Raises:
        IntegrityError: no good signature of the log, or the checkpoint of another log.
        InvalidInputError: the text is no checkpoint.
    """
    signers = note.open(log_keys)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin not in {key.name for key in signers if key.kind is SignatureType.NOTE}:
        raise IntegrityError(OTHER_LOG)
    return checkpoint


class CheckpointBook:
    """The signed checkpoints in the database, and what may be signed next.

    `log_keys` are the log's keys of now and before; `witnesses` those whose cosignatures may be kept.
    """

    def __init__(
        self, log: AuditLog, origin: str, log_keys: Sequence[VerifierKey], witnesses: Sequence[VerifierKey] = ()
    ) -> None:
        self._log = log
        self._origin = origin
        self._keys = tuple(log_keys)
        self._witnesses = tuple(witnesses)

    def last(self, session: Session) -> SignedNote | None:
        """The note of the largest checkpoint, with the most signatures; None before the first."""
        newest = select(AuditCheckpoint.note).order_by(AuditCheckpoint.size.desc(), AuditCheckpoint.id.desc()).limit(1)
        note = session.scalar(newest)
        return None if note is None else SignedNote.parse(note)

    def due(self, session: Session) -> Checkpoint | None:
        """The checkpoint to sign now, proven to continue the last; None where no leaf was added since.

        Raises:
            IntegrityError: the log does not continue its last checkpoint; it must not be signed.
        """
        size = self._log.size(session)
        note = self.last(session)
        before = None if note is None else open_checkpoint(note, self._keys)
        if size == (before.size if before else 0):
            return None
        now = Checkpoint(self._origin, size, self._log.root_at(session, size))
        if before is not None and not self._continues(session, before, now):
            raise IntegrityError(NOT_CONTINUED)
        return now

    def keep(self, session: Session, note: SignedNote) -> None:
        """Keep a signed checkpoint, or one that came back with a cosignature; the same note is kept once.

        Raises:
            IntegrityError: the log did not sign it, somebody unknown did too, or it does not stand over the log as it
                is.
        """
        checkpoint = open_kept(note, (*self._keys, *self._witnesses))
        if self._log.size(session) < checkpoint.size or (
            self._log.root_at(session, checkpoint.size) != checkpoint.root
        ):
            raise IntegrityError(NOT_CONTINUED)
        same = select(AuditCheckpoint.id).where(
            AuditCheckpoint.size == checkpoint.size, AuditCheckpoint.note == str(note)
        )
        if session.scalar(same) is None:
            session.add(AuditCheckpoint(size=checkpoint.size, note=str(note)))

    def _continues(self, session: Session, before: Checkpoint, now: Checkpoint) -> bool:
        if before.size > now.size:
            return False
        proof = self._log.consistency(session, before.size, now.size)
        return verify_consistency(before.size, now.size, before.root, now.root, proof)


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MAX_SIZE)) or int(text) > MAX_SIZE:
        raise InvalidInputError(BAD_CHECKPOINT)
    return int(text)


def _root(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(BAD_CHECKPOINT) from error
    if len(value) != HASH_SIZE:
        raise InvalidInputError(BAD_CHECKPOINT)
    return value
