"""The four checks of an electronic record (四性检测) at filing, at transfer and during storage.

Rules kept here, after DA/T 70-2018 (真实性, 完整性, 可用性, 安全性) and GB/T 18894-2016:

- authenticity: the bytes are those that were recorded, dates and page ranges agree with the content, who handed the
  file over and who took it is known, and a sealed file carries a signature and a time stamp that hold;
- integrity: every item that is listed is there and nothing else, numbers run on without a gap, the metadata asked for
  are filled in, and no rule of the regulation is left open;
- usability: every file opens, is of a format that can be kept, and can be read without a password;
- security: nothing harmful was found, and labels agree with what an item holds.

What was not looked at is never "passed": it is "not applicable" with the reason, e.g. where no virus scanner is set up.
Pure: the caller reads bytes and rows, this judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive_store.labels import Label, Level, Mark, Volume
from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from archive_store.regulation.facts import Finding


class Moment(TitledEnum):
    """When the checks run."""

    FILING = "filing", "归档"
    TRANSFER = "transfer", "移交与接收"
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
    NOT_APPLICABLE = "not_applicable", "不适用"


class Scan(TitledEnum):
    """What is known of a scan for harmful code."""

    NOT_RUN = "not_run", "未查"
    CLEAN = "clean", "未发现"
    INFECTED = "infected", "发现有害代码"


class SealState(TitledEnum):
    """What became of signature and time stamp when they were checked."""

    NOT_SEALED = "not_sealed", "尚未封存"
    VALID = "valid", "有效"
    INVALID = "invalid", "无效"


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """What was read of one item. Digests are hex; None where the bytes could not be read or were not recorded.

    `pages_recorded` comes from the page range, `pages_counted` from the file; None where the item has no pages.
    `names_person` says that identity data of a person stands in it, `names_informant` that of a complainant.
    """

    number: int
    title: str
    volume: Volume
    label: Label
    digest_recorded: str | None
    digest_recomputed: str | None
    size_recorded: int | None = None
    size_read: int | None = None
    pages_recorded: int | None = None
    pages_counted: int | None = None
    format_name: str = ""
    format_known: bool = True
    problems: tuple[str, ...] = ()
    needs_password: bool = False
    metadata_missing: tuple[str, ...] = ()
    scan: Scan = Scan.NOT_RUN
    names_person: bool = False
    names_informant: bool = False


@dataclass(frozen=True, slots=True)
class CheckInput:
    """Everything that the checks look at.

    `files_not_listed` are files of the package that no item names. `highest_level_allowed` is what the deployment's
    profile admits. `findings` are those of the regulation that still stand (waived ones left out).
    """

    moment: Moment
    items: Sequence[CheckedItem]
    entry_label: Label = field(default_factory=Label)
    metadata_missing: tuple[str, ...] = ()
    handed_over_by: str = ""
    accepted_by: str = ""
    findings: tuple[Finding, ...] = ()
    files_not_listed: tuple[str, ...] = ()
    seal: SealState = SealState.NOT_SEALED
    highest_level_allowed: Level = Level.TOP_SECRET


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report; `item_number` is None where it speaks of the whole file."""

    code: str
    title: str
    outcome: Outcome
    text: str
    item_number: int | None = None


@dataclass(frozen=True, slots=True)
class PropertyReport:
    """The lines of one property."""

    of: Property
    lines: tuple[Line, ...]

    @property
    def passed(self) -> bool:
        """Whether no line failed; a property of which nothing could be checked has not passed."""
        outcomes = {line.outcome for line in self.lines}
        return Outcome.PASSED in outcomes and Outcome.FAILED not in outcomes


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


