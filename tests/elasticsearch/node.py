"""Nodes for tests: started when the first test asks, ended with the process; each archive takes a prefix of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from indexer.backends.elastic import ElasticSettings
from tests.services import has_program, need

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = Path(__file__).parent / "run.sh"
HEAP = "384m"


@dataclass
class Node:
    """A running node; `kill` ends it as a power cut would."""

    url: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def settings(*nodes: Node, replicas: int = 0, shards: int = 1) -> ElasticSettings:
    """Settings of an archive that nobody else has in the cluster."""
    urls = tuple(node.url for node in nodes)
    return ElasticSettings(urls, prefix=f"t{uuid.uuid4().hex[:12]}", shards=shards, replicas=replicas)


def need_node() -> None:
    """Go on only where a node can be made; fetches and compiles it at the first time."""
    newer = subprocess.run([RUN, "jdk"], capture_output=True, check=False).returncode == 0
    need("a JDK of 21 or newer with Maven", newer and has_program("mvn"), "install a JDK 21 and maven")
    subprocess.run([RUN, "setup"], check=True, capture_output=True)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(name: str, http: int, transport: int, data: Path, *options: str) -> Node:
    """Start a node without waiting for it."""
    command = [str(RUN), "start", name, str(http), str(transport), str(data), *options]
    environment = {**os.environ, "ES_HEAP": HEAP}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, start_new_session=True
    )
    return Node(f"http://127.0.0.1:{http}", process)


def wait_for(node: Node) -> None:
    """Read what the node says until it has started."""
    assert node.process.stdout is not None
    for line in node.process.stdout:
        if line.startswith("started "):
            return
    raise AssertionError("the node ended before it had started")


@contextmanager
def nodes(count: int) -> Iterator[list[Node]]:
    """A cluster of so many nodes, ended with the block."""
    need_node()
    folder = Path(tempfile.mkdtemp(prefix="anjuan-es-"))
    http, transport = free_ports(count), free_ports(count)
    names = [f"n{n}" for n in range(count)]
    options = (
        [
            f"cluster.name=t{http[0]}",
            f"discovery.seed_hosts={','.join(f'127.0.0.1:{port}' for port in transport)}",
            f"cluster.initial_master_nodes={','.join(names)}",
        ]
        if count > 1
        else []
    )
    started = [start(names[n], http[n], transport[n], folder / names[n], *options) for n in range(count)]
    try:
        for node in started:
            wait_for(node)
        yield started
    finally:
        for node in started:
            node.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def elasticsearch_node() -> Iterator[Node]:
    """One node for all tests of this process."""
    with nodes(1) as (node,):
        yield node
