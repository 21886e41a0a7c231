"""Item receipts: proof that one item lies in a sealed object, for someone who may see nothing else of it.

No I/O here. The rules (format specification: `docs/sealed-object.md`):

- a receipt holds the manifest (which speaks of no item), the signatures over it, one leaf, its place in the tree
  and the inclusion proof of RFC 9162, 2.1.3;
- an opened receipt also holds salt, size, digests and media type of the item, from which the leaf follows; a
  closed one keeps them back, so that nobody can try guesses of a redacted original against its digest;
- a receipt is canonical JSON (RFC 8785); any other byte makes it refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from archive_store.audit import merkle
from archive_store.errors import IntegrityError, NotFoundError
from archive_store.sealing import (
    Digests,
    Document,
    Hex32,
    ItemRole,
    Manifest,
    Salt,
    SealedFile,
    Size,
    Text,
    canonical,
    leaf_of,
    parse_document,
    parse_items,
    parse_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RECEIPT_FORMAT: Final = "anjuan-receipt-1"


class Opening(Document):
    """What the leaf is made of, where the holder may know it."""

    salt: Salt
    size: Size
    digests: Digests
    media_type: Text


class ReceiptSignature(Document):
    """A signature over the manifest: its scheme as the manifest names it, and its bytes in base64."""

    scheme: Text
    value: str


class Receipt(Document):
    """The receipt of one item."""

    format: Literal["anjuan-receipt-1"]
    manifest: Manifest
    signatures: Annotated[list[ReceiptSignature], Field(min_length=1)]
    leaf: Hex32
    position: Size
    proof: list[Hex32]
    opening: Opening | None = None


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """The outcome: `findings` are Chinese sentences, none where the receipt is genuine.

    `names_item` tells whether the digests handed in were compared with the item's (an opened receipt).
    """

    findings: tuple[str, ...]
    manifest: Manifest | None = None
    names_item: bool = False

    @property
    def holds(self) -> bool:
        """Whether everything was right."""
        return not self.findings


def make_receipt(
    manifest: bytes,
    items: bytes,
    signatures: Sequence[tuple[str, bytes]],
    number: int,
    role: ItemRole = "original",
    *,
    opened: bool,
) -> bytes:
    """Make the receipt of one item from the documents of its sealed object.

    Args:
        manifest: `manifest.json`.
        items: `items.json`.
        signatures: scheme and bytes of each signature over the manifest, as the manifest lists them.
        number: the item's number.
        role: original or rendition.
        opened: whether the holder may know digests and size of the item.

    Raises:
        NotFoundError: the object has no such item.
        IntegrityError: the documents are not canonical.
    """
    listed = parse_items(items)
    item = next((item for item in listed.items if (item.number, item.role) == (number, role)), None)
    if item is None:
        raise NotFoundError
    leaves = [bytes.fromhex(leaf) for leaf in listed.leaves]
    opening = Opening(salt=item.salt, size=item.size, digests=item.digests, media_type=item.media_type)
    receipt = Receipt(
        format=RECEIPT_FORMAT,
        manifest=parse_manifest(manifest),
        signatures=[
            ReceiptSignature(scheme=scheme, value=base64.b64encode(value).decode()) for scheme, value in signatures
        ],
        leaf=item.leaf,
        position=item.position,
        proof=[step.hex() for step in merkle.inclusion_proof(item.position, leaves)],
        opening=opening if opened else None,
    )
    return canonical(receipt)


def verify_receipt(
    data: bytes,
    verify_signature: Callable[[str, bytes, bytes], Sequence[str]],
    digests: Mapping[str, str] | None = None,
    manifest_sha512: str | None = None,
) -> ReceiptCheck:
    """Check a receipt completely; never raises for what it reads.

    Args:
        data: the receipt.
        verify_signature: given scheme, manifest bytes and signature bytes, gives sentences on what is wrong.
        digests: digests (algorithm to hex) of the bytes that are claimed to be the item.
        manifest_sha512: the manifest's digest as recorded elsewhere (database, log), where it is known.
    """
    try:
        receipt = parse_document(Receipt, data, "封存回执")
        signatures = [(part.scheme, base64.b64decode(part.value, validate=True)) for part in receipt.signatures]
    except IntegrityError as error:
        return ReceiptCheck((error.message,))
    except binascii.Error:
        return ReceiptCheck(("封存回执中的签名不能读取。",))
    manifest = canonical(receipt.manifest)
    findings = [*_check_manifest(receipt, manifest, manifest_sha512), *_check_leaf(receipt)]
    for scheme, value in signatures:
        findings += verify_signature(scheme, manifest, value)
    if digests is not None:
        findings += _check_digests(receipt, digests)
    return ReceiptCheck(tuple(findings), receipt.manifest, names_item=digests is not None and bool(receipt.opening))


def _check_manifest(receipt: Receipt, manifest: bytes, recorded: str | None) -> list[str]:
    findings = []
    if recorded is not None and not hmac.compare_digest(hashlib.sha512(manifest).hexdigest(), recorded):
        findings.append("回执所附的封存清单与登记的不一致。")
    if [part.scheme for part in receipt.signatures] != [part.scheme for part in receipt.manifest.signatures]:
        findings.append("回执缺少封存清单要求的签名。")
    return findings


def _check_leaf(receipt: Receipt) -> list[str]:
    findings = []
    leaf, tree = bytes.fromhex(receipt.leaf), receipt.manifest.merkle
    proof = [bytes.fromhex(step) for step in receipt.proof]
    if not merkle.verify_inclusion(receipt.position, tree.size, leaf, proof, bytes.fromhex(tree.root)):
        findings.append("回执不能证明该件在封存包内。")
    if (opening := receipt.opening) is not None:
        file = SealedFile("", opening.size, opening.digests, opening.media_type)
        if not hmac.compare_digest(leaf_of(receipt.manifest.object_id, opening.salt, file), leaf):
            findings.append("回执所载的摘要与封存时的不一致。")
    return findings


def _check_digests(receipt: Receipt, digests: Mapping[str, str]) -> list[str]:
    if receipt.opening is None:
        return ["此回执不公开该件的摘要，不能用它比对文件。"]
    sealed = receipt.opening.digests
    common = sealed.keys() & digests.keys()
    if "sha512" not in common or any(not hmac.compare_digest(sealed[name], digests[name]) for name in common):
        return ["文件与封存时的摘要不一致，内容已被改动，或不是同一件。"]
    return []
