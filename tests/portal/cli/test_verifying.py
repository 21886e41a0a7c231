"""`anjuan verify-copy` from outside: 0 for what is good, 1 for all else, 2 for what cannot be opened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from archive_store.models.base import now
from tests.demonstration import clean_environment
from tests.portal.copies import enter_copy
from tests.portal.dissemination.conftest import NUMBER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.dissemination.conftest import Made


def run(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | {"ANJUAN_PROFILE": "demonstration", "ANJUAN_RENDER_PROCESSES": "1"}
    command = [sys.executable, "-m", "portal.cli", "--data", str(data), "verify-copy", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


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
    assert run(data, str(tmp_path / "absent.pdf")).returncode == 2
    assert run(data, str(tmp_path)).returncode == 2
    assert run(data, str(pipe)).returncode == 2
    assert run(data).returncode == 2
    assert run(data, copy, "--root", str(rubbish)).returncode == 2
    assert run(data, copy, "--root", copy).returncode == 2
    assert run(tmp_path / "none", copy).returncode == 2


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
        found = run(data, str(path), "--json", *more)
        assert found.returncode == 1, found.stderr
        assert json.loads(found.stdout)["verdict"] == verdict


def test_a_genuine_copy_leaves_zero_and_says_what_the_records_say(world: World, sealed: str, genuine: Made) -> None:
    data = world.opened.settings.data
    unrecorded = run(data, str(genuine.path), "--json")
    assert (unrecorded.returncode, json.loads(unrecorded.stdout)["record"]["state"]) == (0, "none")
    enter_copy(world, sealed, genuine)
    good = run(data, str(genuine.path), "--json")
    said = json.loads(good.stdout)
    assert (good.returncode, said["record"]["state"]) == (0, "valid")
    assert (said["facts"]["request_number"], len(said["checks"])) == (NUMBER, 10)
    assert "演示证书，不具法律效力" in run(data, str(genuine.path)).stdout


def test_a_withdrawn_copy_leaves_one(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine, withdrawn_at=now())
    found = run(world.opened.settings.data, str(genuine.path), "--json")
    said = json.loads(found.stdout)
    assert (found.returncode, said["verdict"], said["record"]["state"]) == (1, "genuine", "withdrawn")


def test_the_root_alone_is_enough_and_touches_no_data_folder(root: Path, genuine: Made, tmp_path: Path) -> None:
    found = run(tmp_path / "none", str(genuine.path), "--root", str(root), "--json")
    assert (found.returncode, json.loads(found.stdout)["record"]) == (0, None)
    assert not (tmp_path / "none").exists()
