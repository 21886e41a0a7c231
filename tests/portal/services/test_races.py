"""Several people at the same thing in the same moment: one succeeds, the others are told, nothing is done twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from archive_store.errors import ArchiveError, ConflictError, NotFoundError, RefusedError
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Case, SealedObject, Transfer
from archive_store.models.copies import CopyRequest, Delivery
from archive_store.models.work import Lease
from archive_store.requests import boxes_of, facts_of
from archive_store.vocabulary import CaseState
from portal.services.preparation import Drawn, boxes_mark
from portal.services.transfer import take_number
from portal.worker import Worker
from tests.portal.conftest import write_case
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases

ARCHIVISTS = ("archivist", "second_archivist")


def at_once(*actions: Callable[[], object]) -> list[object]:
    """What each action gave, or the refusal that it met, all begun in the same moment."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        start.wait()
        try:
            return action()
        except ArchiveError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return [*pool.map(run, actions)]


def refusals(answers: list[object]) -> list[object]:
    return [answer for answer in answers if isinstance(answer, (ConflictError, RefusedError, NotFoundError))]


def events(world: World, name: str, case_id: str) -> int:
    with world.opened.database.read() as session:
        done = AuditLeaf.name == name, AuditLeaf.object_id == case_id, AuditLeaf.outcome == "done"
        return session.scalar(select(func.count()).select_from(AuditLeaf).where(*done)) or 0


def test_two_archivists_accept_a_case_and_one_is_told_of_the_other(world: World, draft: str) -> None:
    transfer = world.opened.services.transfer
    transfer.hand_over(world.actor("handler"), draft)
    actors = [world.actor(who) for who in ARCHIVISTS]
    answers = at_once(*(lambda actor=actor: transfer.accept(actor, draft) for actor in actors))
    assert len(refusals(answers)) == 1
    assert events(world, "case:accept", draft) == 1
    with world.opened.database.read() as session:
        case = session.get_one(Case, draft)
        assert case.archival_code in answers
        assert [row.accepted for row in session.scalars(select(Transfer))] == [True]


def test_acceptance_and_return_at_once_give_one_of_them(world: World, draft: str) -> None:
    transfer = world.opened.services.transfer
    transfer.hand_over(world.actor("handler"), draft)
    first, second = (world.actor(who) for who in ARCHIVISTS)
    answers = at_once(lambda: transfer.accept(first, draft), lambda: transfer.send_back(second, draft, "缺送达回证"))
    assert len(refusals(answers)) == 1
    assert events(world, "case:accept", draft) + events(world, "case:return", draft) == 1
    with world.opened.database.read() as session:
        case = session.get_one(Case, draft)
        assert (case.state is CaseState.ACCEPTED) is bool(case.archival_code)


def test_two_archivists_seal_a_case_and_it_is_sealed_once(world: World, accepted: str) -> None:
    sealing = world.opened.services.sealing
    actors = [world.actor(who) for who in ARCHIVISTS]
    answers = at_once(*(lambda actor=actor: sealing.seal(actor, accepted) for actor in actors))
    assert len(refusals(answers)) == 1
    assert events(world, "case:seal", accepted) == 1
    with world.opened.database.read() as session:
        assert len(session.scalars(select(SealedObject)).all()) == 2
        assert session.scalars(select(Lease)).all() == []
    assert list(world.opened.services.fixity.verify_everything()) == []


def test_a_number_is_never_given_twice_also_not_the_first_of_a_series(world: World) -> None:
    database, taken = world.opened.database, []

    def take() -> None:
        for _ in range(5):
            with database.write() as unit:
                taken.append(take_number(unit.session, "演示"))

    assert at_once(*[take] * 4) == [None] * 4
    assert sorted(taken) == list(range(1, 21))


def test_cases_accepted_at_once_get_different_codes_and_none_is_turned_away(world: World, tmp_path: Path) -> None:
    services, cases = world.opened.services, []
    for number in range(3):
        folder = write_case(tmp_path / f"case{number}", case_number=f"演水检〔2026〕{number + 1}号")
        case_id = services.intake.import_case(world.actor("handler"), folder).case_id
        assert case_id is not None
        services.transfer.hand_over(world.actor("handler"), case_id)
        cases.append(case_id)
    archivist = world.actor("archivist")
    codes = at_once(*(lambda case_id=case_id: services.transfer.accept(archivist, case_id) for case_id in cases))
    assert len({str(code) for code in codes}) == 3
    assert refusals(codes) == []


