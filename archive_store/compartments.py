"""Which sealed object each item goes into, and what stands on that object's sheets.

One object for the 正卷, one for the 副卷, one for each classified compartment (level 秘密 or above, or 举报人信息), so
that each can be encrypted, receipted and disposed of by itself. What describes an object (its sheets, its `case.json`)
speaks only of the items in it and of persons whose label its own label covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.drafts import page_file
from archive_store.forms import ClosingFacts, ContentsFacts, ContentsRow, CoverFacts
from archive_store.forms.facts import VolumeFacts
from archive_store.four_checks import seen_by
from archive_store.vocabulary import PersonRole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from archive_store.four_check_report import FourCheckReport
    from archive_store.labels import Label, Volume
    from archive_store.models.cases import Case, Item, Person, StoredFile

PRINCIPALS = (PersonRole.PARTY, PersonRole.APPLICANT)


@dataclass(frozen=True, slots=True)
class Compartment:
    """One object to be: its name in the case, the join of its items' labels with the entry's, its items in order."""

    name: str
    volume: Volume
    part: str
    label: Label
    items: tuple[Item, ...]

    def object_id(self, case_id: str) -> str:
        """The object's OCFL id."""
        return f"urn:anjuan:{case_id}:{self.name}"


def compartments(case: Case) -> list[Compartment]:
    """The objects of a case, main volume first; a volume without items has none."""
    groups: dict[tuple[Volume, str], list[Item]] = {}
    for item in case.items:
        part = item.label.code if item.label.is_compartment else ""
        groups.setdefault((item.volume, part), []).append(item)
    made, classified = [], 0
    for (volume, part), items in sorted(groups.items(), key=lambda entry: (entry[0][1] != "", entry[0])):
        label = case.label
        for item in items:
            label = label.join(item.label)
        classified += bool(part)
        name = f"c-{classified}" if part else str(volume)
        made.append(Compartment(name, volume, items[0].label.zh if part else "", label, tuple(items)))
    return made


def content_path(item: Item, file: StoredFile) -> str:
    """Where a file lies in its object: the item's number with an extension, never a title."""
    kind = "" if file.role == "original" else "-rendition"
    return f"{item.number:03d}{kind}.{file.extension or 'bin'}"


def visible_persons(case: Case, compartment: Compartment) -> list[Person]:
    """Persons whom this object may name: their label is covered by the object's own."""
    own = compartment.label
    return [p for p in case.persons if p.label.level <= own.level and p.label.marks <= own.marks]


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark for the closing note; one on an item stands only in the object that holds the item."""

    text: str
    item_number: int | None = None


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What sealing adds to the facts of the case."""

    bureau: str
    department: str
    sealed_by: str
    sealed: date
    handed_over: date
    accepted: date
    remarks: Sequence[Remark]
    checks: FourCheckReport
    demonstration: bool

    def checks_of(self, part: Compartment) -> FourCheckReport:
        """What the four checks said of the items of one object."""
        return seen_by(self.checks, _numbers(part))


def _numbers(part: Compartment) -> frozenset[int]:
    return frozenset(item.number for item in part.items)


def volume_facts(case: Case, compartment: Compartment, facts: SealFacts) -> VolumeFacts:
    """What all sheets of one object say."""
    return VolumeFacts(
        bureau=facts.bureau,
        archival_code=case.archival_code or "",
        title=case.title,
        volume=compartment.volume,
        part=compartment.part,
        demonstration=facts.demonstration,
    )


def cover(case: Case, compartment: Compartment, facts: SealFacts) -> CoverFacts:
    """The cover's facts."""
    persons = visible_persons(case, compartment)
    return CoverFacts(
        volume=volume_facts(case, compartment, facts),
        case_number=case.case_number,
        kind=case.kind,
        procedure=case.procedure,
        parties=tuple(person.name for person in persons if person.role in PRINCIPALS),
        department=facts.department,
        handlers=tuple(handler.name for handler in case.handlers),
        started=case.started_on,
        ended=case.ended_on,
        filed=facts.handed_over,
        sealed=facts.sealed,
        retention=case.retention,
        label=compartment.label.zh,
        items=len(compartment.items),
        pages=sum(item.page_count for item in compartment.items),
        recordings=sum(item.recording is not None for item in compartment.items),
    )


def contents(case: Case, compartment: Compartment, facts: SealFacts) -> ContentsFacts:
    """The table of contents' facts."""
    rows = tuple(
        ContentsRow(item.number, item.document_number, item.originator, item.title, item.dated, extent(item))
        for item in compartment.items
    )
    return ContentsFacts(volume_facts(case, compartment, facts), rows, facts.sealed)


def closing(case: Case, compartment: Compartment, facts: SealFacts) -> ClosingFacts:
    """The closing note's facts: remarks on the whole file and on items of this object, and what the checks said."""
    numbers = _numbers(compartment)
    remarks = [note.text for note in facts.remarks if note.item_number is None or note.item_number in numbers]
    checks = facts.checks_of(compartment)
    said = f"封存前四性检测：{checks.summary}。"
    return ClosingFacts(
        volume=volume_facts(case, compartment, facts),
        items=len(compartment.items),
        pages=sum(item.page_count for item in compartment.items),
        recordings=sum(item.recording is not None for item in compartment.items),
        notes=tuple(note for note in (case.note, *remarks, said) if note),
        see_also=(),
        compiled_by=case.compiled_by,
        compiled=facts.handed_over,
        checked_by=case.checked_by,
        checked=facts.accepted,
        sealed_by=facts.sealed_by,
        sealed=facts.sealed,
    )


def extent(item: Item) -> str:
    """Where an item stands: "3-7", or the length of a recording as "00:12:30"."""
    if item.page_from is not None and item.page_to is not None and page_file(item) is not None:
        return f"{item.page_from}" if item.page_count == 1 else f"{item.page_from}-{item.page_to}"
    seconds = next((file.duration_seconds for file in item.files if file.duration_seconds), None)
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"
