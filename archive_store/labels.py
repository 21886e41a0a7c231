"""Levels, marks and labels: what a thing's secrecy is, and the partition of the index that follows from it.

A label sits on the entry of a case, on each item, and on each person in a case, and is never inherited upwards.
Source: 办法 Art. 31; 保守国家秘密法 (2024) Art. 14; DA/T 68 for the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Self

from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(IntEnum):
    """密级, ordered: a clearance reaches every level up to its own."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    SECRET = 3
    TOP_SECRET = 4

    @property
    def zh(self) -> str:
        """The level's name in Chinese."""
        return ("公开", "内部", "秘密", "机密", "绝密")[self.value]

    @property
    def is_state_secret(self) -> bool:
        """Whether the level is one of the three of the Law on Guarding State Secrets."""
        return self >= Level.CONFIDENTIAL


class Mark(StrEnum):
    """Independent marks; each has to be granted to a reader by itself."""

    COMMERCIAL_SECRET = "commercial_secret"
    PERSONAL_PRIVACY = "personal_privacy"
    INFORMANT = "informant"
    WORK_SECRET = "work_secret"
    MINOR = "minor"

    @property
    def zh(self) -> str:
        """The mark's name in Chinese."""
        return _MARK_TITLES[self]


_MARK_TITLES = {
    Mark.COMMERCIAL_SECRET: "商业秘密",
    Mark.PERSONAL_PRIVACY: "个人隐私",
    Mark.INFORMANT: "举报人信息",
    Mark.WORK_SECRET: "工作秘密",
    Mark.MINOR: "未成年人信息",
}


class Volume(StrEnum):
    """正卷 (what was served on or taken from the party, evidence) or 副卷 (internal papers)."""

    MAIN = "main"
    AUXILIARY = "auxiliary"

    @property
    def zh(self) -> str:
        """The volume's name in Chinese."""
        return "正卷" if self is Volume.MAIN else "副卷"


@dataclass(frozen=True, slots=True)
class Label:
    """A level with its marks.

    `code` is its one text form, e.g. "1" or "1+informant+minor" (marks sorted), used in columns and partitions.
    """

    level: Level = Level.INTERNAL
    marks: frozenset[Mark] = frozenset()

    @classmethod
    def of(cls, level: Level | int, marks: Iterable[Mark | str] = ()) -> Self:
        """Build a label from plain values."""
        return cls(Level(level), frozenset(Mark(mark) for mark in marks))

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a label back from its `code`."""
        level, *marks = code.split("+")
        return cls.of(int(level), marks)

    @property
    def code(self) -> str:
        """The text form."""
        return "+".join([str(int(self.level)), *sorted(self.marks)])

    @property
    def zh(self) -> str:
        """For people: 内部 · 举报人信息."""
        return " · ".join([self.level.zh, *(mark.zh for mark in Mark if mark in self.marks)])

    def join(self, other: Label) -> Label:
        """The least label that covers both."""
        return Label(max(self.level, other.level), self.marks | other.marks)

    @property
    def may_be_sent_ahead(self) -> bool:
        """Whether pages so labelled may be sent before they are asked for: nothing secret, no mark."""
        return not self.level.is_state_secret and not self.marks

    @property
    def is_compartment(self) -> bool:
        """Whether things so labelled lie in a sealed object of their own (a classified compartment)."""
        return self.level.is_state_secret or Mark.INFORMANT in self.marks


class LabelSubject(TitledEnum):
    """What a label sits on."""

    ENTRY = "entry", "案卷条目"
    ITEM = "item", "文件"
    PERSON = "person", "人员"


class ProposalState(TitledEnum):
    """What became of a label that was proposed."""

    OPEN = "open", "待定密"
    DECIDED = "decided", "已定密"
    REFUSED = "refused", "未采纳"
    WITHDRAWN = "withdrawn", "已撤回"


class ReviewKind(TitledEnum):
    """Why a label is to be looked at."""

    YEARLY = "yearly", "年度审核"
    FELL = "fell", "保密期限届满"


@dataclass(frozen=True, slots=True)
class Partition:
    """One part of the index: things whose entry and own label join to `label`, of one volume class."""

    label: Label
    volume: Volume

    @property
    def name(self) -> str:
        """A name that is safe as a folder or index name, e.g. "1-informant.minor-main"."""
        marks = ".".join(sorted(self.label.marks)) or "none"
        return f"{int(self.label.level)}-{marks}-{self.volume}"

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a partition back from its `name`."""
        level, marks, volume = name.split("-")
        return cls(Label.of(int(level), [] if marks == "none" else marks.split(".")), Volume(volume))


def partition_of(entry: Label, item: Label, volume: Volume) -> Partition:
    """The partition in which the pages of an item are indexed.

    Reading an item needs its own label's conditions and its entry's, so the partition is that of the join.
    """
    return Partition(entry.join(item), volume)
