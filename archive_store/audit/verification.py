"""Verification of the whole log from its rows, without holding it in memory.

What is checked, and how that adds up to a full recomputation:

- each leaf's hash is recomputed from its columns, and its commitment from salt and details (also of leaves that have
  no position yet); details may be missing only where a leaf of the log says that they were emptied;
- positions run from 0 without gap or repetition;
- each kept node is compared with the hash of its two kept children, level by level, and none is missing or too many:
  so the kept nodes are those that the leaves give;
- roots made of the kept nodes are compared with every signed checkpoint, those kept here and those brought along;
- on SQLite row numbers leave no gap, so that a row that was taken away is missed even before it has a position.

Whoever can write the database and has the log's key can still write a whole new log: checkpoints that a witness
cosigned, kept elsewhere and brought along, show that too.

Rows are read as raw as the database has them: a cell that cannot even be decoded is a finding, not an accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Integer, LargeBinary, SmallInteger, and_, func, not_, or_, select, text, true
from sqlalchemy import cast as as_type
from sqlalchemy.exc import DatabaseError

from archive_store.audit import tree
from archive_store.audit.checkpoint import Checkpoint, open_kept
from archive_store.audit.events import LEAF, EventName, commitment_to, leaf_data
from archive_store.audit.merkle import leaf_hash, node_hash
from archive_store.audit.note import SignedNote
from archive_store.errors import ArchiveError, IntegrityError
from archive_store.models.audit import AuditCheckpoint, AuditLeaf, AuditNode
from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Table
    from sqlalchemy.orm import Session

    from archive_store.audit.note import VerifierKey

BATCH = 1000
MOST_EXTRA_NODES = 100
LEAVES = cast("Table", AuditLeaf.__table__)
NODES = cast("Table", AuditNode.__table__)
CHECKPOINTS = cast("Table", AuditCheckpoint.__table__)
TEXTS = ("name", "actor_id", "object_type", "object_id", "outcome", "at", "request_id", "details")


class FindingKind(TitledEnum):
    """What is wrong."""

    LEAF_CHANGED = "leaf_changed", "记录内容与其哈希值不符，记录被改动"
    DETAILS_CHANGED = "details_changed", "记录的明细被改动"
    DETAILS_MISSING = "details_missing", "记录的明细缺失，且日志中没有清除明细的记录"
    LEAF_MISSING = "leaf_missing", "记录缺失或次序被改动"
    POSITION_WRONG = "position_wrong", "记录的序号重复或无效"
    NODE_CHANGED = "node_changed", "树节点与其下的记录不符，记录被替换、调换，或节点被改动"
    NODE_MISSING = "node_missing", "树节点缺失"
    NODE_EXTRA = "node_extra", "多出不应有的树节点"
    ROWS_MISSING = "rows_missing", "行号不连续，有行被删除或改号"
    CHECKPOINT_INVALID = "checkpoint_invalid", "保存的检查点被改动，或签名不正确"
    CHECKPOINT_AHEAD = "checkpoint_ahead", "日志比检查点短，末尾的记录被删除"
    CHECKPOINT_DIFFERS = "checkpoint_differs", "日志与检查点不符，日志被改写"
    UNREADABLE = "unreadable", "数据库损坏，日志无法完整读取"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One deviation: its kind, and the place in Chinese."""

    kind: FindingKind
    place: str

    @property
    def message(self) -> str:
        """What is wrong, in Chinese."""
        return self.kind.zh


def verify(session: Session, checkpoints: Iterable[Checkpoint], keys: Sequence[VerifierKey]) -> list[AuditFinding]:
    """Check everything; see `AuditLog.verify`."""
    findings: list[AuditFinding] = []
    try:
        findings.extend(_check_all(session, checkpoints, keys))
    except DatabaseError:
        findings.append(AuditFinding(FindingKind.UNREADABLE, "审计日志"))
    return findings


def _check_all(
    session: Session, checkpoints: Iterable[Checkpoint], keys: Sequence[VerifierKey]
) -> Iterator[AuditFinding]:
    size = _size(session)
    yield from _check_placed(session, size)
    yield from _check_others(session, size)
    for level in range(1, size.bit_length()):
        computed = _parents(_kept(session, level - 1, size))
        yield from _compare(level, computed, _kept(session, level, size))
    yield from _check_extra_nodes(session, size)
    if session.get_bind().dialect.name == "sqlite":
        yield from _check_numbering(session, LEAVES)
        yield from _check_numbering(session, CHECKPOINTS)
    if keys:
        yield from _check_kept_checkpoints(session, size, keys)
    for checkpoint in checkpoints:
        yield from _check_checkpoint(session, size, checkpoint)


def _size(session: Session) -> int:
    highest = session.scalar(select(func.max(LEAVES.c.position)).where(_is_integer(session, LEAVES.c.position)))
    return 0 if highest is None else int(highest) + 1


