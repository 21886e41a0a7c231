"""Sheets that close a volume (封面, 卷内文件目录, 备考表), set as PDF/A-2b.

Source: GB/T 9705-2008, clauses on 案卷封面, 卷内文件目录, 卷内备考表; DA/T 22-2015; PDF/A: ISO 19005-2.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from archive_store.forms.facts import ClosingFacts, ContentsFacts, ContentsRow, CoverFacts, VolumeFacts
from archive_store.forms.typesetting import typeset

__all__ = [
    "ClosingFacts",
    "ContentsFacts",
    "ContentsRow",
    "CoverFacts",
    "VolumeFacts",
    "closing_note_pdf",
    "contents_pdf",
    "cover_pdf",
]

_TEMPLATES = Path(__file__).parent / "templates"
COVER_FIELDS = ("全宗号", "类别号", "年度", "保管期限", "机构", "案卷号")


def cover_pdf(facts: CoverFacts) -> bytes:
    """The cover (封面) as PDF/A-2b."""
    return _sheet("cover.typ", facts, facts.sealed)


def contents_pdf(facts: ContentsFacts) -> bytes:
    """The table of contents (卷内文件目录) as PDF/A-2b, as many pages as the rows need."""
    return _sheet("contents.typ", facts, facts.made)


def closing_note_pdf(facts: ClosingFacts) -> bytes:
    """The closing note (备考表) as PDF/A-2b."""
    return _sheet("closing.typ", facts, facts.sealed)


def _sheet(template: str, facts: CoverFacts | ContentsFacts | ClosingFacts, day: date) -> bytes:
    moment = datetime.combine(day, time(), UTC)
    return typeset(_TEMPLATES / template, _plain(asdict(facts)), moment=moment, standard="a-2b")


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of the facts
    """Dates and words of the vocabulary as the sheets show them."""
    if isinstance(value, date):
        return {"words": f"{value.year}年{value.month}月{value.day}日", "digits": f"{value:%Y%m%d}"}
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return getattr(value, "zh", value)
