"""The log in the database: leaves come in with what they record, get their place in order, and are proven.

- `append` and `append_many` insert leaves in the transaction of what they record: nothing is recorded that did not
  happen, nothing happens unrecorded. They take no lock and touch no other row.
- `sequence`, run by one worker at a time, gives positions to the committed leaves that have none, in the order of
  their ids, and adds the subtrees that they complete. A leaf that was committed later comes later; among leaves that
  are found at once the id decides. Two sequencers cannot both succeed: positions and nodes are unique.
- Nothing here commits: the caller's unit of work does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, func, insert, select, update

from archive_store.audit import tree
from archive_store.audit.events import FORMAT, LEAF, SALT_BYTES, Event, EventName, commitment_to, leaf_data
from archive_store.audit.merkle import leaf_hash
from archive_store.audit.verification import AuditFinding, verify
from archive_store.errors import ConflictError, NotFoundError
from archive_store.models.audit import AuditLeaf, AuditNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from archive_store.audit.checkpoint import Checkpoint
    from archive_store.audit.note import VerifierKey

LEAVES = cast("Table", AuditLeaf.__table__)
NODES = cast("Table", AuditNode.__table__)
_APPEND = insert(LEAVES).returning(LEAVES.c.id)
SEQUENCED_TWICE = "审计日志正由另一个进程排序，本次没有写入。"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as it was written: the row's id, the canonical bytes, and their RFC 9162 leaf hash."""

    id: int
    data: bytes
    leaf_hash: bytes


class AuditLog:
    """Appends, orders, proves and checks."""

    def append(self, session: Session, event: Event) -> Leaf:
        """Insert the leaf of an event into the transaction of what it records.

        Raises:
            ValueError: the event's details are too large or cannot be written exactly.
        """
        row, data = _row(event)
        key: int = session.scalars(_APPEND, row).one()
        return Leaf(key, data, row["leaf_hash"])

    def append_many(self, session: Session, events: Iterable[Event]) -> list[Leaf]:
        """Insert the leaves of several events at once, in their order (grouped read events)."""
        rows = [_row(event) for event in events]
        if not rows:
            return []
        statement = insert(LEAVES).returning(LEAVES.c.id, sort_by_parameter_order=True)
        ids = session.scalars(statement, [row for row, _ in rows])
        return [Leaf(key, data, row["leaf_hash"]) for key, (row, data) in zip(ids, rows, strict=True)]

    def sequence(self, session: Session, limit: int) -> int:
        """Give positions to at most `limit` leaves that have none; gives how many.

        Raises:
            ConflictError: another process did so at the same time; nothing may be committed.
        """
        pending = select(LEAVES.c.id, LEAVES.c.leaf_hash).where(LEAVES.c.position.is_(None))
        waiting = session.execute(pending.order_by(LEAVES.c.id).limit(limit)).all()
        if not waiting:
            return 0
        size = self.size(session)
        kept = tree.read(session, edge := tree.cover(0, size))
        growth = tree.Growth(size, [kept[subtree] for subtree in edge])
        _place(session, [{"row": row.id, "given": place} for place, row in enumerate(waiting, size)])
        completed = [entry for row in waiting for entry in growth.add(row.leaf_hash)]
        if completed:
            session.execute(
                insert(NODES),
                [{"level": node.level, "place": node.place, "hash": digest} for node, digest in completed],
            )
        return len(waiting)

    def size(self, session: Session) -> int:
        """How many leaves have a position."""
        highest = session.scalar(select(func.max(LEAVES.c.position)))
        return 0 if highest is None else highest + 1

    def position(self, session: Session, leaf_id: int) -> int | None:
        """The position of a leaf, or None while it has none.

        Raises:
            NotFoundError: there is no such leaf.
        """
        row = session.execute(select(LEAVES.c.position).where(LEAVES.c.id == leaf_id)).one_or_none()
        if row is None:
            raise NotFoundError
        position: int | None = row.position
        return position

    def root_at(self, session: Session, size: int) -> bytes:
        """The root over the first `size` leaves, in O(log n) reads.

        Raises:
            IntegrityError: the log is shorter, or its nodes are damaged.
        """
        return tree.root_at(session, size)

    def inclusion(self, session: Session, position: int, size: int) -> list[bytes]:
        """The proof that a leaf stands at `position` in the tree of `size` (RFC 9162, 2.1.3), in O(log n) reads.

        Raises:
            ValueError: there is no such position in a tree of `size`.
            IntegrityError: the log is shorter, or its nodes are damaged.
        """
        return tree.inclusion(session, position, size)

    def consistency(self, session: Session, first: int, second: int) -> list[bytes]:
        """The proof that the tree of `second` leaves begins with that of `first` (RFC 9162, 2.1.4).

        Raises:
            ValueError: `first` is more than `second`.
            IntegrityError: the log is shorter, or its nodes are damaged.
        """
        return tree.consistency(session, first, second)

    def redact(self, session: Session, leaf_id: int, actor_id: str, at: datetime) -> Leaf:
        """Empty the details of a leaf, and append the event that says so; the leaf and the tree stand.

        Raises:
            NotFoundError: there is no such leaf, or its details are empty already.
        """
        filled = (LEAVES.c.id == leaf_id) & LEAVES.c.details.is_not(None)
        digest = session.scalar(select(LEAVES.c.leaf_hash).where(filled))
        if digest is None:
            raise NotFoundError
        session.execute(update(LEAVES).where(filled).values(salt=None, details=None))
        return self.append(session, Event(EventName.AUDIT_REDACT, actor_id, LEAF, digest.hex(), at=at))

    def verify(
        self, session: Session, checkpoints: Iterable[Checkpoint] = (), keys: Sequence[VerifierKey] = ()
    ) -> list[AuditFinding]:
        """Recompute everything from the rows and give every deviation; an empty list is a sound log.

        Args:
            session: one that sees the whole log; nothing is written.
            checkpoints: kept elsewhere (by the security auditor) and opened already.
            keys: those of the log and of its witnesses; with them the checkpoints in the database are opened and
                compared too, and any signature there by another key is a finding.
        """
        return verify(session, checkpoints, keys)


def _place(session: Session, given: list[dict[str, int]]) -> None:
    chosen = (LEAVES.c.id == bindparam("row")) & LEAVES.c.position.is_(None)
    result = session.connection().execute(update(LEAVES).where(chosen).values(position=bindparam("given")), given)
    if result.rowcount != len(given):
        raise ConflictError(SEQUENCED_TWICE)


def _row(event: Event) -> tuple[dict[str, Any], bytes]:
    details = event.canonical_details()
    salt = secrets.token_bytes(SALT_BYTES)
    row: dict[str, Any] = {
        "version": FORMAT,
        "name": str(event.name),
        "actor_id": event.actor_id,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "outcome": str(event.outcome),
        "at": event.at,
        "request_id": event.request_id,
        "commitment": commitment_to(salt, details),
        "salt": salt,
        "details": details.decode(),
    }
    data = leaf_data(row)
    return {**row, "leaf_hash": leaf_hash(data)}, data
