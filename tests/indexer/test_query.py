"""The language of the search box: its forms, its refusals, and that no input breaks it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_store.errors import InvalidInputError
from indexer.analysis import OPEN_END
from indexer.compiler import compile_query
from indexer.query import MAX_CHARACTERS, MAX_DEPTH, MAX_LEAVES, parse
from indexer.query_tree import And, Between, Choice, Near, Not, Or, QueryError, Question, Term
from indexer.searcher import marked_terms
from tests.indexer.world import TYPES, seeded

if TYPE_CHECKING:
    from tests.proofs import ProofBook

A, B, C = Term("采砂"), Term("取水"), Term("听证")
PIECES = (
    *(
        "采砂",
        "水",
        "5号",
        "石水罚字〔2025〕5号",
        "(2025)",
        "湘A12345",
        "怎么处罚？",
        "，",
        "。",
        "——",
        "\n",
        " ",
        "\t",
        "é",
        "𠮷",
        "☆",
    ),
    *(
        "(",
        ")",
        "（",
        "）",
        '"',
        "“",
        "”",
        "-",
        "－",
        "--",
        "|",
        "&&",
        "OR",
        "AND",
        "NOT",
        "ＯＲ",
        "*",
        "＊",
        "12*",
        "~10",
        "(采砂 水)~3",
        '"采砂 水"~3',
        "第五号",
        "二〇二五年三月五日",
        "2025-03-05",
        "\ue000",
        ")~5",
        "\\",
        "\x00",
        "\ud800",
    ),
    *(
        "当事人:",
        "案号：",
        "年度:",
        "日期:",
        "类别:",
        "密级:",
        "阶段:",
        "文书:",
        "设备:",
        "承办人:yanshi",
        "地址:",
        "2024",
        "2024-13",
        "..",
        "2024-01..2024-06",
        "9999",
        ":",
    ),
)


@pytest.mark.parametrize(
    "query",
    [
        *("", "  ", "，。", '""', "()", "( )", "OR", "采砂 OR", "OR 采砂", "AND", "采砂 AND", "NOT", "-"),
        *("(采砂", "采砂 )", "((采砂)", '"采砂', "“采砂", "-采砂", "NOT 采砂", "采砂 OR -听证", "-(采砂 取水)"),
        *(
            "当事人:",
            "当事人: OR 采砂",
            "案号:，",
            "年度:25",
            "年度:2025..2023",
            "年度:..",
            "日期:2024-13",
            "日期:2024-02-30",
        ),
        *("(采砂)~5", "(采砂 取水 听证)~5", "(采砂 OR 取水)~5", "(采砂 -取水)~5", "标题:(采砂 取水)~5", '"采砂"~5'),
        *("(采砂 取水)~31", "(采砂 取水)~9999", "(年度:2024 采砂)~5", '案号:"采砂 取水"~5', "4*", "湘A*"),
        *("日期:昨天", "日期:1..2..3", "密级:普通", "类别:xyz", "文书:遗嘱", "阶段:。", "NOT NOT 采砂"),
        *("砂" * (MAX_CHARACTERS + 1), "(" * (MAX_DEPTH + 1) + "砂" + ")" * (MAX_DEPTH + 1), "砂 " * (MAX_LEAVES + 1)),
    ],
)
def test_what_cannot_be_answered_is_refused_in_plain_chinese(query: str) -> None:
    with pytest.raises(QueryError) as refusal:
        parse(query, TYPES)
    assert isinstance(refusal.value, InvalidInputError)
    assert refusal.value.field == "q"
    assert refusal.value.message.endswith("。")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("采砂", A),
        (" 采砂 ", A),
        ("采砂 取水", And((A, B))),
        ("采砂 AND 取水", And((A, B))),
        ("采砂 OR 取水", Or((A, B))),
        ("采砂 ＯＲ 取水", Or((A, B))),
        ("采砂|取水", Term("采砂|取水")),
        ("采砂 | 取水", Or((A, B))),
        ("采砂 取水 OR 听证", Or((And((A, B)), C))),
        ("采砂 (取水 OR 听证)", And((A, Or((B, C))))),
        ("采砂（取水）", Term("采砂（取水）")),
        ("采砂 （取水 OR 听证）", And((A, Or((B, C))))),
        ("采砂 -听证", And((A, Not(C)))),
        ("采砂 NOT 听证", And((A, Not(C)))),
        ("采砂 －（取水 OR 听证）", And((A, Not(Or((B, C)))))),
        ("(东京 AND NOT 秘密) OR 账单", Or((And((Term("东京"), Not(Term("秘密")))), Term("账单")))),
        ('"采砂 取水"', Term("采砂 取水", quoted=True)),
        ("“采砂”取水", And((Term("采砂", quoted=True), B))),
        ("石水罚字(2025)5号", Term("石水罚字(2025)5号")),
        ("(2025)石水罚字5号", Term("(2025)石水罚字5号")),
        ("(石水罚字（2025）5号 OR 采砂)", Or((Term("石水罚字（2025）5号"), A))),
        ("ST-2025-08", Term("ST-2025-08")),
        ("12:30", Term("12:30")),
        ("地址:石门", Term("地址:石门")),
        ("当事人:张演示", Term("张演示", "party")),
        ("当事人： 张演示", Term("张演示", "party")),
        ("当事人:(张 OR 李)", Or((Term("张", "party"), Term("李", "party")))),
        ("案号:“石水 5号”", Term("石水 5号", "case_number", quoted=True)),
        ("-当事人:张 采砂", And((Not(Term("张", "party")), A))),
        ("年度:2024", Between("year", 2024, 2024)),
        ("年度:2024..", Between("year", 2024, None)),
        ("类别:处罚", Choice("kind", frozenset({"penalty"}))),
        ("类别:行政", Choice("kind", frozenset({"licensing", "penalty", "coercion", "levy", "fee", "inspection"}))),
        ("文书:笔录", Choice("document_type", frozenset({"inquiry_record", "site_record"}))),
        ("密级:绝密", Choice("level", frozenset({"4"}))),
        ("卷别:副卷", Choice("volume", frozenset({"auxiliary"}))),
        ("4307*", Term(f"4307{OPEN_END}")),
        ("案号:2025＊", Term(f"2025{OPEN_END}", "case_number")),
        ("采砂*", A),
        ("采*砂", Term("采*砂")),
        ("(采砂 取水)~10", Near(A, B, 10)),
        ("（采砂 取水）～ 0 听证", And((Near(A, B, 0), C))),
        ('"采砂 取水"~5', Near(A, B, 5)),
        ("-(采砂 取水)~3 听证", And((Not(Near(A, B, 3)), C))),
        ("(湘A1* 采砂)~3", Near(Term(f"湘A1{OPEN_END}"), A, 3)),
        ("采砂~10", Term("采砂~10")),
        ("设备:执法记录仪", Term("执法记录仪", "device")),
        ("年度:2024*", Between("year", 2024, 2024)),
    ],
)
def test_each_form_is_read_as_it_is_meant(query: str, tree: object) -> None:
    assert parse(query, TYPES).tree == tree


@pytest.mark.parametrize(
    "query", ["采砂", "采砂 取水", '"违法采砂应当怎么处罚"', "违法采砂怎么处罚 OR 取水", "年度:2025"]
)
def test_what_is_no_question_is_not_asked_as_one(query: str) -> None:
    assert parse(query).question is None


def test_a_question_keeps_its_conditions() -> None:
    parsed = parse("违法采砂应当怎么处罚？ 年度:2024 -听证")
    assert parsed.question == And((Question("违法采砂应当怎么处罚？"), Between("year", 2024, 2024), Not(C)))


def test_quotation_marks_inside_a_question_do_not_make_it_exact() -> None:
    assert parse("“复利”“利滚利”的约定合法吗？").question == Question("复利 利滚利 的约定合法吗？")


def test_no_input_gives_an_unexpected_error(proofs: ProofBook, *, full: bool) -> None:
    draw = seeded(2025)
    unexpected = 0
    for _ in range(10_000 if full else 3_000):
        query = "".join(draw.choice(PIECES) + draw.choice(["", " "]) for _ in range(draw.randint(0, 12)))
        try:
            parsed = parse(query, TYPES)
            compile_query(parsed.tree)
            if parsed.question:
                compile_query(parsed.question)
        except QueryError as refusal:
            unexpected += not refusal.message
        except Exception:  # noqa: BLE001 - counting exactly these is the proof
            unexpected += 1
    proofs.record("queries that broke the search box", unexpected, "0", unexpected == 0)
    assert unexpected == 0


TYPED = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
"""What hands may type, and what they may paste."""


def test_arbitrary_text_is_answered_or_refused(*, full: bool) -> None:
    @settings(max_examples=10_000 if full else 300, deadline=None)
    @given(TYPED)
    def holds(query: str) -> None:
        with suppress(QueryError):
            parsed = parse(query, TYPES)
            compile_query(parsed.tree)
            marked_terms(parsed.tree)

    holds()
