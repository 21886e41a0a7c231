"""What the four checks (四性检测) say: lines, the report of one run, and the form in which a report is kept.

`four_checks.run` makes reports. A line that could not be judged is `NOT_CHECKED` with the reason, never passed; one
that asks for what cannot be there yet (a seal before the seal) is `NOT_APPLICABLE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD = "DA/T 70-2018"


class Moment(TitledEnum):
    """When the checks run."""

    FILING = "filing", "归档移交"
    TRANSFER = "transfer", "接收"
    SEALING = "sealing", "封存"
    STORAGE = "storage", "长期保存"


class Property(TitledEnum):
    """The four properties."""

    AUTHENTICITY = "authenticity", "真实性"
    INTEGRITY = "integrity", "完整性"
    USABILITY = "usability", "可用性"
    SECURITY = "security", "安全性"


class Outcome(TitledEnum):
    """What a line of the report says."""

    PASSED = "passed", "通过"
    FAILED = "failed", "未通过"
    NOT_CHECKED = "not_checked", "未检测"
    NOT_APPLICABLE = "not_applicable", "不适用"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report; `item_number` is None where it speaks of the whole file.

    `waivable` says of a failure whether an archivist may let it pass with a reason.
    """

    code: str
    title: str
    outcome: Outcome
    text: str
    item_number: int | None = None
    waivable: bool = True


@dataclass(frozen=True, slots=True)
class PropertyReport:
    """The lines of one property."""

    of: Property
    lines: tuple[Line, ...]

    @property
    def outcome(self) -> Outcome:
        """Failed where a line failed; a property of which nothing could be checked has not passed."""
        outcomes = {line.outcome for line in self.lines}
        return next((found for found in (Outcome.FAILED, Outcome.PASSED) if found in outcomes), Outcome.NOT_CHECKED)

    @property
    def passed(self) -> bool:
        """Whether something was checked and no line failed."""
        return self.outcome is Outcome.PASSED

    @property
    def not_checked(self) -> int:
        """How many lines could not be judged; said beside "passed" wherever it is shown."""
        return sum(line.outcome is Outcome.NOT_CHECKED for line in self.lines)

    @property
    def verdict(self) -> str:
        """In words, e.g. 通过（另有 2 项未检测）."""
        aside = f"（另有 {self.not_checked} 项未检测）" if self.not_checked and self.passed else ""
        return f"{self.outcome.zh}{aside}"


@dataclass(frozen=True, slots=True)
class FourCheckReport:
    """The report of one run."""

    moment: Moment
    parts: tuple[PropertyReport, ...]

    @property
    def passed(self) -> bool:
        """Whether all four properties passed."""
        return all(part.passed for part in self.parts)

    @property
    def failures(self) -> tuple[Line, ...]:
        """Every line that failed, in order."""
        return tuple(line for part in self.parts for line in part.lines if line.outcome is Outcome.FAILED)

    def part(self, of: Property) -> PropertyReport:
        """The part on one property."""
        return next(part for part in self.parts if part.of is of)

    @property
    def summary(self) -> str:
        """One sentence with the outcome of each property."""
        return "，".join(f"{part.of.zh}{part.verdict}" for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        """The form in which a report is kept, and written into a sealed object."""
        return {
            "standard": STANDARD,
            "moment": str(self.moment),
            "parts": [
                {"property": str(part.of), "lines": [_line_json(line) for line in part.lines]} for part in self.parts
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read a kept report back."""
        parts = tuple(
            PropertyReport(Property(part["property"]), tuple(_line(line) for line in part["lines"]))
            for part in kept["parts"]
        )
        return cls(Moment(kept["moment"]), parts)


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "title": line.title,
        "outcome": str(line.outcome),
        "text": line.text,
        "item": line.item_number,
        "waivable": line.waivable,
    }


def _line(kept: Mapping[str, Any]) -> Line:
    return Line(
        kept["code"], kept["title"], Outcome(kept["outcome"]), kept["text"], kept["item"], waivable=kept["waivable"]
    )
