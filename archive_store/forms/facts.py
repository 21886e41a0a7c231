"""What stands on the three sheets that close a volume: cover, table of contents, closing note.

Fields follow GB/T 9705-2008 (文书档案案卷格式) and DA/T 22-2015. The archive decides beforehand which names may stand
on a volume's sheets, since a sheet is read by everyone who may read that volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from archive_store.labels import Volume
    from archive_store.vocabulary import ActKind, Procedure, Retention


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    """What all three sheets of one volume say.

    `part` names a classified compartment of its own (e.g. 涉密分卷), empty for the ordinary volume.
    `demonstration` prints a banner: fictional data without legal force.
    """

    bureau: str
    archival_code: str
    title: str
    volume: Volume
    part: str = ""
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class CoverFacts:
    """封面: whose act it was, about what, from when to when, kept how long, how much lies inside."""

    volume: VolumeFacts
    case_number: str
    kind: ActKind
    procedure: Procedure
    parties: tuple[str, ...]
    department: str
    handlers: tuple[str, ...]
    started: date
    ended: date
    filed: date
    sealed: date
    retention: Retention
    label: str
    items: int
    pages: int
    recordings: int = 0


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """One line of 卷内文件目录: one item, in the order of the volume.

    `extent` is where it stands: pages as "1-3", or the duration of a recording as "00:12:30".
    """

    number: int
    document_number: str
    originator: str
    title: str
    date: date
    extent: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ContentsFacts:
    """卷内文件目录: every item of the volume."""

    volume: VolumeFacts
    rows: tuple[ContentsRow, ...]
    made: date


@dataclass(frozen=True, slots=True)
class ClosingFacts:
    """备考表: state of the volume, who compiled and who checked it, and when.

    `notes` are the remarks on the volume (gaps, waived findings with their reasons), one paragraph each;
    `see_also` are the archival codes of the other volumes of the same case (互见号).
    """

    volume: VolumeFacts
    items: int
    pages: int
    recordings: int
    notes: tuple[str, ...]
    see_also: tuple[str, ...]
    compiled_by: str
    compiled: date
    checked_by: str
    checked: date
    sealed_by: str
    sealed: date
