"""What stage 2 needs of each document of one partition of the embedded engine, in a database beside its index.

The engine keeps stored values in compressed blocks, and a block is taken apart for each one of the hundreds of hits
that are rescored; a row of a table is read in a fifth of that time. A document carries the number of its row in the
column `place`; no number is ever used twice.

Rows are durable before their documents are committed, and are removed after the documents are: so a document has its
row whatever is killed, and what is left over is found when the partition is next opened to write (`keep_only`).
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Self
from weakref import finalize

from indexer.backends.merging import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from indexer.documents import PageDocument

FILE = "payloads.db"
_MADE = """
CREATE TABLE IF NOT EXISTS payloads (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    page_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    in_order TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS payloads_by_page ON payloads (page_id);
CREATE INDEX IF NOT EXISTS payloads_by_case ON payloads (case_id);
"""
_ADD = "INSERT INTO payloads (page_id, case_id, in_order, payload) VALUES (?, ?, ?, ?)"
_LAST = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
_COUNT = "SELECT count(*) FROM payloads"
_EVERY = "SELECT place FROM payloads"
_OF = "SELECT place, page_id, in_order, payload FROM payloads WHERE place IN (SELECT value FROM json_each(?))"
_WITHOUT = "DELETE FROM payloads WHERE place = ?"
_WITHOUT_CASE = "DELETE FROM payloads WHERE case_id = ? AND place <= ?"
_WITHOUT_PAGE = "DELETE FROM payloads WHERE page_id = ? AND place <= ?"


class Payloads:
    """The rows of one partition; any thread may use it, one at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = Lock()
        self._close = finalize(self, connection.close)

    @classmethod
    def to_write(cls, folder: Path) -> Self:
        """For the one that writes; made where it does not exist yet."""
        connection = _connect(folder, "rwc")
        connection.execute("PRAGMA page_size = 16384")  # four rows of full pages, with little left over
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(_MADE)
        return cls(connection)

    @classmethod
    def to_read(cls, folder: Path) -> Self:
        """For one that searches."""
        connection = _connect(folder, "rw")
        connection.execute("PRAGMA query_only = ON")
        return cls(connection)

    def close(self) -> None:
        """Give up what was not committed and let go of the file."""
        self._close()

    def candidates(self, places: Sequence[int]) -> list[Candidate]:
        """The rows of these places, in their order; ValueError where one was removed since."""
        with self._lock:
            rows = self._connection.execute(_OF, (json.dumps(places),)).fetchall()
        found = {place: Candidate(page_id, order, payload) for place, page_id, order, payload in rows}
        try:
            return [found[place] for place in places]
        except KeyError as error:
            raise ValueError("the document was removed while it was read") from error

    # writing

    @property
    def last(self) -> int:
        """The highest number that was ever given."""
        return self._number(_LAST)

    def __len__(self) -> int:
        return self._number(_COUNT)

    def add(self, document: PageDocument, payload: bytes) -> int:
        """Keep the row of a document; gives its place. Not durable before `commit`."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
        row = (document.page_id, document.case_id, document.order, payload)
        return int(self._connection.execute(_ADD, row).lastrowid or 0)

    def commit(self) -> None:
        """Make durable what was added."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def remove(self, cases: Iterable[str], pages: Iterable[str], upto: int) -> None:
        """Leave nothing of these cases and documents among the places up to a number."""
        with self._change() as connection:
            connection.executemany(_WITHOUT_CASE, [(case_id, upto) for case_id in cases])
            connection.executemany(_WITHOUT_PAGE, [(page_id, upto) for page_id in pages])

    def keep_only(self, places: Iterable[int]) -> None:
        """Leave nothing but the rows of these places."""
        kept = frozenset(places)
        with self._change() as connection:
            every = connection.execute(_EVERY).fetchall()
            connection.executemany(_WITHOUT, [row for row in every if row[0] not in kept])

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One durable change of what is there."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])


def _connect(folder: Path, mode: str) -> sqlite3.Connection:
    address = f"{(folder / FILE).absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, timeout=10, isolation_level=None, check_same_thread=False, uri=True)
