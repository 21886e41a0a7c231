"""What is signed when a file is closed: the manifest of a sealed object, the list of its items, their Merkle tree.

No I/O here. The rules (format specification: `docs/sealed-object.md`):

- `manifest.json` is the signed document. It names its format, the object, the case, who sealed it and when, the
  digest of `items.json`, and the root of a Merkle tree; it says nothing of any item, so that it may be shown to
  whoever holds a receipt for one of them;
- `items.json` lists every other file of the object with its digests: items (one leaf each) and parts (cover,
  table of contents, closing note, `case.json`). Titles stand in `case.json` only;
- a leaf is the RFC 9162 leaf hash of the canonical JSON (RFC 8785) of format, object, salt (16 random bytes),
  size, digests and media type; neither number nor label is in it;
- leaves stand in random order, and random hashes fill the tree up to a power of two, at least 64: place and size
  of the tree tell nothing of how many items there are or which is which;
- digests are a map (`sha512`; others may stand beside it), signatures and time stamps are lists that say which
  files must be there;
- both documents are canonical JSON; other bytes, unknown fields and unknown formats are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive_store.audit import merkle
from archive_store.blobs.base import NOT_ENCRYPTED, Encryption
from archive_store.errors import IntegrityError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from archive_store.labels import Label

MANIFEST_FORMAT: Final = "anjuan-manifest-1"
ITEMS_FORMAT: Final = "anjuan-items-1"
LEAF_FORMAT = "anjuan-leaf-1"
MANIFEST = "manifest.json"
ITEMS: Final = "items.json"
SIGNATURE = "manifest.p7s"
TIMESTAMP = "manifest.tsr"
SEAL_FILES = frozenset({MANIFEST, ITEMS, SIGNATURE, TIMESTAMP})
SALT_BYTES = 16
LEAST_TREE = 64

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Salt = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digests = Annotated[dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]+$")]], Field(min_length=1)]
Size = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1, max_length=300)]
ItemRole = Literal["original", "rendition"]


class Document(BaseModel):
    """A part of a sealed document: frozen, strict, without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EncryptionPart(Document):
    """How the stored bytes are encrypted."""

    scheme: Text
    key_id: Text | None = None


class FilePart(Document):
    """A file of the object: its path, and size and digests of its content."""

    path: Text
    size: Size
    digests: Digests
    media_type: Text
    encryption: EncryptionPart


class ItemPart(FilePart):
    """A file of an item (件); `leaf` is in hex and stands at `position` of the tree."""

    number: Annotated[int, Field(ge=1)]
    role: ItemRole
    label: Text
    salt: Salt
    leaf: Hex32
    position: Size


class ItemList(Document):
    """`items.json`."""

    format: Literal["anjuan-items-1"]
    object_id: Text
    items: list[ItemPart]
    parts: list[FilePart]
    leaves: list[Hex32]


class ListReference(Document):
    """How the manifest binds `items.json`."""

    path: Literal["items.json"]
    size: Size
    digests: Digests


class Tree(Document):
    """The Merkle tree over the leaves (RFC 9162)."""

    hash: Literal["sha256"]
    root: Hex32
    size: Annotated[int, Field(ge=LEAST_TREE)]


class Proof(Document):
    """A signature or time stamp over the manifest that must be there."""

    scheme: Text
    path: Text


