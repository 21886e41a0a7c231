"""Receipts: one item is proven, nothing is told of the others, and no field can be changed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
import rfc8785

from archive_store.errors import NotFoundError
from archive_store.receipts import make_receipt, verify_receipt
from tests.archive_store.sealed import seal_of, signer
from tests.archive_store.test_sealing import leaves_of_json, with_one_change

if TYPE_CHECKING:
    from archive_store.sealing import Seal
    from tests.proofs import ProofBook

CONTENTS = [b"one", b"two", b"three"]
TWO = {"sha512": hashlib.sha512(b"two").hexdigest()}


judge = signer().verifier.findings
"""The real verifier, as a caller plugs it in."""


@pytest.fixture(scope="module")
def seal() -> Seal:
    return seal_of(CONTENTS)


@pytest.fixture(scope="module")
def signature(seal: Seal) -> bytes:
    return signer().sign(seal.manifest)


def receipt_of(seal: Seal, signature: bytes, number: int = 2, *, opened: bool = True) -> bytes:
    return make_receipt(seal.manifest, seal.items, [("cades", signature)], number, opened=opened)


def test_no_receipt_for_an_item_that_is_not_there(seal: Seal, signature: bytes) -> None:
    with pytest.raises(NotFoundError):
        receipt_of(seal, signature, 4)
    with pytest.raises(NotFoundError):
        make_receipt(seal.manifest, seal.items, [("cades", signature)], 1, "rendition", opened=True)


@pytest.mark.parametrize("opened", [True, False])
def test_no_field_of_a_receipt_can_be_changed(seal: Seal, signature: bytes, proofs: ProofBook, *, opened: bool) -> None:
    data = receipt_of(seal, signature, opened=opened)
    changed = [with_one_change(data, path) for path in leaves_of_json(json.loads(data)) if path[-1:] != (None,)]
    accepted = [one for one in changed if verify_receipt(one, judge).holds]
    proofs.record("changed receipts accepted", len(accepted), f"0 of {len(changed)}", holds=not accepted)
    assert not accepted


def test_a_digit_of_the_time_of_sealing_cannot_be_changed(seal: Seal, signature: bytes) -> None:
    data = receipt_of(seal, signature).replace(b"2026-06-01", b"2026-06-02")
    assert not verify_receipt(data, judge).holds


def test_other_bytes_are_not_the_item(seal: Seal, signature: bytes) -> None:
    check = verify_receipt(receipt_of(seal, signature), judge, {"sha512": hashlib.sha512(b"twO").hexdigest()})
    assert any("摘要不一致" in said for said in check.findings)


@pytest.mark.parametrize("digests", [{}, {"md5": "0"}])
def test_a_digest_that_does_not_suffice_proves_nothing(seal: Seal, signature: bytes, digests: dict[str, str]) -> None:
    assert not verify_receipt(receipt_of(seal, signature), judge, digests).holds


def test_a_closed_receipt_cannot_be_held_against_a_file(seal: Seal, signature: bytes) -> None:
    check = verify_receipt(receipt_of(seal, signature, opened=False), judge, TWO)
    assert not check.holds
    assert not check.names_item


def test_a_receipt_of_another_object_cannot_borrow_the_signature(seal: Seal, signature: bytes) -> None:
    other = seal_of(CONTENTS)
    assert not verify_receipt(receipt_of(other, signature), judge).holds
    mixed = json.loads(receipt_of(seal, signature))
    mixed["opening"] = json.loads(receipt_of(other, signature))["opening"]
    assert not verify_receipt(rfc8785.dumps(mixed), judge).holds


def test_a_receipt_of_a_seal_that_is_not_recorded_is_refused(seal: Seal, signature: bytes) -> None:
    assert not verify_receipt(receipt_of(seal, signature), judge, manifest_sha512="0" * 128).holds


def test_a_receipt_without_the_signatures_that_the_manifest_names_is_refused(seal: Seal, signature: bytes) -> None:
    twice = make_receipt(seal.manifest, seal.items, [("cades", signature)] * 2, 2, opened=True)
    other = make_receipt(seal.manifest, seal.items, [("sm2", signature)], 2, opened=True)
    none = json.loads(receipt_of(seal, signature)) | {"signatures": []}
    for data in (twice, other, rfc8785.dumps(none)):
        assert not verify_receipt(data, judge).holds


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b"[" * 5000, b"\xff\xfe"])
def test_what_is_no_receipt_is_a_finding_and_no_error(data: bytes) -> None:
    assert len(verify_receipt(data, judge).findings) == 1


def test_a_signature_that_is_not_base64_is_a_finding(seal: Seal, signature: bytes) -> None:
    document = json.loads(receipt_of(seal, signature))
    document["signatures"][0]["value"] = "!" + document["signatures"][0]["value"]
    assert verify_receipt(rfc8785.dumps(document), judge).findings == ("封存回执中的签名不能读取。",)


def test_each_item_is_proven_by_its_receipt(seal: Seal, signature: bytes) -> None:
    for number, content in enumerate(CONTENTS, 1):
        digests = {"sha512": hashlib.sha512(content).hexdigest()}
        data = receipt_of(seal, signature, number)
        check = verify_receipt(data, judge, digests, seal.manifest_sha512)
        assert check.holds, check.findings
        assert check.names_item
        assert check.manifest is not None
        assert check.manifest.archival_code == "演示-XZ·2026-D30-0001"


def test_a_receipt_tells_nothing_of_the_other_items(seal: Seal, signature: bytes, proofs: ProofBook) -> None:
    data = receipt_of(seal, signature)
    listed = json.loads(seal.items)
    others = [item for item in listed["items"] if item["number"] != 2]
    secrets = [value for item in others for value in (item["path"], item["salt"], item["digests"]["sha512"])]
    leaks = [value for value in secrets if value.encode() in data]
    proofs.record("facts of other items in a receipt", len(leaks), f"0 of {len(secrets)}", holds=not leaks)
    assert not leaks
    assert {"number", "label", "path"} & json.loads(data)["opening"].keys() == set()


def test_a_closed_receipt_tells_no_digest_of_its_item(seal: Seal, signature: bytes) -> None:
    data = receipt_of(seal, signature, opened=False)
    assert verify_receipt(data, judge).holds
    assert TWO["sha512"].encode() not in data
    assert "opening" not in json.loads(data)
    assert base64.b64encode(signature) in data
