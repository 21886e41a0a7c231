"""Read-only descriptors of files that are handed to a parser process."""

from __future__ import annotations

import io
import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from archive_store.parsing.errors import ParserRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

FileSource: TypeAlias = int | Path | BinaryIO | bytes
"""A descriptor, a path, an open file or the bytes themselves; always the whole content, wherever it is read to."""


@contextmanager
def read_only(source: FileSource) -> Iterator[int]:
    """A descriptor of its own that can only read, closed at the end of the block.

    A file of this machine is opened anew, so that the parser process shares no read position with us and could not
    write even where we could. Any other open file (one that decrypts, say) is copied into memory.

    Raises:
        ParserRefusedError: it is not an ordinary file.
    """
    descriptor = _open(source)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ParserRefusedError("只能读取普通文件。")
        yield descriptor
    finally:
        os.close(descriptor)


def _open(source: FileSource) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a named pipe must not hold us up
    if isinstance(source, Path):
        return os.open(source, flags)
    if isinstance(source, int):
        return os.open(f"/proc/self/fd/{source}", flags)
    if isinstance(source, bytes):
        return _in_memory(io.BytesIO(source))
    plain = getattr(source, "file", source)  # what tempfile wraps
    if isinstance(getattr(plain, "raw", plain), io.FileIO):
        if plain.writable():
            plain.flush()
        return os.open(f"/proc/self/fd/{plain.fileno()}", flags)
    return _in_memory(source)


def _in_memory(source: BinaryIO) -> int:
    """A copy in anonymous memory, seen by nobody else and gone with its last descriptor."""
    if source.seekable():
        source.seek(0)
    descriptor = os.memfd_create("parsed", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as copy:
            shutil.copyfileobj(source, copy, 2**20)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