class Manifest(Document):
    """`manifest.json`."""

    format: Literal["anjuan-manifest-1"]
    object_id: Text
    case_id: Text
    archival_code: Text
    sealed_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    sealed_by: Text
    items: ListReference
    merkle: Tree
    signatures: Annotated[list[Proof], Field(min_length=1)]
    timestamps: Annotated[list[Proof], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file that was written into the object: path, size in bytes, digests by algorithm, media type."""

    path: str
    size: int
    digests: Mapping[str, str]
    media_type: str
    encryption: Encryption = NOT_ENCRYPTED


@dataclass(frozen=True, slots=True)
class SealedItem:
    """A file of an item: its number in the case, whether original or rendition, and its label at sealing."""

    number: int
    file: SealedFile
    label: Label
    role: ItemRole = "original"


@dataclass(frozen=True, slots=True)
class SealDetails:
    """What the manifest says of the object. `sealed_by` is an account's id, `sealed_at` has a time zone."""

    object_id: str
    case_id: str
    archival_code: str
    sealed_at: datetime
    sealed_by: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The two documents of a seal, as the bytes that are stored (and, for the manifest, signed)."""

    manifest: bytes
    items: bytes

    @property
    def manifest_sha512(self) -> str:
        """What the caller records of the seal."""
        return hashlib.sha512(self.manifest).hexdigest()


def build_seal(
    details: SealDetails,
    items: Sequence[SealedItem],
    parts: Sequence[SealedFile],
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> Seal:
    """Make manifest and list of a sealed object.

    Args:
        details: what the manifest says of the object.
        items: the files of the items, at least one.
        parts: all other files of the object but those of the seal itself (`SEAL_FILES`).
        randomness: gives so many random bytes.

    Raises:
        InvalidInputError: no item, a path or an item (number and role) twice, or a time without zone.
    """
    _check_input(details, items, parts)
    size = tree_size(len(items))
    leaves = [randomness(merkle.HASH_SIZE) for _ in range(size)]
    places = sorted(range(size), key=lambda _: randomness(SALT_BYTES))
    listed = []
    for item, position in zip(items, places, strict=False):
        salt = randomness(SALT_BYTES).hex()
        leaves[position] = leaf_of(details.object_id, salt, item.file)
        listed.append(_item_part(item, salt, leaves[position], position))
    document = ItemList(
        format=ITEMS_FORMAT,
        object_id=details.object_id,
        items=listed,
        parts=[FilePart(**_file_fields(part)) for part in parts],
        leaves=[leaf.hex() for leaf in leaves],
    )
    data = canonical(document)
    return Seal(canonical(_manifest(details, data, merkle.root(leaves).hex(), size)), data)


def tree_size(items: int) -> int:
    """Leaves of the tree for so many items: a power of two, at least 64."""
    return max(LEAST_TREE, 1 << (items - 1).bit_length())


def leaf_of(object_id: str, salt: str, file: SealedFile | FilePart) -> bytes:
    """The leaf hash of a file, 32 bytes; `salt` in hex."""
    data: dict[str, Any] = {
        "format": LEAF_FORMAT,
        "object_id": object_id,
        "salt": salt,
        "size": file.size,
        "digests": dict(file.digests),
        "media_type": file.media_type,
    }
    return merkle.leaf_hash(rfc8785.dumps(data))


def parse_manifest(data: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        IntegrityError: not canonical JSON of this format.
    """
    return parse_document(Manifest, data, "封存清单（manifest.json）")


def parse_items(data: bytes) -> ItemList:
    """Read `items.json`.

    Raises:
        IntegrityError: not canonical JSON of this format.
    """
    return parse_document(ItemList, data, "卷内清单（items.json）")


def check_seal(manifest_bytes: bytes, items_bytes: bytes, content: Mapping[str, str]) -> list[str]:
    """Compare a seal with the files of its object; gives Chinese sentences, none where all is well.

    Args:
        manifest_bytes: `manifest.json` as stored.
        items_bytes: `items.json` as stored.
        content: SHA-512 (hex) of every file of the object by its path; `SEAL_FILES` may be among them.
    """
    try:
        manifest, listed = parse_manifest(manifest_bytes), parse_items(items_bytes)
    except IntegrityError as error:
        return [error.message]
    findings = [*_check_binding(manifest, listed, items_bytes), *_check_tree(manifest, listed)]
    files = {file.path: file for file in (*listed.items, *listed.parts)}
    if len(files) != len(listed.items) + len(listed.parts):
        findings.append("卷内清单中有重复的文件。")
    for path, file in files.items():
        if path not in content:
            findings.append(f"清单所列文件 {path} 不存在。")
        elif not hmac.compare_digest(content[path], file.digests.get("sha512", "")):
            findings.append(f"文件 {path} 与封存清单的摘要不一致。")
    seal = {MANIFEST, ITEMS, *(proof.path for proof in (*manifest.signatures, *manifest.timestamps))}
    findings += [f"文件 {path} 不在封存清单中。" for path in sorted(set(content) - set(files) - seal)]
    return findings + [f"封存清单要求的 {path} 不存在。" for path in sorted(seal - set(content) - {MANIFEST, ITEMS})]


def canonical(document: Document) -> bytes:
    """Canonical JSON (RFC 8785); fields without a value are left out."""
    return rfc8785.dumps(document.model_dump(exclude_none=True))


_DocumentT = TypeVar("_DocumentT", bound=Document)


def parse_document(model: type[_DocumentT], data: bytes, name: str) -> _DocumentT:
    """Read a document that must be canonical JSON of the model.

    Raises:
        IntegrityError: it is not; the message calls it `name`.
    """
    try:
        document = model.model_validate(json.loads(data))
        if canonical(document) != data:
            raise IntegrityError(f"{name}不是规范格式，可能已被改动。")
    except (ValidationError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{name}的格式不正确，可能已被改动。") from error
    return document


def _check_input(details: SealDetails, items: Sequence[SealedItem], parts: Sequence[SealedFile]) -> None:
    if details.sealed_at.tzinfo is None:
        raise InvalidInputError("封存时间缺少时区。")
    if not items:
        raise InvalidInputError("封存包内没有文件，不能封存。")
    paths = [item.file.path for item in items] + [part.path for part in parts]
    if len(set(paths)) != len(paths) or SEAL_FILES & set(paths):
        raise InvalidInputError("封存包内有重名的文件，不能封存。")
    if len({(item.number, item.role) for item in items}) != len(items):
        raise InvalidInputError("封存包内有重复的件号，不能封存。")
    if any("sha512" not in file.digests for file in (*(item.file for item in items), *parts)):
        raise InvalidInputError("封存包内有文件缺少 SHA-512 摘要，不能封存。")


def _item_part(item: SealedItem, salt: str, leaf: bytes, position: int) -> ItemPart:
    return ItemPart(
        **_file_fields(item.file),
        number=item.number,
        role=item.role,
        label=item.label.code,
        salt=salt,
        leaf=leaf.hex(),
        position=position,
    )


def _file_fields(file: SealedFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "size": file.size,
        "digests": dict(file.digests),
        "media_type": file.media_type,
        "encryption": EncryptionPart(**file.encryption.as_json()),
    }


def _manifest(details: SealDetails, items: bytes, root: str, size: int) -> Manifest:
    return Manifest(
        format=MANIFEST_FORMAT,
        object_id=details.object_id,
        case_id=details.case_id,
        archival_code=details.archival_code,
        sealed_at=details.sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        sealed_by=details.sealed_by,
        items=ListReference(path=ITEMS, size=len(items), digests={"sha512": hashlib.sha512(items).hexdigest()}),
        merkle=Tree(hash="sha256", root=root, size=size),
        signatures=[Proof(scheme="cades", path=SIGNATURE)],
        timestamps=[Proof(scheme="rfc3161", path=TIMESTAMP)],
    )


def _check_binding(manifest: Manifest, listed: ItemList, items_bytes: bytes) -> list[str]:
    same = (
        manifest.object_id == listed.object_id
        and manifest.items.size == len(items_bytes)
        and hmac.compare_digest(manifest.items.digests.get("sha512", ""), hashlib.sha512(items_bytes).hexdigest())
    )
    return [] if same else ["卷内清单与封存清单不一致。"]


def _check_tree(manifest: Manifest, listed: ItemList) -> list[str]:
    leaves = [bytes.fromhex(leaf) for leaf in listed.leaves]
    if len(leaves) != manifest.merkle.size or merkle.root(leaves).hex() != manifest.merkle.root:
        return ["封存清单的默克尔根与卷内清单不一致。"]
    findings = []
    if len({item.position for item in listed.items}) != len(listed.items):
        findings.append("卷内清单中有两件使用同一位置。")
    for item in listed.items:
        leaf = leaf_of(listed.object_id, item.salt, item)
        if item.leaf != leaf.hex() or item.position >= len(leaves) or leaves[item.position] != leaf:
            findings.append(f"第 {item.number} 件与封存清单的默克尔树不一致。")
    return findings
