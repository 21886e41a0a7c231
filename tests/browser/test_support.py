"""The browser's helpers see what is wrong on a page."""

from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import SCREENSHOTS, Complaints, axe_violations, screenshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

GOOD = (
    "<!doctype html><html lang='zh-CN'><head><title>案卷</title></head>"
    "<body><main><h1>案卷</h1><img src='data:,' alt='封面'></main></body></html>"
)
BAD = GOOD.replace(" lang='zh-CN'", "").replace(" alt='封面'", "").replace("</main>", "<script>1</script></main>")


class Pages(http.server.BaseHTTPRequestHandler):
    """Two pages under a policy that allows no script."""

    def do_GET(self) -> None:
        body = (BAD if self.path == "/bad" else GOOD).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'; img-src data:")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_axe_names_what_is_wrong_under_a_strict_policy(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/bad")
    rules = {line.split(" ")[0] for line in axe_violations(page)}
    page.close()
    assert {"html-has-lang", "image-alt"} <= rules


def test_what_the_policy_stops_is_noted(browser: Browser, address: str) -> None:
    page, complaints = browser.new_page(), Complaints()
    complaints.watch(page)
    page.goto(f"{address}/bad")
    page.wait_for_load_state("networkidle")
    page.close()
    assert any("Content Security Policy" in text for text in complaints.texts)


def test_a_good_page_passes_and_its_picture_is_kept(phone_page: Page, address: str) -> None:
    phone_page.goto(address)
    assert axe_violations(phone_page) == []
    path = screenshot(phone_page, "helpers-good-page")
    assert path.parent == SCREENSHOTS
    assert path.read_bytes().startswith(b"\x89PNG")
    path.unlink()
