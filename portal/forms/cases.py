"""Forms of a draft: fields of a page become the same checked values that a case folder gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from archive_store.case_folder import CaseHead, ItemPart
from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import MultiDict

FIELD_NAMES = {
    "case_number": "案号",
    "title": "标题",
    "kind": "执法类别",
    "procedure": "程序",
    "department": "部门",
    "handlers": "承办人",
    "started": "启动日期",
    "ended": "办结日期",
    "retention": "保管期限",
    "name": "姓名或名称",
    "type": "文书种类",
    "date": "日期",
    "recording": "音像记录信息",
}
T = TypeVar("T", CaseHead, ItemPart)
PERSON_FIELDS = (
    "name",
    "kind",
    "role",
    "identity_number",
    "phone",
    "address",
    "represents",
    "representation_until",
    "id",
)
"""The last tells whom a row describes again."""


def read_head(form: MultiDict[str, str]) -> CaseHead:
    """The particulars of a case.

    Raises:
        InvalidInputError: a field is missing or wrong; the sentence names it.
    """
    handlers = [name.strip() for name in form.get("handlers", "").replace(",", "、").split("、") if name.strip()]
    data = {
        **{name: form.get(name, "").strip() for name in ("case_number", "title", "kind", "procedure", "department")},
        **{name: form.get(name, "").strip() for name in ("started", "ended", "retention", "note")},
        "handlers": handlers,
        "facts": form.getlist("facts"),
        "served": form.getlist("served"),
        "label": _label(form),
        "persons": _persons(form),
    }
    return _checked(CaseHead, data)


def read_item(form: MultiDict[str, str], file: str) -> ItemPart:
    """The particulars of an item; `file` is the name it came with."""
    plain = ("title", "type", "neutral_title", "stage", "volume", "document_number", "originator", "date")
    data: dict[str, Any] = {name: form[name].strip() for name in plain if form.get(name, "").strip()}
    data |= {"file": file.replace("\\", "_").lstrip("/") or "file", "label": _label(form)}
    data |= {"listable": "listable" in form, "signed": "signed" in form, "contains": form.getlist("contains")}
    recording = {k: form.get(f"recording_{k}", "").strip() for k in ("device", "recorder", "place")}
    moments = {k: form.get(f"recording_{k}", "").strip() for k in ("recorded_at", "stored_at")}
    if any(recording.values()) or any(moments.values()):
        data["recording"] = recording | {name: value and f"{value}:00+08:00"[:25] for name, value in moments.items()}
    place = form.get("paper_location", "").strip()
    data["carrier"] = {"kind": form.get("carrier", "born_digital"), "paper_location": place}
    return _checked(ItemPart, data)


def _label(form: MultiDict[str, str]) -> dict[str, Any]:
    return {"level": form.get("level", "internal"), "marks": form.getlist("marks")}


def _persons(form: MultiDict[str, str]) -> list[Mapping[str, Any]]:
    return [
        {name: value for name, value in row.items() if name != "id" and (value or name != "representation_until")}
        | {"label": {"level": "internal", "marks": _marks(row)}}
        for row in _person_rows(form)
    ]


def read_person_ids(form: MultiDict[str, str]) -> list[str]:
    """Whom each person of the form describes again; empty for a new one."""
    return [row["id"] for row in _person_rows(form)]


def _person_rows(form: MultiDict[str, str]) -> list[dict[str, str]]:
    columns = {name: form.getlist(f"person_{name}") for name in PERSON_FIELDS}
    longest = max(len(values) for values in columns.values())
    padded = {name: [*values, *[""] * (longest - len(values))] for name, values in columns.items()}
    rows = [{name: values[n].strip() for name, values in padded.items()} for n in range(longest)]
    return [row for row in rows if row["name"]]


def _marks(row: Mapping[str, str]) -> list[str]:
    return ["informant"] if row["role"] == "informant" else []


def _checked(kind: type[T], data: Mapping[str, Any]) -> T:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        slip = error.errors(include_url=False, include_input=False)[0]
        field = next((str(part) for part in reversed(slip["loc"]) if isinstance(part, str)), "")
        said = slip["msg"].removeprefix("Value error, ") if slip["type"] == "value_error" else "未填写，或格式不对"
        raise InvalidInputError(f"{FIELD_NAMES.get(field, field)}：{said}", field) from error
