"""A person's own searches, kept so that they can be asked again: each once, the newest ones only."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import bindparam, delete, insert, select, update

from archive_store.models.base import new_id
from archive_store.models.searches import PastSearch

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from indexer.searcher import Search

MOST_REMEMBERED = 100
"""So many of one's own searches are kept."""


def remember(session: Session, actor: Actor, search: Search, total: int, moment: datetime) -> None:
    """Put a search at the head of the actor's own history, once, and let the oldest go."""
    filters = search.plain_filters
    asked = session.execute(_SAME, {"account": actor.account_id, "query": search.query})
    same = next((row.id for row in asked if row.filters == filters), None)
    said = {"sort": search.sort.value, "asked_at": moment, "total": total}
    if same is not None:
        session.execute(_AGAIN, {"same": same, **said})
        return
    words = {"id": new_id(), "account_id": actor.account_id, "query": search.query, "filters": filters}
    session.execute(_FIRST, {**words, **said})
    session.execute(_OLDEST, {"account": actor.account_id})


_OWN = PastSearch.account_id == bindparam("account")
_SAME = select(PastSearch.id, PastSearch.filters).where(_OWN, PastSearch.query == bindparam("query"))
_TABLE = cast("Table", PastSearch.__table__)
_AGAIN = update(_TABLE).where(_TABLE.c.id == bindparam("same"))
_FIRST = insert(_TABLE)
NEWEST_FIRST = PastSearch.asked_at.desc(), PastSearch.id
_OLDEST = delete(_TABLE).where(
    _TABLE.c.id.in_(select(PastSearch.id).where(_OWN).order_by(*NEWEST_FIRST).offset(MOST_REMEMBERED))
)
