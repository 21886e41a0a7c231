"""Canaries: a unique word in every text of a case and of what hangs on it, found by looking through the tables.

A column that comes later is planted by itself, unless it is named here as none of people's words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, Text, select

from archive_store.drafts import page_file
from archive_store.labels import Label, Level, Mark
from archive_store.models.accounts import CaseGrant
from archive_store.models.base import now
from archive_store.models.cases import (
    Case,
    CaseHandler,
    Item,
    LabelDecision,
    PartyBinding,
    Person,
    StoredFile,
    Transfer,
    Waiver,
)
from archive_store.models.classification import LabelProposal, LabelReview
from archive_store.models.copies import CopyRequest, Decision, Opinion, Release, RequestedItem, RequestStep, SignedCopy
from archive_store.vocabulary import PersonRole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from archive_store.corrections import Corrections
    from archive_store.models.base import Base

NO_WORDS = {
    *("id", "fonds", "import_key", "type_code", "subject", "subject_id", "decided_by", "created_by", "actor_id"),
    *("sha512", "sha256", "blob", "object_id", "content_path", "media_type", "extension", "role", "finding_key"),
    *("manifest", "manifest_sha256", "plan_sha256", "withheld_ground", "check_code", "outcome"),
}
"""Text columns that hold codes, names in the store, digests or ids of ours, never words of people."""
CODES = {("decisions", "ground")}
BY_CASE = (Case, CaseHandler, Item, Person, LabelDecision, Transfer, Waiver, CaseGrant, LabelProposal, LabelReview)
BY_REQUEST = (CopyRequest, RequestedItem, Opinion, Release, Decision, RequestStep, SignedCopy)
ALL_HIDING = Label(Level.TOP_SECRET, frozenset(Mark))


@dataclass
class Planted:
    """Words by the kind and id of the row in which they stand."""

    words: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def of(self, *rows: str) -> set[str]:
        """The words of rows, by their ids."""
        return {word for (_, row), words in self.words.items() if row in rows for word in words}

    @property
    def all(self) -> set[str]:
        return {word for words in self.words.values() for word in words}


def plant(session: Session, case_id: str) -> Planted:
    """Put a word of its own into every text of the case."""
    planted = Planted()
    for row in _rows(session, case_id):
        for column in _columns(type(row)):
            word = f"canary{len(planted.all):04d}x"
            setattr(row, column, word)
            planted.words.setdefault((row.__tablename__, row.id), []).append(word)
    return planted


def plant_corrections(session: Session, case_id: str, corrections: Corrections, by: str, planted: Planted) -> None:
    """Put a word into the corrected text of a page of every item, which lies encrypted."""
    for file in filter(None, map(page_file, session.get_one(Case, case_id).items)):
        word = f"canary{len(planted.all):04d}x"
        corrections.put(session, file.id, 1, word, by, now())
        planted.words.setdefault(("page_corrections", file.id), []).append(word)


def hide_case(session: Session, case_id: str) -> None:
    """Label the entry so that nobody of the usual people reaches it."""
    session.get_one(Case, case_id).label = ALL_HIDING


def hide_parts(session: Session, case_id: str) -> set[str]:
    """Label the last item and the party, for whom others act, and no more; gives the ids of the rows hidden so."""
    case = session.get_one(Case, case_id)
    case.label = Label()
    item, person = case.items[-1], next(person for person in case.persons if person.role is PersonRole.PARTY)
    item.label = person.label = ALL_HIDING
    about = (item.id, person.id)
    hidden = {*about, *(file.id for file in item.files)}
    for table in (LabelDecision, LabelProposal, LabelReview):
        hidden |= {row.id for row in session.scalars(select(table).where(table.subject_id.in_(about)))}
    hidden |= set(session.scalars(select(PartyBinding.id).where(PartyBinding.person_id == person.id)))
    return hidden


def _columns(table: type[Base]) -> Iterator[str]:
    for column in table.__table__.columns:
        plain = type(column.type) in (String, Text) and not column.foreign_keys
        if plain and column.name not in NO_WORDS and (table.__tablename__, column.name) not in CODES:
            yield column.name


def _rows(session: Session, case_id: str) -> Iterator[Any]:
    for table in BY_CASE:
        yield from session.scalars(select(table).where((table.id if table is Case else table.case_id) == case_id))
    requests = select(CopyRequest.id).where(CopyRequest.case_id == case_id)
    for table in BY_REQUEST:
        mine = table.id if table is CopyRequest else table.request_id
        yield from session.scalars(select(table).where(mine.in_(requests)))
    items = select(Item.id).where(Item.case_id == case_id)
    yield from session.scalars(select(StoredFile).where(StoredFile.item_id.in_(items)))
    persons = select(Person.id).where(Person.case_id == case_id)
    yield from session.scalars(select(PartyBinding).where(PartyBinding.person_id.in_(persons)))
