"""Parts of a ZIP package from outside: counted as they really unpack, and refused where they grow without measure.

Runs in a parser process. What a package says of its sizes is not believed (ECMA-376 part 2, GB/T 33190).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.parsing.errors import ParserRefusedError

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

FREE_PART_BYTES = 2**20
"""Parts up to here may be packed as tightly as they like."""
MAX_RATIO = 250
CHUNK_BYTES = 2**18
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY", b"<\0!\0D\0O\0C\0", b"\0<\0!\0D\0O\0C")
"""What no part of a package has (ECMA-376 part 2, 8.1.4) and entity bombs need, in UTF-8 and UTF-16."""


def chunks(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int, *, too_large: str, broken: str = ""
) -> Iterator[bytes]:
    """A part, piece by piece.

    Raises:
        ParserRefusedError: it unpacks to more than `most`, to too much for what it is packed in (`too_large`), or
            holds a document type declaration (`broken`; not asked for where that is empty).
    """
    most = min(most, max(FREE_PART_BYTES, MAX_RATIO * part.compress_size))
    count, tail = 0, b""
    with archive.open(part) as unpacking:
        while chunk := unpacking.read(CHUNK_BYTES):
            count += len(chunk)
            if count > most:
                raise ParserRefusedError(too_large)
            is_free = not broken or part.filename.endswith(".svg")
            if not is_free and any(word in tail + chunk for word in DECLARATIONS):
                raise ParserRefusedError(broken)
            tail = chunk[-16:]
            yield chunk
