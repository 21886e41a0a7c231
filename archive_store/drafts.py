"""How drafts are built: rows from a description and from files that were taken in. No policy, no commit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from archive_store.blobs.base import NOT_ENCRYPTED
from archive_store.case_folder import ItemPart, LabelPart
from archive_store.errors import InvalidInputError
from archive_store.guessing import guess
from archive_store.models.accounts import Account, Department
from archive_store.models.base import new_id
from archive_store.models.cases import Case, CaseHandler, Item, LabelDecision, Person, StoredFile
from archive_store.parsing.formats import SOUND_AND_PICTURE, TRANSCRIPTS, WORDED, Kind
from archive_store.private_fields import FieldSeal, PrivateFields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from archive_store.blobs.base import StoredBlob
    from archive_store.case_folder import CaseHead, PersonPart
    from archive_store.labels import Label
    from archive_store.parsing.documents import Probe
    from archive_store.regulation.catalogue import DocumentCatalogue

ORIGINAL, RENDITION = "original", "rendition"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was staged and probed."""

    name: str
    stored: StoredBlob
    probe: Probe


class DraftBuilder:
    """Makes rows of a draft."""

    def __init__(self, catalogue: DocumentCatalogue, fields: FieldSeal, fonds: str) -> None:
        self.catalogue = catalogue
        self._fields = fields
        self._fonds = fonds

    def case(self, session: Session, head: CaseHead, created_by: str) -> Case:
        """A new draft with its persons and handlers.

        Raises:
            InvalidInputError: the department is unknown.
        """
        case = Case(id=new_id(), fonds=self._fonds, created_by=created_by, label=head.label.label)
        self.describe(session, case, head)
        session.add(case)
        session.flush()
        note_label(session, case, "entry", case.id, case.label, created_by)
        self.set_persons(session, case, head.persons, created_by)
        return case

    def describe(self, session: Session, case: Case, head: CaseHead) -> None:
        """Write what the description says of the case as a whole."""
        department = session.scalars(select(Department).where(Department.name == head.department)).first()
        if department is None:
            raise InvalidInputError(f"没有名为“{head.department}”的部门，请核对名称。", "department")
        case.department_id = department.id
        case.case_number, case.title, case.note = head.case_number, head.title, head.note
        case.kind, case.procedure, case.retention = head.kind, head.procedure, head.retention
        case.facts, case.served = [*dict.fromkeys(head.facts)], [*dict.fromkeys(head.served)]
        case.started_on, case.ended_on = head.started, head.ended
        case.compiled_by = head.handlers[0]
        case.handlers = [
            CaseHandler(position=n, name=name, account_id=self._handler_account(session, name))
            for n, name in enumerate(head.handlers)
        ]

    def set_persons(
        self,
        session: Session,
        case: Case,
        parts: Sequence[PersonPart],
        decided_by: str,
        again: Sequence[Person | None] = (),
        untouched: Sequence[Person] = (),
    ) -> None:
        """Write the persons of the case anew.

        `again` are, part by part, the persons that are described once more (None for a new one): each keeps its label,
        which nobody decided anew. `untouched` stay as they are, for who writes may not know them.

        Raises:
            InvalidInputError: somebody represents a person who is not there.
        """
        stood_for = {person.id: person.represents_id for person in case.persons}
        for person in case.persons:
            person.represents_id = None
        session.flush()
        described = [*again, *[None] * len(parts)][: len(parts)]
        rows = [person or Person(id=new_id(), case_id=case.id) for person in described]
        case.persons[:] = [*rows, *untouched]
        for n, (person, part) in enumerate(zip(rows, parts, strict=True)):
            self._describe_person(person, part, n, is_new=person.id not in stood_for)
        for n, person in enumerate(untouched, start=len(rows)):
            person.position = n
        session.flush()
        by_name = {person.name: person.id for person in reversed(rows)}
        for person, part in zip(rows, parts, strict=True):
            if part.represents and part.represents not in by_name:
                raise InvalidInputError(f"被代理人“{part.represents}”不在本案人员之中。", "represents")
            person.represents_id = by_name.get(part.represents)
            if person.id not in stood_for:
                note_label(session, case, "person", person.id, person.label, decided_by)
        _keep_unseen_ties(case, stood_for, {person.id for person in untouched})

    def _describe_person(self, person: Person, part: PersonPart, position: int, *, is_new: bool) -> None:
        person.position, person.name, person.kind, person.role = position, part.name, part.kind, part.role
        person.representation_until = part.representation_until
        if is_new:
            person.label = part.label.label
        private = PrivateFields(part.identity_number, part.phone, part.address)
        person.identity_sealed = self._fields.seal(person.id, private) if private != PrivateFields() else None

    def item(self, session: Session, case: Case, part: ItemPart, incoming: Incoming, decided_by: str) -> Item:
        """A new item at the end of the case, with its original."""
        item = Item(id=new_id(), number=len(case.items) + 1, label=part.label.label)
        self.describe_item(item, part)
        case.items.append(item)
        self.attach(item, ORIGINAL, incoming)
        session.flush()
        note_label(session, case, "item", item.id, item.label, decided_by)
        return item

    def describe_item(self, item: Item, part: ItemPart) -> None:
        """Write what the description says of an item; gaps are filled from the catalogue.

        Raises:
            InvalidInputError: the document type is unknown.
        """
        kind = self.catalogue.get(part.type)
        item.title, item.type_code, item.dated = part.title, part.type, part.date
        item.stage, item.volume = part.stage or kind.stage, part.volume or kind.volume
        item.neutral_title, item.listable = part.neutral_title or kind.neutral_title, part.listable
        item.document_number, item.originator = part.document_number, part.originator
        item.signed, item.contains = part.signed, list(part.contains)
        item.carrier = part.carrier.kind
        item.carrier_data = part.carrier.model_dump(mode="json", exclude={"kind"}, exclude_defaults=True)
        item.recording = part.recording.model_dump(mode="json") if part.recording else None

    def attach(self, item: Item, role: str, incoming: Incoming) -> StoredFile:
        """Put a file in its place beside the item."""
        probe, stored = incoming.probe, incoming.stored
        row = StoredFile(
            id=new_id(),
            role=role,
            name=PurePath(incoming.name).name[:500],
            blob=stored.name,
            size=stored.size,
            sha512=stored.sha512,
            media_type=probe.media_type,
            extension=probe.extension,
            pages=probe.pages,
            duration_seconds=probe.duration_seconds,
            problem=probe.problem or "",
            encryption=stored.encryption.as_json(),
        )
        item.files.append(row)
        return row

    def private(self, person: Person) -> PrivateFields:
        """A person's private fields, unmasked."""
        return self._fields.open(person.id, person.identity_sealed)

    def guess(self, incoming: Incoming, day: date, label: Label) -> ItemPart:
        """What can be said of a file from its name; its day is `day` where the name holds none."""
        found = guess(incoming.name, self.catalogue, playing=incoming.probe.kind is Kind.PLAYING)
        part = LabelPart.model_validate({"level": label.level.name.lower(), "marks": sorted(label.marks)})
        name = PurePath(incoming.name).name
        return ItemPart(file=name, title=found.title, type=found.type_code, date=found.day or day, label=part)

    def _handler_account(self, session: Session, name: str) -> str | None:
        found = session.scalars(select(Account.id).where(Account.name == name)).all()
        return found[0] if len(found) == 1 else None