def _is_integer(session: Session, column: Column[Any]) -> ColumnElement[bool]:
    """SQLite keeps anything in any column; other databases do not."""
    return func.typeof(column) == "integer" if session.get_bind().dialect.name == "sqlite" else true()


def _raw(session: Session, table: Table) -> list[ColumnElement[Any]]:
    """The columns of a table, on SQLite as bytes wherever they are no numbers, so that no cell fails to be read."""
    if session.get_bind().dialect.name != "sqlite":
        return list(table.c)
    return [
        column if isinstance(column.type, (Integer, SmallInteger)) else as_type(column, LargeBinary).label(column.name)
        for column in table.c
    ]


def _rows(
    session: Session, columns: Iterable[ColumnElement[Any]], key: Column[Any], *where: ColumnElement[bool]
) -> Iterator[Mapping[str, Any]]:
    """Rows in the order of `key`, a page at a time."""
    query = select(*columns).where(*where).order_by(key).limit(BATCH)
    rows = session.execute(query).mappings().all()
    while rows:
        yield from cast("Sequence[Mapping[str, Any]]", rows)
        if len(rows) < BATCH:
            return
        rows = session.execute(query.where(key > rows[-1][key.name])).mappings().all()


def _check_placed(session: Session, size: int) -> Iterator[AuditFinding]:
    """Leaves that have their position: content, and 0, 1, 2 ... without gap."""
    position = LEAVES.c.position
    inside = (position >= 0, position < size)
    expected = seen = 0
    for row in _rows(session, _raw(session, LEAVES), position, *inside):
        if row["position"] > expected:
            yield AuditFinding(FindingKind.LEAF_MISSING, _leaves(expected, row["position"]))
        elif row["position"] < expected:
            yield AuditFinding(FindingKind.POSITION_WRONG, _name(row))
        expected, seen = row["position"] + 1, seen + 1
        yield from _check_leaf(session, row)
    if seen != session.scalar(select(func.count()).select_from(LEAVES).where(*inside)):
        yield AuditFinding(FindingKind.POSITION_WRONG, "审计日志")


def _check_others(session: Session, size: int) -> Iterator[AuditFinding]:
    """Leaves that have no position yet, or got theirs while we read, or have an impossible one."""
    position = LEAVES.c.position
    for row in _rows(
        session, _raw(session, LEAVES), LEAVES.c.id, or_(position.is_(None), position < 0, position >= size)
    ):
        yield from _check_leaf(session, row)
        given = row["position"]
        if given is not None and (not isinstance(given, int) or given < 0):
            yield AuditFinding(FindingKind.POSITION_WRONG, _name(row))


def _check_leaf(session: Session, row: Mapping[str, Any]) -> Iterator[AuditFinding]:
    fields = _fields(row)
    if fields is None or _computed(fields) != fields["leaf_hash"]:
        yield AuditFinding(FindingKind.LEAF_CHANGED, _name(row))
    elif fields["salt"] is None and fields["details"] is None:
        if not _is_redacted(session, fields["leaf_hash"]):
            yield AuditFinding(FindingKind.DETAILS_MISSING, _name(row))
    elif commitment_to(fields["salt"] or b"", (fields["details"] or "").encode()) != fields["commitment"]:
        yield AuditFinding(FindingKind.DETAILS_CHANGED, _name(row))


