"""What every test has: the size of the run, proofs, databases, and no network but loopback."""

from __future__ import annotations

import pytest

from tests import network

pytest_plugins = ["pytester", "tests.proofs", "tests.databases", "tests.demonstration", "tests.portal.stages"]

FULL_TIMEOUT_S = 3600

network.guard()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--full`."""
    parser.addoption("--full", action="store_true", help="run the counted proofs at their full size (long)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A full run has tests of many minutes: give them an hour where the caller named no limit."""
    if config.getoption("full") and config.getoption("timeout", None) is None:
        config.option.timeout = FULL_TIMEOUT_S


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """True where the run was started with `--full`: proofs then use their full sizes."""
    return bool(pytestconfig.getoption("full"))
