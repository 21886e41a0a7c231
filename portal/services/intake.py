"""Intake: case folders and files become drafts, which their handlers complete.

Bytes are durable in staging before the draft that names them is committed; a crash in between leaves bytes that
nothing names, which the worker sweeps. Nothing half-imported is ever visible: a case comes in whole or not at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.case_reading import is_case_folder, read_case_folder
from archive_store.cases import case_for, item_thing
from archive_store.drafts import RENDITION, Incoming, note_label, playing_file, renumber
from archive_store.errors import ConflictError, InvalidInputError, NotFoundError
from archive_store.forms.workbook import empty_workbook
from archive_store.models.accounts import Department
from archive_store.models.cases import Case, Item, Person
from archive_store.parsing.formats import TRANSCRIPTS
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may
from archive_store.vocabulary import UnmaskGround

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from sqlalchemy.orm import Session

    from archive_store.blobs.base import StagingStore
    from archive_store.case_folder import CaseFolder, CaseHead, FolderFinding, ItemPart, LabelPart
    from archive_store.case_reading import FolderReading, Location
    from archive_store.drafts import DraftBuilder
    from archive_store.identity import Actor
    from archive_store.labels import Label
    from archive_store.parsing.documents import Documents
    from archive_store.private_fields import PrivateFields
    from archive_store.regulation.catalogue import DocumentType
    from portal.services.desk import Desk

FREE_NUMBERS = 1_000_000
TOO_CLASSIFIED = "本系统为开放部署，不得存放秘密及以上内容（保守国家秘密法第三十一条）。请按涉密载体规定另行管理。"


class AlreadyThereError(InvalidInputError):
    """The case holds this very file: whoever sends a folder again need not mind."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of one folder: `made`, `present` (an earlier run brought it in) or `refused` with findings.

    `unnamed` are files in the folder that the description does not name, and that were left there.
    """

    folder: Path
    result: str
    case_id: str | None = None
    findings: tuple[FolderFinding, ...] = ()
    unnamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes bytes in: staged durably, then probed in the parser processes."""

    staging: StagingStore
    documents: Documents
    max_bytes: int

    def take(self, name: str, stream: BinaryIO) -> Incoming:
        """Stage a stream and say what it is; a file that no parser can read comes in with its problem named."""
        stored = self.staging.put(stream, limit=self.max_bytes)
        with self.staging.open(stored.name) as handle:
            return Incoming(name, stored, self.documents.probe(handle))

    def forget(self, files: list[Incoming]) -> None:
        """Let go of what will not be used."""
        self.staging_delete([incoming.stored.name for incoming in files])

    def staging_delete(self, blobs: list[str]) -> None:
        """Let go of staged bytes by name."""
        for blob in blobs:
            self.staging.delete(blob)


