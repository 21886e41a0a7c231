"""The case file: case, items, files, persons, labels, transfers, findings waived, sealed objects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from archive_store.four_check_report import Moment
from archive_store.labels import Label, Volume
from archive_store.models.base import Base, EnumText, new_id, now
from archive_store.vocabulary import (
    ActKind,
    CarrierKind,
    CaseState,
    PersonKind,
    PersonRole,
    Procedure,
    Retention,
    Stage,
)


class Case(Base):
    """One enforcement act, one file (一案一卷)."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    fonds: Mapped[str] = mapped_column(String(40))
    archival_code: Mapped[str | None] = mapped_column(String(120), unique=True)
    case_number: Mapped[str] = mapped_column(String(120), index=True)
    title: Mapped[str] = mapped_column(String(500))
    kind: Mapped[ActKind] = mapped_column(EnumText(ActKind))
    procedure: Mapped[Procedure] = mapped_column(EnumText(Procedure))
    facts: Mapped[list[str]]
    served: Mapped[list[str]]
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    compiled_by: Mapped[str] = mapped_column(String(100), default="")
    checked_by: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    started_on: Mapped[date]
    ended_on: Mapped[date]
    handed_over_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    sealed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    retention: Mapped[Retention] = mapped_column(EnumText(Retention))
    state: Mapped[CaseState] = mapped_column(EnumText(CaseState), default=CaseState.DRAFT, index=True)
    label: Mapped[Label]
    """Of the entry: title, numbers, names in it."""
    import_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the description and the digests of the files that it came with; an import run again finds it."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's form

    items: Mapped[list[Item]] = relationship(
        order_by="Item.number", back_populates="case", cascade="all, delete-orphan"
    )
    persons: Mapped[list[Person]] = relationship(order_by="Person.position", cascade="all, delete-orphan")
    handlers: Mapped[list[CaseHandler]] = relationship(order_by="CaseHandler.position", cascade="all, delete-orphan")


class CaseHandler(Base):
    """A handler of the case, by name, and by account where there is one."""

    __tablename__ = "case_handlers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(100))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)


