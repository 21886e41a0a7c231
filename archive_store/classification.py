"""What a label may become, and until when (定密): rules without a database.

1. 秘密 and above have a last day: at most 10, 20, 30 years for 秘密, 机密, 绝密 from the day of the decision;
   levels below have none.
2. A derived level names its source; it falls only with the origin's written decision, whose number is recorded.
3. Nothing that bears a mark is 公开.
4. A deployment that may not hold state secrets takes no level of 秘密 or above.
5. On its last day a level falls to 内部 by itself; marks stay; nothing becomes 公开 by itself.

Source: 保守国家秘密法 (2024) Art. 14, 18-24; section "who may do what" of `docs/rights.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from archive_store.labels import Label, Level, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_YEARS: Mapping[Level, int] = {Level.CONFIDENTIAL: 10, Level.SECRET: 20, Level.TOP_SECRET: 30}
REVIEW_EVERY = timedelta(days=365)
FELL = "保密期限届满，自动降为内部；标识不变"


@dataclass(frozen=True, slots=True)
class Standing:
    """A label as it stands: the latest decision on it."""

    label: Label
    is_derived: bool = False
    declassify_on: date | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label as it is proposed; `source` says whose decision it derives from, empty where it is original."""

    label: Label
    declassify_on: date | None = None
    source: str = ""
    origin_document: str = ""


def years_after(day: date, years: int) -> date:
    """The same day `years` later; of 29 February the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def objection(now: Standing, wanted: Wanted, today: date, highest: Level) -> str:
    """What stands against a label in words; empty where nothing does. `highest` is what the deployment may hold."""
    level = wanted.label.level
    if level > highest:
        return "本系统的部署方式不得存放秘密及以上内容，不能定为这一密级。请按保密规定转移到涉密系统办理。"
    if level is Level.PUBLIC and wanted.label.marks:
        names = "、".join(mark.zh for mark in Mark if mark in wanted.label.marks)
        return f"带有标识（{names}）的内容不能公开。"
    if now.is_derived and level < now.label.level and not wanted.origin_document.strip():
        return "派生的密级只能依原定密机关的书面决定降低，请填写决定的文号。"
    return _objection_to_term(wanted, today) or _objection_to_nothing(now, wanted)


def _objection_to_term(wanted: Wanted, today: date) -> str:
    level, until = wanted.label.level, wanted.declassify_on
    if not level.is_state_secret:
        return "内部、公开不设保密期限，请不要填写解密日期。" if until is not None else ""
    last = years_after(today, MOST_YEARS[level])
    if until is None or not today < until <= last:
        return (
            f"{level.zh}须写明解密日期，自决定之日起不超过 {MOST_YEARS[level]} 年"
            f"（最迟 {last.year}年{last.month}月{last.day}日）。"
        )
    return ""


def _objection_to_nothing(now: Standing, wanted: Wanted) -> str:
    same = now.label == wanted.label and now.declassify_on == wanted.declassify_on
    return "与现在的密级、标识和期限相同，没有变化。" if same and now.is_derived == bool(wanted.source.strip()) else ""


def fallen(label: Label) -> Label:
    """What a state secret becomes when its term ends."""
    return Label(min(label.level, Level.INTERNAL), label.marks)