Fault = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class _Check:
    """One check: what faults it finds, when it can be made, and what is said where it finds none or cannot be made."""

    code: str
    title: str
    faults: Callable[[CheckInput], Iterator[Fault]]
    passed: str
    applies: Callable[[CheckInput], bool] = lambda subject: bool(subject.items)
    otherwise: str = "卷内没有可检测的材料"

    def lines(self, subject: CheckInput) -> Iterator[Line]:
        if not self.applies(subject):
            yield Line(self.code, self.title, Outcome.NOT_APPLICABLE, f"{self.otherwise}。")
            return
        found = [
            Line(self.code, self.title, Outcome.FAILED, f"{text}。", number) for number, text in self.faults(subject)
        ]
        text = self.passed.format(count=len(subject.items))
        yield from found or [Line(self.code, self.title, Outcome.PASSED, f"{text}。")]


def run(subject: CheckInput) -> FourCheckReport:
    """Make every check; each gives one line where all is well, and one for every fault."""
    parts = (
        PropertyReport(of, tuple(line for check in checks for line in check.lines(subject)))
        for of, checks in _CHECKS.items()
    )
    return FourCheckReport(subject.moment, tuple(parts))


def _name(item: CheckedItem) -> str:
    return f"第{item.number}件《{item.title}》"


