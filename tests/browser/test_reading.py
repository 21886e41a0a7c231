"""Search and reader in a browser: by keyboard alone, on a phone, without script; nothing is sent that was not asked."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.support import DESK, PHONE, axe_violations, log_in, screenshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from tests.demonstration import RunningPortal

INDEXED_WITHIN_S = 180
DECISION = "采砂 标题:行政处罚决定书"
MARKED = "采砂 标题:询问笔录"
"""Finds a statement that bears a mark."""


@pytest.fixture
def reader(browser_page: Page, indexed: RunningPortal) -> Page:
    log_in(browser_page, indexed, indexed.account("archivist").name)
    return browser_page


@pytest.fixture(scope="module")
def indexed(portal: RunningPortal, browser: Browser) -> RunningPortal:
    """The portal once its worker has made the index."""
    page = browser.new_page()
    log_in(page, portal, portal.account("archivist").name)
    end = time.monotonic() + INDEXED_WITHIN_S
    while not page.locator("[data-hit]").count():
        assert time.monotonic() < end, "nothing was indexed"
        page.wait_for_timeout(500)
        page.goto(f"{portal.url}/search/?q=石水罚字")
    page.close()
    return portal


def images(page: Page) -> list[str]:
    """The addresses of page images that are asked for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if ".jpg" in request.url else None)
    return asked


def wait_for_sheet(page: Page) -> None:
    page.evaluate("document.querySelector('#stage img.sheet').decode()")
    assert page.evaluate("document.querySelector('#stage img.sheet').naturalWidth") > 0


def open_decision(page: Page, portal: RunningPortal, query: str) -> None:
    """Open a decision of two pages at its first hit of a query."""
    page.goto(f"{portal.url}/search/?q={DECISION}")
    page.locator(".found-item h3 a").first.click()
    page.wait_for_url("**/items/**")  # loaded in full: the script is at work
    page.fill("#find-here", query)
    page.press("#find-here", "Enter")
    expect(page.locator("#hits summary")).to_contain_text("2 页")
    expect(page.locator("#stage")).to_be_focused(timeout=30_000)
    wait_for_sheet(page)


def test_two_actions_lead_from_a_question_to_the_marked_page_image(reader: Page, indexed: RunningPortal) -> None:
    reader.goto(f"{indexed.url}/")
    reader.keyboard.press("/")
    reader.keyboard.type("采砂 许可证")
    reader.keyboard.press("Enter")
    reader.wait_for_selector("[data-hit]")
    while not reader.evaluate("document.activeElement.closest('.found-pages') !== null"):
        reader.keyboard.press("ArrowDown")
    reader.keyboard.press("Enter")
    reader.wait_for_selector("#stage img.sheet")
    wait_for_sheet(reader)
    expect(reader.locator("g.hit.is-current rect").first).to_be_in_viewport()


def test_arrows_move_between_hits_and_leave_the_box_alone(reader: Page, indexed: RunningPortal) -> None:
    reader.goto(f"{indexed.url}/search/?q=采砂")
    hits = reader.locator("[data-hit]")
    reader.focus("#query")
    reader.keyboard.press("ArrowUp")
    expect(reader.locator("#query")).to_be_focused()
    reader.keyboard.press("ArrowDown")
    expect(hits.nth(0)).to_be_focused()
    reader.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    reader.keyboard.press("ArrowUp")
    reader.keyboard.press("ArrowUp")
    expect(reader.locator("#query")).to_be_focused()
    expect(reader.locator("#query")).to_have_value("采砂")


def test_what_is_offered_while_typing_is_chosen_by_keys_and_asked(reader: Page, indexed: RunningPortal) -> None:
    reader.goto(f"{indexed.url}/search/")
    box, offers = reader.locator("#query"), reader.locator("#query-offers")
    box.press_sequentially("文书:询问")
    expect(offers.locator("[role=option]").first).to_have_text(re.compile("^文书:询问笔录"))
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Escape")
    expect(offers).to_be_hidden()
    box.press("Backspace")
    expect(offers).to_be_visible()
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "query-offers-0")
    screenshot(reader, "search-offers")
    assert axe_violations(reader) == []
    box.press("Enter")
    expect(box).to_have_value("文书:询问笔录 ")
    box.press("Enter")
    expect(reader.locator("#summary")).to_contain_text("共")
    box.fill("")
    box.press_sequentially("石水罚字[2025")
    case = offers.locator("[role=option]", has_text="案卷").first
    expect(case).to_contain_text("石水罚字〔2025〕")
    case.click()
    reader.wait_for_url(re.compile("q=.*2025"))
    expect(reader.locator("[data-hit]").first).to_be_visible()


