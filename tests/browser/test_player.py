"""Recordings in a real browser: a film and a sound play and seek, with the viewer's name over them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import axe_violations, log_in, screenshot

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.demonstration import RunningPortal

PLAYED_AFTER_SEEKING = "() => { const m = document.querySelector('#player video, #player audio'); return m.currentTime > 1.2 && !m.error; }"  # noqa: E501 - one expression


def enter(page: Page, portal: RunningPortal, role: str) -> str:
    """Log in as the first person of an office; gives the name."""
    log_in(page, portal, portal.account(role).name)
    return page.locator(".who a").inner_text()


def recordings(page: Page, portal: RunningPortal, least: int) -> list[str]:
    """Addresses of players, from the case pages that the person sees."""
    page.goto(f"{portal.url}/cases/?state=sealed")
    cases = page.eval_on_selector_all("main a[href^='/cases/']", "links => links.map(link => link.href)")
    found: list[str] = []
    for case in dict.fromkeys(address for address in cases if re.search(r"/cases/[0-9a-f]{32}$", address)):
        page.goto(case)
        found += page.eval_on_selector_all("main a[href$='/play']", "links => links.map(link => link.href)")
        if len(found) >= least:
            break
    return found


def kind_of(page: Page, address: str) -> str:
    """`video` or `audio`, once the player is ready."""
    page.goto(address)
    page.wait_for_selector("#player video, #player audio", timeout=120_000)
    return str(page.eval_on_selector("#player video, #player audio", "medium => medium.localName"))


def plays_and_seeks(page: Page) -> None:
    page.eval_on_selector("#player video, #player audio", "medium => { medium.muted = true; return medium.play(); }")
    page.wait_for_function("() => document.querySelector('#player video, #player audio').currentTime > 0")
    page.eval_on_selector("#player video, #player audio", "medium => { medium.currentTime = 1; }")
    page.wait_for_function(PLAYED_AFTER_SEEKING)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_recordings_play_and_seek_with_the_viewers_name_over_them(
    browser_page: Page, phone_page: Page, portal: RunningPortal, size: str
) -> None:
    page = browser_page if size == "desk" else phone_page
    name = enter(page, portal, "archivist")
    kinds = set()
    for address in dict.fromkeys(recordings(page, portal, 40)):
        kind = kind_of(page, address)
        if kind in kinds:
            continue
        kinds.add(kind)
        plays_and_seeks(page)
        assert name in page.locator("#player .viewer").inner_text()
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        screenshot(page, f"player-{kind}-{size}")
        if kinds == {"video", "audio"}:
            break
    assert kinds == {"video", "audio"}


def test_an_address_of_another_session_plays_nothing(
    browser_page: Page, phone_page: Page, portal: RunningPortal
) -> None:
    enter(browser_page, portal, "archivist")
    kind_of(browser_page, recordings(browser_page, portal, 1)[0])
    medium = str(browser_page.eval_on_selector("#player video, #player audio", "medium => medium.src"))
    assert browser_page.request.get(medium, headers={"Range": "bytes=0-9"}).status == 206
    enter(phone_page, portal, "archivist")
    assert phone_page.request.get(medium).status == 404
    browser_page.click(".who button")
    answer = browser_page.request.get(medium, max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, "/login")


def test_what_was_said_is_found_and_played_from_its_second(browser_page: Page, portal: RunningPortal) -> None:
    page = browser_page
    enter(page, portal, "archivist")
    hit = page.locator(".found-pages a", has_text="0:02")
    for _ in range(120):
        page.goto(f"{portal.url}/search/?q=没有办过许可证")
        if hit.count():
            break
        page.wait_for_timeout(1000)
    screenshot(page, "search-spoken")
    hit.first.click()
    page.wait_for_selector("#player video", timeout=120_000)
    page.wait_for_function("() => document.querySelector('#player video').currentTime >= 2")
    assert page.locator("#cues .has-hit mark").inner_text() == "没有办过许可证"
    page.click("#cues [data-at='4']")
    page.wait_for_function("() => document.querySelector('#player video').currentTime >= 4")
    page.wait_for_selector("#at-4[aria-current]")
    screenshot(page, "player-transcript")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
