"""The tables of the audit log, and the triggers that let rows be added to them and nothing else.

A leaf is written in the transaction of what it records and gets its position later, once. Its details may be
emptied (and only emptied): the leaf binds them by a salted commitment. Whoever owns the database can drop a
trigger; that is what the Merkle tree is for.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from archive_store.models.base import Base, BigId

if TYPE_CHECKING:
    from sqlalchemy import Connection


class AuditLeaf(Base):
    """One event: what was done by whom to what, its leaf hash, and its place in the tree once it has one."""

    __tablename__ = "audit_leaves"
    __table_args__ = (
        Index(None, "object_type", "object_id"),
        # ids of committed rows have no gap on SQLite, so that a row that was taken away is missed
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    version: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[str | None] = mapped_column(String(80), index=True)
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(index=True)
    request_id: Mapped[str | None] = mapped_column(String(80))
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    details: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON exactly as committed to; emptied together with the salt."""


class AuditNode(Base):
    """The hash over the leaves [place * 2**level, (place + 1) * 2**level); only whole subtrees, level 1 and up."""

    __tablename__ = "audit_nodes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Base):
    """A signed checkpoint, or the same one again with a witness's cosignature."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    size: Mapped[int] = mapped_column(BigInteger, index=True)
    note: Mapped[str] = mapped_column(Text)


_FIXED = {
    "audit_leaves": (
        *("id", "leaf_hash", "version", "name", "actor_id", "object_type", "object_id"),
        *("outcome", "at", "request_id", "commitment"),
    ),
    "audit_nodes": ("level", "place", "hash"),
    "audit_checkpoints": ("id", "size", "note"),
}
_KEYS = {"audit_leaves": ("id",), "audit_nodes": ("level", "place"), "audit_checkpoints": ("id",)}
_POSITION_MOVED = "OLD.position IS NOT NULL AND {changed}"
_REFILLED = "({salt}) AND NEW.salt IS NOT NULL OR ({details}) AND NEW.details IS NOT NULL"


def _forbidden_changes(table: str, differs: str) -> str:
    """The condition under which an update of a row of `table` is refused; `differs` is the dialect's operator."""
    changes = [f"OLD.{column} {differs} NEW.{column}" for column in _FIXED[table]]
    if table == "audit_leaves":
        compared = {c: f"OLD.{c} {differs} NEW.{c}" for c in ("position", "salt", "details")}
        changes.append(_POSITION_MOVED.format(changed=compared["position"]))
        changes.append(_REFILLED.format(**compared))
        changes.append("(NEW.salt IS NULL) <> (NEW.details IS NULL)")
    return " OR ".join(f"({change})" for change in changes)


def _sqlite(table: str) -> tuple[str, ...]:
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    # INSERT OR REPLACE deletes without asking the DELETE trigger
    same = " AND ".join(f"{column} = NEW.{column}" for column in _KEYS[table])
    taken = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - our own names
    if table == "audit_leaves":
        taken += " OR NEW.position IS NOT NULL"
    when = {"DELETE": "", "UPDATE": f" WHEN {_forbidden_changes(table, 'IS NOT')}", "INSERT": f" WHEN {taken}"}
    return tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_{action.lower()} BEFORE {action} ON {table}{condition} {refusal}"
        for action, condition in when.items()
    )


_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END $$
"""


def _postgresql(table: str) -> tuple[str, ...]:
    refusal = "EXECUTE FUNCTION refuse_change()"
    changed = _forbidden_changes(table, "IS DISTINCT FROM")
    head = f"CREATE OR REPLACE TRIGGER {table}"
    triggers = (
        f"{head}_delete BEFORE DELETE ON {table} FOR EACH ROW {refusal}",
        f"{head}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refusal}",
        f"{head}_update BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {refusal}",
    )
    if table != "audit_leaves":
        return triggers
    placed = f"{head}_insert BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.position IS NOT NULL) {refusal}"
    return (*triggers, placed)


APPEND_ONLY_DDL: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(statement for table in _FIXED for statement in _sqlite(table)),
    "postgresql": (_POSTGRESQL_FUNCTION, *(statement for table in _FIXED for statement in _postgresql(table))),
}
"""By name of dialect: the statements that make the three tables append-only; they may be run again."""


def _make_append_only(metadata: object, connection: Connection, **keywords: Any) -> None:  # noqa: ANN401 - its form
    """Add the triggers where `create_all` has just made the tables; a migration runs the statements itself."""
    del metadata
    made = {table.name for table in keywords.get("tables") or ()}
    if made.issuperset(_FIXED):
        for statement in APPEND_ONLY_DDL[connection.dialect.name]:
            connection.exec_driver_sql(statement)


event.listen(Base.metadata, "after_create", _make_append_only)
