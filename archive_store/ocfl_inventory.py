"""OCFL 1.1 without I/O: names, declarations and inventories.

The rules, with their source (Oxford Common File Layout Specification 1.1):

- the storage root is declared by `0=ocfl_1.1`, an object by `0=ocfl_object_1.1` (3.2, 4.1);
- the layout is community extension 0003, hash and id n-tuple: three folders of three hex digits of the SHA-256 of
  the object's id, then a folder named after the id, percent-encoded (extension 0003, "Details");
- `inventory.json` lists every content file under its SHA-512 and every version's state (3.5); a sidecar
  `inventory.json.sha512` holds the digest of the inventory itself (3.7);
- versions are v1, v2, ... without padding or gap; content lies under `vN/content` (3.3, 3.4).

An inventory that does not follow these rules is refused when read (`InventoryError`); what it says of the files
on disk is checked in `ocfl_check`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from archive_store.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "sha512"
INVENTORY = "inventory.json"
SIDECAR = f"{INVENTORY}.{ALGORITHM}"
CONTENT = "content"
TYPE = "https://ocfl.io/1.1/spec/#inventory"
ROOT_DECLARATION = "0=ocfl_1.1"
OBJECT_DECLARATION = "0=ocfl_object_1.1"
OBJECT_DECLARATION_BYTES = b"ocfl_object_1.1\n"
LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
TUPLE_SIZE = 3
NUMBER_OF_TUPLES = 3
MAX_FOLDER_NAME = 100

_LOGICAL_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")
_DIGEST = re.compile(r"[0-9a-f]{128}")
_VERSION = re.compile(r"v[1-9][0-9]{0,5}")
_INVENTORY_KEYS = {"id", "type", "digestAlgorithm", "head", "manifest", "versions"}


class InventoryError(IntegrityError):
    """An inventory does not have the form that OCFL prescribes."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a version: a name and an address that is a URI (OCFL 3.5.3.1)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version: when, by whom, why, and its state (logical path to digest)."""

    created: datetime
    message: str
    author: Author
    state: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an object holds: content path (below the object) to digest, and the versions, oldest first."""

    object_id: str
    manifest: Mapping[str, str]
    versions: tuple[Version, ...]

    @property
    def head(self) -> str:
        """The newest version's name, e.g. "v1"."""
        return f"v{len(self.versions)}"

    @property
    def state(self) -> Mapping[str, str]:
        """The newest version's state."""
        return self.versions[-1].state

    def content_path(self, logical_path: str) -> str | None:
        """Where the newest content of a logical path lies below the object, e.g. "v1/content/003.pdf"."""
        digest = self.state.get(logical_path)
        paths = sorted(path for path, found in self.manifest.items() if found == digest)
        same_name = [path for path in paths if path.endswith(f"/{CONTENT}/{logical_path}")]
        return next(iter(same_name + paths), None)

    def to_bytes(self) -> bytes:
        """The inventory as JSON with sorted keys."""
        versions = {f"v{number}": _version_json(version) for number, version in enumerate(self.versions, 1)}
        document = {
            "id": self.object_id,
            "type": TYPE,
            "digestAlgorithm": ALGORITHM,
            "head": self.head,
            "manifest": _by_digest(self.manifest),
            "versions": versions,
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an inventory.

        Raises:
            InventoryError: it is no JSON, or breaks a rule of OCFL 3.5.
        """
        try:
            document = json.loads(data)
            _require(set(document) == _INVENTORY_KEYS)
            _require(document["type"] == TYPE and document["digestAlgorithm"] == ALGORITHM)
            versions = tuple(_parse_version(part) for part in _in_order(document["versions"], document["head"]))
            manifest = _by_path(document["manifest"])
            _require(isinstance(document["id"], str) and document["id"] != "")
            _require(all(_is_content_path(path, len(versions)) for path in manifest))
            used = {digest for version in versions for digest in version.state.values()}
            _require(used == set(manifest.values()))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InventoryError("封存包的清册（inventory.json）格式不正确。") from error
        return cls(document["id"], manifest, versions)


def layout_files() -> dict[str, bytes]:
    """Every file of an empty storage root, with its exact bytes."""
    layout = {"extension": LAYOUT, "description": "Folders of hashed object ids, then a folder named after the id"}
    config = {
        "extensionName": LAYOUT,
        "digestAlgorithm": "sha256",
        "tupleSize": TUPLE_SIZE,
        "numberOfTuples": NUMBER_OF_TUPLES,
    }
    return {
        ROOT_DECLARATION: b"ocfl_1.1\n",
        "ocfl_layout.json": json.dumps(layout, indent=1).encode() + b"\n",
        f"extensions/{LAYOUT}/config.json": json.dumps(config, indent=1).encode() + b"\n",
    }


def object_path(object_id: str) -> PurePosixPath:
    """Where an object lies below the storage root (extension 0003)."""
    digest = hashlib.sha256(object_id.encode()).hexdigest()
    tuples = [digest[start : start + TUPLE_SIZE] for start in range(0, TUPLE_SIZE * NUMBER_OF_TUPLES, TUPLE_SIZE)]
    name = "".join(_encoded(character) for character in object_id)
    return PurePosixPath(*tuples, name if len(name) <= MAX_FOLDER_NAME else f"{name[:MAX_FOLDER_NAME]}-{digest}")


def sidecar(inventory: bytes) -> bytes:
    """The content of `inventory.json.sha512`."""
    return f"{hashlib.sha512(inventory).hexdigest()} {INVENTORY}\n".encode()


def is_logical_path(path: str) -> bool:
    """Whether a path may stand in an object: ASCII letters, digits, `._-`, at most four parts, none hidden."""
    return _LOGICAL_PATH.fullmatch(path) is not None


def _encoded(character: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]", character):
        return character
    return "".join(f"%{byte:02x}" for byte in character.encode())


def _version_json(version: Version) -> dict[str, Any]:
    return {
        "created": version.created.isoformat(timespec="seconds"),
        "message": version.message,
        "user": {"name": version.author.name, "address": version.author.address},
        "state": _by_digest(version.state),
    }


def _by_digest(by_path: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(by_path):
        found.setdefault(by_path[path], []).append(path)
    return found


def _by_path(by_digest: dict[str, list[str]]) -> dict[str, str]:
    _require(
        all(_DIGEST.fullmatch(digest) and isinstance(paths, list) and paths for digest, paths in by_digest.items())
    )
    pairs = [(path, digest) for digest, paths in by_digest.items() for path in paths]
    _require(len({path for path, _ in pairs}) == len(pairs))
    return dict(pairs)


def _in_order(versions: dict[str, Any], head: str) -> list[Any]:
    names = [f"v{number}" for number in range(1, len(versions) + 1)]
    _require(bool(names) and set(versions) == set(names) and head == names[-1])
    return [versions[name] for name in names]


def _parse_version(part: dict[str, Any]) -> Version:
    _require(set(part) == {"created", "message", "user", "state"})
    created = datetime.fromisoformat(part["created"])
    _require(created.tzinfo is not None)
    state = _by_path(part["state"])
    _require(all(is_logical_path(path) for path in state))
    return Version(created, str(part["message"]), Author(**part["user"]), state)


def _is_content_path(path: str, head: int) -> bool:
    version, content, *rest = path.split("/")
    in_order = _VERSION.fullmatch(version) is not None and int(version[1:]) <= head
    return in_order and content == CONTENT and is_logical_path("/".join(rest))


def _require(holds: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ValueError
