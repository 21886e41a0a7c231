"""A handler brings a folder in: dropped whole, rows that fill in by themselves, edited by keyboard, saved at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.support import PHONE, axe_violations, log_in, screenshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.demonstration import RunningPortal

HEAD = {
    "case_number": "演水罚字〔2026〕77号",
    "title": "演示乱倒泥渣案",
    "started": "2026-10-01",
    "ended": "2026-11-10",
}


def begin(page: Page, portal: RunningPortal) -> str:
    page.goto(f"{portal.url}/intake/new")
    for name, value in HEAD.items():
        page.fill(f"main [name={name}]", value)
    for fact in ("ex_officio", "investigated", "site_inspection"):
        page.check(f"[name=facts][value={fact}]")
    page.click("main button[type=submit]")
    page.wait_for_selector("#drop")
    return page.url


def drop_on(page: Page, *paths: Path) -> None:
    """Drop files or folders from the desk onto the page."""
    box = page.locator("#drop").bounding_box()
    assert box is not None
    debugger = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data}
        debugger.send("Input.dispatchDragEvent", event)
    debugger.detach()


@pytest.fixture
def inbox(portal: RunningPortal) -> Path:
    """The case folder that lies beside the demonstration, not brought in."""
    return next(path for path in (portal.data / "demo-inbox").iterdir() if path.is_dir())


def test_a_folder_is_dropped_and_its_rows_fill_in_by_themselves(
    browser_page: Page, portal: RunningPortal, inbox: Path
) -> None:
    page = browser_page
    log_in(page, portal, portal.account("handler").name)
    page.goto(f"{portal.url}/intake/")
    screenshot(page, "intake-drafts")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载空白案卷目录").click()
    assert download.value.suggested_filename == "案卷目录.xlsx"
    begin(page, portal)
    drop_on(page, inbox)
    rows = page.locator(".sheet-row")
    documents = [path for path in inbox.rglob("*") if path.is_file() and path.name != "case.json"]
    expect(rows).to_have_count(len(documents), timeout=120_000)
    titles = [row.input_value() for row in rows.locator("[name=title]").all()]
    types = [row.input_value() for row in rows.locator("[name=type]").all()]
    assert titles[:2] == ["程序启动审批表", "现场检查（勘验）笔录"]
    assert types.count("other") == 0
    rows.first.locator("img").scroll_into_view_if_needed()
    expect(rows.first.locator("img")).to_have_js_property("complete", True)
    screenshot(page, "intake-rows")
    assert axe_violations(page) == []

    drop_on(page, inbox)  # sent again, nothing is taken twice
    page.wait_for_event("load")
    expect(rows).to_have_count(len(documents))


def test_rows_are_edited_by_keyboard_and_the_checklist_follows(
    browser_page: Page, portal: RunningPortal, tmp_path: Path
) -> None:
    page = browser_page
    log_in(page, portal, portal.account("handler").name)
    begin(page, portal)
    paths = [tmp_path / "甲.txt", tmp_path / "乙.txt", tmp_path / "~$丙.docx"]
    for path in paths:
        path.write_text(path.name, encoding="utf-8")
    drop_on(page, *paths)
    rows = page.locator(".sheet-row")
    expect(rows).to_have_count(2, timeout=60_000)
    before = int(re.findall(r"(\d+) 项须补正", page.locator("#checklist").inner_text())[0])

    page.evaluate("window.stillHere = true")
    page.locator("[name=type]").first.select_option("start_approval")
    expect(rows.first.locator(".saved")).to_have_text("已保存")
    expect(page.locator("#checklist")).not_to_contain_text("缺少程序启动审批表")
    left = int(re.findall(r"(\d+) 项须补正", page.locator("#checklist").inner_text())[0])
    assert left <= before
    assert page.evaluate("window.stillHere")  # saved where it stands, not by a new page
    assert rows.first.locator("[name=volume]").input_value() == "auxiliary"

    page.locator("[name=title]").first.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("程序启动审批表")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == rows.nth(1).locator("[name=title]").get_attribute("id")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Shift+Enter")
    expect(rows.nth(1).locator(".saved")).to_contain_text("不能空")
    expect(rows.first.locator(".saved")).to_have_text("已保存")
    page.reload()
    assert page.locator("[name=title]").first.input_value() == "程序启动审批表"
    assert page.locator("[name=type]").first.input_value() == "start_approval"


def test_what_was_not_sent_is_told_after_a_reload(browser_page: Page, portal: RunningPortal, tmp_path: Path) -> None:
    page = browser_page
    log_in(page, portal, portal.account("handler").name)
    begin(page, portal)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/files", lambda route: None if route.request.method == "POST" else route.continue_())
    paths = [tmp_path / f"{n}.txt" for n in range(3)]
    for path in paths:
        path.write_text(path.name, encoding="utf-8")
    drop_on(page, *paths)
    expect(page.locator("#sending-sum")).to_contain_text("共 3 个")
    page.reload()
    expect(page.locator("#unfinished")).to_contain_text("上次还有 3 个文件没有收入")
    page.unroute_all(behavior="ignoreErrors")
    drop_on(page, *paths)
    expect(page.locator(".sheet-row")).to_have_count(3, timeout=60_000)
    expect(page.locator("#unfinished")).to_be_hidden()


def test_a_draft_fits_on_a_phone(new_page: Callable[..., Page], portal: RunningPortal, tmp_path: Path) -> None:
    page = new_page(PHONE)
    log_in(page, portal, portal.account("handler").name)
    begin(page, portal)
    path = tmp_path / "一个名字特别特别特别特别特别特别特别特别特别特别长的文件_without_any_space_in_it_at_all.txt"
    path.write_text("x", encoding="utf-8")
    page.locator("#files").set_input_files(path)
    expect(page.locator(".sheet-row")).to_have_count(1, timeout=60_000)
    screenshot(page, "intake-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert axe_violations(page) == []
