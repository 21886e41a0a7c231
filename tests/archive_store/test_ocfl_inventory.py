"""Names and inventories of OCFL: what is refused, and what stands where."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from archive_store.ocfl_inventory import (
    Author,
    Inventory,
    InventoryError,
    Version,
    is_logical_path,
    layout_files,
    object_path,
    sidecar,
)
from tests.archive_store.sealed import AUTHOR, NOON

if TYPE_CHECKING:
    from collections.abc import Callable

A, B = "a" * 128, "b" * 128


def sample() -> Inventory:
    first = Version(NOON, "封存", AUTHOR, {"001.pdf": A, "002.pdf": A})
    second = Version(NOON, "补充", AUTHOR, {"001.pdf": A, "002.pdf": A, "s/003.pdf": B})
    manifest = {"v1/content/001.pdf": A, "v1/content/002.pdf": A, "v2/content/s/003.pdf": B}
    return Inventory("urn:anjuan:x:main", manifest, (first, second))


def set_at(*path: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return change


BAD = {
    "no id": set_at("id", to=""),
    "other type": set_at("type", to="https://ocfl.io/1.0/spec/#inventory"),
    "weak digest": set_at("digestAlgorithm", to="md5"),
    "head ahead": set_at("head", to="v3"),
    "head behind": set_at("head", to="v1"),
    "unknown field": set_at("contentDirectory", to="elsewhere"),
    "gap in versions": lambda d: d["versions"].update(v4=d["versions"].pop("v2")),
    "padded version": lambda d: d["versions"].update(v02=d["versions"].pop("v2")),
    "no zone": set_at("versions", "v1", "created", to="2026-06-01T12:00:00"),
    "no time": set_at("versions", "v1", "created", to="yesterday"),
    "no user": set_at("versions", "v1", "user", to={}),
    "no state": lambda d: d["versions"]["v1"].pop("state"),
    "state not in manifest": set_at("versions", "v1", "state", "c" * 128, to=["004.pdf"]),
    "manifest not in a state": set_at("manifest", "c" * 128, to=["v1/content/004.pdf"]),
    "short digest": set_at("manifest", "abc", to=["v1/content/004.pdf"]),
    "path upwards": set_at("manifest", A, to=["v1/content/../../x"]),
    "path outside content": set_at("manifest", A, to=["v1/other/001.pdf"]),
    "path of a later version": set_at("manifest", A, to=["v3/content/001.pdf"]),
    "path twice": set_at("manifest", B, to=["v1/content/001.pdf"]),
    "paths no list": set_at("manifest", A, to="v1/content/001.pdf"),
    "no manifest": set_at("manifest", to=None),
    "versions no map": set_at("versions", to=[]),
}


@pytest.mark.parametrize("name", BAD)
def test_an_inventory_that_breaks_a_rule_is_refused(name: str) -> None:
    document = json.loads(sample().to_bytes())
    BAD[name](document)
    with pytest.raises(InventoryError):
        Inventory.parse(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b'"x"'])
def test_what_is_no_inventory_is_refused(data: bytes) -> None:
    with pytest.raises(InventoryError):
        Inventory.parse(data)


def test_an_inventory_reads_back_as_it_was_written() -> None:
    assert Inventory.parse(sample().to_bytes()) == sample()
    assert sample().head == "v2"


def test_a_logical_path_leads_to_its_own_file_even_where_another_has_the_same_bytes() -> None:
    inventory = sample()
    assert inventory.content_path("002.pdf") == "v1/content/002.pdf"
    assert inventory.content_path("s/003.pdf") == "v2/content/s/003.pdf"
    assert inventory.content_path("004.pdf") is None


@pytest.mark.parametrize(
    ("object_id", "path"),
    [
        ("object-01", "3c0/ff4/240/object-01"),
        ("..hor/rib:le-$id", "487/326/d8c/%2e%2ehor%2frib%3ale-%24id"),
    ],
)
def test_an_object_lies_where_extension_0003_puts_it(object_id: str, path: str) -> None:
    assert str(object_path(object_id)) == path


def test_a_long_id_gives_a_folder_name_of_bounded_length() -> None:
    name = object_path("数" * 200).name
    assert len(name) == 100 + 1 + 64
    assert name != object_path("数" * 201).name


@pytest.mark.parametrize(
    "path", ["", "/x", "x/", "../x", "a/../b", ".hidden", "a//b", "卷.pdf", "a b", "a\n", "a/b/c/d/e"]
)
def test_no_other_path_may_stand_in_an_object(path: str) -> None:
    assert not is_logical_path(path)


def test_ordinary_paths_may() -> None:
    assert all(map(is_logical_path, ["003.pdf", "manifest.p7s", "s2/004-rendition.pdf", "case.json"]))


def test_the_sidecar_is_digest_and_name() -> None:
    assert sidecar(b"").decode().startswith("cf83e1357eefb8bd")
    assert sidecar(b"").endswith(b" inventory.json\n")


def test_the_layout_is_declared_with_its_configuration() -> None:
    files = layout_files()
    layout = json.loads(files["ocfl_layout.json"])
    config = json.loads(files[f"extensions/{layout['extension']}/config.json"])
    assert config["extensionName"] == layout["extension"]
    assert files["0=ocfl_1.1"] == b"ocfl_1.1\n"


def test_times_keep_their_zone() -> None:
    moment = datetime.fromisoformat("2026-06-01T20:00:00+08:00")
    version = Version(moment, "封存", Author("x", "urn:x"), {"a": A})
    data = Inventory("i", {"v1/content/a": A}, (version,)).to_bytes()
    assert b"2026-06-01T20:00:00+08:00" in data
