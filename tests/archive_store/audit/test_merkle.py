"""RFC 9162, section 2.1, against the published vectors of Certificate Transparency and every single slip in them.

The leaves, roots and proofs are those of the reference implementations of RFC 6962 (transparency-dev/merkle,
`proof/verify_test.go` and `testonly`), the corruptions those of its `testdata`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.audit import merkle

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = [  # position from 0, size, proof
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        7,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
SOME = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")
HASHES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def root_of(size: int) -> bytes:
    return bytes.fromhex(EMPTY if size == 0 else ROOTS[size - 1])


def unhex(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(element) for element in proof]


def slips(proof: list[bytes], root: bytes) -> list[list[bytes]]:
    """Every way in which the reference test data spoil a proof."""
    flipped = [[*proof[:n], bytes([proof[n][0] ^ 8]) + proof[n][1:], *proof[n + 1 :]] for n in range(len(proof))]
    return [
        *flipped,
        [],
        proof[:-1],
        [*proof, b""],
        [b"", *proof],
        [*proof, root],
        [root, *proof],
        [proof[0], *proof],
        [proof[0], SOME, *proof[1:]],
    ]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_a_spoiled_inclusion_proof_is_refused(index: int, size: int, proof: list[str]) -> None:
    leaf, root, good = HASHES[index], root_of(size), unhex(proof)
    wrong = [(index, size, leaf, bad, root) for bad in slips(good, root)]
    wrong += [(other, size, leaf, good, root) for other in (index - 1, index + 1, index ^ 2)]
    wrong += [(index, other, leaf, good, root) for other in (size * 2, size // 2)]
    wrong += [(index, size, b"WrongLeaf", good, root), (index, size, leaf, good, SOME)]
    wrong += [(index, size, leaf, good, bytes.fromhex(EMPTY)), (index, size, leaf, good, b"")]

    assert not [claim for claim in wrong if merkle.verify_inclusion(*claim)]


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY)
def test_a_spoiled_consistency_proof_is_refused(first: int, second: int, proof: list[str]) -> None:
    old, new, good = root_of(first), root_of(second), unhex(proof)
    wrong = [(first, second, old, new, bad) for bad in (*slips(good, old), *slips(good, new)) if bad != good]
    wrong += [(other, second, old, new, good) for other in (first - 1, first + 1, first ^ 2)]
    wrong += [(first, other, old, new, good) for other in (second * 2, second // 2)]
    wrong += [(first, second, b"WrongRoot", new, good), (first, second, old, b"WrongRoot", good)]
    wrong += [(first, second, new, old, good)]

    assert not [claim for claim in wrong if merkle.verify_consistency(*claim)]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (2, 1), (-1, 1), (0, -1)])
def test_no_leaf_stands_outside_its_tree(index: int, size: int) -> None:
    assert not merkle.verify_inclusion(index, size, SOME, [], SOME)
    assert not merkle.verify_inclusion(index, size, SOME, [], bytes.fromhex(EMPTY))
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(index, HASHES[: max(size, 0)])


@pytest.mark.parametrize(
    ("first", "second", "old", "new", "proof"),
    [
        (0, 0, SOME, root_of(1), []),
        (0, 0, SOME, SOME, []),
        (0, 1, SOME, root_of(1), []),
        (1, 1, SOME, root_of(1), []),
        (1, 0, root_of(1), root_of(0), []),
        (2, 1, root_of(2), root_of(1), []),
        (1, 2, root_of(1), root_of(2), []),
        (0, 0, root_of(0), root_of(0), [root_of(0)]),
        (0, 1, root_of(0), root_of(1), [root_of(0)]),
        (1, 1, root_of(1), root_of(1), [root_of(0)]),
        (-1, 1, root_of(0), root_of(1), []),
    ],
)
def test_an_edge_that_proves_nothing_is_refused(
    first: int, second: int, old: bytes, new: bytes, proof: list[bytes]
) -> None:
    assert not merkle.verify_consistency(first, second, old, new, proof)


def test_bytes_cannot_move_between_the_halves_of_a_node() -> None:
    left, right = HASHES[0], HASHES[1]
    joined = left + right

    assert not merkle.verify_inclusion(0, 2, joined[:31], [joined[31:]], root_of(2))


def test_a_node_is_no_leaf() -> None:
    assert merkle.leaf_hash(HASHES[0] + HASHES[1]) != merkle.node_hash(HASHES[0], HASHES[1])


def test_the_consistency_of_a_larger_tree_cannot_be_proven() -> None:
    with pytest.raises(ValueError, match="no tree of 9 within 8"):
        merkle.consistency_proof(9, HASHES)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert merkle.root(HASHES[:size]) == root_of(size)


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(index: int, size: int, proof: list[str]) -> None:
    assert merkle.inclusion_proof(index, HASHES[:size]) == unhex(proof)
    assert merkle.verify_inclusion(index, size, HASHES[index], unhex(proof), root_of(size))


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(first: int, second: int, proof: list[str]) -> None:
    assert merkle.consistency_proof(first, HASHES[:second]) == unhex(proof)
    assert merkle.verify_consistency(first, second, root_of(first), root_of(second), unhex(proof))


def test_a_tree_of_one_leaf_is_that_leaf() -> None:
    assert merkle.inclusion_proof(0, HASHES[:1]) == []
    assert merkle.verify_inclusion(0, 1, HASHES[0], [], HASHES[0])


def test_every_tree_continues_the_empty_one_and_itself() -> None:
    for size in range(9):
        assert merkle.verify_consistency(0, size, root_of(0), root_of(size), merkle.consistency_proof(0, HASHES[:size]))
        assert merkle.verify_consistency(size, size, root_of(size), root_of(size), [])


@given(st.integers(1, 200), st.data())
def test_every_proof_that_is_made_is_accepted(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(size)]
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    root = merkle.root(leaves)

    assert merkle.verify_inclusion(index, size, leaves[index], merkle.inclusion_proof(index, leaves), root)
    assert merkle.verify_consistency(
        first, size, merkle.root(leaves[:first]), root, merkle.consistency_proof(first, leaves)
    )


@given(st.integers(2, 100), st.data())
def test_no_leaf_is_accepted_in_the_place_of_another(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    proof, root = merkle.inclusion_proof(index, leaves), merkle.root(leaves)

    assert not merkle.verify_inclusion(index, size, leaves[other], proof, root)
    assert not merkle.verify_inclusion(other, size, leaves[index], proof, root)
