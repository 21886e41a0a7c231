"""The read side: what may not be seen is not there, in one look-up as in lists, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive_store.cases import carries, case_for, case_thing, item_for, readable_items, visible_cases
from archive_store.errors import NotFoundError, RefusedError
from archive_store.identity import Actor, Role
from archive_store.labels import Label, Level, Mark, Volume
from archive_store.models.cases import Case
from archive_store.permissions import Permission
from archive_store.policy import decide
from archive_store.vocabulary import CaseState
from tests.archive_store.rows import account, add_item, department, draft_case, handled_by

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

INFORMANT = Label.of(1, [Mark.INFORMANT])
ARCHIVIST = Actor("a", "档案演示甲", frozenset({Role.ARCHIVIST}), clearance=Level.INTERNAL)


def test_what_does_not_exist_and_what_is_hidden_answer_alike(session: Session) -> None:
    draft = draft_case(session)
    told = []
    for case_id in (draft.id, "0" * 32):
        with pytest.raises(NotFoundError) as error:
            case_for(session, ARCHIVIST, case_id, Permission.SEAL)
        told.append(error.value.message)
    assert told[0] == told[1]


def test_one_who_sees_it_is_told_that_it_cannot_be_done_now(session: Session) -> None:
    case = draft_case(session, state=CaseState.HANDED_OVER)
    with pytest.raises(RefusedError):
        case_for(session, ARCHIVIST, case.id, Permission.SEAL)
    assert case_for(session, ARCHIVIST, case.id, Permission.RECEIVE) is case


def test_a_permission_of_another_office_is_not_even_refused(session: Session) -> None:
    case = draft_case(session, state=CaseState.HANDED_OVER)
    with pytest.raises(NotFoundError):
        case_for(session, ARCHIVIST, case.id, Permission.HAND_OVER)


def test_a_handler_of_the_case_receives_and_seals_it_in_no_other_office(session: Session) -> None:
    case = draft_case(session, state=CaseState.HANDED_OVER)
    both = replace(
        ARCHIVIST, account_id=account(session, "兼任演示").id, roles=frozenset({Role.HANDLER, Role.ARCHIVIST})
    )
    handled_by(case, both.name, both.account_id)
    session.flush()
    with pytest.raises(RefusedError):
        case_for(session, both, case.id, Permission.RECEIVE)


def test_an_item_above_the_reader_is_missing_from_the_case_and_alone(session: Session) -> None:
    case = draft_case(session, state=CaseState.SEALED)
    plain, hidden = add_item(session, case), add_item(session, case, label=INFORMANT)
    assert readable_items(ARCHIVIST, case) == [plain]
    with pytest.raises(NotFoundError):
        item_for(session, ARCHIVIST, hidden.id)
    granted = replace(ARCHIVIST, marks=frozenset({Mark.INFORMANT}))
    assert readable_items(granted, case) == [plain, hidden]
    assert item_for(session, granted, hidden.id) == (case, hidden)


def test_no_token_carries_nothing_and_none_at_all_carries_everything(session: Session) -> None:
    case = draft_case(session)
    assert session.scalars(select(Case).where(carries(frozenset()))).all() == []
    assert session.scalars(select(Case).where(carries(None))).all() == [case]


def test_lists_hold_exactly_what_a_single_look_allows(session: Session) -> None:
    """Every office against cases of every state, label and department: the list and the rule agree."""
    handler = account(session, "承办演示甲").id
    here, elsewhere = department(session).id, department(session, "水资源管理处").id
    for state in CaseState:
        for label in (Label(), Label.of(0), INFORMANT, Label.of(2), Label.of(1, [Mark.PERSONAL_PRIVACY])):
            for place in (here, elsewhere):
                case = draft_case(session, state=state, label=label, department_id=place)
                if place == here:
                    handled_by(case, "承办演示甲", handler)
    session.flush()
    cases = session.scalars(select(Case)).all()
    for role in Role:
        for permission in (Permission.SEE_ENTRY, Permission.READ_CONTENT):
            actor = Actor(
                handler,
                "承办演示甲",
                frozenset({role}),
                departments=frozenset({here}),
                in_charge=frozenset({elsewhere}),
                clearance=Level.INTERNAL,
                marks=frozenset({Mark.PERSONAL_PRIVACY}),
                case_grants=frozenset({cases[3].id}),
            )
            listed = set(session.scalars(select(Case.id).where(visible_cases(session, actor, permission))))
            allowed = {case.id for case in cases if decide(actor, permission, case_thing(case))}
            if role is not Role.PARTY:  # a party's list is made from bindings, by another rule
                assert listed == allowed, (role, permission)


labels = st.builds(Label, st.sampled_from(Level), st.frozensets(st.sampled_from(Mark), max_size=2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    entry=labels,
    item=labels,
    actor=st.builds(lambda label: replace(ARCHIVIST, clearance=label.level, marks=label.marks), labels),
)
def test_an_item_is_read_only_where_its_entry_and_its_own_label_are_cleared(
    session: Session, entry: Label, item: Label, actor: Actor
) -> None:
    case = draft_case(session, state=CaseState.SEALED, label=entry)
    row = add_item(session, case, label=item, volume=Volume.AUXILIARY)
    cleared = all(label.level <= actor.clearance and label.marks <= actor.marks for label in (entry, item))
    assert (readable_items(actor, case) == [row]) is cleared
    session.rollback()