def test_a_folder_brought_in_twice_at_once_is_one_case(world: World, tmp_path: Path) -> None:
    folder, intake = write_case(tmp_path / "x"), world.opened.services.intake
    answers = at_once(*[lambda: intake.import_case(world.actor("handler"), folder)] * 2)
    with world.opened.database.read() as session:
        assert len(session.scalars(select(Case)).all()) == 1
    assert any(getattr(answer, "result", "") == "made" for answer in answers)
    assert len(list(world.opened.staging.names())) == 2


@pytest.mark.usefixtures("accepted")
def test_two_sequencers_give_each_leaf_one_place(world: World) -> None:
    audit = world.opened.services.audit
    at_once(*[lambda: audit.sequence(3)] * 3)
    while audit.sequence(100):
        pass
    assert audit.verify() == []
    with world.opened.database.read() as session:
        places = session.scalars(select(AuditLeaf.position)).all()
        assert sorted(places) == list(range(len(places)))


@pytest.mark.usefixtures("sealed")
def test_of_two_workers_one_works_and_the_other_goes_away_in_peace(world: World) -> None:
    assert at_once(*[lambda: Worker(world.opened).run_until_idle()] * 2) == [None, None]
    Worker(world.opened).run_until_idle()
    assert world.opened.services.audit.verify() == []
    with world.opened.database.read() as session:
        assert session.scalars(select(Lease)).all() == []
        assert world.opened.index.case_ids() == set(session.scalars(select(Case.id)))


def both_first(read: Callable[..., object]) -> Callable[..., object]:
    """The same reading, but none of two goes on before both have read, if both can: behind a lock one cannot."""
    meet = threading.Barrier(2)

    def held(*given: object) -> object:
        found = read(*given)
        with suppress(threading.BrokenBarrierError):
            meet.wait(1)
        return found

    return held


def begun(world: World, case_id: str) -> str:
    """A request of the party's that is being prepared."""
    way.bind(world, case_id)
    request_id = way.submitted(world, case_id)
    way.accepted(world, request_id)
    way.begun(world, request_id)
    return request_id


def test_of_two_windows_that_draw_at_once_one_is_told_of_the_other(
    world: World, sealed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, preparation = begun(world, sealed), world.opened.services.preparation
    archivist, item_id = world.actor("archivist"), way.item_ids(world, request_id)[0]
    drawn = [[Drawn(1, 0.1, top, 0.4, top + 0.1, "personal_privacy")] for top in (0.1, 0.5)]
    nothing = boxes_mark([])
    monkeypatch.setattr("portal.services.preparation.boxes_of", both_first(boxes_of))
    answers = at_once(
        *(lambda boxes=boxes: preparation.save_boxes(archivist, request_id, item_id, boxes, nothing) for boxes in drawn)
    )
    assert len(refusals(answers)) == 1
    kept = next(boxes for boxes, answer in zip(drawn, answers, strict=True) if isinstance(answer, str))
    with world.opened.database.read() as session:
        assert boxes_mark(boxes_of(session, request_id)) == boxes_mark(kept)


def test_transfers_that_end_in_the_same_moment_both_count(
    world: World, sealed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = begun(world, sealed)
    way.made(world, request_id)
    way.handed_up(world, request_id)
    way.approved(world, request_id)
    transfers = [world.opened.services.copies.open(world.actor("party"), request_id) for _ in range(2)]
    monkeypatch.setattr("portal.services.copies.facts_of", both_first(facts_of))
    answers = at_once(*(lambda one=one: len(b"".join(one.chunks)) for one in transfers))
    assert answers == [transfers[0].size] * 2
    with world.opened.database.read() as session:
        assert all(row.completed_at for row in session.scalars(select(Delivery)))
        assert str(session.get_one(CopyRequest, request_id).state) == "delivered"
