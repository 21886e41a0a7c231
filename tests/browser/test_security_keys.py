"""Security keys in a real browser with a virtual authenticator: registered, used at login and step-up, refused."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.serving import Server, served
from tests.browser.support import PHONE, axe_violations, screenshot
from tests.portal.conftest import PASSWORD
from tests.portal.views.test_account import grow_old

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A portal whose administrators must have a key."""
    with served(tmp_path_factory.mktemp("keys") / "data", webauthn_required=True) as running:
        yield running


class Plugged:
    """A key that is plugged into the browser of a page."""

    def __init__(self, page: Page) -> None:
        self.debugger = page.context.new_cdp_session(page)
        self.debugger.send("WebAuthn.enable")
        self.id = self.plug_in()

    def plug_in(self) -> str:
        made = self.debugger.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        return str(made["authenticatorId"])

    def plug_in_again(self, held: list[dict[str, Any]]) -> None:
        """Axe comes through another debugger, whose leaving pulls all virtual keys out."""
        self.debugger.send("WebAuthn.disable")
        self.debugger.send("WebAuthn.enable")
        self.id = self.plug_in()
        for credential in held:
            self.take(credential)

    def replace(self) -> None:
        """Pull it out and plug an empty one in."""
        self.debugger.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})
        self.id = self.plug_in()

    def credentials(self) -> list[dict[str, Any]]:
        """What it holds, each with its name of a person."""
        answer = self.debugger.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(answer["credentials"])

    def take(self, credential: dict[str, Any]) -> None:
        """Hold a copy of a credential."""
        self.debugger.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})


def fill(page: Page, server: Server, login: str) -> None:
    page.goto(f"{server.url}/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)


def log_in_by_key(page: Page, server: Server, login: str) -> None:
    fill(page, server, login)
    page.click("text=用安全密钥登录")


def log_out(page: Page) -> None:
    page.click("header >> text=退出")
    page.wait_for_url("**/login")


def register(page: Page, server: Server, login: str, name: str) -> None:
    fill(page, server, login)
    page.click("button[type=submit]")
    page.wait_for_selector(".who")
    page.goto(f"{server.url}/account/")
    page.click("button:text-is('登记安全密钥')")
    page.fill("#name", name)
    page.click("button:text-is('登记')")
    page.wait_for_selector(f"td:text-is('{name}')")


def in_order(page: Page, plugged: Plugged, name: str) -> None:
    """The page as it stands: a screenshot, axe without violations, nothing wider than the window."""
    held = plugged.credentials()
    screenshot(page, name)
    assert axe_violations(page) == []
    plugged.plug_in_again(held)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@contextmanager
def refused_at_login(page: Page) -> Iterator[None]:
    with page.expect_response(lambda answer: answer.url.endswith("/login") and answer.request.method == "POST") as got:
        yield
    assert got.value.status == 401
    assert "第二重验证不正确" in page.inner_text("[role=alert]")


def test_a_key_is_registered_and_used_at_login_and_step_up(server: Server, browser_page: Page) -> None:
    page = browser_page
    plugged = Plugged(page)
    register(page, server, "handler", "办公室的密钥")
    in_order(page, plugged, "keys-account")
    log_out(page)
    in_order(page, plugged, "keys-login")
    fill(page, server, "handler")
    with refused_at_login(page):
        page.click("button[type=submit]")
    log_in_by_key(page, server, "handler")
    page.wait_for_url(f"{server.url}/")
    page.goto(f"{server.url}/account/")
    assert "—" not in page.inner_text("[data-label=最近使用] >> nth=-1")
    grow_old(server)  # type: ignore[arg-type]  # it has what is asked of a world
    page.click("text=登记安全密钥")
    in_order(page, plugged, "keys-step-up")
    page.fill("#step-up", PASSWORD)
    page.click("text=用安全密钥确认办理")
    page.wait_for_selector("h1:text-is('登记安全密钥')")
    in_order(page, plugged, "keys-begin")


def test_another_key_is_refused_and_so_is_an_answer_that_was_used(server: Server, browser_page: Page) -> None:
    page = browser_page
    plugged = Plugged(page)
    register(page, server, "leader", "本人的密钥")
    (first,) = plugged.credentials()
    log_out(page)
    register(page, server, "legal", "他人的密钥")
    log_out(page)
    bodies: list[str] = []
    page.on("request", lambda sent: bodies.append(sent.post_data or "") if sent.url.endswith("/login") else None)
    (other,) = (one for one in plugged.credentials() if one["userHandle"] != first["userHandle"])
    plugged.replace()
    plugged.take(other)
    with refused_at_login(page):
        log_in_by_key(page, server, "leader")
    log_in_by_key(page, server, "legal")
    page.wait_for_url(f"{server.url}/")
    body = bodies[-1]
    log_out(page)
    token = page.input_value("input[name=csrf_token]")
    again = "&".join(f"csrf_token={token}" if part.startswith("csrf_token=") else part for part in body.split("&"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    replayed = page.request.post(f"{server.url}/login", data=again, headers=headers)
    assert (replayed.status, "第二重验证不正确" in replayed.text()) == (401, True)


def test_a_copy_of_a_key_is_found_by_its_counter(server: Server, browser_page: Page) -> None:
    page = browser_page
    plugged = Plugged(page)
    register(page, server, "other_handler", "会被复制的密钥")
    (stolen,) = plugged.credentials()
    for _ in range(2):
        log_out(page)
        log_in_by_key(page, server, "other_handler")
        page.wait_for_url(f"{server.url}/")
    log_out(page)
    plugged.replace()
    plugged.take(stolen)
    with refused_at_login(page):
        log_in_by_key(page, server, "other_handler")


def test_an_administrator_is_led_to_a_key_on_a_phone_too(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(PHONE)
    plugged = Plugged(page)
    fill(page, server, "auditor")
    page.click("button[type=submit]")
    page.wait_for_url("**/account/")
    in_order(page, plugged, "keys-required-phone")
    page.goto(f"{server.url}/log")
    assert page.url.endswith("/account/")
    page.click("button:text-is('登记安全密钥')")
    page.fill("#name", "审计员的密钥")
    in_order(page, plugged, "keys-begin-phone")
    page.click("button:text-is('登记')")
    page.wait_for_selector("td:text-is('审计员的密钥')")
    page.goto(f"{server.url}/log")
    assert page.url.endswith("/log")
    log_out(page)
    fill(page, server, "auditor")
    with refused_at_login(page):
        page.click("button[type=submit]")
