"""A missing program is a skip with its reason, and a failure where services are required."""

from __future__ import annotations

import sys

import pytest

from tests import services


def test_a_missing_program_fails_where_services_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="bubblewrap is missing: apt-get install bubblewrap"):
        services.need("bubblewrap", present=False, how="apt-get install bubblewrap")


@pytest.mark.parametrize("value", ["", "0"])
def test_a_missing_program_is_a_skip_elsewhere(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", value)
    with pytest.raises(pytest.skip.Exception, match="apt-get install bubblewrap"):
        services.need("bubblewrap", present=False, how="apt-get install bubblewrap")


def test_an_absent_program_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not services.has_program("sh")
    assert not services.has_java()
    assert services.chromium() is None


def test_a_present_program_is_found() -> None:
    assert services.need_program("sh", "dash").exists()
    services.need("Python", sys.executable, "it runs")
