"""What a party may never get, what it may get only redacted, and what is free (办法 Art. 30 and 31 together).

- Never: items of the 副卷; anything at 秘密 or above; what bears 举报人信息.
- Only redacted: another person's privacy or commercial secrets, a minor's data, work secrets.
- An item is measured by its own label joined with its entry's, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from archive_store.labels import Label, Mark, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

_COVERED_BY: Mapping[Mark, str] = {
    Mark.COMMERCIAL_SECRET: "commercial_secret",
    Mark.PERSONAL_PRIVACY: "personal_privacy",
    Mark.MINOR: "minor",
    Mark.WORK_SECRET: "work_secret",
}
MAY_BE_THE_REQUESTERS_OWN = frozenset({Mark.COMMERCIAL_SECRET, Mark.PERSONAL_PRIVACY, Mark.MINOR})
"""Marks that keep nothing from the one whom alone they concern."""


class Releasable(StrEnum):
    """The verdict on one item."""

    NEVER = "never"
    NEEDS_REDACTION = "needs_redaction"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """The facts about an item that was asked for.

    `own_marks` are those marks on it that were found to concern nobody but the requester (its own privacy, its own
    commercial secrets); who found that is recorded by the caller.
    """

    volume: Volume
    label: Label
    entry_label: Label
    own_marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an item may leave, and the codes of the grounds that stand against it (none where it is free)."""

    releasable: Releasable
    grounds: tuple[str, ...] = ()


def why_never(item: ReleaseItem) -> str | None:
    """The code of the ground on which the item may never leave, in any form; None where there is none."""
    if item.entry_label.join(item.label).level.is_state_secret:
        return "state_secret"
    if Mark.INFORMANT in item.label.marks | item.entry_label.marks:
        return "informant"
    return "auxiliary_volume" if item.volume is Volume.AUXILIARY else None


def verdict(item: ReleaseItem) -> Verdict:
    """What may become of an item that a party asked for."""
    never = why_never(item)
    if never is not None:
        return Verdict(Releasable.NEVER, (never,))
    own = item.own_marks & MAY_BE_THE_REQUESTERS_OWN
    to_cover = tuple(ground for mark, ground in _COVERED_BY.items() if mark in item.label.marks - own)
    return Verdict(Releasable.NEEDS_REDACTION if to_cover else Releasable.FREE, to_cover)


def needs_opinion(item: ReleaseItem) -> bool:
    """Whether the secrecy reviewer speaks first: the item bears a level of 秘密 or above, or any mark."""
    return item.label.level.is_state_secret or bool(item.label.marks)
