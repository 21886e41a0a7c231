"""`anjuan verify-copy` from outside: 0 for what is good, 1 for all else, 2 for what cannot be opened."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from archive_store.models.base import now
from tests.demonstration import ANJUAN, clean_environment
from tests.portal.cli.running import run
from tests.portal.copies import enter_copy
from tests.portal.dissemination.conftest import NUMBER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.cli.running import Said
    from tests.portal.conftest import World
    from tests.portal.dissemination.conftest import Made


def verify(data: Path, *words: str) -> Said:
    return run(data, "verify-copy", *words)


@pytest.fixture
def root(world: World, tmp_path: Path) -> Path:
    path = tmp_path / "root.pem"
    path.write_bytes(world.opened.authority.root_pem)
    return path


def test_what_cannot_be_opened_and_wrong_arguments_leave_two(world: World, genuine: Made, tmp_path: Path) -> None:
    data, (pipe, rubbish) = world.opened.settings.data, (tmp_path / "pipe", tmp_path / "rubbish.pem")
    os.mkfifo(pipe)
    rubbish.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    copy = str(genuine.path)
    assert verify(data, str(tmp_path / "absent.pdf")).code == 2
    assert verify(data, str(tmp_path)).code == 2
    assert verify(data, str(pipe)).code == 2
    assert verify(data).code == 2
    assert verify(data, copy, "--root", str(rubbish)).code == 2
    assert verify(data, copy, "--root", copy).code == 2
    assert verify(tmp_path / "none", copy).code == 2


def test_whatever_is_no_genuine_copy_leaves_one(world: World, root: Path, genuine: Made, tmp_path: Path) -> None:
    data, path = world.opened.settings.data, tmp_path / "file.pdf"
    by_root = ("--root", str(root))
    for content, more, verdict in (
        (b"", (), "unknown"),
        (b"", by_root, "unknown"),
        (b"x", by_root, "unknown"),
        (genuine.content + b" ", (), "altered"),
        (genuine.content[:-100], by_root, "altered"),
    ):
        path.write_bytes(content)
        found = verify(data, str(path), "--json", *more)
        assert found.code == 1, found.stderr
        assert json.loads(found.stdout)["verdict"] == verdict


def test_a_genuine_copy_leaves_zero_and_says_what_the_records_say(world: World, sealed: str, genuine: Made) -> None:
    data = world.opened.settings.data
    unrecorded = verify(data, str(genuine.path), "--json")
    assert (unrecorded.code, json.loads(unrecorded.stdout)["record"]["state"]) == (0, "none")
    enter_copy(world, sealed, genuine)
    good = verify(data, str(genuine.path), "--json")
    said = json.loads(good.stdout)
    assert (good.code, said["record"]["state"]) == (0, "valid")
    assert (said["facts"]["request_number"], len(said["checks"])) == (NUMBER, 10)
    assert "演示证书，不具法律效力" in verify(data, str(genuine.path)).stdout


def test_a_withdrawn_copy_leaves_one(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine, withdrawn_at=now())
    found = verify(world.opened.settings.data, str(genuine.path), "--json")
    said = json.loads(found.stdout)
    assert (found.code, said["verdict"], said["record"]["state"]) == (1, "genuine", "withdrawn")


def test_the_root_alone_is_enough_and_touches_no_data_folder(root: Path, genuine: Made, tmp_path: Path) -> None:
    command = [
        *ANJUAN,
        "--data",
        str(tmp_path / "none"),
        "verify-copy",
        str(genuine.path),
        "--root",
        str(root),
        "--json",
    ]
    found = subprocess.run(command, check=False, capture_output=True, text=True, env=clean_environment())
    assert (found.returncode, json.loads(found.stdout)["record"]) == (0, None)
    assert not (tmp_path / "none").exists()
