"""What each case of the demonstration is meant to become, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.demonstration.building import cases
from portal.demonstration.people import load_bureau

if TYPE_CHECKING:
    from datetime import date

    from portal.demonstration.source import Becomes, CaseSource


@dataclass(frozen=True, slots=True)
class CaseStory:
    """One case: its name for `build(only=...)`, its folder, and what it is meant to become.

    `becomes` is `sealed`, `draft` (stays with its handler, with findings) or `loose` (a folder left beside the
    archive for a new user to import). `filed_on` is the day of the hand-over (办法 Art. 28 counts 30 days from
    the end of the act to it); None where the case is not handed over.
    """

    name: str
    folder: str
    becomes: Becomes
    case_number: str
    title: str
    department: str
    handlers: tuple[str, ...]
    ended: date
    filed_on: date | None
    items: int


def _story(case: CaseSource) -> CaseStory:
    return CaseStory(
        name=case.name,
        folder=case.folder,
        becomes=case.becomes,
        case_number=case.case_number,
        title=case.title,
        department=case.department,
        handlers=tuple(case.handlers),
        ended=case.ended,
        filed_on=case.filed_on,
        items=len(case.items),
    )


BUREAU = load_bureau()
DEPARTMENTS = BUREAU.departments
PEOPLE = BUREAU.people
CASES = tuple(_story(case) for case in cases())
