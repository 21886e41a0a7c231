"""Manifest, list of items and Merkle tree: what is refused, what is hidden, what is bound."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785

from archive_store.audit import merkle
from archive_store.errors import IntegrityError, InvalidInputError
from archive_store.labels import Label, Mark
from archive_store.sealing import (
    MANIFEST,
    SIGNATURE,
    TIMESTAMP,
    SealedItem,
    build_seal,
    check_seal,
    leaf_of,
    parse_items,
    parse_manifest,
    tree_size,
)
from tests.archive_store.sealed import details, file_of, seal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENTS = [b"one", b"two", b"three"]
ITEM = SealedItem(1, file_of("001.pdf", b"one"), Label())


def content(contents: list[bytes]) -> dict[str, str]:
    files = {f"{n:03d}.pdf": data for n, data in enumerate(contents, 1)} | {"case.json": b"{}"}
    seal = dict.fromkeys((MANIFEST, "items.json", SIGNATURE, TIMESTAMP), "0")
    return {path: hashlib.sha512(data).hexdigest() for path, data in files.items()} | seal


def leaves_of_json(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves_of_json(inner, (*path, key))
    else:
        yield path


def with_one_change(data: bytes, path: tuple[Any, ...]) -> bytes:
    document = json.loads(data)
    place = document
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = old + 1 if isinstance(old, int) else ("1" if old[:1] == "0" else "0") + old[1:]
    return rfc8785.dumps(document)


@pytest.mark.parametrize(
    ("items", "parts"),
    [
        ([], [file_of("case.json", b"{}")]),
        ([ITEM, ITEM], []),
        ([ITEM, replace(ITEM, file=file_of("001b.pdf", b"x"))], []),
        ([ITEM], [file_of("001.pdf", b"x")]),
        ([ITEM], [file_of("manifest.json", b"x")]),
        ([replace(ITEM, file=replace(ITEM.file, digests={"sm3": "ab"}))], []),
    ],
    ids=["nothing", "same item twice", "same number", "same path", "name of the seal", "no SHA-512"],
)
def test_what_cannot_be_sealed_is_refused(items: list[Any], parts: list[Any]) -> None:
    with pytest.raises(InvalidInputError):
        build_seal(details(), items, parts)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        build_seal(replace(details(), sealed_at=details().sealed_at.replace(tzinfo=None)), [ITEM], [])


@pytest.mark.parametrize("change", ["001.pdf", "case.json"])
def test_a_changed_file_is_reported(change: str) -> None:
    seal = seal_of(CONTENTS)
    assert check_seal(seal.manifest, seal.items, content(CONTENTS) | {change: "f" * 128})


def test_missing_and_added_files_are_reported() -> None:
    seal, files = seal_of(CONTENTS), content(CONTENTS)
    for path in sorted(set(files) - {MANIFEST, "items.json"}):
        assert check_seal(seal.manifest, seal.items, {p: d for p, d in files.items() if p != path}), path
    assert check_seal(seal.manifest, seal.items, files | {"004.pdf": "0" * 128})


def test_every_changed_field_of_the_list_is_reported() -> None:
    seal = seal_of(CONTENTS)
    for path in leaves_of_json(json.loads(seal.items)):
        assert check_seal(seal.manifest, with_one_change(seal.items, path), content(CONTENTS)), path


def test_fields_that_bind_the_list_are_checked_in_the_manifest() -> None:
    seal = seal_of(CONTENTS)
    for path in [
        ("object_id",),
        ("items", "size"),
        ("items", "digests", "sha512"),
        ("merkle", "root"),
        ("merkle", "size"),
    ]:
        assert check_seal(with_one_change(seal.manifest, path), seal.items, content(CONTENTS)), path


def test_a_list_whose_digest_was_mended_still_meets_the_tree() -> None:
    seal = seal_of(CONTENTS)
    position = json.loads(seal.items)["items"][0]["position"]
    for path in [("items", 0, "digests", "sha512"), ("items", 0, "salt"), ("items", 0, "leaf"), ("leaves", position)]:
        items = with_one_change(seal.items, path)
        manifest = json.loads(seal.manifest)
        manifest["items"]["digests"]["sha512"] = hashlib.sha512(items).hexdigest()
        digest = json.loads(items)["items"][0]["digests"]["sha512"]
        assert check_seal(rfc8785.dumps(manifest), items, content(CONTENTS) | {"001.pdf": digest}), path


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'":"', b'": "', 1),
        lambda data: data.replace(b"-1", b"-2", 1),
        lambda data: b'{"extra":1,' + data[1:],
        lambda data: data[:-1],
        lambda _: b"null",
        lambda _: b"[" * 5000,
        lambda _: b"\xff",
    ],
)
def test_documents_in_another_form_are_refused(spoil: Callable[[bytes], bytes]) -> None:
    seal = seal_of(CONTENTS)
    with pytest.raises(IntegrityError):
        parse_manifest(spoil(seal.manifest))
    with pytest.raises(IntegrityError):
        parse_items(spoil(seal.items))


def test_a_whole_seal_has_no_finding() -> None:
    for count in (1, 2, 64, 65):
        contents = [b"%d" % n for n in range(count)]
        seal = seal_of(contents)
        assert check_seal(seal.manifest, seal.items, content(contents)) == []


def test_the_manifest_tells_nothing_of_the_items() -> None:
    few, many = json.loads(seal_of([b"one"]).manifest), json.loads(seal_of([b"one"] * 60).manifest)
    assert few.keys() == many.keys()
    assert few["merkle"]["size"] == many["merkle"]["size"]
    assert b".pdf" not in seal_of(CONTENTS).manifest


def test_equal_items_have_unequal_leaves_and_places_follow_no_order() -> None:
    listed = parse_items(seal_of([b"same"] * 40).items)
    assert len(set(listed.leaves)) == len(listed.leaves) == 64
    positions = [item.position for item in listed.items]
    assert positions != sorted(positions)
    assert max(positions) >= 40


def test_a_tree_is_a_power_of_two_of_at_least_64() -> None:
    assert [tree_size(n) for n in (1, 64, 65, 128, 1000)] == [64, 64, 128, 128, 1024]


def test_a_leaf_is_the_rfc_9162_hash_of_canonical_json_without_number_or_label() -> None:
    file = file_of("001.pdf", b"one")
    sha512, salt = file.digests["sha512"], "0" * 32
    data = (
        f'{{"digests":{{"sha512":"{sha512}"}},"format":"anjuan-leaf-1",'
        f'"media_type":"application/pdf","object_id":"o","salt":"{salt}","size":3}}'
    )
    assert leaf_of("o", "0" * 32, file) == merkle.leaf_hash(data.encode())


def test_labels_stand_in_the_list_as_they_were_at_sealing() -> None:
    label = Label.of(2, [Mark.INFORMANT])
    seal = build_seal(details(), [replace(ITEM, label=label)], [])
    assert Label.parse(parse_items(seal.items).items[0].label) == label


def test_original_and_rendition_of_an_item_each_have_a_leaf() -> None:
    rendition = SealedItem(1, file_of("001-rendition.pdf", b"pages"), Label(), "rendition")
    listed = parse_items(build_seal(details(), [ITEM, rendition], []).items)
    assert [item.role for item in listed.items] == ["original", "rendition"]


def test_the_manifest_says_who_when_and_which_proofs_must_be_there() -> None:
    manifest = parse_manifest(seal_of(CONTENTS).manifest)
    assert (manifest.sealed_at, manifest.sealed_by) == ("2026-06-01T12:00:00Z", "account-1")
    assert [proof.path for proof in (*manifest.signatures, *manifest.timestamps)] == [SIGNATURE, TIMESTAMP]
