"""A preparer at the bench in a real browser: by mouse, by finger, by keys alone, on a desk and on a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from archive_store.models.accounts import Account
from archive_store.request_words import Advice, Step
from portal.cli.context import installation
from portal.services.asking import Asked
from tests.browser.support import PHONE, axe_violations, log_in, screenshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.identity import Actor
    from tests.demonstration import RunningPortal

PARTY, ARCHIVIST, REVIEWER = "zhangyanshi", "danganyuanjia", "baomiyuanjia"
PLAIN, MARKED = "权利告知书", "询问笔录"
"""Neutral titles of an item without a mark and of one that bears 个人隐私."""
BUSY_MS = 120_000
PLAN_TRIAL = """async () => {
  const { Plan, moved, pulled, between, covers } = await import("/static/redact-plan.js");
  const box = { page: 1, x0: 0.2, y0: 0.2, x1: 0.4, y1: 0.3, ground: "minor" };
  const plan = new Plan([box]);
  const [first] = plan.boxes;
  for (let n = 0; n < 1000; n += 1) plan.change(first.id, moved(plan.boxes[0], 0.0001, 0));
  const after = plan.boxes[0].x0;
  let back = 0;
  while (plan.undo() !== null) back += 1;
  const restored = plan.boxes[0].x0;
  while (plan.redo() !== null) back -= 1;
  const again = plan.boxes[0].x0;
  for (let n = 0; n < 9; n += 1) plan.change(first.id, moved(plan.boxes[0], 0, 0.01), "one drag");
  const page = plan.undo();
  plan.add([{ ...box, page: 2 }]);
  const away = plan.undo();
  return {
    after, back, restored, again, page, away, y0: plan.boxes[0].y0, redo: plan.canRedo,
    edge: moved(box, 9, -9), thin: pulled(box, "e", -9, 0), none: between({ x: 1, y: 1 }, { x: 1, y: 1 }),
    covers: [covers(box, { ...box, x0: 0.3 }), covers(box, { ...box, page: 2 }), covers(box, { ...box, x1: 0.5 })],
  };
}"""


@pytest.fixture(scope="module")
def preparing(portal: RunningPortal) -> str:
    """The address of the bench of a request for two items, one of which bears a mark."""
    with installation(portal.data) as opened:
        with opened.database.read() as session:
            ids = {account.login: account.id for account in session.scalars(select(Account))}

        def actor(login: str) -> Actor:
            found = opened.services.accounts.actor(ids[login])
            assert found
            return found

        party, archivist = actor(PARTY), actor(ARCHIVIST)
        case = opened.services.asking.own_cases(party)[0]
        items = {item.title: item.item_id for item in case.items if not item.why_not}
        wanted = frozenset({items[PLAIN], items[MARKED]})
        request_id = opened.services.asking.begin(party, case.case_id, Asked(wanted, "申请行政复议"))
        opened.services.asking.submit(party, request_id)
        requests = opened.services.copy_requests
        requests.accept(archivist, request_id, "居民身份证", "本案当事人")
        requests.refer(archivist, request_id, ids[REVIEWER])
        requests.give_opinion(actor(REVIEWER), request_id, {items[MARKED]: (Advice.WITHHOLD, "有证人的住址")})
        requests.take(archivist, request_id, Step.BEGIN_PREPARATION)
    return f"{portal.url}/requests/{request_id}/bench"


def open_item(page: Page, bench: str, title: str) -> None:
    page.goto(bench)
    page.locator("section", has=page.get_by_role("heading", name=title)).locator("a.btn").click()
    expect(page.locator("#image:not(.pending)")).to_be_visible()
    expect(page.locator("#add")).to_be_visible()


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("已保存", timeout=BUSY_MS)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag between two places, given as fractions of the page."""
    page.locator("#overlay").scroll_into_view_if_needed()
    frame = page.locator("#overlay").bounding_box()
    assert frame
    places = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["width"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()


def place(box: Locator) -> list[float]:
    return [float(box.get_attribute(name) or "") for name in ("x", "y", "width", "height")]


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def empty(page: Page) -> None:
    """Take all boxes of the open item away."""
    for _ in range(page.locator("#boxes li").count()):
        page.locator("#boxes li button", has_text="删除").first.click()
    expect(page.locator("#boxes li")).to_have_count(0)
    saved(page)


def test_the_plan_of_boxes_goes_back_and_forth_without_limit(
    new_page: Callable[..., Page], portal: RunningPortal
) -> None:
    page = new_page()
    page.goto(f"{portal.url}/login")
    found = page.evaluate(PLAN_TRIAL)
    assert (found["back"], found["restored"]) == (0, 0.2)
    assert found["after"] == found["again"] == pytest.approx(0.3)
    assert (found["page"], found["away"], found["y0"], found["redo"]) == (1, 2, 0.2, True)
    assert found["edge"] == {"x0": 0.8, "y0": 0, "x1": 1, "y1": 0.1}
    assert found["thin"]["x1"] > found["thin"]["x0"] == 0
    assert found["none"] == {"x0": 0.998, "y0": 0.998, "x1": 1, "y1": 1}
    assert found["covers"] == [True, False, False]


def test_a_page_is_covered_by_mouse_and_all_can_be_undone(
    new_page: Callable[..., Page], portal: RunningPortal, preparing: str
) -> None:
    page = log_in(new_page(), portal, ARCHIVIST)
    open_item(page, preparing, MARKED)
    drag(page, (0.2, 0.2), (0.5, 0.24))
    page.keyboard.press("4")
    expect(page.locator("#boxes li")).to_have_text(re.compile("第 1 页　4 投诉人、举报人信息"))
    box = page.locator("#overlay .box")
    before = place(box)
    drag(page, (0.3, 0.22), (0.3, 0.32))
    assert place(box)[1] == pytest.approx(before[1] + 100, abs=3)
    expect(page.locator("#boxes li")).to_have_count(1)
    handle = page.locator("#overlay .handle.se").bounding_box()
    assert handle
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    page.mouse.move(handle["x"] + 65, handle["y"] + 5, steps=3)
    page.mouse.up()
    assert place(box)[2] > before[2] + 20
    saved(page)
    screenshot(page, "redaction-mouse")
    page.reload()
    expect(page.locator("#boxes li button.jump")).to_have_count(1)
    assert place(page.locator("#overlay .box"))[2] > before[2] + 20
    empty(page)
    page.keyboard.press("Control+z")
    expect(page.locator("#boxes li")).to_have_count(1)
    page.keyboard.press("Control+y")
    expect(page.locator("#boxes li")).to_have_count(0)
    saved(page)


def test_a_page_is_covered_by_keys_alone(new_page: Callable[..., Page], portal: RunningPortal, preparing: str) -> None:
    page = log_in(new_page(), portal, ARCHIVIST)
    open_item(page, preparing, MARKED)
    expect(page.locator("#stage")).to_be_focused()
    for key in ("PageDown", "n", "7"):
        page.keyboard.press(key)
    expect(page.locator("#boxes li")).to_have_text(re.compile("第 2 页　7 未成年人信息"))
    box = page.locator("#overlay .box")
    before = place(box)
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowRight", "Control+ArrowLeft"):
        page.keyboard.press(key)
    x, y, width, height = place(box)
    assert (x, width, height) == pytest.approx((before[0] + 4, before[2] + 5, before[3]), abs=0.1)
    assert y < before[1]
    page.keyboard.press("Delete")
    expect(page.locator("#boxes li")).to_have_count(0)
    page.keyboard.press("PageUp")
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator("#where")).to_have_text("第 2 / 2 页")
    expect(page.locator("#boxes li")).to_have_count(1)
    page.locator("#boxes .jump").focus()
    page.keyboard.press("ArrowDown")
    assert place(box)[1] > y
    expect(page.locator("#boxes .jump")).to_be_focused()
    saved(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#boxes li")).to_have_count(0)
    page.locator("#words").focus()
    page.keyboard.type("p7n")  # letters in a field are letters
    expect(page.locator("#boxes li")).to_have_count(0)
    saved(page)


def test_leaving_waits_for_what_is_unsaved_and_a_lost_connection_is_told(
    new_page: Callable[..., Page], portal: RunningPortal, preparing: str
) -> None:
    page = log_in(new_page(), portal, ARCHIVIST)
    open_item(page, preparing, MARKED)
    page.context.set_offline(True)
    page.keyboard.press("n")
    expect(page.locator("#saved")).to_contain_text("没有保存：连接中断")
    expect(page.locator("#save-again")).to_be_visible()
    page.context.set_offline(False)
    saved(page)  # by itself
    page.locator("#stage").focus()
    page.keyboard.press("Delete")
    page.get_by_role("link", name="完成，返回各项").click()
    expect(page.get_by_role("heading", name="制作复制件")).to_be_visible()
    open_item(page, preparing, MARKED)
    expect(page.locator("#boxes li")).to_have_count(0)


def test_words_are_covered_everywhere_seen_as_the_recipient_will_and_made(
    new_page: Callable[..., Page], portal: RunningPortal, preparing: str
) -> None:
    page = log_in(new_page(), portal, ARCHIVIST)
    page.goto(preparing)
    expect(page.get_by_role("button", name="制作复制件")).to_be_disabled()
    assert axe_violations(page) == []
    screenshot(page, "bench-objections")
    open_item(page, preparing, MARKED)
    page.fill("#words", "演示")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text(re.compile("找到“演示”\\d+ 处，新遮盖 \\d+ 处"), timeout=BUSY_MS)
    count = page.locator("#boxes li").count()
    assert count > 1
    page.locator("#undo").click()
    expect(page.locator("#boxes li")).to_have_count(0)
    page.locator("#redo").click()
    expect(page.locator("#boxes li")).to_have_count(count)
    assert axe_violations(page) == []
    page.locator("#stage").focus()
    page.keyboard.press("p")
    expect(page.locator("#preview")).to_be_visible(timeout=BUSY_MS)
    screenshot(page, "redaction-preview")
    page.keyboard.press("p")
    expect(page.locator("#preview")).to_be_hidden()
    page.get_by_role("link", name="完成，返回各项").click()
    page.get_by_role("button", name="制作复制件").click()
    expect(page.get_by_role("button", name="提交审批")).to_be_visible(timeout=BUSY_MS)
    expect(page.locator(".strip img")).to_have_count(3)
    assert axe_violations(page) == []
    screenshot(page, "bench-made")


def test_the_bench_fits_a_phone_and_a_finger_draws(
    new_page: Callable[..., Page], portal: RunningPortal, preparing: str
) -> None:
    page = log_in(new_page(PHONE), portal, ARCHIVIST)
    page.goto(preparing)
    assert sideways(page) == 0
    assert axe_violations(page) == []
    screenshot(page, "bench-phone")
    open_item(page, preparing, PLAIN)
    assert sideways(page) == 0
    assert axe_violations(page) == []
    page.locator("#overlay").scroll_into_view_if_needed()
    frame = page.locator("#overlay").bounding_box()
    assert frame
    finger = page.context.new_cdp_session(page)
    x, y = frame["x"] + 60, frame["y"] + 120
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 60, "y": y + 10}]),
        ("touchMove", [{"x": x + 120, "y": y + 20}]),
        ("touchEnd", []),
    ):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.locator("#boxes li")).to_have_count(1)
    saved(page)
    assert sideways(page) == 0
    screenshot(page, "redaction-phone")
    empty(page)


def test_without_script_boxes_are_listed_added_and_taken_away(
    browser: Browser, portal: RunningPortal, preparing: str
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = log_in(context.new_page(), portal, ARCHIVIST)
    page.goto(preparing)
    page.locator("section", has=page.get_by_role("heading", name=PLAIN)).locator("a.btn").click()
    expect(page.locator("#add")).to_be_hidden()
    page.locator("summary", has_text="按数值添加").click()
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.locator("#boxes li")).to_have_count(1)
    expect(page.locator("#overlay rect")).to_have_count(1)
    page.locator("#boxes button").click()
    expect(page.locator("#boxes li")).to_have_count(0)
    context.close()
