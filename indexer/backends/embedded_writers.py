"""The writing side of the embedded engine: one process, at most four partitions open, one thread each."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import tantivy

from indexer.backends.embedded_schema import places, register, schema
from indexer.backends.payloads import Payloads
from indexer.backends.writer_lock import WriterLock

if TYPE_CHECKING:
    from pathlib import Path

MOST_OPEN = 4
HEAP_BYTES = 32_000_000


class Writing(NamedTuple):
    """What is written of one partition: its index, and the payloads beside it."""

    documents: tantivy.IndexWriter
    payloads: Payloads


class Writers:
    """Open writers by folder, the one used longest ago closed first; holds the lock of the whole index."""

    def __init__(self, root: Path) -> None:
        self._lock = WriterLock(root / "writer.lock")
        self._open: OrderedDict[Path, Writing] = OrderedDict()

    def writer(self, folder: Path) -> Writing:
        """The writer of one partition's folder, which is made where it does not exist."""
        self.lock()
        if folder not in self._open:
            while len(self._open) >= MOST_OPEN:
                self._close(next(iter(self._open)))
            self._open[folder] = _opened(folder)
        self._open.move_to_end(folder)
        return self._open[folder]

    def lock(self) -> None:
        """Become the one process that writes; raises UnavailableError where another is."""
        self._lock.acquire()

    def close_under(self, folder: Path) -> None:
        """Close the writers of a folder's partitions."""
        for path in [path for path in self._open if path.is_relative_to(folder)]:
            self._close(path)

    def close(self) -> None:
        """Close every writer and let others write; what was not committed is given up."""
        for path in list(self._open):
            self._close(path)
        self._lock.release()

    def _close(self, folder: Path) -> None:
        writing = self._open.pop(folder)
        writing.payloads.close()
        writing.documents.rollback()
        writing.documents.wait_merging_threads()


def _opened(folder: Path) -> Writing:
    """Payloads first: where an index is, they are. Those that a killed writer left without documents are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    payloads = Payloads.to_write(folder)
    index = register(tantivy.Index(schema(), str(folder)))
    searcher = index.searcher()
    if len(payloads) != searcher.num_docs:
        payloads.keep_only(places(searcher))
    return Writing(index.writer(HEAP_BYTES, 1), payloads)
