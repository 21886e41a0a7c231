"""What browser walks share: starting Chromium, screenshots, axe, and the log of what a page complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tests.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.demonstration import RunningPortal

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",  # tests run as root in CI
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = (1280, 800)
PHONE = (360, 740)
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@dataclass
class Complaints:
    """What pages complained about: scripts that failed, and what the Content-Security-Policy stopped."""

    texts: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("pageerror", lambda error: self.texts.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._console(page.url, message.type, message.text))

    def _console(self, url: str, kind: str, text: str) -> None:
        # an answer of 404 or 409 is written to the console too, and is what many walks are after
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.texts.append(f"{url}: {text}")


def log_in(page: Page, portal: RunningPortal, login: str) -> Page:
    """Come in as a person of the demonstration, by login; gives the page."""
    page.goto(f"{portal.url}/login")
    page.fill("#login", login)
    page.fill("#password", portal.named(login).password)
    page.press("#password", "Enter")
    page.wait_for_selector("text=退出")
    return page


def screenshot(page: Page, name: str) -> Path:
    """Write build/screenshots/NAME.png, the whole page; returns the file."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def axe_violations(page: Page, *, tags: tuple[str, ...] = AXE_TAGS) -> list[str]:
    """What axe finds wrong on a page, one line a rule with the places; empty where all is well.

    It goes in through the debugger, so the page's own Content-Security-Policy stays in force for the page.
    """
    debugger = page.context.new_cdp_session(page)
    try:
        _evaluate(debugger, _axe_source())
        options = f"{{runOnly: {list(tags)!r}, resultTypes: ['violations']}}"
        found = _evaluate(debugger, f"axe.run(document, {options}).then(result => result.violations)")
    finally:
        debugger.detach()
    return [_line(violation) for violation in found]


def _evaluate(debugger: Any, expression: str) -> Any:  # noqa: ANN401 - the debugger's protocol
    answer = debugger.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


def _line(violation: dict[str, Any]) -> str:
    places = ", ".join(str(node["target"][0]) for node in violation["nodes"])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {places}"


@cache
def _axe_source() -> str:
    # the value of the expression must be something that can be sent back
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "\n;0"
