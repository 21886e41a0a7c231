"""Urgent reading: two people and an hour, never beyond level and mark, and nobody is told whether there is a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from archive_store.accounts import office_today
from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.identity import UrgentState
from archive_store.labels import Label, Level, Mark
from archive_store.models.accounts import CaseGrant, ClearanceGrant, Leadership, MarkGrant
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.cases import Case, Item
from archive_store.models.urgent import UrgentReading
from archive_store.urgent import LASTS, WAITS
from portal.services.urgent import MOST_AT_ONCE, UrgentService
from tests.portal.conftest import PEOPLE
from tests.portal.services.test_opening import reads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

NUMBER = "演水检〔2026〕1号"
ASKERS = {"handler", "other_handler", "archivist", "second_archivist", "leader"}
GROUND = "演示：汛情紧急"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(sealed_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with sealed_stage.world(tmp_path) as made:
        made.case_id = sealed_stage.case_id
        yield made


def ask(world: World, login: str = "other_handler", number: str = NUMBER) -> str:
    return world.opened.services.urgent.ask(world.actor(login), number, GROUND)


def agree(world: World, reading_id: str, by: str = "leader", *, agreed: bool = True) -> None:
    world.opened.services.urgent.decide(world.actor(by), reading_id, agreed=agreed, ground="演示：已核实")


def later(world: World, by: timedelta) -> UrgentService:
    """The service as it will be."""
    return UrgentService(replace(world.opened.desk, clock=lambda: now() + by))


def events(world: World) -> list[str]:
    with world.opened.database.read() as session:
        names = session.scalars(select(AuditLeaf.name).order_by(AuditLeaf.id))
        return [name for name in names if name.startswith("urgent:")]


def relabel(world: World, table: type[Case | Item], label: Label) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(table).values(label=label))


def cleared_for_all(world: World, login: str) -> None:
    with world.opened.database.write() as unit:
        common = {"account_id": world.ids[login], "ground": "演示", "valid_from": office_today()}
        unit.session.add(ClearanceGrant(level=int(Level.TOP_SECRET), **common))
        unit.session.add_all(MarkGrant(mark=mark, **common) for mark in Mark)


def test_only_who_searches_by_office_asks_and_only_the_leader_in_charge_agrees(world: World) -> None:
    urgent = world.opened.services.urgent
    for who in PEOPLE:
        if who not in ASKERS:
            with pytest.raises(NotFoundError):
                ask(world, who)
    reading_id = ask(world)
    for who in PEOPLE:
        if who != "leader":
            with pytest.raises(NotFoundError):
                agree(world, reading_id, who)
            with pytest.raises(NotFoundError):
                urgent.to_decide(world.actor(who), reading_id)
            with pytest.raises(NotFoundError):
                urgent.end(world.actor(who), reading_id)
        if who != "auditor":
            with pytest.raises(NotFoundError):
                urgent.reviews(world.actor(who))
            with pytest.raises(NotFoundError):
                urgent.review(world.actor(who), reading_id, "演示")
    assert not reads(world, "other_handler", world.case_id)
    assert events(world) == ["urgent:ask"]


def test_what_was_agreed_to_is_open_for_an_hour_and_not_a_minute_more(world: World) -> None:
    reading_id = ask(world)
    agree(world, reading_id)
    assert reads(world, "other_handler", world.case_id)
    until = world.actor("other_handler").urgent_until
    assert until is not None
    assert abs(until - now() - LASTS) < MINUTE
    assert later(world, LASTS - MINUTE).lapse() == 0
    with world.opened.database.write() as unit:
        unit.session.execute(update(CaseGrant).values(ends_at=now()))
    assert not reads(world, "other_handler", world.case_id), "nothing else has to happen for it to end"
    assert world.actor("other_handler").urgent_until is None
    assert (later(world, LASTS).lapse(), later(world, LASTS).lapse()) == (1, 0)
    assert events(world) == ["urgent:ask", "urgent:open", "urgent:end"]


@pytest.mark.parametrize("by", ["other_handler", "leader", "secadmin"])
def test_it_is_ended_early_at_once(world: World, by: str) -> None:
    urgent, reading_id = world.opened.services.urgent, ask(world)
    agree(world, reading_id)
    for who in ("handler", "archivist", "auditor", "sysadmin"):
        with pytest.raises(NotFoundError):
            urgent.end(world.actor(who), reading_id)
    urgent.end(world.actor(by), reading_id)
    assert not reads(world, "other_handler", world.case_id)
    with pytest.raises(RefusedError):
        urgent.end(world.actor(by), reading_id)
    assert urgent.lapse() == 0


def test_a_refusal_and_a_number_of_no_case_show_the_same_to_who_asked(world: World) -> None:
    real, none = ask(world), ask(world, number="演水检〔2026〕99号")
    urgent, asker = world.opened.services.urgent, world.actor("other_handler")
    assert [row.reading.id for row in urgent.waiting(world.actor("leader"))] == [real]
    for who in ("leader", "secadmin"):
        with pytest.raises(NotFoundError):
            agree(world, none, who)
    agree(world, real, agreed=False)
    seen = {row.reading.id: (row.state, row.is_open) for row in urgent.own(asker)}
    assert seen == {real: (UrgentState.OPEN, False), none: (UrgentState.OPEN, False)}
    tomorrow = later(world, WAITS)
    assert tomorrow.lapse() == 1
    seen = {row.reading.id: (row.state, row.is_open) for row in tomorrow.own(asker)}
    assert seen == {real: (UrgentState.LAPSED, False), none: (UrgentState.LAPSED, False)}
    assert not reads(world, "other_handler", world.case_id)
    assert sorted(events(world)) == ["urgent:ask", "urgent:ask", "urgent:lapse", "urgent:refuse"]


def test_a_refusal_frees_no_place_for_another_ask_since_that_would_tell_of_it(world: World) -> None:
    first, *_ = [ask(world, number=number) for number in (NUMBER, "a", "b")[:MOST_AT_ONCE]]
    agree(world, first, agreed=False)
    with pytest.raises(RefusedError):
        ask(world)
    later(world, WAITS).ask(world.actor("other_handler"), NUMBER, GROUND)


def test_who_asked_does_not_agree_and_without_a_leader_the_security_administrator_does_unseen(world: World) -> None:
    reading_id, urgent = ask(world, "leader"), world.opened.services.urgent
    assert urgent.waiting(world.actor("leader")) == []
    with pytest.raises(NotFoundError):
        agree(world, reading_id)
    other = ask(world)
    assert [row.reading.id for row in urgent.waiting(world.actor("secadmin"))] == [reading_id]
    with world.opened.database.write() as unit:
        unit.session.execute(delete(Leadership))
    shown = urgent.to_decide(world.actor("secadmin"), other)
    assert (shown.case, shown.case_id) == (None, world.case_id)
    assert "演示河段" not in repr(world.opened.services.tasks.of(world.actor("secadmin")))
    agree(world, other, "secadmin")
    assert reads(world, "other_handler", world.case_id)


def test_a_leader_who_is_not_cleared_for_the_entry_does_not_agree_nor_learn_of_it(world: World) -> None:
    cleared_for_all(world, "other_handler")
    relabel(world, Case, Label.of(Level.SECRET))
    reading_id, urgent = ask(world), world.opened.services.urgent
    assert urgent.waiting(world.actor("leader")) == []
    agree(world, reading_id, "secadmin")
    assert reads(world, "other_handler", world.case_id)


@pytest.mark.parametrize(
    "label", [Label.of(Level.TOP_SECRET), Label.of(Level.INTERNAL, [Mark.INFORMANT]), Label.of(Level.CONFIDENTIAL)]
)
def test_what_its_asker_could_not_read_anyway_waits_like_no_case(world: World, label: Label) -> None:
    if label.level is not Level.CONFIDENTIAL:
        cleared_for_all(world, "other_handler")
    cleared_for_all(world, "leader")
    relabel(world, Case, label)
    reading_id, urgent = ask(world), world.opened.services.urgent
    for who in ("leader", "secadmin"):
        assert urgent.waiting(world.actor(who)) == []
        with pytest.raises(NotFoundError):
            agree(world, reading_id, who)


@pytest.mark.parametrize("label", [Label.of(Level.TOP_SECRET), Label.of(Level.INTERNAL, [Mark.INFORMANT])])
def test_it_opens_nothing_top_secret_and_no_informant_even_to_who_may_read_them(world: World, label: Label) -> None:
    cleared_for_all(world, "other_handler")
    agree(world, ask(world))
    assert reads(world, "other_handler", world.case_id)
    relabel(world, Item, label)
    assert not reads(world, "other_handler", world.case_id)
    relabel(world, Case, label)
    with pytest.raises(NotFoundError):
        world.opened.services.cases.page(world.actor("other_handler"), world.case_id)


def test_it_lifts_no_level_and_no_mark(world: World) -> None:
    agree(world, ask(world))
    cases = world.opened.services.cases
    full = len(cases.page(world.actor("other_handler"), world.case_id).items)
    with world.opened.database.write() as unit:
        unit.session.execute(delete(MarkGrant).where(MarkGrant.account_id == world.ids["other_handler"]))
    assert len(cases.page(world.actor("other_handler"), world.case_id).items) == full - 1
    relabel(world, Item, Label.of(Level.CONFIDENTIAL))
    assert not reads(world, "other_handler", world.case_id)


def test_the_review_is_closed_by_the_auditor_with_words_once_it_is_over(world: World) -> None:
    urgent, auditor, reading_id = world.opened.services.urgent, world.actor("auditor"), ask(world)
    with pytest.raises(NotFoundError):
        urgent.review(auditor, reading_id, "演示：属实")
    agree(world, reading_id)
    world.opened.services.cases.page(world.actor("other_handler"), world.case_id)
    with pytest.raises(RefusedError):
        urgent.review(auditor, reading_id, "演示：属实")
    assert [task.kind for task in world.opened.services.tasks.of(auditor)] == ["紧急查阅正在进行"]
    urgent.end(world.actor("leader"), reading_id)
    assert [task.kind for task in world.opened.services.tasks.of(auditor)] == ["紧急查阅待审查"]
    shown = urgent.reviewed(auditor, reading_id)
    assert ("查看案卷", 1, 1) in shown.events
    assert "演示河段" not in repr(shown)
    for words in ("", "字" * 1001):
        with pytest.raises(InvalidInputError):
            urgent.review(auditor, reading_id, words)
    urgent.review(auditor, reading_id, "演示：属实")
    with pytest.raises(RefusedError):
        urgent.review(auditor, reading_id, "演示：再审")
    assert world.opened.services.tasks.of(auditor) == []
    assert [row.reading.review for row in urgent.reviews(auditor, closed=True)] == ["演示：属实"]
    assert events(world)[-1] == "urgent:review"


def test_it_is_named_by_its_whole_number_or_its_archival_code_alone(world: World) -> None:
    with world.opened.database.read() as session:
        code = session.get_one(Case, world.case_id).archival_code or ""
    urgent, leader = world.opened.services.urgent, world.actor("leader")
    for number in (NUMBER[:-1], code[:-1], world.case_id, "%", "演示河段检查案"):
        with world.opened.database.write() as unit:
            unit.session.execute(delete(UrgentReading))
        ask(world, number=number)
        assert urgent.waiting(leader) == [], number
    ask(world, number=f" {code} ")
    assert len(urgent.waiting(leader)) == 1
    for number, ground in (("", GROUND), (NUMBER, " "), ("号" * 121, GROUND), (NUMBER, "字" * 501)):
        with pytest.raises(InvalidInputError):
            urgent.ask(world.actor("other_handler"), number, ground)


def test_what_lapsed_or_was_decided_is_not_decided_again(world: World) -> None:
    reading_id = ask(world)
    with pytest.raises(RefusedError):
        later(world, WAITS).decide(world.actor("leader"), reading_id, agreed=True, ground="演示")
    agree(world, reading_id)
    with pytest.raises(RefusedError):
        agree(world, reading_id, agreed=False)
    assert world.opened.services.rights_lists.of_oneself(world.actor("other_handler")).rights
    assert "case:" not in repr(world.opened.services.rights_lists.of_oneself(world.actor("other_handler")).rights)


def test_the_table_itself_refuses_one_person_alone(world: World) -> None:
    agree(world, ask(world))
    for changed in ({"decided_by": "other_handler"}, {"reviewed_by": "other_handler"}, {"reviewed_by": "leader"}):
        values = {name: world.ids[login] for name, login in changed.items()}
        with pytest.raises(ConflictError), world.opened.database.write() as unit:
            unit.session.execute(update(UrgentReading).values(**values))
