"""Fixity: whatever is changed, taken away or added in a storage root is reported."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from archive_store.fixity import ExpectedObject, FixityStep, check_storage
from archive_store.ocfl import StorageRoot
from archive_store.ocfl_check import Finding, Trouble
from archive_store.ocfl_inventory import sidecar
from archive_store.sealing import ITEMS, MANIFEST, SIGNATURE, TIMESTAMP
from tests.archive_store.sealed import authority, details, seal_object, seal_of, signer
from tests.archive_store.test_ocfl_check import rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proofs import ProofBook

MAIN = details().object_id
AUXILIARY = "urn:anjuan:demo-case:auxiliary"
CONTENTS = [b"first item", b"second item"]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ExpectedObject]]:
    """A root with two sealed objects, and what was recorded of them; tests work on copies of it."""
    root = StorageRoot.open(tmp_path_factory.mktemp("sealed") / "root")
    return root.folder, [seal_object(root, object_id, CONTENTS) for object_id in (MAIN, AUXILIARY)]


@pytest.fixture
def root(sealed: tuple[Path, list[ExpectedObject]], tmp_path: Path) -> StorageRoot:
    shutil.copytree(sealed[0], tmp_path / "root")
    return StorageRoot(tmp_path / "root")


@pytest.fixture
def expected(sealed: tuple[Path, list[ExpectedObject]]) -> list[ExpectedObject]:
    return sealed[1]


def findings(root: StorageRoot, expected: list[ExpectedObject]) -> list[Finding]:
    return [found for step in check_storage(root.folder, expected, signer().verifier) for found in step.findings]


def replace_content(root: StorageRoot, object_id: str, path: str, data: bytes) -> ExpectedObject:
    """Change a file and mend every inventory and digest after it; gives what the records would have to say."""
    folder = root.object_folder(object_id)
    content = folder / "v1/content" / path
    old, new = (hashlib.sha512(part).hexdigest() for part in (content.read_bytes(), data))
    rewrite(content, data)
    inventory = (folder / "inventory.json").read_bytes().replace(old.encode(), new.encode())
    for place in (folder, folder / "v1"):
        rewrite(place / "inventory.json", inventory)
        rewrite(place / "inventory.json.sha512", sidecar(inventory))
    manifest = hashlib.sha512((folder / "v1/content" / MANIFEST).read_bytes()).hexdigest()
    return ExpectedObject(object_id, manifest, hashlib.sha512(inventory).hexdigest())


def test_a_changed_byte_in_any_file_is_reported(
    root: StorageRoot, expected: list[ExpectedObject], proofs: ProofBook, *, full: bool
) -> None:
    tried, missed = 0, []
    for path in sorted(p for p in root.folder.rglob("*") if p.is_file()):
        kept = path.read_bytes()
        places = range(0, len(kept), max(1, len(kept) // 40)) if full else [tried * 7919 % len(kept)]
        for place in places:
            data = bytearray(kept)
            data[place] ^= 1 << (place % 8)
            rewrite(path, bytes(data))
            tried += 1
            if not findings(root, expected):
                missed.append((path, place))
        rewrite(path, kept)
    proofs.record("sealed bytes changed and not reported", len(missed), f"0 of {tried}", holds=not missed)
    assert missed == []
    assert findings(root, expected) == []


def test_a_missing_object_is_reported_by_its_id(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    root.withdraw(AUXILIARY)
    assert [(f.trouble, f.object_id) for f in findings(root, expected)] == [(Trouble.OBJECT_MISSING, AUXILIARY)]


def test_an_object_that_nobody_recorded_is_reported(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    seal_object(root, "urn:anjuan:forged:main", CONTENTS)
    assert [f.trouble for f in findings(root, expected)] == [Trouble.OBJECT_FOREIGN]


def test_another_object_sealed_under_the_same_id_is_reported(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    root.withdraw(MAIN)
    seal_object(root, MAIN, [b"forged item", b"second item"])
    assert {f.trouble for f in findings(root, expected)} == {Trouble.CHANGED}


def test_a_change_with_all_inventories_mended_meets_the_records(
    root: StorageRoot, expected: list[ExpectedObject]
) -> None:
    replace_content(root, MAIN, "001.pdf", b"forged item")
    assert {Trouble.CHANGED, Trouble.SEAL_INVALID} <= {f.trouble for f in findings(root, expected)}


@pytest.mark.parametrize("path", ["001.pdf", "case.json", ITEMS])
def test_a_change_with_records_mended_too_meets_the_seal(
    root: StorageRoot, expected: list[ExpectedObject], path: str
) -> None:
    mended = replace_content(root, MAIN, path, b"forged item")
    assert {f.trouble for f in findings(root, [mended, expected[1]])} == {Trouble.SEAL_INVALID}


def test_a_whole_new_seal_without_the_key_meets_the_signature(
    root: StorageRoot, expected: list[ExpectedObject]
) -> None:
    forged = seal_of([b"forged item", b"second item"])
    replace_content(root, MAIN, "001.pdf", b"forged item")
    replace_content(root, MAIN, ITEMS, forged.items)
    mended = replace_content(root, MAIN, MANIFEST, forged.manifest)
    found = findings(root, [mended, expected[1]])
    assert {f.trouble for f in found} == {Trouble.SEAL_INVALID}
    assert {f.path.rsplit("/", 1)[1] for f in found} == {SIGNATURE, TIMESTAMP}


def test_a_signature_of_another_authority_is_reported(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    manifest = root.read(MAIN, MANIFEST)
    replace_content(root, MAIN, SIGNATURE, signer("second").sign(manifest))
    mended = replace_content(root, MAIN, TIMESTAMP, signer("second").stamp(manifest))
    assert [f.trouble for f in findings(root, [mended, expected[1]])] == [Trouble.SEAL_INVALID] * 2


def test_a_time_stamp_of_another_object_is_reported(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    mended = replace_content(root, MAIN, TIMESTAMP, root.read(AUXILIARY, TIMESTAMP))
    assert [f.trouble for f in findings(root, [mended, expected[1]])] == [Trouble.SEAL_INVALID]


@pytest.mark.parametrize("field", ["manifest_sha512", "inventory_sha512"])
def test_a_record_that_differs_is_reported(root: StorageRoot, expected: list[ExpectedObject], field: str) -> None:
    wrong = replace(expected[0], **{field: "0" * 128})
    assert [f.trouble for f in findings(root, [wrong, expected[1]])] == [Trouble.CHANGED]


def test_an_object_that_was_never_sealed_is_reported(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    folder = root.object_folder(MAIN)
    document = json.loads((folder / "inventory.json").read_bytes())
    for part in (document["manifest"], document["versions"]["v1"]["state"]):
        for digest in [d for d, paths in part.items() if paths[0].endswith(MANIFEST)]:
            del part[digest]
    (folder / "v1/content" / MANIFEST).unlink()
    data = json.dumps(document).encode()
    for place in (folder, folder / "v1"):
        rewrite(place / "inventory.json", data)
        rewrite(place / "inventory.json.sha512", sidecar(data))
    assert Trouble.SEAL_INVALID in {f.trouble for f in findings(root, expected)}


def test_a_proof_of_an_unknown_kind_is_not_believed(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    manifest = root.read(MAIN, MANIFEST).replace(b'"cades"', b'"trust-me"')
    replace_content(root, MAIN, SIGNATURE, signer().sign(manifest))
    replace_content(root, MAIN, TIMESTAMP, signer().stamp(manifest))
    mended = replace_content(root, MAIN, MANIFEST, manifest)
    assert ["trust-me" in f.zh for f in findings(root, [mended, expected[1]])] == [True]


def test_a_whole_root_has_no_finding_and_tells_how_far_it_is(root: StorageRoot, expected: list[ExpectedObject]) -> None:
    steps: list[FixityStep] = list(check_storage(root.folder, expected, signer().verifier))
    assert [(step.done, step.total, step.findings) for step in steps] == [(n, 2, ()) for n in (0, 1, 2)]
    assert {step.object_id for step in steps} == {None, MAIN, AUXILIARY}
    assert sum(step.files for step in steps) == sum(p.is_file() for p in root.folder.rglob("*"))
    assert authority().is_demonstration
