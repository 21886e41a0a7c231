"""The list of a result as a workbook: what was found and where it stands, one line a hit.

It holds numbers, titles, dates and labels and no text of a page: content leaves the archive only as an approved copy
(办法 Art. 30, 31).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.forms.text_table import text_table
from archive_store.vocabulary import Late

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from indexer.documents import PageDocument
    from indexer.results import CaseGroup

HEADS = (
    ("序号", 6), ("档号", 34), ("案号", 26), ("案卷题名", 40), ("件号", 6), ("文件题名", 34), ("日期", 12), ("密级", 8),
    ("标识", 20), ("卷别", 8), ("逾期", 16), ("页", 10),
)  # fmt: skip
_VOLUMES = {"main": "正卷", "auxiliary": "副卷"}


def playing_time(second: int) -> str:
    """A moment of a recording as people write it: `1:02:03`, or `2:03`."""
    minutes, second = divmod(second, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def workbook(notes: Sequence[str], cases: Iterable[CaseGroup], spoken: Container[str] = ()) -> bytes:
    """The list of the hits of these cases, numbered, below lines of notes; of items in `spoken` with their time."""
    lines = ([str(number), *line] for number, line in enumerate(_lines(cases, spoken), 1))
    return text_table("检索结果", notes, HEADS, lines)


def _lines(cases: Iterable[CaseGroup], spoken: Container[str]) -> Iterator[tuple[str, ...]]:
    """One line for each hit, in the order of the result."""
    for case in cases:
        for _ in case.entries:
            yield _line(case.document, entry=True, page="案卷信息")
        for item in case.items:
            if item.entry:
                yield _line(item.document, entry=False, page="文件信息")
            for hit in item.pages:
                place = playing_time(hit.page - 1) if item.document.item_id in spoken else str(hit.page)
                yield _line(item.document, entry=False, page=place)


def _line(document: PageDocument, *, entry: bool, page: str) -> tuple[str, ...]:
    label = document.partition.label
    of_case = document.archival_code, document.case_number, document.case_title
    late = "、".join(Late(code).zh for code in document.late)
    if entry:
        return (*of_case, "", "", "", "", "", "", late, page)
    day = document.day.isoformat() if document.day else ""
    marks = "、".join(sorted(mark.zh for mark in label.marks))
    volume = _VOLUMES.get(document.volume, "")
    return (*of_case, str(document.item_number), document.item_title, day, label.level.zh, marks, volume, late, page)
