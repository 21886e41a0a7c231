"""What is built from the sources holds every file that the code opens."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from tests.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENED = (
    "archive_store/regulation/document_types.toml",
    "archive_store/regulation/full-process-recording-2025.toml",
    "archive_store/regulation/archival_codes.toml",
    "archive_store/regulation/grounds.toml",
    "archive_store/forms/templates/cover.typ",
    "indexer/data/public_weights.txt.xz",
    "indexer/data/stop_words.txt",
    "migrations/env.py",
    "portal/demonstration/content/people.toml",
    "portal/demonstration/templates/document.typ",
    "portal/dissemination/templates/certificate.typ",
    "portal/static/anjuan.css",
    "portal/static/upload.js",
    "templates/base.html",
    "templates/intake/draft.html",
)
"""Data files that the code opens by name, one of each place."""


@pytest.fixture(scope="module")
def setup() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    return found


@pytest.fixture(scope="module")
def kept() -> list[str]:
    """Every file of the packages that git keeps."""
    folders = ("archive_store", "indexer", "portal", "migrations", "templates")
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def is_packed(path: str, setup: dict[str, Any]) -> bool:
    """Whether the build takes a file: a module of a package that is found, or a file that `package-data` names."""
    parts = PurePosixPath(path).parts
    found = setup["packages"]["find"]["include"]
    for length in range(len(parts) - 1, 0, -1):
        package, inside = ".".join(parts[:length]), "/".join(parts[length:])
        if not any(fnmatch(package, name) for name in found):
            continue
        if inside.endswith(".py") and "/" not in inside:
            return True
        patterns = [*setup["package-data"].get(package, ()), *setup["package-data"].get("*", ())]
        if any(_matches(inside, pattern) for pattern in patterns):
            return True
    return False


def _matches(path: str, pattern: str) -> bool:
    """As a file name pattern: a star does not pass a slash."""
    return path.count("/") == pattern.count("/") and PurePosixPath(path).match(pattern)


def unpacked(paths: list[str], setup: dict[str, Any]) -> Iterator[str]:
    return (path for path in paths if not is_packed(path, setup))


def test_every_file_that_the_code_opens_is_there_and_packed(kept: list[str], setup: dict[str, Any]) -> None:
    assert [path for path in OPENED if path not in kept] == []
    assert [*unpacked([*OPENED], setup)] == []


def test_no_file_of_the_packages_is_left_out(kept: list[str], setup: dict[str, Any]) -> None:
    assert [*unpacked(kept, setup)] == []


def test_a_file_that_nobody_names_is_seen(setup: dict[str, Any]) -> None:
    strange = ["archive_store/regulation/new.json", "portal/static/fonts/x.woff2", "tests/x.py"]
    assert [*unpacked(strange, setup)] == strange
