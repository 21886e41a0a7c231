"""Access tokens: of one person, for one purpose, until a day; only a hash is kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from archive_store.models.accounts import Account, RoleGrant
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.tokens import AccessToken
from portal.services.desk import Desk
from portal.services.tokens import LONGEST_DAYS, MOST, TokenScope, TokenService
from tests.portal.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases


def tomorrow(world: World) -> date:
    return world.opened.desk.today() + timedelta(days=1)


def make(world: World, who: str = "archivist") -> str:
    return world.opened.services.tokens.make(world.actor(who), "统计程序", tomorrow(world))


def test_offices_without_search_make_and_see_no_token(world: World) -> None:
    for who in ("party", "legal", "sysadmin", "secadmin", "auditor"):
        with pytest.raises(NotFoundError):
            make(world, who)
        with pytest.raises(NotFoundError):
            world.opened.services.tokens.listed(world.actor(who))


def test_nobody_withdraws_the_token_of_another(world: World) -> None:
    tokens = world.opened.services.tokens
    token = make(world)
    mine = tokens.listed(world.actor("archivist"))[0].id
    for who, one in (("second_archivist", mine), ("sysadmin", mine), ("archivist", "0" * 32)):
        with pytest.raises(NotFoundError):
            tokens.withdraw(world.actor(who), one)
    assert tokens.bearer(token, TokenScope.SEARCH) == world.actor("archivist")


def test_no_other_text_and_no_hash_is_a_token(world: World) -> None:
    tokens, token = world.opened.services.tokens, make(world)
    with world.opened.database.read() as session:
        row = session.scalars(select(AccessToken)).one()
    for text in ("", token[:-1], token + "x", token.swapcase(), row.token_hash, row.id, "x" * 10_000):
        assert tokens.bearer(text, TokenScope.SEARCH) is None
    assert token not in repr(vars(row))


def test_a_token_ends_with_its_day_with_its_withdrawal_and_with_its_account(world: World) -> None:
    tokens, token = world.opened.services.tokens, make(world)
    for days, holds in ((1, True), (3, False)):
        desk = Desk(world.opened.database, world.opened.desk.log, lambda days=days: now() + timedelta(days=days - 1))
        assert (TokenService(desk).bearer(token, TokenScope.SEARCH) is not None) is holds
    other = make(world, "leader")
    with world.opened.database.write() as unit:
        unit.session.get_one(Account, world.ids["leader"]).active = False
    assert tokens.bearer(other, TokenScope.SEARCH) is None
    tokens.withdraw(world.actor("archivist"), tokens.listed(world.actor("archivist"))[0].id)
    assert tokens.bearer(token, TokenScope.SEARCH) is None


def test_a_token_gives_what_its_person_holds_now(world: World) -> None:
    token = make(world)
    with world.opened.database.write() as unit:
        grants = select(RoleGrant).where(RoleGrant.account_id == world.ids["archivist"])
        for grant in unit.session.scalars(grants):
            grant.ended_at = now()
    found = world.opened.services.tokens.bearer(token, TokenScope.SEARCH)
    assert found is not None
    assert found.roles == frozenset()


@pytest.mark.parametrize("days", [-1, LONGEST_DAYS + 1, None])
def test_a_token_has_an_end_within_a_year_and_a_purpose(world: World, days: int | None) -> None:
    tokens, actor = world.opened.services.tokens, world.actor("archivist")
    day = None if days is None else world.opened.desk.today() + timedelta(days=days)
    with pytest.raises(InvalidInputError, match="有效期"):
        tokens.make(actor, "统计程序", day)
    for name in ("", "   ", "长" * 61):
        with pytest.raises(InvalidInputError, match="用途"):
            tokens.make(actor, name, tomorrow(world))


def test_a_person_has_few_tokens_at_once(world: World) -> None:
    for _ in range(MOST):
        make(world)
    with pytest.raises(RefusedError, match="作废"):
        make(world)
    tokens = world.opened.services.tokens
    tokens.withdraw(world.actor("archivist"), tokens.listed(world.actor("archivist"))[0].id)
    assert make(world)


def test_making_and_withdrawing_are_events_without_the_token(world: World) -> None:
    tokens, token = world.opened.services.tokens, make(world)
    shown = tokens.listed(world.actor("archivist"))[0]
    tokens.withdraw(world.actor("archivist"), shown.id)
    tokens.withdraw(world.actor("archivist"), shown.id)
    with world.opened.database.read() as session:
        leaves = [leaf for leaf in session.scalars(select(AuditLeaf)) if leaf.name.startswith("token:")]
    assert sorted(leaf.name for leaf in leaves) == ["token:make", "token:withdraw"]
    assert not any(token in repr(vars(leaf)) for leaf in leaves)


def test_tokens_end_with_another_password_and_with_a_closed_account_for_good(world: World) -> None:
    services = world.opened.services
    first = make(world)
    services.accounts.change_password(world.actor("archivist"), PASSWORD, PASSWORD + "之二", "")
    assert services.tokens.bearer(first, TokenScope.SEARCH) is None
    second = make(world)
    services.people.close(world.actor("sysadmin"), world.ids["archivist"], "演示：离岗")
    services.people.open(world.actor("sysadmin"), world.ids["archivist"], "演示：返岗")
    assert services.tokens.bearer(second, TokenScope.SEARCH) is None
