"""The fields of an index document, alike in every engine; each engine writes them in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.backends.base import FACET_FIELDS
from indexer.documents import words
from indexer.fields import Sort
from indexer.pinyin import with_pinyin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.documents import PageDocument

FORM = 6
"""Raised whenever fields or analysis change: an index of another form has to be rebuilt."""
WITH_POSITIONS = (
    "bi", "uni", "about", "names", "party", "case_number", "archival_code", "document_number", "title", "handler",
    "department", "device",
)  # fmt: skip
SETS = ("seam", "repeats", "scope")
FACETS = ("year_text", "kind", "procedure", "department_id", "document_type", "stage", "level", "volume", "late")
NUMBERS = ("year", "day")
ORDERS = ("order", "order_by_date", "order_by_newest")
SORT_FIELDS = {
    Sort.ARCHIVAL_CODE: "order",
    Sort.RELEVANCE: "order",
    Sort.DATE: "order_by_date",
    Sort.DATE_NEWEST: "order_by_newest",
}


MOST_FACET_VALUES = 10_000


def facet_counts(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The aggregations that count facet values, alike in both engines; of so many values no count is an estimate."""
    return {name: {"terms": {"field": FACET_FIELDS.get(name, name), "size": MOST_FACET_VALUES}} for name in names}


def counts_of(buckets: dict[str, Any]) -> dict[str, int]:
    """What an engine answered to one of them, by value."""
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets["buckets"]}


def texts(document: PageDocument) -> dict[str, str]:
    """What is said of a document beside its text; found by single atoms with positions."""
    return {
        "about": document.about,
        "names": words(*document.names),
        "party": with_pinyin(*document.parties),
        "case_number": document.case_number,
        "archival_code": document.archival_code,
        "document_number": document.document_number,
        "title": document.titles,
        "handler": with_pinyin(*document.handlers),
        "department": with_pinyin(document.department),
        "device": document.device,
    }


def single(document: PageDocument) -> dict[str, str]:
    """Values that are one token each; empty ones are left out of the index."""
    return {
        "id": document.page_id,
        "case": document.case_id,
        "item": document.item_id,
        "grade": document.grade,
        "year_text": "" if document.year is None else str(document.year),
        "kind": document.kind,
        "procedure": document.procedure,
        "department_id": document.department_id,
        "document_type": document.document_type,
        "stage": document.stage,
        "level": document.level,
        "volume": document.volume,
        "order": document.order,
        "order_by_date": document.order_by_date,
        "order_by_newest": document.order_by_newest,
    }


def several(document: PageDocument) -> dict[str, tuple[str, ...]]:
    """Values of which a document may have none or more than one, each one token."""
    return {"late": document.late}


def numbers(document: PageDocument) -> dict[str, int]:
    """Values that are found by range: the year, and the day as yyyymmdd."""
    found = {} if document.year is None else {"year": document.year}
    return found if document.day is None else found | {"day": int(document.day.strftime("%Y%m%d"))}
