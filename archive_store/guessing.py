"""What can be said of a file from its name alone: title, document type, date. People check it, item by item."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive_store.regulation.catalogue import DocumentType

UNKNOWN_TYPE = "other"
RECORDING_TYPE = "av_record"
SHORT_NAMES = {
    "照片": "site_photo",
    "录像": RECORDING_TYPE,
    "录音": RECORDING_TYPE,
    "视频": RECORDING_TYPE,
    "身份证": "identity_document",
    "营业执照": "identity_document",
    "委托书": "delegation",
}
"""What files are usually called, where no title of the catalogue stands in the name."""

_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:[-._年](\d{1,2})[-._月](\d{1,2})日?|(\d{2})(\d{2}))(?!\d)")
_NUMBER = re.compile(r"^\s*\d{1,3}(?:[\s._、—-]+|(?=[^\d号次份年月日张页楼层]))")
_ASIDE = re.compile(r"\([^()]*\)")
_EDGES = " ._-—、"


class Guess(NamedTuple):
    """Title and type; the day where the name holds one."""

    title: str
    type_code: str
    day: date | None


def guess(name: str, kinds: Iterable[DocumentType], *, playing: bool = False) -> Guess:
    """Guess from a file's name; `playing` is whether it is a recording by its content."""
    stem = PurePath(name.replace("\\", "/")).stem
    day, rest = _day(stem)
    title = _NUMBER.sub("", rest, count=1).strip(_EDGES) or stem.strip() or name
    known = tuple(kinds)
    code = _type(title, known)
    if code == UNKNOWN_TYPE and playing and any(kind.code == RECORDING_TYPE for kind in known):
        code = RECORDING_TYPE
    return Guess(title[:500], code, day)


def _day(stem: str) -> tuple[date | None, str]:
    """The day in a name, and the name without it."""
    for found in _DAY.finditer(stem):
        year, month, day, short_month, short_day = found.groups()
        try:
            return date(int(year), int(month or short_month), int(day or short_day)), _without(stem, found)
        except ValueError:
            continue  # twenty-three months: a number of another kind
    return None, stem


def _without(stem: str, found: re.Match[str]) -> str:
    before, after = stem[: found.start()], stem[found.end() :]
    return f"{before} {after}".strip() if before.strip() and after.strip() else f"{before}{after}"


def _type(title: str, kinds: tuple[DocumentType, ...]) -> str:
    """The type whose title the name holds, the last one first: in Chinese what a thing is stands at the end.

    What stands in brackets says whose or of what it is: it counts only where nothing else does.
    """
    words = "".join(normalize("NFKC", title).split())
    for part in (_ASIDE.sub("", words), words):
        hits = [
            (part.rfind(form) + len(form), len(form), kind.code)
            for kind in kinds
            for form in _forms(kind.title)
            if form in part
        ]
        if hits:
            return max(hits)[2]
        codes = {kind.code for kind in kinds}
        short = next((code for word, code in SHORT_NAMES.items() if word in part and code in codes), None)
        if short:
            return short
    return UNKNOWN_TYPE


@lru_cache(maxsize=500)
def _forms(title: str) -> tuple[str, ...]:
    """How a title with brackets is written in practice: 现场检查(勘验)笔录, 现场检查笔录, 现场勘验笔录 ..."""
    words = normalize("NFKC", title)
    found = _ASIDE.search(words)
    if found is None:
        return (words,)
    inner, before, after = found.group()[1:-1], words[: found.start()], words[found.end() :]
    return (words, before + after, before + inner + after, before[: -len(inner)] + inner + after)
