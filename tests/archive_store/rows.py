"""Rows of a small fictional case, for tests of what works on rows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.labels import Label, Volume
from archive_store.models.accounts import Account, Department
from archive_store.models.base import new_id
from archive_store.models.cases import Case, CaseHandler, Item, StoredFile
from archive_store.vocabulary import ActKind, Procedure, Retention, Stage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DAY = date(2026, 11, 2)
DIGEST = "0f" * 64


def department(session: Session, name: str = "水政监察支队") -> Department:
    found = session.scalars(select(Department).where(Department.name == name)).first()
    if found is None:
        found = Department(id=new_id(), name=name, code=new_id()[:20])
        session.add(found)
        session.flush()
    return found


def account(session: Session, name: str) -> Account:
    made = Account(id=new_id(), login=new_id()[:12], name=name)
    session.add(made)
    session.flush()
    return made


def draft_case(session: Session, **changes: object) -> Case:
    """A draft without items."""
    facts: dict[str, object] = {
        "id": new_id(),
        "fonds": "J001",
        "case_number": "演水检〔2026〕1号",
        "title": "演示河段检查案",
        "kind": ActKind.INSPECTION,
        "procedure": Procedure.ORDINARY,
        "facts": [],
        "served": [],
        "department_id": department(session).id,
        "compiled_by": "承办演示甲",
        "started_on": DAY,
        "ended_on": DAY,
        "retention": Retention.YEARS_30,
        "label": Label(),
        "created_by": "service:test",
    }
    case = Case(**facts | changes)
    session.add(case)
    session.flush()
    return case


def add_item(session: Session, case: Case, pages: int | None = 1, **changes: object) -> Item:
    """An item with one file at the end of the case."""
    facts: dict[str, object] = {
        "id": new_id(),
        "number": len(case.items) + 1,
        "title": f"第{len(case.items) + 1}份演示材料",
        "type_code": "site_inspection_record",
        "stage": Stage.INVESTIGATION,
        "volume": Volume.MAIN,
        "dated": DAY,
        "label": Label(),
        "carrier_data": {},
        "contains": [],
    }
    item = Item(**facts | changes)
    item.files = [stored_file(pages=pages)]
    case.items.append(item)
    session.flush()
    return item


def stored_file(**changes: object) -> StoredFile:
    facts: dict[str, object] = {
        "id": new_id(),
        "role": "original",
        "name": "01.pdf",
        "blob": new_id(),
        "size": 10,
        "sha512": DIGEST,
        "media_type": "application/pdf",
        "extension": "pdf",
        "pages": 1,
        "encryption": {"scheme": "none"},
    }
    return StoredFile(**facts | changes)


def handled_by(case: Case, name: str, account_id: str | None) -> CaseHandler:
    handler = CaseHandler(position=len(case.handlers), name=name, account_id=account_id)
    case.handlers.append(handler)
    return handler
