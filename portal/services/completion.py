"""What the search box offers while somebody types: one's own searches, fixed lists, and cases that one may know.

No word of a page is offered and nothing comes from the index: an offer tells no more than the list of cases does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from archive_store.cases import visible_cases
from archive_store.errors import NotFoundError
from archive_store.models.cases import Case
from archive_store.models.searches import PastSearch
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.vocabulary import CaseState
from indexer.completion import continuations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from archive_store.identity import Actor
    from archive_store.regulation.catalogue import DocumentCatalogue
    from portal.services.desk import Desk

LONGEST = 100
"""Characters of what is typed; nothing is offered for more."""
MOST, MOST_OWN, MOST_CASES = 8, 3, 4
SHORTEST_OF_CASE = 2
"""Characters from which on cases are looked for."""
_BRACKETS = str.maketrans("[]()（）【】", "〔〕〔〕〔〕〔〕")
"""A case number is written with 〔〕 and typed with any."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One whole query that is offered: what is typed for it, where it comes from, and more words for the reader."""

    query: str
    kind: str
    note: str = ""


class CompletionService:
    """Offers queries."""

    def __init__(self, desk: Desk, catalogue: DocumentCatalogue) -> None:
        self._desk = desk
        self._titles = {kind.code: kind.title for kind in catalogue}

    def offers(self, actor: Actor, typed: str) -> list[Offer]:
        """At most `MOST` queries that go on from what was typed.

        Raises:
            NotFoundError: search is not of the actor's office.
        """
        if not may(actor, Permission.SEARCH):
            raise NotFoundError
        typed = typed.lstrip()
        if not typed or len(typed) > LONGEST:
            return []
        with self._desk.database.read() as session:
            own, cases = [*_own(session, actor, typed)], [*_cases(session, actor, typed.strip())]
        public = [Offer(query, "条件") for query in continuations(typed, self._titles)]
        found: dict[str, Offer] = {}
        for offer in (*own, *cases, *public):
            found.setdefault(offer.query.strip(), offer)
        return [offer for offer in found.values() if offer.query != typed][:MOST]


def _own(session: Session, actor: Actor, typed: str) -> Iterator[Offer]:
    """Searches of one's own that began so, the latest first."""
    begun = PastSearch.account_id == actor.account_id, PastSearch.query.startswith(typed, autoescape=True)
    asked = select(PastSearch.query).where(*begun).order_by(PastSearch.asked_at.desc(), PastSearch.id)
    yield from (Offer(query, "检索记录") for query in [*dict.fromkeys(session.scalars(asked))][:MOST_OWN])


def _cases(session: Session, actor: Actor, typed: str) -> Iterator[Offer]:
    """Sealed cases that one may know, whose number, archival code or title holds what was typed."""
    if len(typed) < SHORTEST_OF_CASE:
        return
    holds = or_(
        Case.case_number.contains(typed.translate(_BRACKETS), autoescape=True),
        Case.archival_code.contains(typed, autoescape=True),
        Case.title.contains(typed, autoescape=True),
    )
    known = visible_cases(session, actor)
    asked = select(Case.case_number, Case.title).where(Case.state == CaseState.SEALED, known, holds)
    for number, title in session.execute(asked.order_by(Case.sealed_at.desc(), Case.id).limit(MOST_CASES)):
        yield Offer(number, "案卷", title)
