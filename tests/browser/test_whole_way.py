"""The whole way in a browser: a folder brought in, sealed, found, read, asked for, covered, approved, taken, checked.

One case goes through the hands of a handler, two archivists, a party, a secrecy reviewer and a leader; pages are kept
as pictures and judged by axe, and at each step somebody whose step it is not gets the answer of nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests import services
from tests.browser.support import PHONE, axe_violations, log_in, screenshot
from tests.demonstration import ANJUAN, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.demonstration import RunningPortal
    from tests.proofs import ProofBook

ABSENT = "0" * 32
NUMBER = "演水罚字〔2026〕901号"
PARTY_NAME = "高演示"
HANDLER, ARCHIVIST, SECOND = "chengbanrenjia", "danganyuanjia", "danganyuanyi"
PARTY, REVIEWER, STRANGER = "wangyanshi", "baomiyuanjia", "fazhiyuanjia"
LEADERS = ("zhuguanlingdaojia", "zhuguanlingdaoyi", "zhuguanlingdaobing")
MAKING_MS = 90_000


@dataclass
class Walk:
    """People at their own browsers, and what the pages showed."""

    portal: RunningPortal
    open_page: Callable[..., Page]
    pages: dict[str, Page] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    wrong_answers: list[str] = field(default_factory=list)

    def as_(self, login: str) -> Page:
        """The page of somebody who is logged in."""
        if login not in self.pages:
            page = self.open_page()
            page.on("dialog", lambda dialog: dialog.accept())
            log_in(page, self.portal, login)
            self.pages[login] = page
        return self.pages[login]

    def look(self, page: Page, name: str) -> None:
        """Keep a picture of the page, and what axe finds."""
        screenshot(page, f"way-{name}")
        self.violations += [f"{name}: {line}" for line in axe_violations(page)]

    def refused(self, who: str, path: str) -> None:
        """Whoever has no part in a step gets exactly the answer of what does not exist."""
        page = self.as_(who)
        absent = re.sub(r"[0-9a-f]{32}", ABSENT, path)
        answers = [page.request.get(f"{self.portal.url}{one}") for one in (path, absent)]
        bodies = [re.sub(r'value="[^"]{60,}"', "", answer.text()) for answer in answers]
        if answers[0].status != 404 or answers[1].status != 404 or bodies[0] != bodies[1]:
            self.wrong_answers.append(f"{who} {path}: {answers[0].status}")


def path_of(page: Page, portal: RunningPortal) -> str:
    return page.url.removeprefix(portal.url).split("#")[0].split("?")[0]


def name_of(page: Page) -> str:
    """The name of whoever is logged in, as the top bar shows it."""
    return page.locator(".who a").first.inner_text()


def bring_in(walk: Walk, inbox: Path) -> str:
    """The handler makes a draft of a folder's files, and hands it over; gives the case's id."""
    page = walk.as_(HANDLER)
    walk.look(page, "01-handler-home")
    page.goto(f"{walk.portal.url}/intake/new")
    walk.look(page, "02-new-draft")
    page.fill("#case_number", NUMBER)
    page.fill("#title", "高演示倾倒泥渣案")
    page.fill("#started", "2026-10-12")
    page.fill("#ended", "2026-11-12")
    page.locator("[name=person_name]").first.fill(PARTY_NAME)
    page.click("main button[type=submit]")
    page.wait_for_selector("#drop")
    documents = sorted(path for path in inbox.iterdir() if path.suffix in {".pdf", ".jpg"})[1:6]
    page.set_input_files("#files", documents)
    expect(page.locator(".sheet-row")).to_have_count(len(documents), timeout=MAKING_MS)
    page.reload()
    row = page.locator(".sheet-row", has=page.locator("input[value*='询问笔录']"))
    row.locator("summary").click()
    row.locator("input[name=marks][value=personal_privacy]").check()
    expect(row.locator(".saved")).to_contain_text("已保存")
    walk.look(page, "03-draft")
    case_id = path_of(page, walk.portal).rsplit("/", 1)[1]
    for who in (STRANGER, PARTY, ARCHIVIST):
        walk.refused(who, f"/cases/{case_id}")
        walk.refused(who, f"/intake/{case_id}")
    page.goto(f"{walk.portal.url}/cases/{case_id}")
    walk.look(page, "04-case-of-the-handler")
    page.click("text=移交归档")
    page.wait_for_selector("text=已移交，等待档案管理员接收")
    return case_id


def seal(walk: Walk, case_id: str) -> None:
    """An archivist takes it over, lets findings pass with a reason, and seals."""
    page = walk.as_(ARCHIVIST)
    page.goto(walk.portal.url)
    walk.look(page, "05-archivist-home")
    page.goto(f"{walk.portal.url}/cases/{case_id}")
    walk.refused(PARTY, f"/cases/{case_id}")
    page.click("button:text-is('接收')")
    page.wait_for_selector("text=已接收，档号")
    walk.look(page, "06-accepted-with-findings")
    while page.locator("#finding").count():
        page.fill("#reason", "演示：情况已核实，同意归档")
        page.click("text=说明理由，准予通过")
        page.wait_for_selector("text=已记录准予通过的理由")
    page.click("button:text-is('封存')")
    page.wait_for_selector("text=已封存。此后卷内任何内容不能再改动", timeout=MAKING_MS)
    walk.look(page, "07-sealed")


def find_and_read(walk: Walk, case_id: str) -> None:
    """An archivist finds a word of it and reads the page; a stranger finds nothing."""
    page = walk.as_(SECOND)
    for _ in range(60):
        page.goto(f"{walk.portal.url}/search/?q=%22{PARTY_NAME}%22+询问笔录")
        if page.locator(f"text={NUMBER}").count():
            break
        page.wait_for_timeout(1000)
    walk.look(page, "08-search")
    page.goto(f"{walk.portal.url}/cases/{case_id}")
    page.locator("table.rows a[href^='/items/']").first.click()
    page.wait_for_selector("img.sheet")
    walk.look(page, "09-reader")
    item = path_of(page, walk.portal)
    for who in (STRANGER, PARTY, "chengbanrenyi"):
        walk.refused(who, item)
        walk.refused(who, f"{item}/pages/1.jpg?width=1400")


def bind(walk: Walk, case_id: str) -> None:
    """The party's account is bound, and items are listed for it."""
    page = walk.as_(ARCHIVIST)
    page.goto(f"{walk.portal.url}/cases/{case_id}/parties")
    form = page.locator("form", has=page.locator("[name=login]")).first
    form.locator("[name=login]").fill(PARTY)
    form.locator("[name=proof]").fill("演示：居民身份证原件")
    form.locator("button[type=submit]").click()
    page.wait_for_selector("text=已关联。")
    walk.look(page, "10-parties")
    page.goto(f"{walk.portal.url}/cases/{case_id}/listing")
    for box in page.locator("input[name^=listable_]").all():
        box.check()
    page.click("main form button[type=submit]")
    page.wait_for_selector("text=已保存。")
    walk.look(page, "11-listing")


