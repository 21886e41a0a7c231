"""The witness: the security auditor's key cosigns checkpoints that continue what it cosigned before.

Source: c2sp.org/tlog-cosignature (Ed25519, `cosignature/v1`), and the duties of c2sp.org/tlog-witness:

- the log's signature is good and the origin is the log's;
- the size is not below that of the last checkpoint that this witness cosigned; at the same size the root is the same;
- a consistency proof leads from the last to the new one; only the very first is taken on trust.

The witness's memory is its own last cosigned note, so its signature guards it. Whoever keeps it must have it on
disk before the cosignature is handed out. An earlier state put in its place makes the witness cosign again what it
cosigned already, or a fork after that state: keep the note where the log's administrators cannot write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.audit.checkpoint import Checkpoint, open_checkpoint
from archive_store.audit.merkle import verify_consistency
from archive_store.audit.note import SignatureType, SignedNote, SigningKey, VerifierKey, generate_key, moment
from archive_store.errors import IntegrityError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WITNESS_KEY = "见证密钥的类型不正确，应为见证签名密钥。"
FORKED = "日志与上次见证的检查点不一致，未予见证。请立即停用系统并报告保密部门。"
SHRUNK = "日志比上次见证时短，未予见证。请立即停用系统并报告保密部门。"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Who cosigned a checkpoint, and when."""

    name: str
    at: datetime


def generate_witness_key(name: str) -> SigningKey:
    """A new key for a witness; it signs nothing but cosignatures.

    Raises:
        InvalidInputError: the name is empty or has white space or plus in it.
    """
    return generate_key(name, SignatureType.COSIGNATURE)


class Witness:
    """Cosigns the checkpoints of one log."""

    def __init__(self, key: SigningKey, log_keys: Sequence[VerifierKey]) -> None:
        if key.verifier.kind is not SignatureType.COSIGNATURE:
            raise InvalidInputError(WITNESS_KEY)
        self._key = key
        self._log_keys = tuple(log_keys)

    @property
    def verifier(self) -> VerifierKey:
        """The key by which others check the cosignatures."""
        return self._key.verifier

    def last_size(self, last: SignedNote | None) -> int:
        """The size from which the next consistency proof must lead; 0 at first.

        Raises:
            IntegrityError: `last` is not a checkpoint of the log that this witness cosigned.
        """
        return 0 if last is None else self._remembered(last).size

    def cosign(self, note: SignedNote, last: SignedNote | None, proof: Sequence[bytes], at: datetime) -> SignedNote:
        """The note with this witness's cosignature added; keep it before handing it out.

        Args:
            note: the log's new checkpoint.
            last: the note that this method gave before, or None at the very first time.
            proof: the consistency proof from `last` to `note`.
            at: the present moment.

        Raises:
            IntegrityError: a signature is wrong, the log shrank, or the new checkpoint does not continue the last.
            InvalidInputError: a note is no checkpoint.
        """
        new = open_checkpoint(note, self._log_keys)
        if last is not None:
            _check_continued(self._remembered(last), new, proof)
        return note.add(self._key.cosign(note.text, at))

    def _remembered(self, last: SignedNote) -> Checkpoint:
        last.open([self.verifier])
        return open_checkpoint(last, self._log_keys)


def cosignatures(note: SignedNote, witnesses: Sequence[VerifierKey]) -> list[Cosignature]:
    """Which of the witnesses cosigned a note, in the order of their lines; none is no error.

    Raises:
        IntegrityError: a cosignature under the name of one of them is wrong.
    """
    known = [key for key in witnesses if key.kind is SignatureType.COSIGNATURE]
    if not any(key.matches(signature) for key in known for signature in note.signatures):
        return []
    return [Cosignature(key.name, moment(signature.seconds)) for key, signature in note.open(known).items()]


def _check_continued(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    if old.origin != new.origin or new.size < old.size:
        raise IntegrityError(SHRUNK if old.origin == new.origin else FORKED)
    if not verify_consistency(old.size, new.size, old.root, new.root, proof):
        raise IntegrityError(FORKED)
