"""The recorder of counted proofs: leaks, losses, accepted forgeries.

    def test_no_redacted_word_can_be_found(proofs: ProofBook) -> None:
        proofs.record("redacted words found", found, "0 of 1000", holds=found == 0)

The run ends with a table of all that was recorded and writes it to `build/proofs.json`, a list of
{name, figure, goal, holds}. A record that does not hold fails the run. Under pytest-xdist each worker hands its
records to the controller, which writes the one file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PROOFS_FILE = "build/proofs.json"
WORKER_KEY = "proofs"


@dataclass(frozen=True)
class Proof:
    """One counted statement: what was counted, the count, what it should be, and whether it is."""

    name: str
    figure: float
    goal: str
    holds: bool


@dataclass
class ProofBook:
    """All proofs of a run, in the order of their names."""

    proofs: dict[str, Proof] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    variant: str = ""

    def record(self, name: str, figure: float, goal: str, holds: bool) -> None:  # noqa: FBT001 - reads as a sentence
        """Enter one proof.

        Args:
            name: what was counted; of a parametrised test the variant is added, so that each has a line of its own.
            figure: the count.
            goal: what the count should be, in words, e.g. "0" or "at least 97".
            holds: whether it is so.
        """
        full_name = f"{name} [{self.variant}]" if self.variant else name
        self.add([Proof(full_name, figure, goal, bool(holds))])

    def add(self, proofs: Iterable[Proof]) -> None:
        """Take proofs in; a name that comes twice is kept once and noted as a mistake."""
        for proof in proofs:
            if proof.name in self.proofs:
                self.twice.append(proof.name)
            self.proofs[proof.name] = proof

    def broken(self) -> list[str]:
        """What makes the run fail, in words."""
        return [
            *(f"{p.name}: {p.figure:g}, goal {p.goal}" for p in self.sorted() if not p.holds),
            *(f"{name}: recorded twice" for name in sorted(set(self.twice))),
        ]

    def sorted(self) -> list[Proof]:
        """All proofs by name."""
        return [self.proofs[name] for name in sorted(self.proofs)]

    def rows(self) -> list[dict[str, Any]]:
        """All proofs as plain values."""
        return [asdict(proof) for proof in self.sorted()]

    def write(self, path: Path) -> None:
        """Write the list as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.rows(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


BOOK = pytest.StashKey[ProofBook]()


def pytest_configure(config: pytest.Config) -> None:
    """Open an empty book."""
    config.stash[BOOK] = ProofBook()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note the variant of the test that runs now."""
    callspec = getattr(item, "callspec", None)
    item.config.stash[BOOK].variant = callspec.id if callspec else ""


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ANN401 - xdist's worker, untyped
    """Take in what a worker recorded."""
    del error
    rows = getattr(node, "workeroutput", {}).get(WORKER_KEY, [])
    node.config.stash[BOOK].add(Proof(**row) for row in rows)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the records to the controller, or write them; fail the run where one does not hold."""
    book = session.config.stash[BOOK]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[WORKER_KEY] = book.rows()
        return
    if session.config.option.collectonly:
        return
    book.write(session.config.rootpath / PROOFS_FILE)
    if book.broken() and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    book = config.stash[BOOK]
    if not book.proofs:
        return
    width = max(len(name) for name in book.proofs)
    terminalreporter.section(f"proofs ({PROOFS_FILE})")
    for proof in book.sorted():
        line = f"{'holds' if proof.holds else 'BROKEN':6}  {proof.name:{width}}  {proof.figure:g}  (goal: {proof.goal})"
        terminalreporter.write_line(line, green=proof.holds, red=not proof.holds)
    for text in book.broken():
        terminalreporter.write_line(f"the run fails: {text}", red=True)


@pytest.fixture(scope="session")
def proofs(pytestconfig: pytest.Config) -> ProofBook:
    """The book of this run: `proofs.record(name, figure, goal, holds)`."""
    return pytestconfig.stash[BOOK]
