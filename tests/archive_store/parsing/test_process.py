from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from archive_store.parsing.errors import ParserCrashedError, ParserTimedOutError
from archive_store.parsing.process import Limits, ParserProcess
from archive_store.parsing.sandbox import Isolation, Sandbox
from tests.archive_store.parsing.conftest import INSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

H = "hostile_functions"
WEAK = Sandbox(Isolation.RLIMITS, (INSIDE,))


@pytest.fixture
def process() -> Iterator[ParserProcess]:
    made = ParserProcess(WEAK, Limits())
    made.wait_until_ready()
    yield made
    made.close()


def test_a_process_that_ends_at_once_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    made = ParserProcess(WEAK, Limits())
    with pytest.raises(ParserCrashedError):
        made.wait_until_ready()
    made.close()


def test_a_process_that_does_not_come_up_in_time_is_given_up() -> None:
    made = ParserProcess(WEAK, Limits(start_seconds=0.0001))
    with pytest.raises(ParserTimedOutError):
        made.wait_until_ready()
    made.close()


def test_a_killed_process_is_not_idle_and_answers_no_call(process: ParserProcess) -> None:
    assert process.is_idle
    process.kill()
    with pytest.raises(ParserCrashedError):
        process.call(f"{H}:echo", {}, [], 10)
    assert not process.is_idle


def test_killing_twice_does_no_harm(process: ParserProcess) -> None:
    process.kill()
    process.close()
    process.kill()


def test_calls_are_counted(process: ParserProcess) -> None:
    process.call(f"{H}:echo", {}, [], 10)
    header, blobs = process.call(f"{H}:echo", {"word": "again"}, [], 10)
    assert header == {"value": {"word": "again"}}
    assert blobs == ()
    assert process.calls == 2
