"""The only place that commits.

    with database.write() as unit:
        unit.session.add(...)
        unit.after_commit(lambda: ...)

Leaving the block commits; an exception rolls everything back. What is noted with `after_commit` runs once the
transaction is durable; it may be lost with a crash, so it only hastens what the work table already holds.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import IntegrityError as DatabaseIntegrityError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from archive_store.database import BUSY_TIMEOUT_MS, WRITES
from archive_store.errors import ArchiveError, ConflictError, InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

log = logging.getLogger(__name__)
RETRY = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATE of serialisation failure, deadlock and lock not available: another transaction was first."""
UNAVAILABLE = (
    "数据库暂时不能读写，您的操作没有保存，已有内容没有丢失。请稍后重试；"
    "仍不成功的，请联系系统管理员检查磁盘空间和数据库。"
)
NOT_STORABLE = "填写的内容过长，或者含有不能保存的字符，没有保存。请检查后重试。"
CONFLICT = "这项内容刚被其他人修改，您的操作没有保存。请刷新页面后重试。"


@dataclass
class UnitOfWork:
    """One transaction and what follows it."""

    session: Session
    _after: list[Callable[[], object]] = field(default_factory=list)

    def after_commit(self, action: Callable[[], object]) -> None:
        """Have `action` run once the transaction is durable."""
        self._after.append(action)


def _reader(engine: Engine) -> Engine:
    """The engine for reading; on PostgreSQL every statement of a session sees the same moment, as on SQLite."""
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _trouble(error: DBAPIError) -> ConflictError | UnavailableError:
    if getattr(error.orig, "sqlstate", None) in RETRY:
        return ConflictError(CONFLICT)
    return UnavailableError(UNAVAILABLE)


class Database:
    """Opens units of work that write, and sessions that only read."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = Lock() if engine.dialect.name == "sqlite" else None
        self._writing = sessionmaker(engine.execution_options(**{WRITES: True}), expire_on_commit=False)
        self._reading = sessionmaker(_reader(engine), expire_on_commit=False, autoflush=False)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """A transaction that is committed at the end of the block.

        Raises:
            ConflictError: somebody else changed the same thing first; nothing was written.
            UnavailableError: the database cannot write now (disk full, no answer); nothing was written.
            InvalidInputError: a value is too long for its place, or holds a NUL; nothing was written.
        """
        with self._in_turn(), self._writing() as session:
            unit = UnitOfWork(session)
            try:
                yield unit
                session.commit()
            except (StaleDataError, DatabaseIntegrityError) as error:
                raise ConflictError(CONFLICT) from error
            except DataError as error:
                raise InvalidInputError(NOT_STORABLE) from error
            except OperationalError as error:
                raise _trouble(error) from error
        for action in unit._after:  # noqa: SLF001 - the unit's own list
            try:
                action()
            except (ArchiveError, OSError):  # what was asked for is done and durable: no answer may say otherwise
                log.warning("what follows a commit failed; a sweep will do it", exc_info=True)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """The writers of this process one after the other.

        SQLite has one place for all of them, and who waits for it looks only now and then: among many, one may never
        find it free.
        """
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise UnavailableError(UNAVAILABLE)
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and writes nothing."""
        with self._reading() as session:
            yield session
