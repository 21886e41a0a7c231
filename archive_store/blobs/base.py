"""What every store of bytes promises, whatever lies beneath it.

The promises, each a test of the contract suite that runs over every backend:

- a blob is put under a random name that the store gives; nothing is ever overwritten;
- `put` returns only when a kill or a power cut can no longer take the blob away; a put that fails leaves nothing;
- what is read is what was put; ranges are those of RFC 9110, 14.1.2 (first byte counts from 0);
- only a staging store deletes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from archive_store.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive_store.blobs.durable import Readable

_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Encryption:
    """How stored bytes are encrypted: `none`, or a scheme with the id of its key."""

    scheme: str = "none"
    key_id: str | None = None

    def as_json(self) -> dict[str, str]:
        """The descriptor as it stands in manifests, e.g. {"scheme": "none"}."""
        return {"scheme": self.scheme} | ({"key_id": self.key_id} if self.key_id else {})


NOT_ENCRYPTED = Encryption()


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """The record of a blob that the caller keeps.

    `name` is 32 hex digits and says nothing of the content; `size` (bytes) and `sha512` (hex) are those of the
    content handed in, also where the stored bytes are encrypted.
    """

    name: str
    size: int
    sha512: str
    encryption: Encryption = NOT_ENCRYPTED


class BlobStore(Protocol):
    """A store that keeps for ever."""

    def put(self, source: Readable, limit: int | None = None) -> StoredBlob:
        """Keep what can be read from `source`.

        Raises:
            InvalidInputError: more than `limit` bytes came; nothing is kept.
            UnavailableError: the store cannot write now; nothing is kept.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """The whole content as a file that can seek and has a descriptor (for parsers in other processes).

        Raises:
            NotFoundError: there is no such blob.
        """
        ...

    def read_range(self, name: str, first: int, count: int) -> Iterator[bytes]:
        """Chunks of at most 1 MiB: `count` bytes from byte `first`, fewer where the blob ends before.

        Raises:
            NotFoundError: there is no such blob.
        """
        ...

    def size(self, name: str) -> int:
        """Bytes of the content.

        Raises:
            NotFoundError: there is no such blob.
        """
        ...

    def verify(self, blob: StoredBlob) -> None:
        """Read the whole blob and compare it with its record.

        Raises:
            NotFoundError: there is no such blob.
            IntegrityError: size or digest differ.
        """
        ...

    def names(self) -> Iterator[str]:
        """The names of all blobs, in no order that means anything."""
        ...

    def sweep(self) -> int:
        """Remove what interrupted puts left behind (at start); gives how many pieces were removed."""
        ...


class StagingStore(BlobStore, Protocol):
    """A store whose blobs may go: drafts before sealing, and derivatives that can be made again."""

    def delete(self, name: str) -> None:
        """Remove a blob; nothing happens where it is gone already."""
        ...


def checked_name(name: str) -> str:
    """`name`, if it has the form of a blob's name; nothing else ever reaches a path or an address.

    Raises:
        NotFoundError: it has not.
    """
    if _NAME.fullmatch(name) is None:
        raise NotFoundError
    return name
