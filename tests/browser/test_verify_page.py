"""Checking a copy in a browser: by drop, by keyboard alone, without script, on a phone; and each verdict looked at."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from portal.dissemination.verdict import DEMONSTRATION, SENTENCES
from portal.services.verification import LARGEST_FILE, RecordState
from tests.browser.support import PHONE, axe_violations, screenshot
from tests.portal.copies import make_genuine
from tests.portal.dissemination.conftest import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.demonstration import RunningPortal
    from tests.portal.dissemination.conftest import Made

DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "application/pdf" }));
  const zone = document.querySelector("#drop");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}"""


@pytest.fixture(scope="module")
def files(portal: RunningPortal, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A genuine copy of the portal's, and files that are none."""
    folder = tmp_path_factory.mktemp("files")
    made: Made = make_genuine(portal.data, folder)
    contents = {
        "altered": made.content + b" ",
        "random": b"%PDF-1.7\n" + bytes(range(256)) * 40,
        "empty": b"",
        "large": bytes(LARGEST_FILE + 2**20),
    }
    for name, content in contents.items():
        (folder / f"{name}.pdf").write_bytes(content)
    return {"genuine": made.path} | {name: folder / f"{name}.pdf" for name in contents}


def check(page: Page, portal: RunningPortal, file: Path) -> str:
    """Choose the file, send it; gives the verdict."""
    page.goto(f"{portal.url}/verify")
    page.set_input_files("#file", file)
    page.click("#drop button")
    page.wait_for_selector("#verdict")
    return page.inner_text("#verdict")


def in_order(page: Page, name: str) -> None:
    """The page as it stands: a screenshot, axe without violations, nothing wider than the window."""
    screenshot(page, name)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_verdict_is_said_in_large_type(
    portal: RunningPortal, files: dict[str, Path], new_page: Callable[..., Page], size: str
) -> None:
    page = new_page(PHONE) if size == "phone" else new_page()
    page.goto(f"{portal.url}/login")
    page.click("footer >> text=核验复制件")
    in_order(page, f"verify-{size}")
    wanted = {"random": "unknown", "empty": "unknown", "altered": "altered", "genuine": "genuine"}
    for name, verdict in wanted.items():
        said = check(page, portal, files[name])
        assert f"{SENTENCES[verdict]}（{DEMONSTRATION}）" in said
        in_order(page, f"verify-{name}-{size}")
    page.goto(f"{portal.url}/verify?number={NUMBER}&code={'0' * 32}")
    assert RecordState.NONE.zh in page.inner_text("#verdict")
    in_order(page, f"verify-number-{size}")


def test_a_file_can_be_dropped(portal: RunningPortal, files: dict[str, Path], browser_page: Page) -> None:
    browser_page.goto(f"{portal.url}/verify")
    browser_page.evaluate(DROP, ["件.pdf", base64.b64encode(files["altered"].read_bytes()).decode()])
    browser_page.wait_for_selector("#verdict")
    assert SENTENCES["altered"] in browser_page.inner_text("#verdict")


def test_the_keyboard_alone_is_enough(portal: RunningPortal, files: dict[str, Path], browser_page: Page) -> None:
    browser_page.on("filechooser", lambda _: None)  # from the start: late, a busy browser opens its own dialog
    browser_page.goto(f"{portal.url}/verify")
    for _ in range(12):
        browser_page.keyboard.press("Tab")
        if browser_page.evaluate("document.activeElement.id") == "file":
            break
    assert browser_page.evaluate("document.activeElement.id") == "file"
    with browser_page.expect_file_chooser() as chooser:
        browser_page.keyboard.press("Space")
    chooser.value.set_files(files["altered"])
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_selector("#verdict")
    assert SENTENCES["altered"] in browser_page.inner_text("#verdict")


def test_a_file_that_is_too_large_is_not_sent(
    portal: RunningPortal, files: dict[str, Path], browser_page: Page
) -> None:
    browser_page.goto(f"{portal.url}/verify")
    sent: list[str] = []
    browser_page.on("request", lambda request: sent.append(request.method))
    browser_page.set_input_files("#file", files["large"])
    browser_page.click("#drop button")
    assert "文件超过 50 MB" in browser_page.inner_text("#said")
    assert "POST" not in sent
    assert browser_page.is_enabled("#drop button")


def test_it_works_without_script_and_says_so_where_a_file_is_too_large(
    portal: RunningPortal, files: dict[str, Path], browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    assert SENTENCES["altered"] in check(page, portal, files["altered"])
    page.goto(f"{portal.url}/verify")
    page.set_input_files("#file", files["large"])
    page.click("#drop button")
    page.wait_for_selector("[role=alert]")
    assert "文件超过 50 MB" in page.inner_text("[role=alert]")
    context.close()
