"""A sealed and indexed case to read and search; what is searched for is printed red, to check marks by pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pylopdf_fonts_zh_cn as fonts
import typst

from portal.worker import Worker
from tests.portal.conftest import pdf, write_case
from tests.portal.filing import seal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World

SETTING = """#set page(width: 12cm, height: 9cm, margin: 1cm)
#set text(font: "Noto Serif SC", size: 13pt)
#set par(leading: 1.2em)
#let red(body) = text(fill: rgb("ff0000"), body)
"""
PAGES = (
    "当事人未经许可擅自#red[采砂]，现场查获#red[采砂]船一艘，船上另有运输车辆，执法人员到场时仍在#red[采\\ 砂]作业。",
    "经查，当事人没有办理#red[許可證]，也没有申请。",
    "车牌号码#red[ＡＢ１２３４]，另一辆车的号码是五号。",
    "滩地上有白#red[鹤]，另有其他鸟类。",
    "堆放的砂石料侵占#v(1fr)#red[行洪]",
    "#red[断面]，责令立即清除，恢复原状。",
)
"""Pages of the book; what is red on each is found by `QUERIES`."""
QUERIES = {
    "采砂": (1,),
    "採砂": (1,),
    "许可证": (2,),
    "許可證": (2,),
    "ab1234": (3,),
    "ＡＢ１２３４": (3,),
    "鹤": (4,),
    "行洪断面": (5, 6),
}


@dataclass(frozen=True)
class Library:
    """An installation with one sealed case: a book that bears no mark, and a statement that bears one."""

    world: World
    case_id: str
    book: str
    statement: str


def typeset(*pages: str) -> bytes:
    """Pages of typst in the fonts that come with the program."""
    chosen = typst.Fonts(False, False, [str(fonts.serif_path().parent)])
    return bytes(typst.compile((SETTING + "\n#pagebreak()\n".join(pages)).encode(), font_paths=chosen))


def stock(world: World, folder: Path) -> Library:
    """Import, hand over, seal and index the case."""
    write_case(
        folder,
        items=[
            {"file": "01.pdf", "title": "现场检查笔录", "type": "site_inspection_record", "date": "2026-11-02"},
            {
                "file": "02.pdf",
                "title": "询问笔录",
                "type": "inquiry_record",
                "date": "2026-11-03",
                "label": {"level": "internal", "marks": ["personal_privacy"]},
            },
        ],
    )
    (folder / "01.pdf").write_bytes(typeset(*PAGES))
    (folder / "02.pdf").write_bytes(pdf("Statement one", "Statement two"))
    services = world.opened.services
    outcome = services.intake.import_case(world.actor("handler"), folder)
    assert outcome.case_id is not None, outcome.findings
    seal(world, outcome.case_id)
    Worker(world.opened).run_until_idle()
    first, second = services.cases.page(world.actor("archivist"), outcome.case_id).items
    return Library(world, outcome.case_id, first.id, second.id)