class Item(Base):
    """One document or audio-visual record (件)."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[int]
    page_from: Mapped[int | None]
    page_to: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(500))
    neutral_title: Mapped[str] = mapped_column(String(200), default="")
    listable: Mapped[bool] = mapped_column(default=False)
    type_code: Mapped[str] = mapped_column(String(60))
    stage: Mapped[Stage] = mapped_column(EnumText(Stage))
    volume: Mapped[Volume] = mapped_column(EnumText(Volume))
    document_number: Mapped[str] = mapped_column(String(100), default="")
    originator: Mapped[str] = mapped_column(String(200), default="")
    dated: Mapped[date]
    label: Mapped[Label]
    carrier: Mapped[CarrierKind] = mapped_column(EnumText(CarrierKind), default=CarrierKind.BORN_DIGITAL)
    carrier_data: Mapped[dict[str, Any]]
    """Place of the paper; of a digitised item also by whom, when, at what resolution."""
    recording: Mapped[dict[str, Any] | None]
    """Of an audio-visual item: device, recorded_at, stored_at, recorder, place, duration_seconds."""
    signed: Mapped[bool] = mapped_column(default=True)
    contains: Mapped[list[str]]
    """Ids of rules whose content the handler states to be in it."""
    rendition_made_by: Mapped[str] = mapped_column(String(200), default="")

    case: Mapped[Case] = relationship(back_populates="items")
    files: Mapped[list[StoredFile]] = relationship(cascade="all, delete-orphan", order_by="StoredFile.role")

    @property
    def page_count(self) -> int:
        """Pages that can be read and copied; 0 where there are none."""
        return 0 if self.page_from is None or self.page_to is None else self.page_to - self.page_from + 1


class StoredFile(Base):
    """The original bytes of an item, or the rendition beside it; derivatives are not kept here."""

    __tablename__ = "stored_files"
    __table_args__ = (
        UniqueConstraint("item_id", "role"),
        CheckConstraint("role IN ('original','rendition')", name="role_known"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(500))
    """The name it came with; never a path in the store."""
    blob: Mapped[str | None] = mapped_column(String(80), unique=True)
    """Where the bytes lie in staging until the case is sealed."""
    object_id: Mapped[str | None] = mapped_column(String(120))
    content_path: Mapped[str | None] = mapped_column(String(120))
    """Where the bytes lie once sealed: the object and the path in it."""
    size: Mapped[int] = mapped_column(BigInteger)
    sha512: Mapped[str] = mapped_column(String(128))
    media_type: Mapped[str] = mapped_column(String(100))
    extension: Mapped[str] = mapped_column(String(10))
    pages: Mapped[int | None]
    duration_seconds: Mapped[float | None]
    problem: Mapped[str] = mapped_column(String(500), default="")
    """What the parser could not do with it, in Chinese; empty where all is well."""
    encryption: Mapped[dict[str, Any]]


class Person(Base):
    """A natural or legal person in the case."""

    __tablename__ = "persons"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[PersonKind] = mapped_column(EnumText(PersonKind))
    role: Mapped[PersonRole] = mapped_column(EnumText(PersonRole))
    label: Mapped[Label]
    identity_sealed: Mapped[bytes | None]
    """Identity number, phone and address, encrypted; shown masked (`archive_store.private_fields`)."""
    represents_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"))
    representation_until: Mapped[date | None]


class PartyBinding(Base):
    """That an account is a person of a case, bound by an archivist after an identity check."""

    __tablename__ = "party_bindings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    proof: Mapped[str] = mapped_column(String(500))
    bound_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    bound_at: Mapped[datetime] = mapped_column(default=now)
    valid_to: Mapped[date | None]
    ended_at: Mapped[datetime | None]


class LabelDecision(Base):
    """A decision on a label, append-only; the latest one is what the thing's own column repeats."""

    __tablename__ = "label_decisions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    subject: Mapped[str] = mapped_column(String(10))
    """`entry`, `item` or `person`."""
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    label: Mapped[Label]
    ground: Mapped[str] = mapped_column(String(500), default="")
    is_derived: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(300), default="")
    origin_document: Mapped[str] = mapped_column(String(200), default="")
    """Number of the origin's written decision by which a derived level fell."""
    proposal_id: Mapped[str | None] = mapped_column(ForeignKey("label_proposals.id"))
    decided_by: Mapped[str] = mapped_column(String(40))
    decided_at: Mapped[datetime] = mapped_column(default=now)
    declassify_on: Mapped[date | None]
    declassify_when: Mapped[str] = mapped_column(String(300), default="")
    readers: Mapped[list[str]]
    """The circle of readers (知悉范围); empty where it is not narrowed."""


class Transfer(Base):
    """A hand-over of the file to the archive, and what became of it."""

    __tablename__ = "transfers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    handed_over_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    handed_over_at: Mapped[datetime] = mapped_column(default=now)
    contents: Mapped[dict[str, Any]]
    """The list of transfer: number, title, pages and digest of each item."""
    received_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    received_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]
    reasons: Mapped[str] = mapped_column(Text, default="")


class Waiver(Base):
    """A finding that the archivist lets pass, with the reason."""

    __tablename__ = "waivers"
    __table_args__ = (UniqueConstraint("case_id", "finding_key"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    finding_key: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(1000))
    waived_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    waived_at: Mapped[datetime] = mapped_column(default=now)


class FourCheckReportRow(Base):
    """A report of the four checks (四性检测, DA/T 70), as it was made."""

    __tablename__ = "four_check_reports"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    moment: Mapped[Moment] = mapped_column(EnumText(Moment))
    passed: Mapped[bool]
    report: Mapped[dict[str, Any]]
    """The lines, as `four_check_report.FourCheckReport.as_json` writes them."""
    made_by: Mapped[str] = mapped_column(String(40))
    """An account, or the service that checks during storage."""
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    """When the same was found last: a check during storage that finds nothing new makes no new row."""


class NumberSeries(Base):
    """The next number of a series of archival codes or request numbers; a number is never given twice."""

    __tablename__ = "number_series"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    next_number: Mapped[int] = mapped_column(default=1)


class SealedObject(Base):
    """One immutable OCFL object of a sealed case: main volume, auxiliary volume, or a classified compartment."""

    __tablename__ = "sealed_objects"

    object_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    compartment: Mapped[str] = mapped_column(String(60))
    label: Mapped[Label]
    manifest_sha512: Mapped[str] = mapped_column(String(128))
    inventory_sha512: Mapped[str] = mapped_column(String(128))
    """Of the OCFL inventory, which binds every byte of the object, signature and stamp included."""
    sealed_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    """When the bytes were last found whole."""
