"""绝密: of it the index holds the archival code and no word, and it leaves in no list, even for who is cleared."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from archive_store.identity import Role
from archive_store.labels import Label, Level
from archive_store.models.accounts import ClearanceGrant
from archive_store.models.cases import Case, Item
from archive_store.work import note_relabelled
from portal.worker import Worker
from tests.portal.conftest import log_in, make_app

if TYPE_CHECKING:
    from tests.portal.conftest import World

WHO = "archivist"
TOP = Label(Level.TOP_SECRET)


@pytest.fixture
def case_id(world: World, indexed: str) -> str:
    """A sealed case, and an archivist who is cleared for everything."""
    with world.opened.database.write() as unit:
        mine = ClearanceGrant.account_id == world.ids[WHO]
        unit.session.execute(update(ClearanceGrant).where(mine).values(level=int(Level.TOP_SECRET)))
    assert world.actor(WHO).has(Role.ARCHIVIST)
    return indexed


def relabel(world: World, case_id: str, *, whole: bool) -> str:
    """Make the case, or its first item, 绝密; gives the archival code."""
    with world.opened.database.write() as unit:
        case = unit.session.get_one(Case, case_id)
        if whole:
            case.label = TOP
        else:
            unit.session.get_one(Item, case.items[0].id).label = TOP
        code = case.archival_code or ""
        note_relabelled(unit.session, case_id)
    Worker(world.opened).run_until_idle()
    return code


def titles(world: World, query: str) -> list[str]:
    """What is found, by the titles and texts that a hit shows."""
    search = world.opened.services.search
    found = search.search(world.actor(WHO), search.asked(query, {}, "relevance", 0, 20))
    entries = [hit.excerpt.text for case in found.cases for hit in case.entries]
    return entries + [item.document.item_title for case in found.cases for item in case.items]


def test_a_top_secret_item_is_found_by_its_archival_code_alone(world: World, case_id: str) -> None:
    assert "现场检查笔录" in titles(world, "现场检查笔录")
    code = relabel(world, case_id, whole=False)
    for query in ("现场检查笔录", "Inspection", "标题:现场检查笔录", "文书:勘验"):
        assert titles(world, query) == [], query
    assert "" in titles(world, f'"{code}"'), "its bare entry"
    assert titles(world, "密级:绝密") == [""]
    assert "结案审批表" in titles(world, "结案审批表")
    page = log_in(make_app(world.opened), WHO).get("/search/?q=密级:绝密").text
    assert "绝密文件（只显示档号）" in page
    assert "现场检查笔录" not in page


def test_of_a_top_secret_case_no_word_is_in_the_index(world: World, case_id: str) -> None:
    code = relabel(world, case_id, whole=True)
    for query in ("演示河段", "张演示", "当事人:张演示", "承办演示甲", "演水检〔2026〕1号", "Approval", "Inspection"):
        assert titles(world, query) == [], query
    assert code in titles(world, f'"{code}"')
    page = log_in(make_app(world.opened), WHO).get("/search/?q=密级:绝密").text
    assert "绝密案卷（只显示档号）" in page
    assert "演示河段" not in page


def test_it_leaves_in_no_list(world: World, case_id: str) -> None:
    relabel(world, case_id, whole=False)
    client = log_in(make_app(world.opened), WHO)
    sheet = load_workbook(io.BytesIO(client.get("/search/list.xlsx?q=密级:绝密 OR 结案审批表").data)).active
    rows = [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]
    assert any("结案审批表" in row for row in rows)
    assert not any("绝密" in row for row in rows)


def test_who_is_not_cleared_finds_nothing_of_it(world: World, case_id: str) -> None:
    code = relabel(world, case_id, whole=True)
    search = world.opened.services.search
    for query in (f'"{code}"', "密级:绝密", "演示河段"):
        found = search.search(world.actor("second_archivist"), search.asked(query, {}, "relevance", 0, 20))
        assert found.total == 0