class IntakeService:
    """Drafts: by folder, by form, and their completion."""

    def __init__(self, desk: Desk, receiver: Receiver, builder: DraftBuilder, *, secrets_allowed: bool) -> None:
        self._desk = desk
        self._receiver = receiver
        self._builder = builder
        self._secrets_allowed = secrets_allowed

    # --- whole folders

    def import_folder(self, actor: Actor, folder: Path) -> Iterator[ImportOutcome]:
        """Bring in `folder` if it is a case, else each case folder in it, one after the other."""
        if is_case_folder(folder):
            yield self.import_case(actor, folder)
            return
        for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
            yield self.import_case(actor, inner)

    def import_case(self, actor: Actor, folder: Path) -> ImportOutcome:
        """Bring in one case folder, whole or not at all; a second run finds what the first brought in."""
        if not may(actor, Permission.MAKE_DRAFT):
            raise NotFoundError
        read = read_case_folder(folder, self._builder.catalogue, self._receiver.documents.sheets)
        if read.case is None:
            return ImportOutcome(folder, "refused", None, read.findings)
        if secret := self._secret_findings(read):
            return ImportOutcome(folder, "refused", None, secret)
        if (known := self._brought_in_before(folder, read.case)) is not None:
            return ImportOutcome(folder, "present", known, (), read.unnamed)
        files: list[Incoming] = []
        try:
            self._take_files(folder, read.case, files)
            result, case_id = self._enter(actor, read.case, files)
        except InvalidInputError as error:
            self._receiver.forget(files)
            return ImportOutcome(folder, "refused", None, (read.at((error.field or "",), error.message),))
        except ConflictError:  # the same folder came in by another hand in this moment; nothing of ours was written
            self._receiver.forget(files)
            raise
        if result == "present":
            self._receiver.forget(files)
        return ImportOutcome(folder, result, case_id, (), read.unnamed)

    def _enter(self, actor: Actor, description: CaseFolder, files: list[Incoming]) -> tuple[str, str]:
        """Make the draft, or find what an earlier run made of the same folder; gives the result and the case's id."""
        key = _import_key(description, (incoming.stored.sha512 for incoming in files))
        with self._desk.database.write() as unit:
            known = unit.session.scalars(select(Case).where(Case.import_key == key)).first()
            if known is not None:
                return "present", known.id
            case = self._build(unit.session, actor, description, files, key)
            subject = ("case", case.id)
            self._desk.record(unit.session, actor, EventName.CASE_IMPORT, subject, items=len(case.items))
            return "made", case.id

    def _brought_in_before(self, folder: Path, description: CaseFolder) -> str | None:
        """The case that an earlier run made of this folder: the files are only read, not taken in and parsed again."""
        digests = (_digest(folder / name) for item in description.items for name in _names(item))
        key = _import_key(description, digests)
        with self._desk.database.read() as session:
            return session.scalars(select(Case.id).where(Case.import_key == key)).first()

    def _secret_findings(self, read: FolderReading) -> tuple[FolderFinding, ...]:
        """Every label of the description that this installation must not take in."""
        if read.case is None or self._secrets_allowed:
            return ()
        labels: list[tuple[Location, LabelPart]] = [(("label",), read.case.label)]
        labels += [(("items", n, "label"), part.label) for n, part in enumerate(read.case.items)]
        labels += [(("persons", n, "label"), part.label) for n, part in enumerate(read.case.persons)]
        return tuple(read.at(place, TOO_CLASSIFIED) for place, part in labels if part.label.level.is_state_secret)

    def _take_files(self, folder: Path, description: CaseFolder, taken: list[Incoming]) -> None:
        for name in (name for item in description.items for name in _names(item)):
            with (folder / name).open("rb") as stream:
                taken.append(self._receiver.take(name, stream))

    def _build(self, session: Session, actor: Actor, description: CaseFolder, files: list[Incoming], key: str) -> Case:
        case = self._builder.case(session, description, actor.account_id)
        case.import_key = key
        queue = iter(files)
        for part in description.items:
            item = self._builder.item(session, case, part, next(queue), actor.account_id)
            if part.rendition:
                self._builder.attach(item, RENDITION, next(queue))
                item.rendition_made_by = part.rendition.made_by
        renumber(case)
        return case

    # --- by form

    def begin(self, actor: Actor, head: CaseHead) -> str:
        """Begin a draft from a form; the actor is among its handlers."""
        if not may(actor, Permission.MAKE_DRAFT):
            raise NotFoundError
        self._refuse_secrets(head.label.label)
        if actor.name not in head.handlers:
            head = head.model_copy(update={"handlers": [actor.name, *head.handlers]})
        with self._desk.database.write() as unit:
            case = self._builder.case(unit.session, head, actor.account_id)
            for handler in case.handlers:
                if handler.name == actor.name:
                    handler.account_id = actor.account_id
            if case.department_id not in actor.departments:
                raise InvalidInputError("只能为本人所在部门建立案卷。", "department")
            self._desk.record(unit.session, actor, EventName.CASE_BEGIN, ("case", case.id))
            return case.id

    def describe(self, actor: Actor, case_id: str, head: CaseHead, person_ids: Sequence[str] = ()) -> None:
        """Write the particulars of a draft anew.

        `person_ids` name, in the order of the persons, whom each describes again; empty for a new one. Persons whom the
        actor may not know stay as they are.
        """
        self._refuse_secrets(head.label.label)
        with self._drafting(actor, case_id) as (session, case):
            handled = {handler.name: handler.account_id for handler in case.handlers}
            self._builder.describe(session, case, head)
            for handler in case.handlers:
                handler.account_id = handler.account_id or handled.get(handler.name)
            if not any(handler.account_id == actor.account_id for handler in case.handlers):
                raise InvalidInputError("承办人中须保留您本人。", "handlers")
            known = {person.id: person for person in case.persons if cleared(actor, person.label)}
            hidden = [person for person in case.persons if person.id not in known]
            again = [known.pop(person_id, None) for person_id in person_ids]
            self._builder.set_persons(session, case, head.persons, actor.account_id, again, hidden)
            if case.label != head.label.label:
                case.label = head.label.label
                note_label(session, case, "entry", case.id, case.label, actor.account_id)

    def add_file(self, actor: Actor, case_id: str, name: str, stream: BinaryIO) -> str:
        """Add a file as a new item at the end; its particulars are guessed from its name. Gives the item's id."""
        with self._desk.database.read() as session:
            case_for(session, actor, case_id, Permission.EDIT_DRAFT)
        incoming = self._receiver.take(name, stream)
        with self._drafting(actor, case_id) as (session, case):
            if any(file.sha512 == incoming.stored.sha512 for item in case.items for file in item.files):
                self._receiver.forget([incoming])
                raise AlreadyThereError(f"“{name}”与本案已有的文件内容相同，没有重复收入。", "file")
            part = self._builder.guess(incoming, case.ended_on, case.label)
            item = self._builder.item(session, case, part, incoming, actor.account_id)
            renumber(case)
            return item.id

    def add_rendition(
        self, actor: Actor, case_id: str, item_id: str, stream: BinaryIO, name: str, made_by: str
    ) -> None:
        """Hand in a paged PDF beside an original that has no pages, or a transcript beside a recording."""
        with self._desk.database.read() as session:
            case_for(session, actor, case_id, Permission.EDIT_DRAFT)
        incoming = self._receiver.take(name, stream)
        is_transcript = incoming.probe.media_type in TRANSCRIPTS
        if not incoming.probe.pages and not is_transcript:
            self._receiver.forget([incoming])
            raise InvalidInputError(
                "版式件须是可以读取的 PDF 或图像；录音录像的文字记录须是 SRT 或 WebVTT 文件。", "rendition"
            )
        with self._drafting(actor, case_id) as (_, case):
            item = _item_of(actor, case, item_id)
            if is_transcript and playing_file(item) is None:
                raise InvalidInputError("带时间的文字记录（SRT、WebVTT）只能附在录音录像上。", "rendition")
            if any(file.role == RENDITION for file in item.files):
                raise ConflictError("该件已有版式件。如需更换，请先删除该件再重新收入。")
            self._builder.attach(item, RENDITION, incoming)
            item.rendition_made_by = made_by.strip() or actor.name
            renumber(case)

    def describe_item(self, actor: Actor, case_id: str, item_id: str, part: ItemPart) -> None:
        """Write the particulars of an item anew."""
        self._refuse_secrets(part.label.label)
        with self._drafting(actor, case_id) as (session, case):
            item = _item_of(actor, case, item_id)
            self._builder.describe_item(item, part)
            if item.label != part.label.label:
                item.label = part.label.label
                note_label(session, case, "item", item.id, item.label, actor.account_id)

    def remove_item(self, actor: Actor, case_id: str, item_id: str) -> None:
        """Take an item out of a draft; its bytes go once that is durable."""
        gone: list[str] = []
        with self._drafting(actor, case_id, lambda: self._receiver.staging_delete(gone)) as (session, case):
            item = _item_of(actor, case, item_id)
            gone += [file.blob for file in item.files if file.blob]
            subject = ("item", item.id)
            self._desk.record(session, actor, EventName.ITEM_REMOVE, subject, digests=[f.sha512 for f in item.files])
            _reorder(session, case, [other for other in case.items if other is not item])

    def move_item(self, actor: Actor, case_id: str, item_id: str, position: int) -> None:
        """Put an item at another place (1..n)."""
        with self._drafting(actor, case_id) as (session, case):
            item = _item_of(actor, case, item_id)
            order = [other for other in case.items if other is not item]
            order.insert(max(0, min(position - 1, len(order))), item)
            _reorder(session, case, order)

    # --- what the pages of a draft show

    def document_types(self) -> list[DocumentType]:
        """The catalogue of document types."""
        return [*self._builder.catalogue]

    def empty_workbook(self, actor: Actor) -> bytes:
        """An empty 案卷目录.xlsx with this installation's document types and departments to choose from."""
        if not may(actor, Permission.MAKE_DRAFT):
            raise NotFoundError
        with self._desk.database.read() as session:
            departments = [*session.scalars(select(Department.name).order_by(Department.code))]
        return empty_workbook(self._builder.catalogue, departments)

    def persons_in_full(self, actor: Actor, case_id: str) -> list[tuple[Person, PrivateFields]]:
        """The persons of a draft unmasked, for the handler who writes them; the look is an event."""
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.EDIT_DRAFT)
            subject, ground = ("case", case.id), UnmaskGround.DRAFTING
            self._desk.record(unit.session, actor, EventName.PERSON_UNMASK, subject, ground=str(ground))
            return [(person, self._builder.private(person)) for person in case.persons if cleared(actor, person.label)]

    # --- parts

    @contextmanager
    def _drafting(
        self, actor: Actor, case_id: str, after: Callable[[], object] | None = None
    ) -> Iterator[tuple[Session, Case]]:
        """A change of a draft: found for the actor, recorded, committed; `after` runs when it is durable."""
        with self._desk.database.write() as unit:
            case = case_for(unit.session, actor, case_id, Permission.EDIT_DRAFT)
            yield unit.session, case
            self._desk.record(unit.session, actor, EventName.CASE_EDIT, ("case", case.id))
            if after is not None:
                unit.after_commit(after)

    def _refuse_secrets(self, *labels: Label) -> None:
        if not self._secrets_allowed and any(label.level.is_state_secret for label in labels):
            raise InvalidInputError(TOO_CLASSIFIED, "label")


