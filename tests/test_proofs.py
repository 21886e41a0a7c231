"""The recorder of proofs fails the run where a proof does not hold, alone and with workers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD = """
def test_{name}(proofs):
    proofs.record("{name}", {figure}, "0", holds={holds})
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run test files in a project of their own, each built from one text, with pytest's options."""
    root = str(Path(__file__).parent.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]))
    pytester.makeconftest('pytest_plugins = ["tests.proofs"]')

    def start(*texts: str, options: tuple[str, ...] = ()) -> pytest.RunResult:
        pytester.makepyfile(**{f"test_{number}": text for number, text in enumerate(texts)})
        return pytester.runpytest_subprocess(*options)

    return start


def written(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((pytester.path / "build" / "proofs.json").read_text())
    return rows


def test_a_proof_that_does_not_hold_fails_the_run(run: Callable[..., pytest.RunResult]) -> None:
    result = run(RECORD.format(name="leaks", figure=3, holds=False))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["BROKEN*leaks*3*(goal: 0)", "the run fails: leaks: 3, goal 0"])


def test_a_name_recorded_twice_fails_the_run(run: Callable[..., pytest.RunResult]) -> None:
    result = run(RECORD.format(name="leaks", figure=0, holds=True), RECORD.format(name="leaks", figure=0, holds=True))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["the run fails: leaks: recorded twice"])


def test_proofs_of_all_workers_come_together(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    names = ("forgeries", "leaks", "losses")
    result = run(
        *(RECORD.format(name=name, figure=0, holds=name != "losses") for name in names),
        options=("-n", "2"),
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [row["name"] for row in written(pytester)] == list(names)


def test_proofs_that_hold_are_written_and_the_run_passes(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    result = run(RECORD.format(name="leaks", figure=0, holds=True))
    assert result.ret == pytest.ExitCode.OK
    assert written(pytester) == [{"name": "leaks", "figure": 0, "goal": "0", "holds": True}]


def test_each_variant_of_a_test_has_its_own_line(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    result = run(
        "import pytest\n@pytest.mark.parametrize('kind', ['a', 'b'])"
        "\ndef test_x(proofs, kind):\n    proofs.record('leaks', 0, '0', holds=True)"
    )
    assert result.ret == pytest.ExitCode.OK
    assert [row["name"] for row in written(pytester)] == ["leaks [a]", "leaks [b]"]
