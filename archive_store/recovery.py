"""Who brings a person back into an account whose password was forgotten: two people, neither of them its owner.

| whose account | begins | confirms |
| --- | --- | --- |
| a system administrator's | security administrator | security auditor |
| a security administrator's | system administrator | security auditor |
| anyone else's | system administrator | security administrator |

So that no kind of administrator has a hand in the recovery of its own kind.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from archive_store.accounts import actor_of
from archive_store.identity import RecoveryState, Role
from archive_store.models.accounts import Account
from archive_store.models.recovery import Recovery
from archive_store.permissions import Permission
from archive_store.policy import may

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor

WAITS = timedelta(days=3)
"""How long a recovery waits to be confirmed."""
CODE_LASTS = timedelta(hours=24)


class Offices(NamedTuple):
    """Which office begins and which confirms."""

    begins: Role
    confirms: Role


def offices_for(owner: Actor) -> Offices:
    """The two offices for this person's account."""
    if owner.has(Role.SYSTEM_ADMINISTRATOR):
        return Offices(Role.SECURITY_ADMINISTRATOR, Role.SECURITY_AUDITOR)
    if owner.has(Role.SECURITY_ADMINISTRATOR):
        return Offices(Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_AUDITOR)
    return Offices(Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR)


def may_begin(actor: Actor, owner: Actor) -> bool:
    """Whether the actor begins recoveries of this account."""
    own = actor.account_id == owner.account_id
    return not own and may(actor, Permission.BEGIN_RECOVERY) and actor.has(offices_for(owner).begins)


def may_confirm(actor: Actor, owner: Actor, begun_by: str) -> bool:
    """Whether the actor confirms a recovery of this account that `begun_by` began."""
    concerned = actor.account_id in (owner.account_id, begun_by)
    return not concerned and may(actor, Permission.CONFIRM_RECOVERY) and actor.has(offices_for(owner).confirms)


def waiting_for(session: Session, actor: Actor, day: date) -> Iterator[tuple[Recovery, Account]]:
    """Recoveries that the actor may confirm or refuse, oldest first."""
    if not may(actor, Permission.CONFIRM_RECOVERY):
        return
    rows = session.execute(
        select(Recovery, Account)
        .join(Account, Account.id == Recovery.account_id)
        .where(Recovery.state == RecoveryState.OPEN)
        .order_by(Recovery.begun_at, Recovery.id)
    ).all()
    for recovery, account in rows:
        owner = actor_of(session, account.id, today=day)
        if owner is not None and may_confirm(actor, owner, recovery.begun_by):
            yield recovery, account
