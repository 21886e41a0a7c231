"""Merkle trees of RFC 9162, section 2.1, over SHA-256: pure functions, no I/O.

The rules, with their source:

- the root of no leaf is SHA-256 of nothing; of one leaf, that leaf's hash (2.1.1);
- leaf hash = SHA-256(0x00 || data), node hash = SHA-256(0x01 || left || right); the two prefixes keep a
  node from being shown as a leaf (2.1.1);
- a tree of n > 1 leaves splits at the greatest power of two below n (2.1.1);
- proofs are made by 2.1.3.1 and 2.1.4.1, and checked by 2.1.3.2 and 2.1.4.2;
- beyond the RFC: a hash that is not 32 bytes long makes a check fail (else bytes could move between the two
  halves of a node), and every tree is consistent with the empty one by an empty proof.

Positions count from 0. Checks give False for whatever does not prove the claim; makers raise ValueError when
asked for a proof that cannot exist.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf's data, 32 bytes (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over its two children, 32 bytes (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def split_point(size: int) -> int:
    """The greatest power of two below `size` (at least 2): where a tree of that many leaves splits."""
    return 1 << (size - 1).bit_length() - 1


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over leaves that are hashed already, in linear time (RFC 9162, 2.1.1)."""
    return _root(leaf_hashes, 0, len(leaf_hashes)) if leaf_hashes else EMPTY_ROOT


def are_hashes(values: Iterable[object]) -> bool:
    """Whether all of them are 32 bytes."""
    return all(isinstance(value, bytes) and len(value) == HASH_SIZE for value in values)


def inclusion_path(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges [start, end) of leaves whose roots make the audit path, from the leaf upwards (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: there is no leaf at `index` in a tree of `size`.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_path(first: int, size: int) -> list[tuple[int, int]]:
    """The ranges [start, end) of leaves whose roots make the consistency proof (RFC 9162, 2.1.4.1).

    Empty when `first` is 0 or `size`.

    Raises:
        ValueError: `first` is negative or more than `size`.
    """
    if not 0 <= first <= size:
        raise ValueError(f"no tree of {first} within {size}")
    if first in {0, size}:
        return []
    path = []
    start, end = 0, size
    while end != first:
        middle = start + split_point(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:  # the verifier knows the old root itself, and nothing smaller
        path.append((start, end))
    return path[::-1]


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """The audit path of the leaf at `index`, from the leaf upwards (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: there is no leaf at `index`.
    """
    return [_root(leaf_hashes, start, end) for start, end in inclusion_path(index, len(leaf_hashes))]


def consistency_proof(first: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """The proof that the tree of the first `first` leaves is the beginning of the whole (RFC 9162, 2.1.4.1).

    Empty when `first` is 0 or the whole.

    Raises:
        ValueError: `first` is negative or more than there are leaves.
    """
    return [_root(leaf_hashes, start, end) for start, end in consistency_path(first, len(leaf_hashes))]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf hash `leaf` at `index` of the tree of `size` leaves under `root` (2.1.3.2)."""
    if not 0 <= index < size or not are_hashes([leaf, root, *proof]):
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            node, last = _climb_past_lonely(node, last)
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hmac.compare_digest(value, root)


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `second` leaves begins with the tree of `first` (2.1.4.2)."""
    if not 0 <= first <= second or not are_hashes([first_root, second_root, *proof]):
        return False
    if first == second:
        return not proof and first_root == second_root and (first > 0 or first_root == EMPTY_ROOT)
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    return bool(proof) and _folds_to_both(path, first, second, first_root, second_root)


def _folds_to_both(path: Sequence[bytes], first: int, second: int, first_root: bytes, second_root: bytes) -> bool:
    """Steps 3 to 7 of RFC 9162, 2.1.4.2: one walk that rebuilds both roots from the same path."""
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _climb_past_lonely(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hmac.compare_digest(old, first_root) and hmac.compare_digest(new, second_root)


def _climb_past_lonely(node: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the node, the last of its row, has no sibling on its right."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _root(leaf_hashes: Sequence[bytes], start: int, end: int) -> bytes:
    """The root over leaf_hashes[start:end], which is not empty; depth of recursion is the height of the tree."""
    if end - start == 1:
        return leaf_hashes[start]
    middle = start + split_point(end - start)
    return node_hash(_root(leaf_hashes, start, middle), _root(leaf_hashes, middle, end))
