"""The rules of `tests/semgrep`: semgrep finds nothing in the product, and in the examples what each rule is for.

Migrations are history, whose statements name their own tables.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services import need
from tests.sources import ROOT

if TYPE_CHECKING:
    from tests.proofs import ProofBook

RULES = ROOT / "tests" / "semgrep"
LOOKED_AT = ("portal", "archive_store", "indexer", "templates", "benchmarks", "bootstrap.py")
SEMGREP = Path(sys.prefix) / "semgrep" / "bin" / "semgrep"
EXPECTED = re.compile(r"(ruleid|ok): ([a-z-]+)")


def found(*targets: str) -> set[tuple[str, str, int]]:
    """What semgrep finds: rule, file and line. It asks nobody and sends nothing."""
    need("semgrep", SEMGREP.exists(), "python3 bootstrap.py test")
    asked = [SEMGREP, "scan", "--metrics", "off", "--disable-version-check", "--no-git-ignore", "--json", "--quiet"]
    done = subprocess.run(
        [*asked, "--config", RULES / "rules.yml", *targets], cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout)
    assert not told["errors"], told["errors"]
    assert {Path(one) for one in told["paths"]["scanned"]}, "nothing was looked at"
    return {(one["check_id"].rsplit(".", 1)[1], one["path"], one["start"]["line"]) for one in told["results"]}


def expected(path: Path) -> tuple[set[tuple[str, str, int]], set[str]]:
    """What the rules are to find in a file, by the comments before it; and the rules that let something pass there."""
    name, finds, passes = path.relative_to(ROOT).as_posix(), set(), set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        for kind, rule in EXPECTED.findall(line):
            if kind == "ruleid":
                finds.add((rule, name, number + 1))
            else:
                passes.add(rule)
    return finds, passes


def test_semgrep_finds_nothing_in_the_product(proofs: ProofBook) -> None:
    faults = sorted(found(*LOOKED_AT))
    proofs.record("semgrep: findings", len(faults), "0", holds=not faults)
    assert not faults


@pytest.mark.parametrize("name", ["rules.py", "rules.html"])
def test_each_rule_finds_what_it_is_for_and_nothing_else(name: str) -> None:
    finds, passes = expected(RULES / name)
    assert found(f"tests/semgrep/{name}") == finds
    assert passes == {rule for rule, _, _ in finds}


def test_every_rule_is_shown() -> None:
    rules = set(re.findall(r"^  - id: ([a-z-]+)$", (RULES / "rules.yml").read_text("utf-8"), re.MULTILINE))
    shown = {rule for name in ("rules.py", "rules.html") for rule, _, _ in expected(RULES / name)[0]}
    assert rules == shown
