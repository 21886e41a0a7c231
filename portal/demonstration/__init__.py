"""A fictional archive to try everything on: 石门市演示水务局, its people, and its case files.

`build` writes case folders (`docs/case-folder.md`); nothing here imports, seals or knows a database. Every
person, company, number and place is invented, and every page says 演示.
"""

from __future__ import annotations

from portal.demonstration.building import build
from portal.demonstration.people import Bureau, Department, PartyBinding, Person
from portal.demonstration.stories import BUREAU, CASES, DEPARTMENTS, PEOPLE, CaseStory

__all__ = [
    "BUREAU",
    "CASES",
    "DEPARTMENTS",
    "PEOPLE",
    "Bureau",
    "CaseStory",
    "Department",
    "PartyBinding",
    "Person",
    "build",
]
