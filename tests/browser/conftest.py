"""A real browser on a real portal: `portal`, `new_page`, `browser_page`, `phone_page`.

The browser lives as long as a test file: its driver keeps an event loop open, which other tests must not find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.support import CHROMIUM_FLAGS, DESK, PHONE, Complaints
from tests.services import need_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WALK_TIMEOUT_S = 1500
"""The first walk waits for the demonstration archive to be made."""

STEP_TIMEOUT_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give walks more time than other tests, unless they name their own."""
    for item in items:
        if item.path.parent.name == "browser" and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(WALK_TIMEOUT_S))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless, that calls nobody but the address it is given."""
    program = need_chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each as a new visitor: `new_page()` on a desk, `new_page(PHONE)`.

    At the end of the test no page may have complained of a failed script or of the Content-Security-Policy.
    """
    complaints, contexts = Complaints(), []

    def open_page(size: tuple[int, int] = DESK) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]  # a plain dict
        context.set_default_timeout(STEP_TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints.texts


@pytest.fixture
def browser_page(new_page: Callable[..., Page]) -> Page:
    """A new visitor's page on a desk."""
    return new_page(DESK)


@pytest.fixture
def phone_page(new_page: Callable[..., Page]) -> Page:
    """A new visitor's page on a phone, 360 pixels wide."""
    return new_page(PHONE)
