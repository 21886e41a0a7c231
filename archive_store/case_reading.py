"""Reading a case folder, whichever way it is described: one description object, one list of findings.

Every slip is told at once with its place; a case with a slip is not read at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from archive_store.case_folder import DESCRIPTION, WORKBOOK, CaseFolder, FolderFinding, say
from archive_store.case_json import read_json
from archive_store.case_workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archive_store.parsing.documents import Sheet
    from archive_store.regulation.catalogue import DocumentCatalogue

Location = tuple[int | str, ...]
WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".et", ".ods", ".xlsm")
LOCK_FILES = ("~$", ".")
"""Beginnings of the names of files that office programs lay beside what is open, and that systems hide."""


class Description(Protocol):
    """A description as it was read: plain data in the shape of `CaseFolder`, and the place of each part of it."""

    @property
    def file(self) -> str:
        """The name of the file."""

    @property
    def data(self) -> Any:  # noqa: ANN401 - whatever JSON may hold
        """What it says."""

    @property
    def slips(self) -> tuple[FolderFinding, ...]:
        """What could not be read as data."""

    def at(self, location: Location, message: str) -> FolderFinding:
        """A finding at a place in the data."""


@dataclass(frozen=True, slots=True)
class FolderReading:
    """What came of a folder: the case, or None with the findings that make it unusable.

    Attributes:
        case: the case that the folder holds.
        findings: every slip.
        description: for naming the place of what is found later.
        unnamed: files in the folder that the description does not name.
    """

    case: CaseFolder | None
    findings: tuple[FolderFinding, ...] = ()
    description: Description | None = None
    unnamed: tuple[str, ...] = ()

    def at(self, location: Location, message: str) -> FolderFinding:
        """A finding about a place in the description."""
        if self.description is None:
            return FolderFinding("", "", 0, message)
        return self.description.at(location, message)


def is_case_folder(folder: Path) -> bool:
    """Whether a folder itself holds a description."""
    return any((folder / name).is_file() for name in (DESCRIPTION, WORKBOOK))


def read_case_folder(
    folder: Path, catalogue: DocumentCatalogue, sheets: Callable[[Path], tuple[Sheet, ...]]
) -> FolderReading:
    """Read and check one case folder.

    Args:
        folder: holds the description and the files that it names.
        catalogue: the document types.
        sheets: reads a workbook, in a parser process; a ParserRefusedError becomes a finding.
    """
    described = [name for name in (DESCRIPTION, WORKBOOK) if (folder / name).is_file()]
    if not described:
        return FolderReading(None, (FolderFinding(DESCRIPTION, "", 0, _nothing_there(folder)),))
    if len(described) > 1:
        both = f"文件夹里同时有 {DESCRIPTION} 和 {WORKBOOK}，不知以哪个为准。请只留一个。"
        return FolderReading(None, (FolderFinding(WORKBOOK, "", 0, both),))
    path = folder / described[0]
    description: Description = read_json(path) if path.name == DESCRIPTION else read_workbook(path, catalogue, sheets)
    case, findings = _checked(description)
    if case is None:
        return FolderReading(None, findings, description)
    findings = (*_missing_files(folder, case, description), *_loose_ends(case, catalogue, description))
    return FolderReading(None if findings else case, findings, description, tuple(_unnamed(folder, case, path.name)))


def _nothing_there(folder: Path) -> str:
    near = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in WORKBOOK_SUFFIXES and not path.name.startswith(LOCK_FILES)
    )
    if near:
        return f"文件夹里没有 {DESCRIPTION} 或 {WORKBOOK}。如果目录是“{near[0]}”，请另存为 {WORKBOOK}。"
    return f"文件夹里没有 {DESCRIPTION} 或 {WORKBOOK}，请按说明补上一个。"


def _checked(description: Description) -> tuple[CaseFolder | None, tuple[FolderFinding, ...]]:
    """The description as a case, or every slip in it; a place that is already spoken of is not named twice."""
    slips = description.slips
    if slips and description.data is None:
        return None, slips
    try:
        case = CaseFolder.model_validate(description.data)
    except ValidationError as error:
        spoken_of = {_place(slip) for slip in slips}
        for slip in error.errors(include_url=False, include_input=False):
            if slips and not slip["loc"]:
                continue  # about the case as a whole, which is not known yet
            found = description.at(slip["loc"], say(slip["type"], slip["msg"]))
            if _place(found) not in spoken_of:
                slips = (*slips, found)
        return None, slips
    return (None, slips) if slips else (case, ())


def _place(finding: FolderFinding) -> tuple[str, str, int]:
    return finding.sheet, finding.field, finding.line


def _missing_files(folder: Path, case: CaseFolder, description: Description) -> Iterator[FolderFinding]:
    for n, item in enumerate(case.items):
        if not _is_inside(folder, item.file):
            yield description.at(("items", n, "file"), _not_there(folder, item.file))
        if item.rendition and not _is_inside(folder, item.rendition.file):
            yield description.at(("items", n, "rendition", "file"), _not_there(folder, item.rendition.file))


def _not_there(folder: Path, name: str) -> str:
    present = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    near = get_close_matches(name, present, n=1, cutoff=0.7)
    hint = f"（有相近的“{near[0]}”）" if near else ""
    return f"缺少文件 {name}{hint}，请核对文件名或补上文件"


def _is_inside(folder: Path, name: str) -> bool:
    path = (folder / name).resolve()
    return path.is_file() and path.is_relative_to(folder.resolve())


def _loose_ends(case: CaseFolder, catalogue: DocumentCatalogue, description: Description) -> Iterator[FolderFinding]:
    """What names something that is not there: document types, persons who are represented."""
    for n, item in enumerate(case.items):
        if item.type not in catalogue:
            message = f"没有“{item.type}”这种材料类型，请从材料类型目录中选择"
            yield description.at(("items", n, "type"), message)
    names = {person.name for person in case.persons}
    for n, person in enumerate(case.persons):
        if person.represents and person.represents not in names:
            message = f"“{person.represents}”不在本案人员之中，请核对姓名或补上此人"
            yield description.at(("persons", n, "represents"), message)


def _unnamed(folder: Path, case: CaseFolder, description: str) -> list[str]:
    """Files that would stay behind: they are told, since someone may believe them brought in."""
    named = {description} | {item.file for item in case.items}
    named |= {item.rendition.file for item in case.items if item.rendition}
    named = {str((folder / name).resolve()) for name in named}
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(LOCK_FILES) and str(path.resolve()) not in named
    )
