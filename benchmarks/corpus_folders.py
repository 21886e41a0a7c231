"""Case folders made from texts: PDFs set by the archive's own typesetting, some of them scanned."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2
from openpyxl import load_workbook

from archive_store.case_columns import CASE_FIELDS, CASE_SHEET, ITEM_SHEET
from archive_store.case_folder import DESCRIPTION, FORMAT, WORKBOOK
from archive_store.forms.typesetting import typeset
from archive_store.forms.workbook import empty_workbook
from archive_store.regulation.catalogue import load_catalogue
from portal.demonstration import scans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.texts import Text

TEMPLATE = Path(__file__).parent / "templates" / "text.typ"
SCAN_EVERY = 10
SCANNED_PAGES = 3
DAY = date(2026, 11, 2)
NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)


def write_folders(texts: Sequence[Text], target: Path, cases_of: int, department: str, handler: str) -> int:
    """Write cases of so many texts each, every second with a workbook; gives how many texts were scanned."""
    catalogue, scanned = load_catalogue(), 0
    blank = empty_workbook(catalogue)
    for number, start in enumerate(range(0, len(texts), cases_of), 1):
        folder = target / f"{number:04}"
        folder.mkdir(parents=True)
        items = []
        for place, text in enumerate(texts[start : start + cases_of], 1):
            pdf = typeset(TEMPLATE, {"title": text.title, "parts": text.parts()}, moment=NOON, standard="a-2b")
            if (start + place) % SCAN_EVERY == 0:
                pdf, scanned = scan(pdf, f"{number}/{place}"), scanned + 1
            name = f"{place:02}-{text.name[:60]}.pdf"
            (folder / name).write_bytes(pdf)
            items.append({"file": name, "title": text.title, "type": "documentary_evidence", "date": DAY.isoformat()})
        case = {
            "case_number": f"演水检〔2026〕{number}号",
            "title": f"演示文本案卷第{number}卷",
            "kind": "inspection",
            "procedure": "summary",
            "department": department,
            "handlers": [handler],
            "started": "2026-11-01",
            "ended": "2026-11-10",
        }
        if number % 2:
            said = json.dumps(case | {"format": FORMAT, "items": items}, ensure_ascii=False)
            (folder / DESCRIPTION).write_text(said, encoding="utf-8")
        else:
            (folder / WORKBOOK).write_bytes(filled(blank, case, items))
    return scanned


def scan(pdf: bytes, seed: str) -> bytes:
    """The first pages as a scanner gives them, without a text layer."""
    document = pypdfium2.PdfDocument(pdf)
    count = min(SCANNED_PAGES, len(document))
    pages = [document[n].render(scale=scans.DPI / 72).to_pil().convert("RGB") for n in range(count)]
    document.close()
    return scans.as_pdf([scans.scanned(page, f"{seed}/{n}") for n, page in enumerate(pages)], DAY)


def filled(blank: bytes, case: dict[str, Any], items: Sequence[dict[str, str]]) -> bytes:
    """The empty workbook filled in."""
    book = load_workbook(io.BytesIO(blank))
    values = {column.heading: case.get(column.path[0]) for column in CASE_FIELDS}
    for name, value in book[CASE_SHEET].iter_rows(min_row=2, max_col=2):
        found = values.get(name.value)
        value.value = "、".join(found) if isinstance(found, list) else found
    for number, item in enumerate(items, 1):
        book[ITEM_SHEET].append([number, item["file"], item["title"], item["type"], item["date"]])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