def ask(walk: Walk, case_id: str) -> str:
    """The party asks in four screens; gives the request's id."""
    walk.pages.pop(PARTY, None)  # the binding ended the former session
    page = walk.as_(PARTY)
    page.goto(walk.portal.url)
    walk.look(page, "12-party-home")
    walk.refused(STRANGER, f"/my-cases/{case_id}")
    page.goto(f"{walk.portal.url}/my-cases/{case_id}")
    walk.look(page, "13-party-case")
    for box in page.locator("input[name=items]:enabled").all():
        box.check()
    page.click("main button:text-is('申请复制')")
    walk.look(page, "14-which-items")
    page.click("text=保存，下一步")
    page.fill("#purpose", "演示：申请行政复议")
    walk.look(page, "15-what-for")
    page.click("text=保存，下一步")
    walk.look(page, "16-how-delivered")
    page.click("text=保存，下一步")
    walk.look(page, "17-check-and-send")
    page.click("main button:text-is('提交申请')")
    page.wait_for_selector("text=申请已提交，编号")
    walk.look(page, "18-asked")
    return path_of(page, walk.portal).rsplit("/", 1)[1]


def review(walk: Walk, request_id: str) -> None:
    """Accepted by one archivist, reviewed by the secrecy reviewer."""
    page = walk.as_(SECOND)
    walk.refused(STRANGER, f"/requests/{request_id}")
    walk.refused(REVIEWER, f"/requests/{request_id}")
    page.goto(f"{walk.portal.url}/requests/{request_id}")
    page.fill("#identity_proof", "演示：居民身份证原件，与本人一致")
    page.fill("#relation_proof", "演示：本案当事人")
    walk.look(page, "19-accept")
    page.click("text=核验无误，受理")
    page.wait_for_selector("text=已核验受理")
    page.select_option("#reviewer", label=name_of(walk.as_(REVIEWER)))
    walk.look(page, "20-refer")
    page.click("main button:text-is('送保密审查')")
    page.wait_for_selector("text=已送保密审查")
    reviewer = walk.as_(REVIEWER)
    reviewer.goto(walk.portal.url)
    walk.look(reviewer, "21-reviewer-home")
    reviewer.goto(f"{walk.portal.url}/requests/{request_id}")
    reviewer.locator("input[value=redact]").first.check()
    reviewer.locator("[name^=text-]").first.fill("演示：住址须遮盖")
    walk.look(reviewer, "22-opinion")
    reviewer.click("main button:text-is('出具意见')")
    reviewer.wait_for_selector("text=审查意见已出具")


