"""The Merkle tree as it is kept in rows: leaf hashes by position, and one node for every whole subtree above them.

A whole subtree never changes once it is full, so that rows are only ever added: n leaves have fewer than n nodes.
Any root, audit path or consistency proof is made of at most 2 log2(n) whole subtrees, which are read at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from archive_store.audit.merkle import EMPTY_ROOT, are_hashes, consistency_path, inclusion_path, node_hash
from archive_store.errors import IntegrityError
from archive_store.models.audit import AuditLeaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

NODE_LOST = "审计日志的树结构缺少节点，无法计算证明。请安全审计员运行日志核验。"


@dataclass(frozen=True, slots=True, order=True)
class Subtree:
    """The whole subtree over the leaves [place * 2**level, (place + 1) * 2**level)."""

    level: int
    place: int


def cover(start: int, end: int) -> list[Subtree]:
    """The whole subtrees that make up the leaves [start, end), largest (leftmost) first.

    `start` lies where RFC 9162 splits trees: it is a multiple of the least power of two that is not below end - start.
    """
    found = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if end - start >> level & 1:
            found.append(Subtree(level, start >> level))
            start += 1 << level
    return found


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees in the order of `cover`; of none, the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    *others, value = hashes
    for left in reversed(others):
        value = node_hash(left, value)
    return value


def root_at(session: Session, size: int) -> bytes:
    """The root over the first `size` leaves."""
    return _roots(session, [(0, size)])[0]


def inclusion(session: Session, position: int, size: int) -> list[bytes]:
    """The audit path of the leaf at `position` in the tree of `size` leaves."""
    return _roots(session, inclusion_path(position, size))


def consistency(session: Session, first: int, second: int) -> list[bytes]:
    """The proof that the tree of `second` leaves begins with that of `first`."""
    return _roots(session, consistency_path(first, second))


def _roots(session: Session, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
    covers = [cover(start, end) for start, end in ranges]
    kept = read(session, [subtree for found in covers for subtree in found])
    return [fold([kept[subtree] for subtree in found]) for found in covers]


def read(session: Session, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
    """The kept hashes of subtrees, in at most two queries by key.

    Raises:
        IntegrityError: one is missing, so the tree is shorter than asked for, or damaged.
    """
    kept = _read_leaves(session, wanted) | _read_nodes(session, wanted)
    if not kept.keys() >= set(wanted) or not are_hashes(kept.values()):
        raise IntegrityError(NODE_LOST)
    return kept


def _read_leaves(session: Session, wanted: Iterable[Subtree]) -> dict[Subtree, bytes]:
    positions = [subtree.place for subtree in wanted if not subtree.level]
    if not positions:
        return {}
    rows = session.execute(
        select(AuditLeaf.position, AuditLeaf.leaf_hash).where(AuditLeaf.position.in_(positions)),
    )
    return {Subtree(0, position): digest for position, digest in rows if position is not None}


def _read_nodes(session: Session, wanted: Iterable[Subtree]) -> dict[Subtree, bytes]:
    keys = [subtree for subtree in wanted if subtree.level]
    if not keys:
        return {}
    # a join with VALUES is one search by key for each; SQLite scans the table for (level, place) IN (...)
    pairs = ", ".join(f"(:level{n}, :place{n})" for n in range(len(keys)))
    statement = (
        f"WITH wanted(level, place) AS (VALUES {pairs}) SELECT kept.level, kept.place, kept.hash FROM wanted "  # noqa: S608 - numbers of parameters only
        "JOIN audit_nodes AS kept ON kept.level = wanted.level AND kept.place = wanted.place"
    )
    given = {f"level{n}": key.level for n, key in enumerate(keys)} | {
        f"place{n}": key.place for n, key in enumerate(keys)
    }
    return {Subtree(level, place): digest for level, place, digest in session.execute(text(statement), given)}


class Growth:
    """The right edge of a tree while leaves are added: gives each subtree that a leaf completes."""

    def __init__(self, size: int, edge: Sequence[bytes]) -> None:
        """Start from the tree of `size` leaves, `edge` being the hashes of `cover(0, size)`."""
        self._size = size
        self._edge = list(edge)

    def add(self, leaf: bytes) -> list[tuple[Subtree, bytes]]:
        """Add a leaf hash; gives the new whole subtrees above it, lowest first."""
        subtree, digest = Subtree(0, self._size), leaf
        completed = []
        while subtree.place & 1:
            digest = node_hash(self._edge.pop(), digest)
            subtree = Subtree(subtree.level + 1, subtree.place >> 1)
            completed.append((subtree, digest))
        self._edge.append(digest)
        self._size += 1
        return completed
