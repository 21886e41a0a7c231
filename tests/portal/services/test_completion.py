"""The search box offers what one may know anyway: own searches, fixed lists, and visible cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import NotFoundError
from archive_store.labels import Label, Level, Mark
from archive_store.models.cases import Case
from archive_store.vocabulary import CaseState
from portal.services.completion import LONGEST, MOST
from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

NUMBER = "演水检〔2026〕1号"
TITLE = "演示河段检查案"


def offered(world: World, who: str, typed: str) -> list[tuple[str, str]]:
    offers = world.opened.services.completion.offers(world.actor(who), typed)
    return [(offer.query, offer.kind) for offer in offers]


@pytest.mark.parametrize("who", ["party", "legal", "sysadmin", "secadmin", "auditor"])
def test_offices_without_search_are_offered_nothing_as_if_there_were_no_such_page(
    world: World, app: Flask, who: str
) -> None:
    with pytest.raises(NotFoundError):
        offered(world, who, "演示")
    assert log_in(app, who).get("/search/complete?q=演示").status_code == 404


@pytest.mark.both_databases
def test_a_case_that_one_may_not_know_is_never_offered(world: World, sealed: str) -> None:
    hidden = {
        "another department": ("other_handler", {}),
        "no clearance": ("archivist", {"label": Label.of(Level.SECRET)}),
        "a mark": ("archivist", {"label": Label.of(Level.INTERNAL, {Mark.INFORMANT})}),
        "not sealed": ("archivist", {"state": CaseState.ACCEPTED}),
    }
    for why, (who, changes) in hidden.items():
        with world.opened.database.write() as unit:
            case = unit.session.get_one(Case, sealed)
            kept = {name: getattr(case, name) for name in changes}
            for name, value in changes.items():
                setattr(case, name, value)
        for typed in ("演示", "演示河段", "演水检", "检查案", NUMBER, "2026", TITLE):
            assert (NUMBER, "案卷") not in offered(world, who, typed), why
        with world.opened.database.write() as unit:
            case = unit.session.get_one(Case, sealed)
            for name, value in kept.items():
                setattr(case, name, value)
    assert (NUMBER, "案卷") in offered(world, "archivist", "演示河段")


@pytest.mark.both_databases
@pytest.mark.parametrize("typed", ["演水检[2026]", "演水检（2026", "水检〔2026〕1号", "河段检查", " 演示河段"])
def test_a_case_is_found_by_its_number_with_any_brackets_and_by_its_title(
    world: World, sealed: str, typed: str
) -> None:
    del sealed
    assert offered(world, "handler", typed)[0] == (NUMBER, "案卷")


def test_what_databases_take_for_any_word_is_taken_as_it_stands(world: World, sealed: str) -> None:
    del sealed
    for typed in ("%%", "__", "演%案", "\\%", "' OR 1=1 --"):
        assert offered(world, "archivist", typed) == []


def test_own_searches_come_first_and_nobody_elses_ever(world: World, indexed: str) -> None:
    del indexed
    services = world.opened.services
    for query in ("检查 笔录", "检查", "检查 笔录"):
        search = services.search.asked(query, {}, "relevance", 0, 20)
        services.search.search(world.actor("archivist"), search, remember=True)
    assert offered(world, "archivist", "检")[0] == ("检查 笔录", "检索记录")
    assert offered(world, "archivist", "检查 ")[0] == ("检查 笔录", "检索记录")
    assert not [one for one in offered(world, "second_archivist", "检查") if one[1] == "检索记录"]


def test_offers_are_few_and_none_repeats_what_was_typed_or_another(world: World, indexed: str) -> None:
    del indexed
    services = world.opened.services
    search = services.search.asked("文书:询问笔录", {}, "relevance", 0, 20)
    services.search.search(world.actor("archivist"), search, remember=True)
    found = [query.strip() for query, _ in offered(world, "archivist", "文书:询问")]
    assert len(found) == len(set(found)) <= MOST
    assert "文书:询问笔录" in found
    assert "文书:询问笔录" not in [query for query, _ in offered(world, "archivist", "文书:询问笔录")]
    assert offered(world, "archivist", "演" * (LONGEST + 1)) == []
