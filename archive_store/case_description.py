"""`case.json` of a sealed object: what its sheets say, for programs; and where the database has come to say otherwise.

What may lawfully change after the seal is left out of the comparison: labels (each change is a decision of its own, and
is held against that), the department's name, and what the description does not hold at all (neutral titles, what a
party may see listed).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from archive_store.compartments import content_path, visible_persons
from archive_store.deadlines import local_date
from archive_store.errors import ArchiveError
from archive_store.label_decisions import labelled_things, latest_decisions
from archive_store.models.cases import LabelDecision, SealedObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from archive_store.compartments import Compartment, SealFacts
    from archive_store.models.cases import Case, Item, Person
    from archive_store.ocfl import StorageRoot

DESCRIPTION = "case.json"
Difference = tuple[int | None, str]
CASE_FIELDS = {
    "archival_code": "档号",
    "fonds": "全宗号",
    "case_number": "案号",
    "title": "题名",
    "kind": "执法类别",
    "procedure": "程序",
    "facts": "案件情况",
    "served": "送达方式",
    "handlers": "承办人",
    "started": "启动日期",
    "ended": "办结日期",
    "handed_over": "移交日期",
    "accepted": "接收日期",
    "sealed": "封存日期",
    "retention": "保管期限",
    "note": "备考",
}
ITEM_FIELDS = {
    "pages": "页号",
    "title": "题名",
    "type": "文书种类",
    "stage": "阶段",
    "volume": "卷别",
    "document_number": "文号",
    "originator": "责任者",
    "date": "日期",
    "carrier": "载体",
    "recording": "音像信息",
    "rendition_made_by": "版式件制作人",
    "files": "文件",
}


def description(case: Case, part: Compartment, facts: SealFacts) -> bytes:
    """`case.json` of an object, with original names of files and what the four checks said of the items in it."""
    data = {
        **_of_case(case),
        "sealed": facts.sealed.isoformat(),
        "department": facts.department,
        "label": case.label.code,
        "persons": [_of_person(person) for person in visible_persons(case, part)],
        "items": [{**_of_item(item), "label": item.label.code} for item in part.items],
        "four_checks": facts.checks_of(part).as_json(),
    }
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode()


def differences(session: Session, root: StorageRoot, case: Case) -> list[Difference]:
    """Where the rows of a sealed case say otherwise than its objects: item number (None for the case), and what."""
    objects = session.scalars(select(SealedObject.object_id).where(SealedObject.case_id == case.id))
    by_object: dict[str, list[Item]] = {object_id: [] for object_id in objects}
    for item in case.items:
        for object_id in {file.object_id for file in item.files if file.object_id}:
            by_object.setdefault(object_id, []).append(item)
    return [
        found for object_id, items in sorted(by_object.items()) for found in _of_object(root, object_id, case, items)
    ]


def undecided_labels(session: Session, case: Case) -> list[Difference]:
    """Where a label is not that of the latest decision on it."""
    latest = latest_decisions(session, LabelDecision.case_id == case.id)
    return [
        (thing.number, f"{thing.name}的密级和标识与最近一次定密记录不一致")
        for thing in labelled_things(case)
        if thing.id not in latest or latest[thing.id].label != thing.label
    ]


def _of_object(root: StorageRoot, object_id: str, case: Case, items: Sequence[Item]) -> Iterator[Difference]:
    try:
        sealed = json.loads(root.read(object_id, DESCRIPTION))
    except (ArchiveError, ValueError):
        yield None, "封存包的著录不能读取，无法比对"
        return
    if said := _unlike(CASE_FIELDS, sealed, _plain(_of_case(case))):
        yield None, f"案卷的{said}与封存时不一致"
    persons = [_plain(_of_person(person)) for person in case.persons]
    if any(person not in persons for person in sealed["persons"]):
        yield None, "案卷的人员与封存时不一致"
    yield from _unlike_items(sealed["items"], items)


def _unlike_items(sealed: Sequence[Mapping[str, Any]], items: Sequence[Item]) -> Iterator[Difference]:
    there = {item.number: _plain(_of_item(item)) for item in items}
    for kept in sealed:
        if (now := there.pop(kept["number"], None)) is None:
            yield kept["number"], f"数据库中缺少封存包内的第{kept['number']}件"
        elif said := _unlike(ITEM_FIELDS, kept, now):
            yield kept["number"], f"第{kept['number']}件的{said}与封存时不一致"
    for number in there:
        yield number, f"封存包的著录中没有第{number}件"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they read once they were written as JSON."""
    read: dict[str, Any] = json.loads(json.dumps(values))
    return read


def _unlike(fields: Mapping[str, str], kept: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return "、".join(name for key, name in fields.items() if kept.get(key) != now.get(key))


def _of_case(case: Case) -> dict[str, Any]:
    moments = {"handed_over": case.handed_over_at, "accepted": case.accepted_at, "sealed": case.sealed_at}
    return {
        "archival_code": case.archival_code,
        "fonds": case.fonds,
        "case_number": case.case_number,
        "title": case.title,
        "kind": case.kind,
        "procedure": case.procedure,
        "facts": case.facts,
        "served": case.served,
        "handlers": [handler.name for handler in case.handlers],
        "started": case.started_on.isoformat(),
        "ended": case.ended_on.isoformat(),
        "retention": case.retention,
        "note": case.note,
    } | {name: local_date(moment).isoformat() for name, moment in moments.items() if moment is not None}


def _of_person(person: Person) -> dict[str, str]:
    return {"name": person.name, "kind": person.kind, "role": person.role}


def _of_item(item: Item) -> dict[str, Any]:
    return {
        "number": item.number,
        "pages": [item.page_from, item.page_to],
        "title": item.title,
        "type": item.type_code,
        "stage": item.stage,
        "volume": item.volume,
        "document_number": item.document_number,
        "originator": item.originator,
        "date": item.dated.isoformat(),
        "carrier": {"kind": item.carrier, **item.carrier_data},
        "recording": item.recording,
        "rendition_made_by": item.rendition_made_by,
        "files": [{"role": file.role, "path": content_path(item, file), "name": file.name} for file in item.files],
    }
