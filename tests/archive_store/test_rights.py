"""Rights: what may not be given, what the database itself refuses, and that the last of a kind stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.identity import ADMINISTRATORS, RightKind, Role
from archive_store.labels import Mark
from archive_store.models.accounts import Account, CaseGrant, RightsAsk, RoleGrant
from archive_store.rights import (
    NO_TERM,
    ONLY_ONE_OFFICE,
    HeldRight,
    Right,
    held_by,
    last_of,
    objection,
    rights_of,
    row_of,
)
from tests.archive_store.rows import account, draft_case

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
INFORMANT = Right(RightKind.MARK, Mark.INFORMANT.value)


def role(value: Role) -> Right:
    return Right(RightKind.ROLE, value.value)


def holding(*rights: Right) -> list[HeldRight]:
    return [HeldRight(right, "g", TODAY, None, "演示", None, MOMENT) for right in rights]


def give(session: Session, who: Account, value: Role, **term: Any) -> RoleGrant:  # noqa: ANN401 - columns
    row = RoleGrant(account_id=who.id, role=value, **{"valid_from": TODAY - DAY} | term)
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize("code", ["", "role", "role:", "role:king", "level:1", "clearance:9", "clearance:x", "mark:x"])
def test_what_is_no_right_is_refused(code: str) -> None:
    with pytest.raises(InvalidInputError):
        Right.parse(code)


@pytest.mark.parametrize("code", ["role:handler", "clearance:2", "mark:minor", "membership:d", "case:k"])
def test_a_right_is_read_back_from_its_code(code: str) -> None:
    assert Right.parse(code).code == code


def test_a_case_is_named_by_the_beginning_of_its_number_alone() -> None:
    assert Right(RightKind.CASE, "0123456789abcdef").say({}) == "开放案卷：编号 01234567"


@pytest.mark.parametrize("one", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("other", [value for value in Role if value is not Role.SERVICE])
def test_an_administrator_holds_no_other_role(one: Role, other: Role) -> None:
    if one is not other:
        assert objection(holding(role(one)), role(other), None) == ONLY_ONE_OFFICE
        assert objection(holding(role(other)), role(one), None) == ONLY_ONE_OFFICE


@pytest.mark.parametrize("one", sorted(ADMINISTRATORS))
def test_an_administrators_role_has_no_term(one: Role) -> None:
    assert objection([], role(one), TODAY) == NO_TERM
    assert objection([], role(one), None) == ""


def test_the_legal_office_never_sees_who_reported() -> None:
    assert objection(holding(role(Role.LEGAL_OFFICE)), INFORMANT, None)
    assert objection(holding(INFORMANT), role(Role.LEGAL_OFFICE), None)
    assert not objection(holding(role(Role.ARCHIVIST)), INFORMANT, None)


@pytest.mark.parametrize("kind", [RightKind.CASE, RightKind.DEPARTMENT])
def test_a_case_is_opened_until_a_day_and_to_an_office_that_reads(kind: RightKind) -> None:
    opened = Right(kind, "k")
    for value in (Role.PARTY, Role.ARCHIVIST, *ADMINISTRATORS):
        assert objection(holding(role(value)), opened, TODAY), value
    assert objection(holding(role(Role.LEGAL_OFFICE)), opened, None)
    assert not objection(holding(role(Role.LEGAL_OFFICE)), opened, TODAY)


def test_what_one_has_is_not_asked_for_again_but_may_be_prolonged() -> None:
    held = [HeldRight(role(Role.HANDLER), "g", TODAY, TODAY, "演示", None, MOMENT)]
    assert objection(holding(role(Role.HANDLER)), role(Role.HANDLER), TODAY)
    assert objection(held, role(Role.HANDLER), TODAY)
    assert not objection(held, role(Role.HANDLER), TODAY + DAY)


def test_the_database_refuses_a_second_administrators_role(session: Session) -> None:
    who = account(session, "演示甲")
    give(session, who, Role.SYSTEM_ADMINISTRATOR, ended_at=MOMENT)
    give(session, who, Role.SECURITY_AUDITOR)
    with pytest.raises(IntegrityError):
        give(session, who, Role.SECURITY_ADMINISTRATOR)


@pytest.mark.parametrize(("asked_by", "decided_by"), [("a", None), ("b", "a"), ("b", "b")])
def test_the_database_refuses_who_asks_or_decides_for_oneself(
    session: Session, asked_by: str, decided_by: str | None
) -> None:
    ids = {name: account(session, name).id for name in ("a", "b")}
    ask = RightsAsk(account_id=ids["a"], kind=RightKind.ROLE, value="handler", valid_from=TODAY, ground="演示")
    ask.asked_by, ask.decided_by = ids[asked_by], ids[decided_by] if decided_by else None
    session.add(ask)
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    "term",
    [{"ended_at": MOMENT}, {"valid_from": TODAY + DAY}, {"valid_to": TODAY - DAY}],
)
def test_the_last_of_a_kind_is_found_whatever_others_once_held(session: Session, term: dict[str, Any]) -> None:
    who, other = account(session, "演示甲"), account(session, "演示乙")
    other.password_hash = "x"
    give(session, who, Role.SECURITY_AUDITOR)
    give(session, other, Role.SECURITY_AUDITOR, **term)
    assert last_of(session, who.id, TODAY) is Role.SECURITY_AUDITOR


def test_another_counts_only_once_it_can_act(session: Session) -> None:
    who, other = account(session, "演示甲"), account(session, "演示乙")
    give(session, who, Role.SECURITY_AUDITOR)
    give(session, other, Role.SECURITY_AUDITOR)
    other.password_hash = None
    session.flush()
    assert last_of(session, who.id, TODAY) is Role.SECURITY_AUDITOR
    other.password_hash = "x"
    session.flush()
    assert last_of(session, who.id, TODAY) is None
    other.active = False
    session.flush()
    assert last_of(session, who.id, TODAY) is Role.SECURITY_AUDITOR


def test_whoever_holds_no_such_role_is_never_the_last(session: Session) -> None:
    who = account(session, "演示甲")
    give(session, who, Role.HANDLER)
    assert last_of(session, who.id, TODAY) is None


def test_held_rights_leave_out_what_ended_and_what_was_referred(session: Session) -> None:
    who, case = account(session, "演示甲"), draft_case(session)
    give(session, who, Role.HANDLER, ended_at=MOMENT)
    give(session, who, Role.LEADER, valid_to=TODAY - DAY)
    give(session, who, Role.ARCHIVIST, valid_from=TODAY + DAY)
    session.add(CaseGrant(account_id=who.id, case_id=case.id, ground="演示", valid_to=TODAY))
    session.flush()
    held = held_by(session, who.id, TODAY)
    assert [one.right for one in held] == [role(Role.ARCHIVIST), Right(RightKind.CASE, case.id)]
    assert [one.holds_on(TODAY) for one in held] == [False, True]
    assert [one.right.kind for one in rights_of(session, TODAY, until=TODAY)[who.id]] == [RightKind.CASE]


def test_a_right_is_found_only_under_its_person_and_kind(session: Session) -> None:
    who, other = account(session, "演示甲"), account(session, "演示乙")
    row = give(session, who, Role.HANDLER)
    for account_id, kind, grant_id in ((other.id, RightKind.ROLE, row.id), (who.id, RightKind.MARK, row.id)):
        with pytest.raises(NotFoundError):
            row_of(session, account_id, kind, grant_id)
    assert row_of(session, who.id, RightKind.ROLE, row.id) is row
