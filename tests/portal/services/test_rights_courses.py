"""Any order of administrative acts: nobody ever holds two of the three, reads by such an office, or serves oneself.

Each course is checked after every step against the rows and the policy; refusals are part of it. The database, its
people and departments stay; what a course gave is taken away before the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update

from archive_store.accounts import actor_of, in_term
from archive_store.errors import ArchiveError
from archive_store.identity import ADMINISTRATORS, AskState, RightKind, Role
from archive_store.labels import Label, Volume
from archive_store.models.accounts import Account, RightsAsk, RoleGrant, WebSession
from archive_store.permissions import Permission
from archive_store.policy import Thing, decide
from archive_store.rights import TABLES
from archive_store.vocabulary import CaseState
from portal.services.rights import NewAsk
from tests.portal.services.offices import PEOPLE, Offices, open_offices

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.proofs import ProofBook

COURSES, FULL_COURSES, STEPS = 6, 10_000, 25
RIGHTS = (
    *(f"role:{role.value}" for role in Role if role is not Role.SERVICE),
    *("clearance:4", "mark:informant", "membership:water", "leadership:water", "deputy:water", "leadership:bare"),
)
CONTENT = Thing(frozenset({"department:water", "case:k"}), Label(), CaseState.SEALED, Label(), Volume.MAIN)
people = st.sampled_from(sorted(PEOPLE))
askers = st.one_of(st.sampled_from(["leader", "other_leader", "sysadmin", "archivist"]), people)
granters = st.one_of(st.sampled_from(["secadmin", "second_secadmin"]), people)
closers = st.one_of(st.just("sysadmin"), people)


class AnyCourse(RuleBasedStateMachine):
    """Administrative acts in any order, by anyone, for anyone."""

    offices: Offices
    refused = 0
    done = 0

    def __init__(self) -> None:
        super().__init__()
        _begin_anew(self.offices)

    def _try(self, act: object) -> None:
        try:
            act()  # type: ignore[operator]  # a function without arguments
        except ArchiveError:
            type(self).refused += 1
        else:
            type(self).done += 1

    @rule(by=askers, login=people, right=st.sampled_from(RIGHTS))
    def ask(self, by: str, login: str, right: str) -> None:
        if (actor := self._actor(by)) is not None:
            self._try(lambda: self.offices.rights.ask(actor, NewAsk(login, right, "演示")))

    @precondition(lambda self: self._open_asks())
    @rule(by=granters, place=st.integers(0, 50), granted=st.sampled_from([True, True, True, False]))
    def decide_one(self, by: str, place: int, *, granted: bool) -> None:
        waiting = self._open_asks()
        if (actor := self._actor(by)) is not None:
            ask_id = waiting[place % len(waiting)]
            self._try(lambda: self.offices.rights.decide(actor, ask_id, granted=granted, ground="演示"))

    @rule(by=granters, place=st.integers(0, 50))
    def end(self, by: str, place: int) -> None:
        with self.offices.desk.database.read() as session:
            standing = select(RoleGrant).where(RoleGrant.ended_at.is_(None))
            # by what the course made, never by ids: the same course must do the same again
            held = session.scalars(standing.order_by(RoleGrant.account_id, RoleGrant.role, RoleGrant.granted_at)).all()
        row = held[place % len(held)]
        if (actor := self._actor(by)) is not None:
            self._try(lambda: self.offices.rights.end(actor, row.account_id, "role", row.id, "演示"))

    @rule(by=closers, login=people, closes=st.booleans())
    def close_or_open(self, by: str, login: str, *, closes: bool) -> None:
        if (actor := self._actor(by)) is not None:
            act = self.offices.people.close if closes else self.offices.people.open
            self._try(lambda: act(actor, login, "演示"))

    @invariant()
    def nobody_holds_two_of_the_three_or_reads_by_such_an_office_and_somebody_is_left(self) -> None:
        today = self.offices.desk.today()
        with self.offices.desk.database.read() as session:
            asked = select(RoleGrant.account_id, RoleGrant.role).join(Account, Account.id == RoleGrant.account_id)
            roles: dict[str, set[Role]] = {}
            for login, role in session.execute(asked.where(Account.active, *in_term(RoleGrant, today))):
                roles.setdefault(login, set()).add(role)
            for login, held in roles.items():
                if held & ADMINISTRATORS:
                    assert len(held) == 1, (login, held)
                    actor = actor_of(session, login)
                    assert actor is not None
                    assert not decide(actor, Permission.READ_CONTENT, CONTENT), login
                    assert not decide(actor, Permission.SEE_ENTRY, CONTENT), login
        assert set().union(*roles.values()) >= ADMINISTRATORS

    @invariant()
    def nobody_was_asked_for_or_granted_to_by_oneself(self) -> None:
        with self.offices.desk.database.read() as session:
            for ask in session.scalars(select(RightsAsk)):
                assert ask.asked_by != ask.account_id
                assert ask.decided_by not in {ask.account_id, ask.asked_by}

    def _actor(self, login: str):  # noqa: ANN202 - an actor, or None where the account is closed
        with self.offices.desk.database.read() as session:
            return actor_of(session, login)

    def _open_asks(self) -> list[str]:
        with self.offices.desk.database.read() as session:
            waiting = select(RightsAsk.id).where(RightsAsk.state == AskState.OPEN)
            return [*session.scalars(waiting.order_by(RightsAsk.asked_at))]


def _begin_anew(offices: Offices) -> None:
    """The people as they were at first."""
    with offices.desk.database.write() as unit:
        session = unit.session
        session.execute(delete(RightsAsk))
        session.execute(delete(WebSession))
        for table in {TABLES[kind] for kind in RightKind}:
            session.execute(delete(table).where(table.granted_by.is_not(None)))
            session.execute(update(table).values(ended_at=None, ended_by=None))
        session.execute(update(Account).values(active=True))


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.mark.timeout(8 * 3600)  # at full size
def test_no_course_of_acts_joins_two_of_the_three(engine: Engine, full: bool, proofs: ProofBook) -> None:  # noqa: FBT001 - a fixture
    AnyCourse.offices, AnyCourse.refused, AnyCourse.done = open_offices(engine), 0, 0
    courses = FULL_COURSES if full else COURSES
    run_state_machine_as_test(
        AnyCourse,
        settings=settings(
            max_examples=courses,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert AnyCourse.done > courses
    assert AnyCourse.refused > courses
    proofs.record("courses that joined two administrators", 0, f"0 of {courses}", holds=True)
