"""One's own searches: nobody else's, told under the rights of the moment, and nothing of what is hidden."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label, Level
from archive_store.models.accounts import Account
from archive_store.models.base import now
from archive_store.models.cases import Case
from archive_store.models.searches import PastSearch, SavedSearch
from indexer.query_tree import QueryError
from portal.services import saved_searches
from portal.services.search_history import MOST_REMEMBERED
from portal.worker import Worker
from tests.portal.conftest import write_case
from tests.portal.filing import seal
from tests.portal.rights import given

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.searcher import Search
    from tests.portal.conftest import World

WHO = "archivist"


def asked(world: World, query: str = "检查", **filters: set[str]) -> Search:
    chosen = {name: frozenset(values) for name, values in filters.items()}
    return world.opened.services.search.asked(query, chosen, "relevance", 0, 20)


def second_case(world: World, folder: Path, by: str = "handler", **changes: object) -> str:
    """Another case that the word finds, sealed and indexed."""
    source = write_case(folder / "second", case_number="演水检〔2026〕2号", **changes)
    case_id = world.opened.services.intake.import_case(world.actor(by), source).case_id
    assert case_id
    seal(world, case_id, by=by)
    Worker(world.opened).run_until_idle()
    return case_id


def an_hour_goes_by(world: World) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(SavedSearch).values(checked_at=now() - timedelta(hours=1)))
    world.opened.services.saved.check_watched()


def news(world: World, who: str = WHO) -> list[int]:
    return [kept.news for kept in world.opened.services.saved.listed(world.actor(who))]


@pytest.mark.both_databases
def test_nobody_reaches_what_another_keeps(world: World, indexed: str) -> None:
    saved = world.opened.services.saved
    saved_id = saved.save(world.actor(WHO), "检查案件", asked(world), watched=True)
    world.opened.services.search.search(world.actor(WHO), asked(world), remember=True)
    for who in ("second_archivist", "handler", "leader", "party", "sysadmin", "secadmin", "auditor", "legal"):
        other = world.actor(who)
        for act in (
            lambda a: saved.look(a, saved_id),
            lambda a: saved.rename(a, saved_id, "别名"),
            lambda a: saved.forget(a, saved_id),
            lambda a: saved.watch(a, saved_id, watched=False),
        ):
            with pytest.raises(NotFoundError):
                act(other)
    for who in ("second_archivist", "handler"):
        assert saved.listed(world.actor(who)) == []
        assert saved.history(world.actor(who)) == []
    for who in ("party", "sysadmin", "auditor", "legal"):
        with pytest.raises(NotFoundError):
            saved.listed(world.actor(who))
        assert saved.tasks(world.actor(who)) == []
    assert indexed


@pytest.mark.both_databases
def test_a_search_is_remembered_once_with_its_latest_answer_and_can_be_forgotten(world: World, indexed: str) -> None:
    services, actor = world.opened.services, world.actor(WHO)
    for query in ("检查", "审批", "检查"):
        services.search.search(actor, asked(world, query), remember=True)
    services.search.search(actor, asked(world, "检查", level={"1"}), remember=True)
    services.search.search(actor, asked(world, "不记"))
    rows = services.saved.history(actor)
    assert [(row.query, row.filters) for row in rows] == [("检查", {"level": ["1"]}), ("检查", {}), ("审批", {})]
    assert all(row.total > 0 for row in rows)
    services.saved.clear_history(actor)
    assert services.saved.history(actor) == []
    assert indexed


def test_the_oldest_searches_are_let_go(world: World, indexed: str) -> None:
    with world.opened.database.write() as unit:
        for n in range(MOST_REMEMBERED):
            row = PastSearch(account_id=world.ids[WHO], query=f"旧{n}", filters={}, sort="relevance", total=0)
            row.asked_at = now() - timedelta(days=1, minutes=n)
            unit.session.add(row)
    world.opened.services.search.search(world.actor(WHO), asked(world), remember=True)
    rows = world.opened.services.saved.history(world.actor(WHO))
    assert (len(rows), rows[0].query) == (MOST_REMEMBERED, "检查")
    assert f"旧{MOST_REMEMBERED - 1}" not in {row.query for row in rows}
    assert indexed


@pytest.mark.both_databases
def test_what_comes_new_to_a_watched_search_is_told_until_it_was_looked_at(
    world: World, indexed: str, tmp_path: Path
) -> None:
    saved = world.opened.services.saved
    watched = saved.save(world.actor(WHO), "检查案件", asked(world), watched=True)
    saved.save(world.actor(WHO), "也是检查", asked(world))
    an_hour_goes_by(world)
    assert news(world) == [0, 0]
    second_case(world, tmp_path)
    assert news(world) == [0, 0]  # not yet asked again
    an_hour_goes_by(world)
    assert sum(news(world)) == max(news(world)) > 0
    assert [task.kind for task in saved.tasks(world.actor(WHO))] == ["检索提醒"]
    assert saved.look(world.actor(WHO), watched).query == "检查"
    an_hour_goes_by(world)
    assert news(world) == [0, 0]
    assert saved.tasks(world.actor(WHO)) == []
    assert indexed


def test_what_came_new_and_was_hidden_since_is_not_told(world: World, indexed: str, tmp_path: Path) -> None:
    world.opened.services.saved.save(world.actor(WHO), "检查案件", asked(world), watched=True)
    case_id = second_case(world, tmp_path)
    an_hour_goes_by(world)
    assert news(world) != [0]
    with world.opened.database.write() as unit:
        unit.session.get_one(Case, case_id).label = Label(Level.TOP_SECRET)
    assert news(world) == [0]
    assert world.opened.services.saved.tasks(world.actor(WHO)) == []
    assert indexed


def test_a_watched_search_is_asked_under_the_rights_of_the_moment(world: World, indexed: str, tmp_path: Path) -> None:
    """Whose account was closed when it was asked is told nothing, not even later of what came meanwhile, until then."""
    saved = world.opened.services.saved
    saved.save(world.actor("leader"), "检查案件", asked(world), watched=True)
    with world.opened.database.write() as unit:
        unit.session.get_one(Account, world.ids["leader"]).active = False
    second_case(world, tmp_path)
    an_hour_goes_by(world)
    with world.opened.database.write() as unit:
        unit.session.get_one(Account, world.ids["leader"]).active = True
    assert news(world, "leader") == [0]
    an_hour_goes_by(world)
    assert news(world, "leader") != [0]
    assert indexed


def test_twin_archives_tell_the_same_news(world: World, indexed: str, tmp_path: Path) -> None:
    """A new case that the person may not see changes nothing: neither news nor what is kept of the search."""
    world.opened.services.saved.save(world.actor("handler"), "检查案件", asked(world), watched=True)
    given(world, WHO, "clearance:4")
    theirs = {"department": "水资源管理处", "handlers": ["承办演示乙"]}
    case_id = second_case(world, tmp_path, by="other_handler", **theirs)
    an_hour_goes_by(world)
    with world.opened.database.read() as session:
        row = session.query(SavedSearch).one()
        assert not [one for one in (*row.known, *row.fresh) if one.startswith(case_id)]
    assert news(world, "handler") == [0]
    assert indexed


def test_what_cannot_be_kept_is_refused_in_words(world: World, indexed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saved, actor = world.opened.services.saved, world.actor(WHO)
    with pytest.raises(QueryError):
        saved.save(actor, "不通", asked(world, "(("))
    for name in ("", "  ", "长" * 61):
        with pytest.raises(InvalidInputError):
            saved.save(actor, name, asked(world))
    monkeypatch.setattr(saved_searches, "MOST_WATCHED_HITS", 1)
    with pytest.raises(RefusedError, match="不能提醒"):
        saved.save(actor, "太多", asked(world), watched=True)
    monkeypatch.setattr(saved_searches, "MOST_SAVED", 1)
    saved.save(actor, "一", asked(world))
    with pytest.raises(RefusedError, match="最多保存"):
        saved.save(actor, "二", asked(world))
    assert indexed


def test_a_query_that_is_read_no_more_says_why(world: World, indexed: str) -> None:
    saved = world.opened.services.saved
    saved.save(world.actor(WHO), "检查案件", asked(world), watched=True)
    with world.opened.database.write() as unit:
        unit.session.execute(update(SavedSearch).values(query="(("))
    an_hour_goes_by(world)
    (kept,) = saved.listed(world.actor(WHO))
    assert (kept.news, bool(kept.trouble)) == (0, True)
    assert indexed