def test_an_archivist_corrects_a_page_and_finds_it_by_the_new_words(reader: Page, indexed: RunningPortal) -> None:
    open_decision(reader, indexed, "当事人")
    reader.click("text=校正本页的检索文字")
    text = reader.locator("#text")
    expect(text).to_have_value(re.compile("当事人"))
    text.fill(text.input_value() + "\n页边手写演字九千号")
    screenshot(reader, "correct-text")
    assert axe_violations(reader) == []
    reader.click("text=保存校正")
    expect(reader.locator(".notice").first).to_contain_text("已保存")
    expect(reader.locator(".course")).to_contain_text("校正")
    for _ in range(60):
        reader.goto(f"{indexed.url}/search/?q=演字九千号")
        if reader.locator("[data-hit]").count():
            break
        reader.wait_for_timeout(500)
    reader.locator(".found-pages a").first.click()
    expect(reader.locator("#hits summary")).to_contain_text("1 页")
    expect(reader.locator("#stage .notice")).to_contain_text("无法在图像上标出")


def test_a_chip_takes_away_one_condition_and_keeps_the_other(reader: Page, indexed: RunningPortal) -> None:
    reader.goto(f"{indexed.url}/search/?q=采砂&level=1")
    reader.locator("#facets li a").first.click()
    expect(reader.locator(".chip")).to_have_count(2)
    reader.locator(".chip", has_text="密级").click()
    expect(reader.locator(".chip")).to_have_count(1)
    expect(reader.locator("#query")).to_have_value("采砂")


def test_pages_zoom_turn_and_thumbnails_go_by_keys(reader: Page, indexed: RunningPortal) -> None:
    open_decision(reader, indexed, "当事人")
    number, frame = reader.locator("#page-number"), reader.locator("#sheet")
    reader.focus("#stage")
    reader.keyboard.press("ArrowRight")
    expect(number).to_have_value("2")
    reader.keyboard.press("ArrowRight")
    reader.keyboard.press("ArrowLeft")
    expect(number).to_have_value("1")
    reader.keyboard.press("+")
    expect(frame).to_have_class(re.compile("zoom-125"))
    reader.keyboard.press("-")
    expect(frame).to_have_class(re.compile("zoom-100"))
    upright = reader.evaluate("document.querySelector('#stage img.sheet').naturalHeight")
    reader.keyboard.press("r")
    reader.wait_for_url(re.compile("turn=90"))
    assert reader.evaluate("document.querySelector('#stage img.sheet').naturalHeight") < upright
    is_open = reader.evaluate("document.querySelector('#thumbs').open")
    reader.keyboard.press("t")
    assert reader.evaluate("document.querySelector('#thumbs').open") is not is_open
    reader.go_back()
    expect(frame).to_have_class(re.compile("zoom-100"))


def test_finding_something_else_in_the_item_sends_no_image_again(reader: Page, indexed: RunningPortal) -> None:
    open_decision(reader, indexed, "当事人")
    reader.wait_for_load_state("networkidle")
    asked = images(reader)
    reader.fill("#find-here", "处罚")
    reader.press("#find-here", "Enter")
    expect(reader.locator("#hits summary")).to_contain_text("“处罚”")
    expect(reader.locator("#stage")).to_be_focused(timeout=30_000)
    reader.wait_for_load_state("networkidle")
    assert asked == []
    links = reader.locator("#thumbs a").evaluate_all("links => links.map(link => decodeURI(link.href))")
    assert all("q=处罚" in link for link in links)


def test_keys_typed_into_a_field_or_switched_off_do_nothing(reader: Page, indexed: RunningPortal) -> None:
    open_decision(reader, indexed, "当事人")
    reader.locator("#find-here").press_sequentially("rnt")
    assert "turn" not in reader.url
    reader.get_by_label("使用快捷键").uncheck()
    reader.focus("#stage")
    reader.keyboard.press("ArrowRight")
    reader.wait_for_timeout(300)
    expect(reader.locator("#page-number")).to_have_value("1")
    reader.get_by_label("使用快捷键").check()


