"""Programs that some tests need and pip cannot bring: asked for here, so that no test is left out silently."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def services_required() -> bool:
    """Whether a missing program is a failure (REQUIRE_SERVICES=1, as in CI) and not a skip."""
    return os.environ.get("REQUIRE_SERVICES", "") not in {"", "0"}


def need(name: str, present: object, how: str) -> None:
    """Go on only where `present` is true; else skip with the reason, or fail where services are required.

    Args:
        name: what is needed, e.g. "bubblewrap".
        present: true where it is there.
        how: how to get it, e.g. "apt-get install bubblewrap".
    """
    if present:
        return
    reason = f"{name} is missing: {how}"
    if services_required():
        pytest.fail(f"{reason} (REQUIRE_SERVICES is set)", pytrace=False)
    pytest.skip(reason)


def has_program(name: str) -> bool:
    """Whether a program is on the path."""
    return shutil.which(name) is not None


def need_program(name: str, package: str) -> Path:
    """The path of a program of a Debian package, or the skip (failure) that says how to get it."""
    found = shutil.which(name)
    need(name, found, f"apt-get install {package}")
    return Path(str(found))


def has_java() -> bool:
    """Whether Java programs can be built and run here (JDK and Maven)."""
    return all(has_program(name) for name in ("java", "javac", "mvn"))


def need_java() -> None:
    """Go on only where the Java judges can be built."""
    need("Java with Maven", has_java(), "apt-get install default-jdk-headless maven")


def chromium() -> Path | None:
    """The browser of the machine, or nothing."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


def need_chromium() -> Path:
    """The browser of the machine, or the skip (failure) that says how to get it."""
    found = chromium()
    need("chromium", found, "apt-get install chromium")
    return Path(str(found))
