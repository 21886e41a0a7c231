"""The headings of 案卷目录.xlsx: what each field and column of the workbook is called and what it becomes.

One table for the reader (`case_workbook`) and for the empty workbook (`forms.workbook`).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from archive_store.labels import Level, Mark, Volume
from archive_store.vocabulary import (
    ActKind,
    CarrierKind,
    Fact,
    PersonKind,
    PersonRole,
    Procedure,
    Retention,
    ServiceMethod,
    Stage,
    TitledEnum,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CASE_SHEET, ITEM_SHEET, PERSON_SHEET, CHOICE_SHEET = "案卷", "卷内文件", "人员", "可选项"
NUMBER_HEADING = "序号"
EXAMPLE = "例"
"""Rows whose number says so are an example and not read."""


class Shape(Enum):
    """What a cell is read as."""

    TEXT = auto()
    PATH = auto()
    """A path below the folder, either way of slashes."""
    DAY = auto()
    MOMENT = auto()
    FLAG = auto()
    NUMBER = auto()
    NAMES = auto()
    """Several words, divided by 、."""
    CHOICE = auto()
    CHOICES = auto()
    """Several of the words, divided by 、."""
    TYPE = auto()
    """A document type, by title or code."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column (or a field of the sheet 案卷).

    Attributes:
        heading: as the workbook has it.
        path: where the value goes in the description.
        shape: what the cell is read as.
        choices: the words by code, for choices.
        required: whether it may not be left empty.
        hint: how it is written.
        example: a value for the example row.
        width: of the column, in characters.
        other_headings: further names that are understood.
    """

    heading: str
    path: tuple[str, ...]
    shape: Shape = Shape.TEXT
    choices: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    hint: str = ""
    example: str = ""
    width: int = 14
    other_headings: tuple[str, ...] = ()


def _titles(kind: type[TitledEnum | Mark | Volume]) -> dict[str, str]:
    return {member.value: member.zh for member in kind}


LEVELS = {level.name.lower(): level.zh for level in Level}
MARKS = _titles(Mark)
FACTS = _titles(Fact)
WAYS = _titles(ServiceMethod)
SEVERAL = "多项用顿号隔开"
DAY_HINT = "如 2026-11-01"
MOMENT_HINT = "如 2026-11-01 09:30（北京时间）"
LABEL = (
    Column("密级", ("label", "level"), Shape.CHOICE, LEVELS, hint="不写即内部", width=8),
    Column("标识", ("label", "marks"), Shape.CHOICES, MARKS, hint=SEVERAL, other_headings=("标志",)),
)

CASE_FIELDS = (
    Column("案号", ("case_number",), required=True, hint="如 演水罚字〔2026〕1号"),
    Column("案名", ("title",), required=True, other_headings=("标题", "题名")),
    Column(
        "执法种类",
        ("kind",),
        Shape.CHOICE,
        _titles(ActKind),
        required=True,
        other_headings=("执法类别",),
    ),
    Column("程序", ("procedure",), Shape.CHOICE, _titles(Procedure), required=True),
    Column("承办机构", ("department",), required=True, hint="与系统里登记的名称一字不差", other_headings=("部门",)),
    Column("承办人", ("handlers",), Shape.NAMES, required=True, hint=SEVERAL),
    Column("启动日期", ("started",), Shape.DAY, required=True, hint=DAY_HINT),
    Column("办结日期", ("ended",), Shape.DAY, required=True, hint=DAY_HINT),
    Column("保管期限", ("retention",), Shape.CHOICE, _titles(Retention), hint="不写即 30年"),
    *LABEL,
    Column("备考", ("note",)),
    Column("案卷情况", ("facts",), Shape.CHOICES, FACTS, hint="可在此写多项，也可在下面逐项写“是”"),
    Column("送达方式", ("served",), Shape.CHOICES, WAYS, hint="可在此写多项，也可在下面逐项写“是”"),
)

ITEM_COLUMNS = (
    Column("文件名", ("file",), Shape.PATH, required=True, example="01-现场检查笔录.pdf", width=30),
    Column("题名", ("title",), required=True, example="现场检查笔录", width=30),
    Column(
        "文书类型",
        ("type",),
        Shape.TYPE,
        required=True,
        example="现场检查（勘验）笔录",
        width=22,
        other_headings=("材料类型", "文书种类"),
    ),
    Column("日期", ("date",), Shape.DAY, required=True, hint=DAY_HINT, example="2026-11-01"),
    Column("文号", ("document_number",), width=20),
    Column("责任者", ("originator",), hint="制作单位或人", width=18),
    Column("阶段", ("stage",), Shape.CHOICE, _titles(Stage), hint="不写则按文书类型", width=10),
    Column("卷", ("volume",), Shape.CHOICE, _titles(Volume), hint="不写则按文书类型", width=8),
    *LABEL,
    Column("可列示", ("listable",), Shape.FLAG, hint="当事人目录中可列", width=8),
    Column("中性题名", ("neutral_title",), hint="当事人看到的题名", width=18),
    Column("签名盖章齐全", ("signed",), Shape.FLAG, hint="不写即是", width=12),
    Column("版式件", ("rendition", "file"), Shape.PATH, hint="内容相同的 PDF 的文件名", width=24),
    Column("版式件制作人", ("rendition", "made_by"), width=12),
    Column(
        "载体",
        ("carrier", "kind"),
        Shape.CHOICE,
        _titles(CarrierKind),
        hint="不写即原生电子",
    ),
    Column("实体位置", ("carrier", "paper_location"), hint="纸质原件存放处"),
    Column("加工者", ("carrier", "digitised_by"), width=12),
    Column("加工日期", ("carrier", "digitised_on"), Shape.DAY, hint=DAY_HINT),
    Column("分辨率", ("carrier", "resolution_dpi"), Shape.NUMBER, hint="每英寸点数，如 300", width=8),
    Column("录制设备", ("recording", "device"), hint="音像记录填写"),
    Column("录制时间", ("recording", "recorded_at"), Shape.MOMENT, hint=MOMENT_HINT, width=18),
    Column("存储时间", ("recording", "stored_at"), Shape.MOMENT, hint=MOMENT_HINT, width=18),
    Column("录制人", ("recording", "recorder"), width=12),
    Column("录制地点", ("recording", "place")),
    Column("时长", ("recording", "duration_seconds"), Shape.NUMBER, hint="秒", width=8, other_headings=("时长（秒）",)),
    Column("承办人确认", ("contains",), Shape.NAMES, hint="规则编号，如 R08、R11.site_inspection"),
)

PERSON_COLUMNS = (
    Column("姓名或名称", ("name",), required=True, example="演示甲公司", width=20, other_headings=("姓名", "名称")),
    Column(
        "身份",
        ("role",),
        Shape.CHOICE,
        _titles(PersonRole),
        required=True,
        example="当事人",
        hint="在案中的身份",
    ),
    Column(
        "类别",
        ("kind",),
        Shape.CHOICE,
        _titles(PersonKind),
        example="法人或其他组织",
        hint="不写即自然人",
        width=16,
    ),
    Column("证件号码", ("identity_number",), hint="按文本填写", width=22),
    Column("电话", ("phone",), width=16),
    Column("住址", ("address",), width=28, other_headings=("地址",)),
    *LABEL,
    Column("代表谁", ("represents",), hint="代理人、法定代表人填写", other_headings=("代表或代理谁",)),
    Column("委托期限", ("representation_until",), Shape.DAY, hint=DAY_HINT),
)


def plain(words: str) -> str:
    """Words as they are compared: full width made half, without spaces, stars, and what stands behind as 必填."""
    text = "".join(unicodedata.normalize("NFKC", words).split()).casefold()
    return text.replace("(必填)", "").strip("*:")


def by_heading(columns: Iterable[Column]) -> dict[str, Column]:
    """Columns by every name that is understood: heading, other headings, code of the field."""
    found: dict[str, Column] = {}
    for column in columns:
        for name in (column.heading, *column.other_headings, ".".join(column.path)):
            found[plain(name)] = column
    return found