def prepare(walk: Walk, request_id: str) -> None:
    """Boxes drawn, pages made, submitted."""
    page = walk.as_(SECOND)
    page.goto(f"{walk.portal.url}/requests/{request_id}")
    page.click("main button:text-is('开始制作')")
    page.wait_for_selector("text=已开始制作")
    bench = f"/requests/{request_id}/bench"
    for who in (STRANGER, PARTY, REVIEWER, LEADERS[0]):
        walk.refused(who, bench)
    page.goto(f"{walk.portal.url}{bench}")
    walk.look(page, "23-bench")
    section = page.locator("section.card-plain", has_text="询问笔录")
    section.get_by_role("link", name="遮盖").click()
    page.wait_for_selector("#add")  # shown once the page's script is at work
    page.fill("#words", PARTY_NAME)
    page.press("#words", "Enter")
    expect(page.locator("#boxes li").first).to_be_visible(timeout=MAKING_MS)
    expect(page.locator("#saved")).to_have_text("已保存", timeout=MAKING_MS)
    walk.look(page, "24-redaction")
    page.goto(f"{walk.portal.url}{bench}")
    page.click("main button:text-is('制作复制件')")
    page.wait_for_selector("text=提交审批", timeout=MAKING_MS)
    walk.look(page, "25-made")
    page.click("main button:text-is('提交审批')")
    page.wait_for_selector("text=已提交主管领导审批")


def approve(walk: Walk, request_id: str) -> None:
    """The leader in charge approves; the other leaders do not find it."""
    approval = f"/requests/{request_id}/approval"
    for who in (STRANGER, PARTY, SECOND, REVIEWER):
        walk.refused(who, approval)
    in_charge = [who for who in LEADERS if walk.as_(who).request.get(f"{walk.portal.url}{approval}").status == 200]
    assert in_charge
    for who in set(LEADERS) - set(in_charge):
        walk.refused(who, approval)
    page = walk.as_(in_charge[0])
    page.goto(walk.portal.url)
    walk.look(page, "26-leader-home")
    page.goto(f"{walk.portal.url}{approval}")
    for image in page.locator(".strip img").all():
        image.scroll_into_view_if_needed()
    walk.look(page, "27-approval")
    page.click("main button:text-is('同意复制')")
    page.wait_for_selector("text=已同意复制")
    walk.look(page, "28-approved")


def take(walk: Walk, request_id: str, folder: Path) -> Path:
    """The party downloads the copy, once counted."""
    page = walk.as_(PARTY)
    for _ in range(90):
        page.goto(f"{walk.portal.url}/requests/{request_id}")
        if page.locator("text=下载复制件").count():
            break
        page.wait_for_timeout(1000)
    walk.look(page, "29-copy-ready")
    with page.expect_download() as download:
        page.click("main button:text-is('下载复制件')")
    target = folder / "copy.pdf"
    download.value.save_as(target)
    page.goto(f"{walk.portal.url}/requests/{request_id}")
    expect(page.locator("main")).to_contain_text("已完整下载 1 次")
    phone = walk.open_page(PHONE)
    phone.context.add_cookies(page.context.cookies())
    phone.goto(page.url)
    walk.look(phone, "30-party-on-a-phone")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    return target


def verify(walk: Walk, copy: Path, folder: Path) -> None:
    """Anyone checks it, on the page and on the command line; a changed byte is seen."""
    altered = folder / "altered.pdf"
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    page = walk.open_page()
    for name, path, said in (("31-genuine", copy, "此件由本单位出具"), ("32-altered", altered, "此件已被改动")):
        page.goto(f"{walk.portal.url}/verify")
        page.set_input_files("input[type=file]", path)
        if not page.locator(".verdict").count():
            page.click("main form button[type=submit]")
        page.wait_for_selector(".verdict")
        expect(page.locator(".verdict h2")).to_contain_text(said)
        expect(page.locator(".verdict h2")).to_contain_text("演示证书，不具法律效力")
        walk.look(page, name)
    for path, code in ((copy, 0), (altered, 1)):
        command = [*ANJUAN, "--data", str(walk.portal.data), "verify-copy", str(path), "--json"]
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert json.loads(done.stdout)["verdict"] == ("genuine" if code == 0 else "altered")


def test_a_case_goes_the_whole_way(
    portal: RunningPortal, new_page: Callable[..., Page], tmp_path: Path, proofs: ProofBook
) -> None:
    walk = Walk(portal, new_page)
    inbox = next(path for path in (portal.data / "demo-inbox").iterdir() if path.is_dir())
    case_id = bring_in(walk, inbox)
    seal(walk, case_id)
    find_and_read(walk, case_id)
    bind(walk, case_id)
    request_id = ask(walk, case_id)
    review(walk, request_id)
    prepare(walk, request_id)
    approve(walk, request_id)
    copy = take(walk, request_id, tmp_path)
    verify(walk, copy, tmp_path)
    assert text_of(copy).strip() == ""
    proofs.record("wrong people who learn of a step", len(walk.wrong_answers), "0", holds=not walk.wrong_answers)
    assert walk.wrong_answers == []
    assert walk.violations == []


def text_of(copy: Path) -> str:
    """What text a reader finds in the page images, certificate aside: none."""
    program = services.need_program("pdftotext", "poppler-utils")
    done = subprocess.run([program, "-f", "2", copy, "-"], capture_output=True, text=True, check=True)
    return done.stdout
