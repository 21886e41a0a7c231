"""A provider of identities that we did not write (oidc-provider-mock), in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from tests.demonstration import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

STARTING_S = 60


@dataclass(frozen=True)
class Provider:
    """Where it answers."""

    url: str

    def signed_in(self, asked: str, subject: str) -> str:
        """Sign in there as `subject` with the address that the portal sent the browser to; gives the way back."""
        assert asked.startswith(self.url), asked
        answer = requests.post(asked, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return _path(answer.headers["Location"])

    def denied(self, asked: str) -> str:
        """Refuse there; gives the way back."""
        answer = requests.post(asked, data={"action": "deny"}, allow_redirects=False, timeout=10)
        return _path(answer.headers["Location"])

    def bring(self, client: FlaskClient, subject: str) -> TestResponse:
        """Go to the provider from the portal, sign in and come back."""
        asked = client.get("/login/single-sign-on")
        return client.get(self.signed_in(asked.headers["Location"], subject))


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@contextmanager
def provider(*people: str) -> Iterator[Provider]:
    """A running one that knows people by their claims, each in JSON."""
    port = free_port()
    named = [part for one in people for part in ("--user-claims", one)]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *named]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    try:
        _wait(url, running)
        yield Provider(url)
    finally:
        running.terminate()
        running.wait(timeout=20)


def _wait(url: str, running: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + STARTING_S
    while time.monotonic() < ends and running.poll() is None:
        try:
            if requests.get(f"{url}/.well-known/openid-configuration", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the provider did not start")
