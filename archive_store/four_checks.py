"""The four checks of an electronic record (四性检测) at filing, at transfer, before sealing and during storage.

Rules kept here, after DA/T 70-2018 (真实性, 完整性, 可用性, 安全性) and GB/T 18894-2016:

- authenticity: the bytes are those that were recorded, page ranges agree with the content, who handed the file over
  and who took it is known, and a sealed file carries a signature and a time stamp that hold and is described as it was;
- integrity: every item that is listed is there and nothing else, numbers run on without a gap, the metadata asked for
  are filled in, and no rule of the regulation is left open;
- usability: every file opens, is of a format that can be kept, and can be read without a password;
- security: nothing harmful was found, and labels agree with what an item holds.

What was not looked at is never "passed": it is "not checked" with the reason, e.g. where no virus scanner is set up;
what cannot be there at this moment (a seal before the seal) is "not applicable".
A failure that an archivist could only paper over (changed bytes, custody, a level the system may not hold) cannot be
waived; one that is a matter of judgement can. Pure: the caller reads bytes and rows, this judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive_store.four_check_report import FourCheckReport, Line, Moment, Outcome, Property, PropertyReport
from archive_store.labels import Label, Level, Mark, Volume
from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archive_store.regulation.facts import Finding


Fault = tuple[int | None, str]
"""What is wrong, and of which item; None where it is the whole file."""


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
    `looked_into` is False where no parser knows the format: whether it opens is then not known.
    `names_person` says that identity data of a person stands in it, `names_informant` that of a complainant; None
    where nobody looked.
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
    looked_into: bool = True
    needs_password: bool = False
    metadata_missing: tuple[str, ...] = ()
    scan: Scan = Scan.NOT_RUN
    names_person: bool | None = None
    names_informant: bool | None = None


@dataclass(frozen=True, slots=True)
class CheckInput:
    """Everything that the checks look at.

    `files_not_listed` are files of the package that no item names. `highest_level_allowed` is what the deployment's
    profile admits. `findings` are those of the regulation that still stand (waived ones left out).
    `described_otherwise` says where the records of a sealed file differ from what was sealed; None where nobody looked.
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
    described_otherwise: tuple[Fault, ...] | None = None
    highest_level_allowed: Level = Level.TOP_SECRET


def _nothing(_: CheckInput) -> Iterator[Fault]:
    yield from ()


@dataclass(frozen=True, slots=True)
class _Check:
    """One check: what faults it finds, when it can be made, and what is said where it finds none or cannot be made.

    `unseen` names the items that it cannot judge, with the reason.
    """

    code: str
    title: str
    faults: Callable[[CheckInput], Iterator[Fault]]
    passed: str
    applies: Callable[[CheckInput], bool] = lambda subject: bool(subject.items)
    otherwise: str = "卷内没有可检测的材料"
    inapplicable: Outcome = Outcome.NOT_CHECKED
    unseen: Callable[[CheckInput], Iterator[Fault]] = _nothing
    waivable: bool = True

    def lines(self, subject: CheckInput) -> Iterator[Line]:
        if not self.applies(subject):
            yield self._line(self.inapplicable, self.otherwise)
            return
        faults = [self._line(Outcome.FAILED, text, number) for number, text in self.faults(subject)]
        unseen = [self._line(Outcome.NOT_CHECKED, text, number) for number, text in self.unseen(subject)]
        seen = len(subject.items) - len(unseen)
        yield from faults
        if not faults and (seen or not subject.items):
            yield self.good(seen)
        yield from unseen

    def good(self, count: int) -> Line:
        """The line that says that all of `count` items are well."""
        return self._line(Outcome.PASSED, self.passed.format(count=count))

    def _line(self, outcome: Outcome, text: str, number: int | None = None) -> Line:
        return Line(self.code, self.title, outcome, f"{text}。", number, waivable=self.waivable)


def run(subject: CheckInput) -> FourCheckReport:
    """Make every check; each gives one line where all is well, and one for every fault."""
    parts = (
        PropertyReport(of, tuple(line for check in checks for line in check.lines(subject)))
        for of, checks in _CHECKS.items()
    )
    return FourCheckReport(subject.moment, tuple(parts))


def seen_by(report: FourCheckReport, numbers: frozenset[int]) -> FourCheckReport:
    """What a report says of the items with these numbers, and of the file as a whole; counts are of these items.

    For a reader who may see no others, and for a sealed object that holds no others.
    """
    parts = (PropertyReport(part.of, tuple(_seen(part, numbers))) for part in report.parts)
    return FourCheckReport(report.moment, tuple(parts))


def _seen(part: PropertyReport, numbers: frozenset[int]) -> Iterator[Line]:
    shown = {None, *numbers}
    for check in _CHECKS[part.of]:
        lines = [line for line in part.lines if line.code == check.code]
        told = [line for line in lines if line.item_number in shown and line.outcome is not Outcome.PASSED]
        seen = len(numbers) - [line.outcome for line in told].count(Outcome.NOT_CHECKED)
        if lines and seen and not any(map(_is_final, told)):
            yield check.good(seen)
        yield from told


