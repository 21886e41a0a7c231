"""Rights given without the way through asking and granting, for tests that are about something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.accounts import office_today
from archive_store.identity import AskState
from archive_store.models.accounts import Account, RightsAsk
from archive_store.models.base import now
from archive_store.rights import Right, give

if TYPE_CHECKING:
    from datetime import date

    from tests.portal.conftest import World


def given(world: World, login: str, *codes: str, until: date | None = None) -> list[str]:
    """Have a person hold rights, named by their codes (`role:leader`); gives the ids of their rows."""
    with world.opened.database.write() as unit:
        account = unit.session.scalars(select(Account).where(Account.login == login)).one()
        found = []
        for code in codes:
            right = Right.parse(code)
            ask = RightsAsk(account_id=account.id, kind=right.kind, value=right.value, ground="演示")
            ask.valid_from, ask.valid_to, ask.state = office_today(), until, AskState.GRANTED
            ask.asked_by = world.ids["sysadmin" if login == "leader" else "leader"]
            ask.decided_by = world.ids["auditor" if login == "secadmin" else "secadmin"]
            ask.decided_at = now()
            unit.session.add(ask)
            ask.grant_id = give(unit.session, ask, now(), office_today())
            found.append(ask.grant_id)
        account.rights_version += 1
        return found