def _digests(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if item.digest_recorded is None:
            yield item.number, f"{_name(item)}没有登记摘要值，请重新收入"
        elif item.digest_recomputed is None:
            yield item.number, f"{_name(item)}的文件读不出来，请从备份恢复"
        elif item.digest_recorded != item.digest_recomputed:
            yield item.number, f"{_name(item)}的内容与登记的摘要值不一致，可能被改动，请停止使用并核查"


def _sizes(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if None not in (item.size_recorded, item.size_read) and item.size_recorded != item.size_read:
            yield item.number, f"{_name(item)}登记为{item.size_recorded}字节，实际为{item.size_read}字节"


def _pages(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if item.pages_recorded != item.pages_counted:
            recorded, counted = (
                f"{n}页" if n is not None else "无页码" for n in (item.pages_recorded, item.pages_counted)
            )
            yield item.number, f"{_name(item)}登记为{recorded}，文件为{counted}，请核对页码"


def _custody(subject: CheckInput) -> Iterator[Fault]:
    if not subject.handed_over_by:
        yield None, "没有登记移交人，请核对移交清单"
    if subject.moment is not Moment.TRANSFER and not subject.accepted_by:
        yield None, "没有登记接收人，请核对移交清单"
    if subject.handed_over_by and subject.handed_over_by == subject.accepted_by:
        yield None, "移交人和接收人是同一人，请由其他档案管理员接收"


def _seal(subject: CheckInput) -> Iterator[Fault]:
    if subject.seal is SealState.INVALID:
        yield None, "封存签名或时间戳无效，案卷可能被改动，请停止使用并核查"
    elif subject.seal is SealState.NOT_SEALED:
        yield None, "案卷在长期保存中，但没有封存签名和时间戳"


def _numbers(subject: CheckInput) -> Iterator[Fault]:
    numbers = sorted(item.number for item in subject.items)
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield number, f"件号{number}重复"
    for number in sorted(set(range(1, (numbers or [0])[-1] + 1)) - set(numbers)):
        yield None, f"件号不连续，缺少第{number}件"


def _listed(subject: CheckInput) -> Iterator[Fault]:
    for name in subject.files_not_listed:
        yield None, f"文件 {name} 不在卷内文件目录中"


def _metadata(subject: CheckInput) -> Iterator[Fault]:
    if subject.metadata_missing:
        yield None, f"案卷缺少元数据：{'、'.join(subject.metadata_missing)}，请补填"
    for item in subject.items:
        if item.metadata_missing:
            yield item.number, f"{_name(item)}缺少元数据：{'、'.join(item.metadata_missing)}，请补填"


def _regulation(subject: CheckInput) -> Iterator[Fault]:
    for finding in subject.findings:
        if finding.blocks:
            yield finding.item_number, f"{finding.article}：{finding.message.rstrip('。')}"


def _opens(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        for problem in item.problems:
            yield item.number, f"{_name(item)}不能正常打开：{problem.rstrip('。')}"


def _formats(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if not item.format_known:
            yield item.number, f"{_name(item)}的格式（{item.format_name or '无法识别'}）不适合长期保存，请另附 PDF"


def _passwords(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if item.needs_password:
            yield item.number, f"{_name(item)}设有密码，请去除密码后重新收入"


def _harmful(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if item.scan is Scan.INFECTED:
            yield item.number, f"{_name(item)}发现有害代码，请隔离并从原件重新收入"
        elif item.scan is Scan.NOT_RUN:
            yield item.number, f"{_name(item)}没有查过有害代码，请补查"


def _levels(subject: CheckInput) -> Iterator[Fault]:
    limit = subject.highest_level_allowed
    if subject.entry_label.level > limit:
        yield None, f"案卷条目为{subject.entry_label.level.zh}，本系统最高只能保存{limit.zh}"
    for item in subject.items:
        if item.label.level > limit:
            yield item.number, f"{_name(item)}为{item.label.level.zh}，本系统最高只能保存{limit.zh}"


def _labels(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        for fault in _label_faults(item):
            yield item.number, f"{_name(item)}{fault}，请核对密级和标识"


def _label_faults(item: CheckedItem) -> Iterable[str]:
    if item.names_informant and Mark.INFORMANT not in item.label.marks:
        yield "载有投诉人、举报人情况，但没有举报人信息标识"
    if item.label.level is Level.PUBLIC:
        if item.names_person:
            yield "载有个人身份信息，但定为公开"
        if item.volume is Volume.AUXILIARY:
            yield "属于副卷，但定为公开"
        if item.label.marks:
            yield f"标有{'、'.join(mark.zh for mark in Mark if mark in item.label.marks)}，但定为公开"


_CHECKS: dict[Property, tuple[_Check, ...]] = {
    Property.AUTHENTICITY: (
        _Check("Z1", "内容未被改动", _digests, "共{count}件，摘要值全部一致"),
        _Check(
            "Z2",
            "大小与登记一致",
            _sizes,
            "共{count}件，大小与登记一致",
            lambda subject: any(None not in (item.size_recorded, item.size_read) for item in subject.items),
            "没有登记大小",
        ),
        _Check("Z3", "页数与登记一致", _pages, "共{count}件，页数与登记一致"),
        _Check(
            "Z4",
            "移交和接收有记录",
            _custody,
            "移交和接收由不同人员办理并有记录",
            lambda subject: subject.moment is not Moment.FILING,
            "归档检测时尚未移交",
        ),
        _Check(
            "Z5",
            "封存签名和时间戳",
            _seal,
            "签名和时间戳有效",
            lambda subject: subject.moment is Moment.STORAGE or subject.seal is SealState.INVALID,
            "案卷尚未封存",
        ),
    ),
    Property.INTEGRITY: (
        _Check(
            "W1",
            "件号连续",
            _numbers,
            "共{count}件，件号连续",
        ),
        _Check("W2", "文件与目录一致", _listed, "没有目录之外的文件", lambda _: True),
        _Check("W3", "元数据齐全", _metadata, "案卷和各件的元数据齐全", lambda _: True),
        _Check("W4", "全过程记录齐全", _regulation, "没有须补正的事项", lambda _: True),
    ),
    Property.USABILITY: (
        _Check("K1", "文件能够打开", _opens, "共{count}件，都能打开"),
        _Check("K2", "格式适合长期保存", _formats, "共{count}件，格式都适合长期保存"),
        _Check("K3", "没有密码", _passwords, "共{count}件，都没有密码"),
    ),
    Property.SECURITY: (
        _Check(
            "A1",
            "有害代码",
            _harmful,
            "共{count}件，没有发现有害代码",
            lambda subject: any(item.scan is not Scan.NOT_RUN for item in subject.items),
            "没有设置有害代码查杀程序，未查",
        ),
        _Check("A2", "密级不超出本系统范围", _levels, "密级都在本系统可保存的范围内", lambda _: True),
        _Check("A3", "密级和标识与内容相符", _labels, "共{count}件，密级和标识与内容相符"),
    ),
}
