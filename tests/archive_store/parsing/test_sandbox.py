from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from archive_store.errors import UnavailableError
from archive_store.parsing.sandbox import Isolation, Sandbox, choose

PROJECT = Path(__file__).parents[3]


def bound(command: list[str]) -> list[Path]:
    return [Path(command[place + 2]) for place, word in enumerate(command) if word == "--ro-bind-try"]


def test_bubblewrap_that_is_insisted_on_and_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnavailableError, match="bubblewrap"):
        choose(True)


def test_without_bubblewrap_the_limits_remain_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert choose(None).isolation is Isolation.RLIMITS
    assert "bwrap is not installed" in caplog.text


def test_bubblewrap_that_is_forbidden_counts_as_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose(None).isolation is Isolation.RLIMITS
    with pytest.raises(UnavailableError):
        choose(True)


def test_without_bubblewrap_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert choose(False).isolation is Isolation.RLIMITS


def test_nothing_but_code_and_libraries_is_bound() -> None:
    command = Sandbox(Isolation.BUBBLEWRAP).command(3, 1, 1)
    seen = bound(command)
    for hidden in (PROJECT, PROJECT / "tests", PROJECT / ".git", Path.home(), Path("/etc"), Path("/proc"), Path("/")):
        assert hidden not in seen
    assert PROJECT / "archive_store" in seen
    assert "--proc" not in command
    assert "--bind" not in command


def test_scratch_space_does_not_hide_code_that_lies_below_it(tmp_path: Path) -> None:
    command = Sandbox(Isolation.BUBBLEWRAP, (tmp_path,)).command(3, 1, 1)
    assert command.index("--tmpfs") < command.index(str(tmp_path.resolve()))


def test_the_command_is_our_own_module_in_this_interpreter() -> None:
    command = Sandbox(Isolation.RLIMITS).command(7, 100, 50)
    assert command == [sys.executable, "-P", "-s", "-m", "archive_store.parsing.child", "7", "100", "50"]


def test_the_environment_is_made_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANJUAN_DATA", "/somewhere")
    assert "ANJUAN_DATA" not in Sandbox(Isolation.RLIMITS).environment()
