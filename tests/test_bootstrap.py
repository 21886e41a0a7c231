"""The first command says clearly what is wrong before it does anything long."""

from __future__ import annotations

import ast
import json
import re
import socket
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

import bootstrap
from tests.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "bootstrap.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 9), (3, 14, 0)])
def test_a_python_that_does_not_fit_is_refused_with_the_way_out(version: tuple[int, ...]) -> None:
    with pytest.raises(bootstrap.StopError, match=r"需要 Python 3\.11 至 3\.13[\s\S]*Run: "):
        bootstrap.check_machine(version, "Linux")


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_another_system_is_refused_with_the_way_out(system: str) -> None:
    with pytest.raises(bootstrap.StopError, match=f"{system} 尚不支持"):
        bootstrap.check_machine((3, 11, 7), system)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 0)])
def test_the_supported_versions_pass(version: tuple[int, ...]) -> None:
    bootstrap.check_machine(version, "Linux")


def test_an_old_python_can_read_the_file() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_it_needs_the_standard_library_alone_and_is_short() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(text))
    names = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert names <= set(sys.stdlib_module_names)
    assert text.count("\n") <= 270


@pytest.mark.parametrize(
    "options",
    [
        ("--what",),
        ("--port", "0"),
        ("--port", "many"),
        ("--tls-cert", "a.pem"),
        ("--tls-key", "a.pem"),
        ("--host", "0.0.0.0"),  # noqa: S104 - to be refused
        ("serve",),
    ],
)
def test_wrong_options_leave_two(options: tuple[str, ...]) -> None:
    result = run(*options)
    assert result.returncode == bootstrap.WRONG_USE
    assert result.stderr


@pytest.mark.parametrize("more", [("--behind-proxy",), ("--tls-cert", "c.pem", "--tls-key", "k.pem")])
def test_other_addresses_are_served_with_tls(more: tuple[str, ...]) -> None:
    assert bootstrap.parse(["--host", "192.0.2.1", *more]).host == "192.0.2.1"


def test_a_busy_port_stops_before_the_long_work_and_names_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run("--port", str(port), "--data", str(tmp_path / "data"))
    assert result.returncode == 1
    assert f"端口 {port} 已被占用" in result.stderr
    free = re.search(r"--port (\d+)", result.stderr)
    assert free
    assert int(free.group(1)) > port
    assert not (tmp_path / "data").exists()


def test_help_names_every_option_in_both_languages() -> None:
    result = run("--help")
    assert result.returncode == 0
    for word in ("--setup-only", "--no-demo", "--data", "--host", "--port", "--behind-proxy", "test [--full]", "端口"):
        assert word in result.stdout


def test_the_data_folder_comes_from_the_option_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANJUAN_DATA", raising=False)
    assert bootstrap.parse([]).data == ROOT / "data"
    monkeypatch.setenv("ANJUAN_DATA", "/srv/archive")
    assert str(bootstrap.parse([]).data) == "/srv/archive"
    assert str(bootstrap.parse(["--data", "/srv/other"]).data) == "/srv/other"


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-test.lock", ("test",))])
def test_the_lock_names_every_dependency_with_hashes(lock: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(entry for name in extras for entry in project["optional-dependencies"][name])]
    locked = locked_versions(lock)
    for requirement in map(Requirement, wanted):
        name = requirement.name.lower().replace("_", "-").replace(".", "-")
        assert name in locked, f"{lock} lacks {name}: run .ci/lock"
        assert locked[name] in requirement.specifier, f"{lock} has {name} {locked[name]}: run .ci/lock"


def locked_versions(lock: str) -> dict[str, str]:
    """The version of each package that holds for this Python; every entry has a hash."""
    versions = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8")):
        if entry.startswith("#"):
            continue
        assert "--hash=sha256:" in entry, entry
        requirement = Requirement(entry.split(" \\", 1)[0].strip())
        if requirement.marker is None or requirement.marker.evaluate():
            versions[requirement.name] = next(iter(requirement.specifier)).version
    return versions


def test_both_locks_agree() -> None:
    runtime, everything = locked_versions("requirements.lock"), locked_versions("requirements-test.lock")
    assert runtime.items() <= everything.items(), json.dumps(sorted(runtime.items() - everything.items()))
