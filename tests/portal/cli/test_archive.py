"""`anjuan verify` and `anjuan audit verify`: whatever was changed is reported, with exit code 1."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import TYPE_CHECKING, Any

import pytest

from portal.cli.context import GOOD, REFUSED
from tests.demonstration import ANJUAN, clean_environment
from tests.portal.cli import running
from tests.services import need_java
from tests.sources import ROOT

if TYPE_CHECKING:
    from tests.portal.conftest import World
    from tests.proofs import ProofBook

IN_AN_OBJECT = (
    "v1/content/001.pdf",
    "v1/content/cover.pdf",
    "v1/content/contents.pdf",
    "v1/content/closing.pdf",
    "v1/content/case.json",
    "v1/content/items.json",
    "v1/content/manifest.json",
    "v1/content/manifest.p7s",
    "v1/content/manifest.tsr",
    "v1/inventory.json",
    "v1/inventory.json.sha512",
    "inventory.json",
    "inventory.json.sha512",
    "0=ocfl_object_1.1",
)
IN_THE_ROOT = ("0=ocfl_1.1", "ocfl_layout.json")
ROWS = {
    "a title": "UPDATE items SET title = title || '改' WHERE number = 1",
    "a page": "UPDATE items SET page_to = page_to + 1 WHERE number = 2",
    "a date": "UPDATE items SET dated = '2026-11-03' WHERE number = 1",
    "a volume": "UPDATE items SET volume = 'main' WHERE number = 2",
    "the label of an item": "UPDATE items SET label = '0' WHERE number = 2",
    "an item": "DELETE FROM items WHERE number = 2",
    "an item's number": "UPDATE items SET number = 3 WHERE number = 2",
    "the digest of a file": "UPDATE stored_files SET sha512 = replace(sha512, 'a', 'b')",
    "the size of a file": "UPDATE stored_files SET size = size + 1",
    "the pages of a file": "UPDATE stored_files SET pages = pages + 1",
    "the name of a file": "UPDATE stored_files SET name = 'x.pdf'",
    "the place of a file": "UPDATE stored_files SET content_path = 'cover.pdf' WHERE content_path = '001.pdf'",
    "a file": "DELETE FROM stored_files WHERE content_path = '001.pdf'",
    "the case's title": "UPDATE cases SET title = '另一案'",
    "the case's number": "UPDATE cases SET case_number = '另号'",
    "the archival code": "UPDATE cases SET archival_code = 'X'",
    "the label of the entry": "UPDATE cases SET label = '0'",
    "the state": "UPDATE cases SET state = 'accepted'",
    "who handled it": "UPDATE case_handlers SET name = '另一人'",
    "a person's name": "UPDATE persons SET name = '另一人'",
    "a person's role": "UPDATE persons SET role = 'witness'",
    "the label of a person": "UPDATE persons SET label = '0'",
    "who received it": "UPDATE transfers SET received_by = handed_over_by",
    "the record of an object": "DELETE FROM sealed_objects WHERE compartment = '副卷'",
    "the digest of a manifest": "UPDATE sealed_objects SET manifest_sha512 = replace(manifest_sha512, 'a', 'b')",
}
LOG = {
    "an event's name": "UPDATE audit_leaves SET name = 'case:view' WHERE name = 'case:seal'",
    "who did it": "UPDATE audit_leaves SET actor_id = 'x' WHERE name = 'case:seal'",
    "when": "UPDATE audit_leaves SET at = '2026-01-01 00:00:00.000000' WHERE name = 'case:seal'",
    "its details": "UPDATE audit_leaves SET details = '{}' WHERE name = 'case:seal'",
    "an event": "DELETE FROM audit_leaves WHERE name = 'case:accept'",
    "a node of the tree": "UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 1 AND place = 0",
    "the order": "UPDATE audit_leaves SET position = 1000 WHERE position = 0",
}


@pytest.fixture
def data(world: World, sealed: str) -> Path:
    """The data folder of a sealed case whose log has its order, closed."""
    assert sealed
    world.opened.services.audit.sequence(1000)
    world.opened.services.audit.checkpoint()
    world.opened.close()
    return Path(world.opened.settings.data)


def run(data: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of a command."""
    said = running.run(data, *words, "--json")
    return said.code, json.loads(said.stdout)


