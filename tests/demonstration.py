"""A running portal on a demonstration archive of its own, for tests that go through the front door.

The archive is made once a run by the same command as a user's (`anjuan demo`), however many test processes there are;
each process works on a copy.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from archive_store.work import RECOGNISE_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKING_S = 1200
STARTING_S = 120
ANJUAN = (sys.executable, "-m", "portal.cli")


@dataclass(frozen=True)
class DemoAccount:
    """One fictional person: login, office, password."""

    name: str
    role: str
    password: str


@dataclass(frozen=True)
class RunningPortal:
    """A server that answers: its address, its data folder, what it printed, and who may log in."""

    url: str
    data: Path
    log: Path

    def accounts(self) -> list[DemoAccount]:
        """The demonstration accounts."""
        rows = json.loads((self.data / "demo-accounts.json").read_text(encoding="utf-8"))
        return [DemoAccount(row["name"], row["role"], row["password"]) for row in rows]

    def account(self, role: str) -> DemoAccount:
        """The first account of a role, e.g. `archivist`."""
        return next(account for account in self.accounts() if account.role == role)

    def named(self, name: str) -> DemoAccount:
        """The account of a person by login."""
        return next(account for account in self.accounts() if account.name == name)


def clean_environment() -> dict[str, str]:
    """The environment without settings of the developer's own installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ANJUAN_")}


def make_demonstration(data: Path) -> None:
    """Fill a data folder as `anjuan demo` does."""
    command = [*ANJUAN, "--data", str(data), "demo"]
    made = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=MAKING_S, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether the portal answers that it and its database are well."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait for the first answer; a server that ended instead says why."""
    end = time.monotonic() + STARTING_S
    while not answers(url):
        assert process.poll() is None, f"the server ended:\n{log.read_text(encoding='utf-8')}"
        assert time.monotonic() < end, f"no answer after {STARTING_S} s:\n{log.read_text(encoding='utf-8')}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def demonstration_data(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A finished demonstration archive that must not be written to; copy it, or take `portal`."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent  # of all test processes of this run
    data, done = shared / "demonstration", shared / "demonstration.done"
    with FileLock(shared / "demonstration.lock"):
        if not done.exists():
            shutil.rmtree(data, ignore_errors=True)
            make_demonstration(data)
            done.touch()
    return data


def _leave_scans_alone(data: Path) -> None:
    """Put the recognition of the scans off: it takes minutes of the processors, and no walk needs it."""
    later = "UPDATE work SET not_before = '2100-01-01 00:00:00.000000' WHERE id = NEW.id"
    with closing(sqlite3.connect(data / "anjuan.db")) as connection:
        connection.execute(
            f"CREATE TRIGGER scans_later AFTER INSERT ON work WHEN NEW.kind = '{RECOGNISE_TEXT}' BEGIN {later}; END"
        )
        connection.commit()


@pytest.fixture(scope="session")
def portal(demonstration_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A real server on a copy of the demonstration archive, with its worker and parser processes."""
    folder = tmp_path_factory.mktemp("portal")
    data, log = folder / "data", folder / "server.log"
    shutil.copytree(demonstration_data, data)
    _leave_scans_alone(data)
    port = free_port()
    url = f"http://localhost:{port}"
    command = [*ANJUAN, "--data", str(data), "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=clean_environment(), stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(process, url, log)
        yield RunningPortal(url, data, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
