"""What every test has: the size of the run, proofs, databases, and no network but loopback."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests import network

pytest_plugins = [
    "pytester",
    "tests.proofs",
    "tests.databases",
    "tests.demonstration",
    "tests.elasticsearch.node",
    "tests.portal.stages",
]

FULL_TIMEOUT_S = 3600

network.guard()
settings.register_profile("steady", derandomize=True, database=None)
"""The same generated examples in every run, so that a red run speaks of the change; `--full` draws new ones."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--full`."""
    parser.addoption("--full", action="store_true", help="run the counted proofs at their full size (long)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A full run draws new examples and has tests of many minutes: an hour each where the caller named no limit."""
    if not config.getoption("full"):
        settings.load_profile("steady")
    if config.getoption("full") and config.getoption("timeout", None) is None:
        config.option.timeout = FULL_TIMEOUT_S


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """True where the run was started with `--full`: proofs then use their full sizes."""
    return bool(pytestconfig.getoption("full"))