def _is_final(line: Line) -> bool:
    """Whether nothing good can be said beside this line: a fault, or a check that could not be made at all."""
    return line.outcome is Outcome.FAILED or line.item_number is None


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
    if not subject.accepted_by:
        yield None, "没有登记接收人，请核对移交清单"
    if subject.handed_over_by and subject.handed_over_by == subject.accepted_by:
        yield None, "移交人和接收人是同一人，请由其他档案管理员接收"


def _seal(subject: CheckInput) -> Iterator[Fault]:
    if subject.seal is SealState.INVALID:
        yield None, "封存签名或时间戳无效，案卷可能被改动，请停止使用并核查"
    elif subject.seal is SealState.NOT_SEALED:
        yield None, "案卷在长期保存中，但没有封存签名和时间戳"


def _description(subject: CheckInput) -> Iterator[Fault]:
    yield from subject.described_otherwise or ()


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


def _not_opened(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if not (item.looked_into or item.problems):
            yield item.number, f"{_name(item)}的格式（{item.format_name}）没有能够打开检查的程序，未检测"


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


def _label_faults(item: CheckedItem) -> Iterator[str]:
    if item.label.level is Level.PUBLIC:
        if item.volume is Volume.AUXILIARY:
            yield "属于副卷，但定为公开"
        if item.label.marks:
            yield f"标有{'、'.join(mark.zh for mark in Mark if mark in item.label.marks)}，但定为公开"


def _persons(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if item.names_informant and Mark.INFORMANT not in item.label.marks:
            yield item.number, f"{_name(item)}载有投诉人、举报人情况，但没有举报人信息标识，请核对密级和标识"
        if item.names_person and item.label.level is Level.PUBLIC:
            yield item.number, f"{_name(item)}载有个人身份信息，但定为公开，请核对密级和标识"


def _not_read(subject: CheckInput) -> Iterator[Fault]:
    for item in subject.items:
        if item.names_person is None or item.names_informant is None:
            yield item.number, f"{_name(item)}没有可供查找的文字，未检测"


_CHECKS: dict[Property, tuple[_Check, ...]] = {
    Property.AUTHENTICITY: (
        _Check("Z1", "内容未被改动", _digests, "共{count}件，摘要值全部一致", waivable=False),
        _Check(
            "Z2",
            "大小与登记一致",
            _sizes,
            "共{count}件，大小与登记一致",
            lambda subject: any(None not in (item.size_recorded, item.size_read) for item in subject.items),
            "没有登记大小",
            waivable=False,
        ),
        _Check("Z3", "页数与登记一致", _pages, "共{count}件，页数与登记一致"),
        _Check(
            "Z4",
            "移交和接收有记录",
            _custody,
            "移交和接收由不同人员办理并有记录",
            lambda subject: subject.moment is not Moment.FILING,
            "归档检测时尚未移交",
            Outcome.NOT_APPLICABLE,
            waivable=False,
        ),
        _Check(
            "Z5",
            "封存签名和时间戳",
            _seal,
            "签名和时间戳有效",
            lambda subject: subject.moment is Moment.STORAGE or subject.seal is SealState.INVALID,
            "案卷尚未封存",
            Outcome.NOT_APPLICABLE,
            waivable=False,
        ),
        _Check(
            "Z6",
            "著录与封存时一致",
            _description,
            "数据库中的著录与封存包一致",
            lambda subject: subject.described_otherwise is not None,
            "案卷尚未封存",
            Outcome.NOT_APPLICABLE,
            waivable=False,
        ),
    ),
    Property.INTEGRITY: (
        _Check("W1", "件号连续", _numbers, "共{count}件，件号连续", waivable=False),
        _Check("W2", "文件与目录一致", _listed, "没有目录之外的文件", lambda _: True, waivable=False),
        _Check("W3", "元数据齐全", _metadata, "案卷和各件的元数据齐全", lambda _: True),
        _Check("W4", "全过程记录齐全", _regulation, "没有须补正的事项", lambda _: True),
    ),
    Property.USABILITY: (
        _Check("K1", "文件能够打开", _opens, "共{count}件，都能打开", unseen=_not_opened),
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
            waivable=False,
        ),
        _Check("A2", "密级不超出本系统范围", _levels, "密级都在本系统可保存的范围内", lambda _: True, waivable=False),
        _Check("A3", "密级与卷别、标识相符", _labels, "共{count}件，密级与卷别、标识相符"),
        _Check(
            "A4",
            "标识与所载个人信息相符",
            _persons,
            "共{count}件，标识与所载个人信息相符",
            lambda subject: any(None not in (item.names_person, item.names_informant) for item in subject.items),
            "没有在材料中查找个人信息，未查",
            unseen=_not_read,
        ),
    ),
}
