"""A portal of fictional people, served within the test, for browsers that need settings of their own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from portal.application import create_app
from portal.config import OIDC_SECRET, Profile, load_settings
from portal.wiring import Installation, form_key, prepare_folder
from tests.demonstration import free_port
from tests.portal.conftest import _people, open_installation, pools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMITED = {"profile": Profile.DEMONSTRATION, "bureau": "石门市演示水务局"}


@dataclass
class Server:
    """A running portal: its address, and what is served."""

    url: str
    opened: Installation


@contextmanager
def served(data: Path, **given: object) -> Iterator[Server]:
    """A new one with these settings, at an address of its own."""
    port = free_port()
    prepare_folder(load_settings(data, **LIMITED))
    (data / "keys" / OIDC_SECRET).write_text("a-secret-of-the-demonstration", "ascii")
    with open_installation(data) as opened:
        _people(opened)
    url = f"http://localhost:{port}"
    settings = load_settings(data, **LIMITED, public_url=url, **given)
    prepare_folder(settings)
    with Installation(settings, pools()) as opened:
        app = create_app(
            settings, opened.services, opened.database, form_key(settings), secure=False, behind_proxy=False
        )
        running = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield Server(url, opened)
        running.shutdown()
        thread.join()
        running.server_close()
