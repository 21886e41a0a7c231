"""An archivist binds a party's account, decides what it sees listed, and ends the binding; on a desk and a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from tests.browser.support import PHONE, axe_violations, log_in, screenshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.demonstration import RunningPortal

ARCHIVIST, PARTY = "danganyuanjia", "zhangyanshi"


@pytest.fixture
def case_id(portal: RunningPortal) -> str:
    """A case with a third person, whose account is that of another case's party."""
    engine = create_engine(f"sqlite:///{portal.data / 'anjuan.db'}")
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT case_id FROM persons WHERE role = 'third_person' ORDER BY name LIMIT 1")
        )
        case = str(found.scalar_one())
    engine.dispose()
    return case


def in_order(page: Page, name: str) -> None:
    screenshot(page, name)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_an_account_is_bound_listed_for_and_ended(
    portal: RunningPortal, case_id: str, new_page: Callable[..., Page], size: str
) -> None:
    page = new_page(PHONE) if size == "phone" else new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    log_in(page, portal, ARCHIVIST)
    page.goto(f"{portal.url}/cases/{case_id}")
    page.click("text=关联当事人账号")
    form = page.locator("section.card-plain", has_text="第三人").first
    in_order(page, f"parties-{size}")
    for login, said in (("nobody", "没有可以关联的当事人账号"), (PARTY, "已关联。")):
        opened = form.locator("details")
        if opened.get_attribute("open") is None:
            opened.locator("summary").press("Enter")
        form.get_by_label("当事人账号的用户名").fill(login)
        form.get_by_label("核对了哪些证明").fill("演示：身份证原件，末四位 0000")
        form.get_by_role("button", name="关联", exact=True).press("Enter")
        page.wait_for_selector(f"main >> text={said}")
    in_order(page, f"parties-bound-{size}")
    page.click("main >> text=确定可列示文件")
    box = page.locator("input[type=checkbox]").first
    in_order(page, f"listing-{size}")
    for wanted in (False, True):
        box.set_checked(wanted)
        page.get_by_role("button", name="保存").press("Enter")
        page.wait_for_selector("text=已保存。")
        assert box.is_checked() is wanted
    page.goto(f"{portal.url}/cases/{case_id}/parties")
    form.get_by_role("button", name="解除").first.press("Enter")
    page.wait_for_selector("text=已解除。")
    in_order(page, f"parties-ended-{size}")
