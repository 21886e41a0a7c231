"""From the rows of a case, and what was read of its bytes, to what the four checks judge; and to findings that block.

What is demanded of the metadata (W3; DA/T 46, DA/T 22): of the case its fonds, number, title, who compiled it, its
handlers, and at the seal who checked it; of each item title and type, and of a digitised one where the paper lies,
who digitised it and when.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive_store.drafts import page_file
from archive_store.four_check_report import Moment, Outcome
from archive_store.four_checks import CheckedItem
from archive_store.guessing import UNKNOWN_TYPE
from archive_store.named_persons import Named
from archive_store.parsing.formats import LOCKED
from archive_store.regulation.facts import Finding, Severity
from archive_store.vocabulary import CarrierKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archive_store.four_check_report import FourCheckReport, Line, PropertyReport
    from archive_store.models.cases import Case, Item, StoredFile

READ_BY_US = frozenset({"application/pdf", "image/jpeg", "image/png", "image/tiff"})
"""Formats that a parser opens at intake; beside them recordings, whose length it reads."""
LASTING = READ_BY_US | frozenset(
    {
        "application/ofd",
        "text/plain",
        "application/xml",
        "video/mp4",
        "audio/mp4",
        "audio/mpeg",
        "audio/wav",
    }
)
"""Formats that are kept for long as they are (GB/T 18894-2016, annex; GB/T 33190 for OFD)."""
DIGITISED = (("paper_location", "纸质原件存放处"), ("digitised_by", "数字化人"), ("digitised_on", "数字化日期"))
COVERED_BY_FINDINGS = frozenset({"W4", "K1"})
"""Checks that repeat what the regulation's own findings say; those findings block, and are waived, by themselves."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one file: SHA-512 in hex, and bytes."""

    sha512: str
    size: int


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of a case: by id of the stored file (None where it could not be read), and by id of the item."""

    files: Mapping[str, Reading | None]
    named: Mapping[str, Named] = field(default_factory=dict)


def checked_item(item: Item, readings: Readings) -> CheckedItem:
    """What is known of one item: its row, its files' rows, and what was read just now."""
    whole, paged, named = _whole(item, readings), page_file(item), readings.named.get(item.id, Named())
    digest, size = (whole.sha512, whole.size) if whole else (None, None)
    problems = tuple(file.problem for file in item.files if file.problem)
    return CheckedItem(
        number=item.number,
        title=item.title,
        volume=item.volume,
        label=item.label,
        digest_recorded=" ".join(file.sha512 for file in item.files) or None,
        digest_recomputed=digest,
        size_recorded=sum(file.size for file in item.files),
        size_read=size,
        pages_recorded=item.page_count or None,
        pages_counted=None if paged is None else paged.pages,
        format_name="、".join(file.extension.upper() for file in item.files),
        format_known=any(file.media_type in LASTING for file in item.files),
        problems=problems,
        looked_into=any(map(_is_opened, item.files)),
        needs_password=LOCKED in problems,
        metadata_missing=tuple(_missing_of(item)),
        names_person=named.person,
        names_informant=named.informant,
    )


def _whole(item: Item, readings: Readings) -> Reading | None:
    """What was read of all files of an item together; None where one could not be read, or there is none."""
    read = [reading for file in item.files if (reading := readings.files.get(file.id)) is not None]
    if not read or len(read) < len(item.files):
        return None
    return Reading(" ".join(one.sha512 for one in read), sum(one.size for one in read))


def missing_of_case(case: Case, moment: Moment) -> tuple[str, ...]:
    """Metadata of the case as a whole that are asked for at this moment and empty."""
    asked: dict[str, object] = {
        "全宗号": case.fonds,
        "案号": case.case_number,
        "题名": case.title,
        "立卷人": case.compiled_by,
        "承办人": case.handlers,
    }
    if moment in (Moment.SEALING, Moment.STORAGE):
        asked |= {"档号": case.archival_code, "检查人": case.checked_by}
    return tuple(name for name, value in asked.items() if not value)


def findings_from(report: FourCheckReport) -> list[tuple[Finding, bool]]:
    """The failures of a report as findings that block the seal, each with whether it may be waived."""
    seen: Counter[tuple[str, int | None]] = Counter()
    found = []
    for part in report.parts:
        for line in _failures(part):
            seen[line.code, line.item_number] += 1
            again = seen[line.code, line.item_number]
            need = "" if again == 1 else str(again)
            article = f"四性检测·{part.of.zh}"
            finding = Finding(line.code, article, line.text, Severity.BLOCKS, line.item_number, need)
            found.append((finding, line.waivable))
    return found


def _failures(part: PropertyReport) -> list[Line]:
    return [line for line in part.lines if line.outcome is Outcome.FAILED and line.code not in COVERED_BY_FINDINGS]


def _is_opened(file: StoredFile) -> bool:
    return file.media_type in READ_BY_US or file.duration_seconds is not None


def _missing_of(item: Item) -> Iterator[str]:
    if not item.title.strip():
        yield "题名"
    if not item.type_code or item.type_code == UNKNOWN_TYPE:
        yield "文书种类"
    if item.carrier is CarrierKind.DIGITISED:
        yield from (name for key, name in DIGITISED if not item.carrier_data.get(key))
