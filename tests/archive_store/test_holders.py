"""Holders of leases: only what certainly died is taken from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from archive_store.holders import Holder
from tests.sources import ROOT

SAY = "from archive_store.holders import Holder; import sys; print(Holder.here(), flush=True); sys.stdin.read()"


def test_the_living_are_never_called_gone() -> None:
    for one_machine in (False, True):
        assert not Holder.here().is_gone(one_machine=one_machine)


def test_a_killed_process_is_gone_at_once_and_its_waiting_corpse_too() -> None:
    with subprocess.Popen([sys.executable, "-c", SAY], cwd=ROOT, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        held = Holder.parse(process.stdout.readline().strip())
        assert held is not None
        assert not held.is_gone(one_machine=False)
        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert held.is_gone(one_machine=False)
    assert held.is_gone(one_machine=False)


def test_a_number_that_another_process_has_by_now_is_not_the_holder() -> None:
    assert replace(Holder.here(), started="1").is_gone(one_machine=False)


@pytest.mark.parametrize("changed", [{"space": "1"}, {"boot": "-"}, {"started": "-"}, {"space": "-"}])
def test_of_other_containers_and_of_unknown_ones_nothing_is_concluded(changed: dict[str, str]) -> None:
    other = replace(Holder.here(), pid=2**22 - 1, **changed)  # type: ignore[arg-type]
    assert not other.is_gone(one_machine=True)


def test_a_machine_that_started_anew_is_judged_only_where_there_is_one() -> None:
    before = replace(Holder.here(), boot="0" * 16)
    assert before.is_gone(one_machine=True)
    assert not before.is_gone(one_machine=False)


@pytest.mark.parametrize("text", ["", "host:123", "a.b.c.d.e", "a.b.1.d", "f" * 32])
def test_a_name_of_another_form_says_nothing(text: str) -> None:
    assert Holder.parse(text) is None


def test_a_name_is_read_back_and_fits_its_column() -> None:
    held = Holder.here()
    assert Holder.parse(str(held)) == held
    assert len(str(replace(held, pid=2**22, started="9" * 12))) <= 80