def _names(item: ItemPart) -> list[str]:
    return [item.file, item.rendition.file] if item.rendition else [item.file]


def _import_key(description: CaseFolder, digests: Iterable[str]) -> str:
    """What makes a folder the same folder again: what it says, however it is written, and the digests of its files."""
    digest = sha256(description.model_dump_json().encode())
    for one in digests:
        digest.update(one.encode())
    return digest.hexdigest()


def _digest(path: Path) -> str:
    """The SHA-512 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha512").hexdigest()


def _item_of(actor: Actor, case: Case, item_id: str) -> Item:
    """An item of a draft, for someone who may change it: whoever may not read it neither changes nor removes it."""
    for item in case.items:
        if item.id == item_id and decide(actor, Permission.EDIT_DRAFT, item_thing(case, item)):
            return item
    raise NotFoundError


def _reorder(session: Session, case: Case, order: list[Item]) -> None:
    """Give the items of a draft the numbers 1..n in `order`; others leave. Numbers pass through a free range."""
    for item in [item for item in case.items if item not in order]:
        case.items.remove(item)
    for item in case.items:
        item.number += FREE_NUMBERS
    session.flush()
    for number, item in enumerate(order, start=1):
        item.number = number
    session.flush()
    case.items.sort(key=lambda item: item.number)
    renumber(case)
