"""Labels after the seal: proposed by one, decided by another, at once everywhere; terms end by themselves."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.accounts import office_today
from archive_store.case_description import undecided_labels
from archive_store.classification import FELL, years_after
from archive_store.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from archive_store.labels import Label, LabelSubject, Level, Mark
from archive_store.models.cases import Case, Item, LabelDecision
from archive_store.models.classification import LabelReview
from archive_store.models.work import IndexHold
from archive_store.vocabulary import CaseState
from portal.services.classification import ClassificationService, NewProposal
from portal.worker import Worker
from tests.portal.conftest import write_case
from tests.portal.filing import accept
from tests.portal.rights import given

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

TERM = office_today() + timedelta(days=100)
SECRET = Label(Level.SECRET)
OFFICER, HANDLER = "leader", "handler"


@contextmanager
def secret_world(stage: Stage, folder: Path) -> Iterator[World]:
    """A sealed case; its handler and a classifying officer are cleared for everything."""
    with stage.world(folder) as world:
        given(world, OFFICER, "role:classification_officer", until=years_after(office_today(), 1))
        for login in (OFFICER, HANDLER, "archivist"):
            given(world, login, "clearance:4")
        yield world


def first_item(world: World, case_id: str) -> str:
    with world.opened.database.read() as session:
        return session.scalars(select(Item.id).where(Item.case_id == case_id, Item.number == 1)).one()


def propose(world: World, case_id: str, by: str = HANDLER, **changes: object) -> str:
    facts: dict[str, object] = {
        "subject": LabelSubject.ITEM,
        "subject_id": first_item(world, case_id),
        "label": SECRET,
        "ground": "演示：保密事项范围",
        "declassify_on": TERM,
    }
    new = NewProposal(**facts | changes)  # type: ignore[arg-type]  # the fields by name
    return world.opened.services.classification.propose(world.actor(by), case_id, new)


def settle(world: World, proposal_id: str, *, granted: bool = True) -> None:
    actor = world.actor(OFFICER)
    world.opened.services.classification.decide(actor, proposal_id, granted=granted, ground="演示：同意")


def titles(world: World, login: str, case_id: str) -> list[str]:
    return [item.title for item in world.opened.services.cases.page(world.actor(login), case_id).items]


def found(world: World, login: str, words: str = "现场检查笔录") -> int:
    search = world.opened.services.search
    return search.search(world.actor(login), search.asked(words, {}, "", 0, 10)).total


def later(world: World, day: date) -> ClassificationService:
    """The same service on another day."""
    clock = world.opened.desk.clock()
    moved = replace(world.opened.desk, clock=lambda: clock + (day - office_today()))
    return ClassificationService(moved, highest=Level.TOP_SECRET)


def test_only_handlers_of_the_case_and_reviewers_propose(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        case_id = sealed_stage.case_id
        for who in ("other_handler", "archivist", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin"):
            with pytest.raises(NotFoundError):
                propose(world, case_id, who)
            with pytest.raises(NotFoundError):
                world.opened.services.classification.page(world.actor(who), case_id)
        for wrong in ({"subject_id": "0" * 32}, {"subject": LabelSubject.ENTRY}, {"subject": LabelSubject.PERSON}):
            with pytest.raises(NotFoundError):
                propose(world, case_id, **wrong)
        given(world, "reviewer", f"case:{case_id}", until=TERM)
        assert propose(world, case_id, "reviewer")


def test_only_a_classifying_officer_decides_and_never_the_own_proposal(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        proposal_id = propose(world, sealed_stage.case_id)
        classification = world.opened.services.classification
        for who in ("handler", "archivist", "reviewer", "legal", "party", "sysadmin", "secadmin", "auditor"):
            for act in (
                lambda actor: classification.decide(actor, proposal_id, granted=True, ground="x"),
                lambda actor: classification.proposal(actor, proposal_id),
                classification.waiting,
                classification.reviews,
            ):
                with pytest.raises(NotFoundError):
                    act(world.actor(who))
        given(world, "reviewer", f"case:{sealed_stage.case_id}", until=TERM)
        given(world, "reviewer", "role:classification_officer", until=TERM)
        classification.withdraw(world.actor(HANDLER), proposal_id)
        own = propose(world, sealed_stage.case_id, "reviewer", label=Label.of(1, [Mark.MINOR]), declassify_on=None)
        given(world, "reviewer", "mark:minor")
        with pytest.raises(RefusedError):
            classification.decide(world.actor("reviewer"), own, granted=True, ground="x")


def test_an_officer_sees_only_the_cases_in_which_something_waits(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        given(world, "legal", "role:classification_officer", until=TERM)
        cases, case_id = world.opened.services.cases, sealed_stage.case_id
        with pytest.raises(NotFoundError):
            cases.page(world.actor("legal"), case_id)
        proposal_id = propose(world, case_id)
        assert cases.page(world.actor("legal"), case_id).items
        settle(world, proposal_id, granted=False)
        with pytest.raises(NotFoundError):
            cases.page(world.actor("legal"), case_id)


def test_a_decision_holds_at_once_for_pages_and_search(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        case_id = sealed_stage.case_id
        Worker(world.opened).run_until_idle()
        before = found(world, "second_archivist")
        assert before == found(world, "archivist") > 0
        proposal_id = propose(world, case_id)
        assert "现场检查笔录" in titles(world, "second_archivist", case_id)
        settle(world, proposal_id)
        assert "现场检查笔录" not in titles(world, "second_archivist", case_id)
        assert "现场检查笔录" in titles(world, "archivist", case_id)
        # the old partition still holds the pages: nothing of the case is found, counted or offered as a facet
        assert world.opened.index.page_ids(case_id)
        for who in ("archivist", "second_archivist"):
            search = world.opened.services.search
            answer = search.search(world.actor(who), search.asked("现场检查笔录", {}, "", 0, 10))
            assert (answer.total, any(answer.facets.values())) == (0, False)
        Worker(world.opened).run_until_idle()
        assert found(world, "archivist") == before
        assert found(world, "second_archivist") < before
        with world.opened.database.read() as session:
            assert session.scalars(select(IndexHold)).all() == []


def test_a_decision_is_appended_with_its_term_and_the_record_stays_true(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        settle(world, propose(world, sealed_stage.case_id, source="演示厅〔2025〕3号"))
        with world.opened.database.read() as session:
            rows = session.scalars(
                select(LabelDecision)
                .where(LabelDecision.subject_id == first_item(world, sealed_stage.case_id))
                .order_by(LabelDecision.decided_at)
            ).all()
            assert [(row.label, row.declassify_on, row.is_derived) for row in rows] == [
                (Label(), None, False),
                (SECRET, TERM, True),
            ]
            assert rows[1].decided_by == world.ids[OFFICER]
            assert undecided_labels(session, session.get_one(Case, sealed_stage.case_id)) == []
        with pytest.raises(InvalidInputError):
            propose(world, sealed_stage.case_id, label=Label(), declassify_on=None)
        settle(
            world, propose(world, sealed_stage.case_id, label=Label(), declassify_on=None, origin_document="演示9号")
        )
        assert "现场检查笔录" in titles(world, "second_archivist", sealed_stage.case_id)


def test_what_changed_meanwhile_or_lies_above_the_officer_is_not_decided(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        case_id = sealed_stage.case_id
        with pytest.raises(RefusedError):
            settle(world, propose(world, case_id, label=Label.of(3, [Mark.INFORMANT])))
        with pytest.raises(RefusedError):
            propose(world, case_id)
        waiting = world.opened.services.classification.waiting(world.actor(OFFICER))
        settle(world, waiting[0].proposal.id, granted=False)
        proposal_id = propose(world, case_id)
        with world.opened.database.write() as unit:
            unit.session.get_one(Item, first_item(world, case_id)).label = Label(Level.CONFIDENTIAL)
        with pytest.raises(ConflictError):
            settle(world, proposal_id)


def test_on_its_last_day_a_level_falls_by_itself_and_its_review_is_raised(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        case_id, item_id = sealed_stage.case_id, first_item(world, sealed_stage.case_id)
        given(world, OFFICER, "mark:minor")
        given(world, HANDLER, "mark:minor")
        settle(world, propose(world, case_id, label=Label.of(Level.SECRET, [Mark.MINOR])))
        assert later(world, TERM - timedelta(days=1)).fall_due() == 0
        assert later(world, TERM).fall_due() == 1
        assert later(world, TERM).fall_due() == 0
        with world.opened.database.read() as session:
            assert session.get_one(Item, item_id).label == Label.of(Level.INTERNAL, [Mark.MINOR])
            last = session.scalars(
                select(LabelDecision).where(LabelDecision.subject_id == item_id, LabelDecision.ground == FELL)
            ).one()
            assert last.decided_by == "service:classification"
            assert session.get(IndexHold, case_id) is not None
        rows = world.opened.services.classification.reviews(world.actor(OFFICER))
        assert [(row.review.kind.zh, row.review.due_on) for row in rows] == [("保密期限届满", TERM)]


def test_a_state_secret_is_reviewed_every_year_until_somebody_has_looked(sealed_stage: Stage, tmp_path: Path) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        far = years_after(office_today(), 5)
        settle(world, propose(world, sealed_stage.case_id, declassify_on=far))
        year = timedelta(days=366)
        assert later(world, office_today() + year - timedelta(days=3)).raise_reviews() == 0
        assert later(world, office_today() + year).raise_reviews() == 1
        assert later(world, office_today() + 2 * year).raise_reviews() == 0
        classification = world.opened.services.classification
        (row,) = classification.reviews(world.actor(OFFICER))
        for who in (HANDLER, "archivist", "secadmin"):
            with pytest.raises(NotFoundError):
                classification.close_review(world.actor(who), row.review.id, "x")
        with pytest.raises(InvalidInputError):
            classification.close_review(world.actor(OFFICER), row.review.id, " ")
        classification.close_review(world.actor(OFFICER), row.review.id, "演示：继续保密")
        assert later(world, office_today() + timedelta(days=100)).raise_reviews() == 0
        with world.opened.database.read() as session:
            assert session.scalars(select(LabelReview.outcome)).all() == ["演示：继续保密"]


@pytest.fixture
def drafted_secret(world: World, tmp_path: Path) -> str:
    """A case that was handed over and accepted, with an item that its handler marked 机密."""
    given(world, OFFICER, "role:classification_officer", until=years_after(office_today(), 1))
    for login in (OFFICER, HANDLER, "archivist"):
        given(world, login, "clearance:4")
    items = [
        {"file": "01.pdf", "title": "涉密图纸", "type": "site_inspection_record", "date": "2026-11-02"},
        {"file": "02.pdf", "title": "结案审批表", "type": "closing_report", "date": "2026-11-10"},
    ]
    items[0]["label"] = {"level": "secret"}  # type: ignore[assignment]
    source = write_case(tmp_path / "case", items=items)
    case_id = world.opened.services.intake.import_case(world.actor(HANDLER), source).case_id
    assert case_id
    accept(world, case_id)
    return case_id


@pytest.mark.both_databases
def test_what_its_handler_marks_secret_is_determined_by_another_before_the_seal(
    world: World, drafted_secret: str
) -> None:
    services, case_id = world.opened.services, drafted_secret
    archivist = world.actor("archivist")
    with pytest.raises(RefusedError, match="尚未定密"):
        services.sealing.seal(archivist, case_id)
    with pytest.raises(RefusedError):
        services.transfer.waive(archivist, case_id, "L01@1", "理由")
    with pytest.raises(NotFoundError):
        propose(world, case_id, by="archivist")
    proposal_id = propose(world, case_id, label=Label(Level.SECRET))
    with pytest.raises(RefusedError, match="尚未定密"):
        services.sealing.seal(archivist, case_id)
    settle(world, proposal_id, granted=True)
    services.sealing.seal(archivist, case_id)
    with world.opened.database.read() as session:
        item = session.get_one(Item, first_item(world, case_id))
        latest = session.scalars(
            select(LabelDecision).where(LabelDecision.subject_id == item.id).order_by(LabelDecision.decided_at.desc())
        ).first()
        assert latest is not None
        assert (item.label, latest.decided_by, latest.declassify_on) == (SECRET, world.ids[OFFICER], TERM)


def test_a_level_that_is_not_accepted_may_be_lowered_before_the_seal(world: World, drafted_secret: str) -> None:
    proposal_id = propose(world, drafted_secret, label=Label(Level.INTERNAL), declassify_on=None)
    settle(world, proposal_id, granted=True)
    world.opened.services.sealing.seal(world.actor("archivist"), drafted_secret)
    with world.opened.database.read() as session:
        assert session.get_one(Item, first_item(world, drafted_secret)).label == Label()


def test_what_comes_back_to_its_handler_is_determined_anew_once_it_is_marked_anew(
    world: World, drafted_secret: str
) -> None:
    """The officer sees a draft no more, and a label that the handler changes then is the handler's again."""
    services, case_id = world.opened.services, drafted_secret
    given(world, "second_archivist", "clearance:4")
    propose(world, case_id, label=Label(Level.SECRET))
    with world.opened.database.write() as unit:
        case = unit.session.get_one(Case, case_id)
        case.state = CaseState.DRAFT
    with pytest.raises(NotFoundError):
        services.classification.page(world.actor(HANDLER), case_id)
    assert services.classification.waiting(world.actor(OFFICER)) == []
