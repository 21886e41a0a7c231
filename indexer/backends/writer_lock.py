"""The lock of the one process that writes to an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from archive_store.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path


class WriterLock:
    """A file that one process holds; the system gives it back when that process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path, thread_local=False)  # the process writes, with whichever of its threads

    def acquire(self) -> bool:
        """Become the one that writes; True where this call did it, False where it was so before.

        Raises:
            UnavailableError: another process writes.
        """
        if self._lock.is_locked:
            return False
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UnavailableError("索引正由另一个程序写入，本次没有改动。请稍后再试。") from error
        return True

    def release(self) -> None:
        """Let others write."""
        self._lock.release()