def test_hits_are_walked_over_the_pages_and_back_and_send_no_image_twice(reader: Page, indexed: RunningPortal) -> None:
    open_decision(reader, indexed, "当事人")
    reader.wait_for_load_state("networkidle")
    asked = images(reader)
    on_page = reader.locator("g.hit").count()
    number = reader.locator("#page-number")
    for _ in range(on_page - 1):
        reader.keyboard.press("n")
    expect(reader.locator("#hit-number")).to_have_text(str(on_page))
    expect(number).to_have_value("1")
    assert asked == []
    reader.keyboard.press("n")
    expect(number).to_have_value("2")
    expect(reader.locator("#hit-number")).to_have_text("1")
    reader.keyboard.press("Shift+N")
    expect(number).to_have_value("1")
    expect(reader.locator("#hit-number")).to_have_text(str(on_page))
    wait_for_sheet(reader)


def test_the_page_ahead_is_there_before_it_is_asked_for_and_is_not_sent_again(
    reader: Page, indexed: RunningPortal
) -> None:
    open_decision(reader, indexed, "当事人")
    reader.wait_for_load_state("networkidle")
    asked = images(reader)
    reader.reload()
    reader.wait_for_load_state("networkidle")
    ahead = [address for address in asked if "ahead=1" in address]
    assert len(ahead) == 1
    before = [address for address in asked if "/pages/2.jpg" in address and "width=160" not in address]
    reader.keyboard.press("ArrowRight")
    expect(reader.locator("#page-number")).to_have_value("2")
    wait_for_sheet(reader)
    after = [address for address in asked if "/pages/2.jpg" in address and "width=160" not in address]
    assert after == before


def test_what_bears_a_mark_sends_only_the_page_that_is_open(reader: Page, indexed: RunningPortal) -> None:
    reader.goto(f"{indexed.url}/search/?q={MARKED}")
    asked = images(reader)
    reader.locator(".found-pages a").first.click()
    reader.wait_for_selector("#stage img.sheet")
    wait_for_sheet(reader)
    reader.keyboard.press("t")
    reader.wait_for_load_state("networkidle")
    expect(reader.locator("#thumbs")).to_contain_text("不显示缩略图")
    assert len(asked) == 1
    assert "ahead" not in asked[0]


def test_everything_works_without_script(browser: Browser, indexed: RunningPortal) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": DESK[0], "height": DESK[1]})
    page = context.new_page()
    log_in(page, indexed, indexed.account("archivist").name)
    open_without_script(page, indexed)
    assert page.locator("g.hit rect").count()
    page.click("#page-after")
    assert "page=2" in page.url
    page.click("#turn")
    assert "turn=90" in page.url
    page.click("#hit-after")
    assert "q=" in page.url
    context.close()


def open_without_script(page: Page, portal: RunningPortal) -> None:
    page.goto(f"{portal.url}/search/?q={DECISION}")
    page.locator(".found-item h3 a").first.click()
    page.fill("#find-here", "当事人")
    page.press("#find-here", "Enter")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_both_pages_pass_axe_and_fit_the_screen(
    new_page: Callable[..., Page], indexed: RunningPortal, size: tuple[int, int]
) -> None:
    page = new_page(size)
    log_in(page, indexed, indexed.account("archivist").name)
    pages = {"search-start": "/search/", "search": "/search/?q=采砂&level=1", "search-none": "/search/?q=无此词语"}
    for name, path in pages.items():
        page.goto(indexed.url + path)
        look(page, f"{name}-{size[0]}")
    open_decision(page, indexed, "当事人")
    look(page, f"reader-{size[0]}")
    page.keyboard.press("+")
    page.wait_for_url(re.compile("zoom=125"))
    look(page, f"reader-large-{size[0]}")
    page.goto(f"{indexed.url}/search/?q={MARKED}")
    page.locator(".found-pages a").first.click()
    page.wait_for_selector("#stage img.sheet")
    look(page, f"reader-marked-{size[0]}")


def look(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    screenshot(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    assert axe_violations(page) == [], name
