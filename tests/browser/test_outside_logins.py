"""Single sign-on in a real browser with a provider of others: bound on the account's page, used at login."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from archive_store.totp import hotp, step_at
from tests.browser.serving import Server, served
from tests.browser.support import PHONE, axe_violations, screenshot
from tests.portal.conftest import PASSWORD
from tests.portal.identity_provider import Provider, provider
from tests.portal.views.test_factor import key_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

PERSON = json.dumps({"sub": "demo-0001", "name": "统一身份演示甲"})


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider(PERSON) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, idp: Provider) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("sign-on") / "data"
    with served(data, oidc_issuer=idp.url, client_certificate_header="Client-Cert") as running:
        yield running


def in_order(page: Page, name: str) -> None:
    """The page as it stands: a screenshot, axe without violations, nothing wider than the window."""
    screenshot(page, name)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def sign_in_there(page: Page, idp: Provider) -> None:
    page.wait_for_url(f"{idp.url}/**")
    page.click("button:has-text('demo-0001')")


def log_out(page: Page) -> None:
    page.click("header >> text=退出")
    page.wait_for_url("**/login")


def test_a_person_binds_the_single_sign_on_and_comes_in_by_it(
    server: Server, idp: Provider, new_page: Callable[..., Page]
) -> None:
    page = new_page(PHONE)
    page.goto(f"{server.url}/login")
    in_order(page, "sign-on-login-phone")
    page.click("text=用统一身份认证登录")
    sign_in_there(page, idp)
    page.wait_for_url("**/login")
    assert "没有绑定账号" in page.inner_text(".notice")
    page.fill("#login", "handler")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".who")
    page.goto(f"{server.url}/account/")
    page.click("text=绑定统一身份认证")
    in_order(page, "sign-on-bind-phone")
    page.click("text=前往统一身份认证")
    sign_in_there(page, idp)
    page.wait_for_selector("td:text-is('统一身份演示甲')")
    in_order(page, "sign-on-account-phone")
    log_out(page)
    page.click("text=用统一身份认证登录")
    sign_in_there(page, idp)
    page.wait_for_url(f"{server.url}/")
    assert "承办演示甲" in page.inner_text(".who")
    page.goto(f"{server.url}/account/")
    page.click("text=开启动态验证码")
    page.fill("#step-up", PASSWORD)
    page.click("text=确认办理")
    key = key_in(page.content())
    page.fill("#code", hotp(key, step_at(server.opened.desk.clock())))
    page.click("form[action$='confirm'] button[type=submit]")
    spare = page.locator("li code").first.inner_text()
    log_out(page)
    page.click("text=用统一身份认证登录")
    sign_in_there(page, idp)
    page.wait_for_url("**/login/factor")
    in_order(page, "sign-on-factor-phone")
    page.fill("#code", spare)
    page.click("button:text-is('登录')")
    page.wait_for_url(f"{server.url}/")