def _fields(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The columns of a leaf as they were given to `leaf_data`, or None where a cell cannot hold that any more."""
    fields = dict(row)
    try:
        for name in TEXTS:
            if isinstance(fields[name], bytes):
                fields[name] = fields[name].decode()
        if isinstance(fields["at"], str):
            fields["at"] = _moment(fields["at"])
    except ValueError:
        return None
    return fields if isinstance(fields["version"], int) else None


def _computed(fields: Mapping[str, Any]) -> bytes | None:
    try:
        return leaf_hash(leaf_data(fields))
    except ValueError:
        return None


def _moment(kept: str) -> datetime:
    """A moment as SQLite keeps it, in exactly that form."""
    moment = datetime.fromisoformat(kept)
    if moment.isoformat(" ", "microseconds") != kept:
        raise ValueError(kept)
    return moment.replace(tzinfo=UTC)


def _is_redacted(session: Session, digest: bytes) -> bool:
    said = and_(
        LEAVES.c.object_type == LEAF,
        LEAVES.c.object_id == digest.hex(),
        LEAVES.c.name == str(EventName.AUDIT_REDACT),
    )
    return session.scalar(select(LEAVES.c.id).where(said).limit(1)) is not None


def _kept(session: Session, level: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Place and hash of every kept subtree of a level that a log of `size` fills."""
    table, place, digest = (LEAVES, "position", "leaf_hash") if level == 0 else (NODES, "place", "hash")
    key = table.c[place]
    where = [key >= 0, key < size >> level, _is_integer(session, key)]
    if level:
        where.append(table.c.level == level)
    columns = [column for column in _raw(session, table) if column.name in {place, digest}]
    for row in _rows(session, columns, key, *where):
        yield row[place], row[digest]


def _parents(children: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Place and hash of the parent of every two siblings that are both kept."""
    for (left_place, left), (right_place, right) in pairwise(children):
        if right_place & 1 and left_place == right_place - 1:
            yield right_place >> 1, node_hash(left, right)


def _compare(
    level: int, computed: Iterator[tuple[int, bytes]], kept: Iterator[tuple[int, bytes]]
) -> Iterator[AuditFinding]:
    """Kept nodes against computed ones; a parent of a missing child is passed over: the child is a finding already."""
    place, digest = next(kept, (None, b""))
    for wanted_place, wanted in computed:
        while place is not None and place < wanted_place:
            place, digest = next(kept, (None, b""))
        if place != wanted_place:
            yield AuditFinding(FindingKind.NODE_MISSING, _node(level, wanted_place))
        elif digest != wanted:
            yield AuditFinding(FindingKind.NODE_CHANGED, _node(level, wanted_place))


def _check_extra_nodes(session: Session, size: int) -> Iterator[AuditFinding]:
    proper = _proper_nodes(session, size)
    strange = select(NODES.c.level, NODES.c.place).where(not_(proper)).limit(MOST_EXTRA_NODES)
    found = [tuple(row) for row in session.execute(strange)]
    # a log that grew while we read has more nodes by now, and all of them below its present size
    grown = _size(session)
    for level, place in found:
        if not _belongs(level, place, grown):
            yield AuditFinding(FindingKind.NODE_EXTRA, f"树节点 {level}/{place}")


def _proper_nodes(session: Session, size: int) -> ColumnElement[bool]:
    level, place = NODES.c.level, NODES.c.place
    filled = [and_(level == n, place >= 0, place < size >> n) for n in range(1, size.bit_length())]
    return and_(or_(*filled, ~true()), _is_integer(session, place))


def _belongs(level: object, place: object, size: int) -> bool:
    return isinstance(level, int) and isinstance(place, int) and level > 0 and 0 <= place < size >> level


def _check_numbering(session: Session, table: Table) -> Iterator[AuditFinding]:
    """SQLite with AUTOINCREMENT: committed rows are numbered 1, 2, 3 ... (a number rolled back is given again)."""
    numbers = select(func.min(table.c.id), func.max(table.c.id), func.count()).select_from(table)
    lowest, highest, count = session.execute(numbers).one()
    drawn = session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}) or 0
    if not (count == (highest or 0) == drawn and lowest in {None, 1}):
        yield AuditFinding(FindingKind.ROWS_MISSING, f"数据表 {table.name}：现有 {count} 行，应有 {drawn} 行")


def _check_kept_checkpoints(session: Session, size: int, keys: Sequence[VerifierKey]) -> Iterator[AuditFinding]:
    for row in _rows(session, _raw(session, CHECKPOINTS), CHECKPOINTS.c.id):
        try:
            checkpoint = open_kept(SignedNote.parse(row["note"]), keys)
        except ArchiveError:
            yield AuditFinding(FindingKind.CHECKPOINT_INVALID, f"检查点 {row['id']}")
            continue
        if checkpoint.size != row["size"]:
            yield AuditFinding(FindingKind.CHECKPOINT_INVALID, f"检查点 {row['id']}")
        yield from _check_checkpoint(session, size, checkpoint)

    repeated = session.scalar(select(func.count() - func.count(CHECKPOINTS.c.note.distinct())))
    if repeated:
        # one that came back with a cosignature differs from the first: the same twice has lost it
        yield AuditFinding(FindingKind.CHECKPOINT_INVALID, f"重复的检查点 {repeated} 个")


def _check_checkpoint(session: Session, size: int, checkpoint: Checkpoint) -> Iterator[AuditFinding]:
    place = f"检查点（{checkpoint.size} 条记录）"
    # one may have been kept since we began to read
    if checkpoint.size > size and checkpoint.size > _size(session):
        yield AuditFinding(FindingKind.CHECKPOINT_AHEAD, place)
        return
    try:
        agrees = tree.root_at(session, checkpoint.size) == checkpoint.root
    except IntegrityError:
        agrees = False
    if not agrees:
        yield AuditFinding(FindingKind.CHECKPOINT_DIFFERS, place)


def _name(row: Mapping[str, Any]) -> str:
    if row["position"] is None:
        return f"待排序记录 {row['id']}"
    return f"日志第 {row['position']} 号记录"


def _leaves(start: int, end: int) -> str:
    return f"日志第 {start} 号记录" if end == start + 1 else f"日志第 {start} 至 {end - 1} 号记录"


def _node(level: int, place: int) -> str:
    return f"树节点 {level}/{place}（{_leaves(place << level, (place + 1) << level)}）"
