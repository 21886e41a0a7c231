"""A portal of its own for a benchmark, and a person who is logged in."""

from __future__ import annotations

import http.cookiejar
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Reader = urllib.request.OpenerDirector


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of a portal over a data folder, ended with the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "portal.cli", "--data", str(data), "serve", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    url = f"http://localhost:{port}"
    try:
        until_it_answers(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=60)


def until_it_answers(url: str) -> None:
    """Wait for the server."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).read()  # noqa: S310 - our own address
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server does not answer")


def log_in(url: str, login: str, password: str) -> Reader:
    """A person with a session."""
    reader = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', fetch(reader, f"{url}/login"))[0]
    form = urllib.parse.urlencode({"csrf_token": token, "login": login, "password": password})
    reader.open(f"{url}/login", form.encode(), timeout=60).read()
    return reader


def fetch(reader: Reader, address: str) -> str:
    """A page as text."""
    text: str = reader.open(address, timeout=120).read().decode()
    return text