def change(data: Path, statement: str) -> None:
    """Change rows as somebody with the database in his hands would: no trigger, no foreign key stops him."""
    with closing(connect(data / "anjuan.db")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount > 0, statement
        connection.commit()


def test_what_is_as_it_was_sealed_is_good(data: Path) -> None:
    assert run(data, "verify") == (GOOD, {"good": True, "findings": []})
    assert run(data, "audit", "verify")[0] == GOOD


def test_a_changed_byte_in_each_kind_of_file_is_reported_with_its_place(data: Path, proofs: ProofBook) -> None:
    store, silent = data / "store", []
    main_object = next(path.parents[2] for path in store.rglob("001.pdf"))
    for path in [*(main_object / name for name in IN_AN_OBJECT), *(store / name for name in IN_THE_ROOT)]:
        kept = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        code, said = run(data, "verify")
        named = path.name.removesuffix(".sha512")  # a changed sidecar is told of the inventory that it belongs to
        told = any(named in finding["place"] for finding in said["findings"])
        silent += [] if code == REFUSED and told else [str(path)]
        path.write_bytes(kept)
    assert run(data, "verify")[0] == GOOD
    proofs.record("kinds of stored files changed and not named by `verify`", len(silent), "0", holds=not silent)
    assert silent == []


def test_a_file_too_many_and_a_file_too_few_are_reported(data: Path) -> None:
    victim = next((data / "store").rglob("001.pdf"))
    extra = victim.with_name("999.pdf")
    extra.write_bytes(b"x")
    assert run(data, "verify")[0] == REFUSED
    extra.unlink()
    victim.unlink()
    assert run(data, "verify")[0] == REFUSED


@pytest.mark.parametrize("statements", [ROWS, LOG], ids=["rows", "log"])
def test_a_changed_row_is_reported(data: Path, statements: dict[str, str], proofs: ProofBook) -> None:
    silent = []
    kept = {path: path.read_bytes() for path in data.glob("anjuan.db*")}
    for what, statement in statements.items():
        change(data, statement)
        if run(data, "verify")[0] != REFUSED:
            silent.append(what)
        for path in data.glob("anjuan.db*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
    assert run(data, "verify")[0] == GOOD
    proofs.record("changes of the database not reported by `verify`", len(silent), "0", holds=not silent)
    assert silent == []


def test_a_changed_log_is_reported_by_its_own_command_too(data: Path) -> None:
    change(data, LOG["who did it"])
    code, said = run(data, "audit", "verify")
    assert code == REFUSED
    assert said["findings"]


@pytest.mark.timeout(1500)
def test_the_judges_of_ocfl_accept_the_whole_demonstration_archive(demonstration_data: Path) -> None:
    need_java()
    store = demonstration_data / "store"
    objects = len(list(store.rglob("0=ocfl_object_1.1")))
    assert objects >= 15
    program = Path(sys.executable).parent / "ocfl-root.py"
    python = [sys.executable, program, "validate", "--root", store, "--validate-objects", "--check-digests"]
    done = subprocess.run(python, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{objects} / {objects} are VALID" in done.stdout, done.stdout
    java = ["bash", ROOT / "tests/judges/ocfl.sh", "--warnings-fail", store]
    done = subprocess.run(java, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("VERDICT PASSED") == objects


@pytest.mark.timeout(1500)
def test_the_demonstration_archive_verifies(demonstration_data: Path) -> None:
    command = [*ANJUAN, "--data", str(demonstration_data), "verify"]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == GOOD, done.stdout + done.stderr
