"""Sealing killed at random moments: nothing acknowledged is lost, nothing half is in the root."""

from __future__ import annotations

import hashlib
import os
import random
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from archive_store.ocfl import StorageRoot
from archive_store.ocfl_check import check_layout, check_root

if TYPE_CHECKING:
    from tests.proofs import ProofBook

PROJECT = Path(__file__).parent.parent.parent
MOST_ACKNOWLEDGED = 4
LONGEST_WAIT_S = 0.3


@dataclass
class Acknowledged:
    """What was acknowledged: the digests of the inventories of each object, in order."""

    inventories: dict[str, list[str]] = field(default_factory=dict)

    def read(self, line: str) -> None:
        _, object_id, digest = line.split()
        self.inventories.setdefault(object_id, []).append(digest)

    def lost(self, root: StorageRoot) -> list[str]:
        """Objects whose last acknowledged inventory is neither the object's nor kept in an older version."""
        gone = []
        for object_id, digests in self.inventories.items():
            kept = root.object_folder(object_id).glob("**/inventory.json")
            found = {hashlib.sha512(path.read_bytes()).hexdigest() for path in kept}
            gone += [] if digests[-1] in found else [object_id]
        return gone


def kill_at_a_random_moment(pipe_in: IO[str], pipe_out: IO[str], acknowledged: Acknowledged) -> None:
    pipe_in.write("go\n")
    pipe_in.flush()
    child = int(pipe_out.readline().removeprefix("started "))
    for _ in range(random.randrange(MOST_ACKNOWLEDGED)):  # noqa: S311 - a moment, not a secret
        acknowledged.read(pipe_out.readline())
    wait_for_end(child, random.uniform(0, LONGEST_WAIT_S))  # noqa: S311
    os.kill(child, signal.SIGKILL)
    while (line := pipe_out.readline()) != "ended\n":
        acknowledged.read(line)


def wait_for_end(child: int, seconds: float) -> None:
    """Let the child run for so long (it does not end by itself)."""
    descriptor = os.pidfd_open(child)
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def test_kills_lose_nothing_acknowledged_and_leave_nothing_half(
    tmp_path: Path, proofs: ProofBook, *, full: bool
) -> None:
    kills, acknowledged = 100 if full else 15, Acknowledged()
    root = StorageRoot.open(tmp_path / "root")
    command = [sys.executable, "-m", "tests.archive_store.seal_loop", str(root.folder)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(kills):
            kill_at_a_random_moment(process.stdin, process.stdout, acknowledged)
        process.stdin.close()
    root.sweep()
    findings = check_layout(root.folder) + [found for check in check_root(root.folder) for found in check.findings]
    lost = acknowledged.lost(root)
    proofs.record("acknowledged seals lost by kills", len(lost), f"0 after {kills} kills", holds=not lost)
    proofs.record("half objects left by kills", len(findings), f"0 after {kills} kills", holds=not findings)
    assert acknowledged.inventories
    assert (lost, findings) == ([], [])
    assert [path.name for path in root.folder.with_name("root.building").iterdir()] == ["lock"]