def _keep_unseen_ties(case: Case, stood_for: Mapping[str, str | None], unseen: set[str]) -> None:
    """Have who is unseen, and who stands for one who is, stand for the same person as before, if that one is there."""
    there = {person.id for person in case.persons}
    for person in case.persons:
        former = stood_for.get(person.id)
        if former in there and (person.id in unseen or (former in unseen and person.represents_id is None)):
            person.represents_id = former


def note_label(session: Session, case: Case, subject: str, subject_id: str, label: Label, by: str) -> None:
    """Append the decision behind a label."""
    decision = LabelDecision(case_id=case.id, subject=subject, subject_id=subject_id, label=label, decided_by=by)
    decision.readers = []
    session.add(decision)


def is_encrypted(item: Item) -> bool:
    """Whether bytes of the item are encrypted where they lie; of those no text may lie in the open (decision 15)."""
    return any(file.encryption != NOT_ENCRYPTED.as_json() for file in item.files)


def original_file(item: Item) -> StoredFile | None:
    """The file that was handed in; None while an item of a draft has none."""
    return next((file for file in item.files if file.role == ORIGINAL), None)


def page_file(item: Item) -> StoredFile | None:
    """The file whose pages are read and copied: the rendition where one was handed in, else a paged original."""
    by_role = {file.role: file for file in item.files}
    chosen = by_role.get(RENDITION) or by_role.get(ORIGINAL)
    return chosen if chosen is not None and chosen.pages else None


def worded_file(item: Item) -> StoredFile | None:
    """The original whose text is found although it has no pages; None where pages are there to be read."""
    original = original_file(item)
    has_words = original is not None and original.media_type in WORDED and page_file(item) is None
    return original if has_words else None


def page_count(item: Item) -> int:
    """How many pages are read and copied; 0 where the item has none."""
    file = page_file(item)
    return (file.pages or 0) if file else 0


def playing_file(item: Item) -> StoredFile | None:
    """The recording that is played: the original, where it is sound or picture."""
    original = original_file(item)
    return original if original is not None and original.media_type in SOUND_AND_PICTURE else None


def transcript_file(item: Item) -> StoredFile | None:
    """What was said in a recording, handed in beside it."""
    beside = next((file for file in item.files if file.role == RENDITION), None)
    is_one = beside is not None and beside.media_type in TRANSCRIPTS and playing_file(item) is not None
    return beside if is_one else None


def renumber(case: Case) -> None:
    """Number items 1..n in their order and pages through the whole file (DA/T 22)."""
    page = 0
    for number, item in enumerate(case.items, start=1):
        item.number = number
        file = page_file(item)
        count = file.pages if file and file.pages else 0
        item.page_from, item.page_to = (page + 1, page + count) if count else (None, None)
        page += count


def contents_list(case: Case) -> Mapping[str, Any]:
    """The list that goes with a hand-over: number, title, pages and digest of each item."""
    return {
        "items": [
            {
                "number": item.number,
                "title": item.title,
                "pages": item.page_count,
                "files": [{"role": f.role, "sha512": f.sha512, "size": f.size} for f in item.files],
            }
            for item in case.items
        ]
    }
