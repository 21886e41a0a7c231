"""What is known of a case file when the rules are applied, and what is found: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive_store.vocabulary import ActKind, Fact, Late, Procedure, ServiceMethod, Stage, TitledEnum

if TYPE_CHECKING:
    from datetime import date, datetime

    from archive_store.labels import Volume


class Severity(TitledEnum):
    """Whether an open finding keeps the file from being sealed (unless an archivist waives it with a reason)."""

    BLOCKS = "blocks", "须补正"
    WARNS = "warns", "提示"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The facts of a file that open rules. Moments carry a time zone.

    `handed_over_at` is the hand-over that was accepted or awaits acceptance; one that was returned counts for nothing.
    `started_at` and `emergency_form_at` are known only where an emergency start was recorded to the minute.
    """

    kind: ActKind
    procedure: Procedure
    started: date
    ended: date | None = None
    facts: frozenset[Fact] = frozenset()
    served: frozenset[ServiceMethod] = frozenset()
    handed_over_at: datetime | date | None = None
    accepted_at: datetime | date | None = None
    started_at: datetime | None = None
    emergency_form_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """The facts of one item. `stage` and `volume` are those that hold, the type's own where nothing was said.

    `contains` are the handler's statements by rule id (`R08`) or by one need of it (`R11.hearing`);
    `problem` is what kept a parser from reading the file, in Chinese.
    """

    number: int
    type: str
    stage: Stage
    volume: Volume
    date: date | None = None
    signed: bool = True
    contains: frozenset[str] = field(default_factory=frozenset)
    has_pages: bool = True
    recorded_at: datetime | None = None
    stored_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule asks for and the file does not hold. `item_number` is None where it concerns the whole file."""

    rule_id: str
    article: str
    message: str
    severity: Severity
    item_number: int | None = None
    need: str = ""
    """Which need of the rule, where it has several."""
    late: Late | None = None
    """What was late, where it was found that something was."""

    @property
    def key(self) -> str:
        """What stays the same as long as the finding does; a waiver names it, e.g. `R10.hearing`, `T28a@7`."""
        place = "" if self.item_number is None else f"@{self.item_number}"
        return f"{self.rule_id}{'.' if self.need else ''}{self.need}{place}"

    @property
    def blocks(self) -> bool:
        """Whether it keeps the file from being sealed."""
        return self.severity is Severity.BLOCKS
