"""Analysis: what is equal, what is not, and that every place leads back to the original text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import (
    MAX_RUN,
    OPEN_END,
    Analysed,
    _spans_in,
    contains,
    cuts,
    cuts_at_edges,
    find_spans,
    is_searchable,
    join_spans,
    normalise,
    tokens_with_cuts,
)

chinese = st.text(alphabet="采砂取水许可罚款〔〕（）()[]，。、；·—年月日号湘A1234567890 \n\t０１２ab.-é", max_size=60)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("编号15号", "5号"),
        ("第153号", "53"),
        ("采砂许可", "采砂，许可"),
        ("采砂。许可", "采砂许可"),
        ("湘A12345", "A1234"[1:4]),
        ("430702199001011234", "0219"),
        ("12,13条", "1213"),
        ("3.5克", "5克"),
        ("砂石", "石砂"),
        ("采砂", "，"),
        ("采砂", ""),
    ],
)
def test_what_is_not_there_is_not_found(text: str, term: str) -> None:
    assert not contains(text, term)
    assert find_spans(text, term) == []


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("石水罚字〔2025〕5号", "石水罚字[2025]5号"),
        ("石水罚字〔2025〕5号", "石水罚字（2025）5号"),
        ("石水罚字〔2025〕5号", "石水罚字２０２５ 5号"),
        ("石水罚字[2025]5号", "5号"),
        ("违法采\n砂行为", "采砂"),
        ("张 三", "张三"),
        ("罚款10,000元", "10000元"),
        ("罚款１００００元", "10000元"),
        ("湘A·12345号车", "湘a12345"),
        ("身份证430702199001011234", "4307"),
        ("身份证430702199001011234", "证430702"),
        ("身份证430702199001011234号", "1234号"),
        ("違法採砂", "违法采砂"),
        ("违法采砂", "違法採砂"),
        ("采砂、取水", "采砂，取水"),
        ("采砂，  取水", "采砂。取水"),
        ("面积12㎡", "12m2"),
        ("（五）采砂", "采砂"),
        ("ＡＢＣ公司", "abc公司"),
        ("cafe\u0301", "café"),
        ("采\u200b砂", "采砂"),
    ],
)
def test_forms_that_a_reader_takes_for_equal_are_found(text: str, term: str) -> None:
    assert contains(text, term)
    assert find_spans(text, term)


def test_a_comma_between_full_width_numbers_does_not_join_them() -> None:
    assert Analysed("第１２，１３条").uni == ["第", "12", "13", "条"]


def test_blanks_to_be_filled_in_do_not_stick_to_numbers() -> None:
    assert contains("电话___13800000000___", "13800000000")


def test_bigrams_stop_at_breaks_and_runs_and_step_over_line_ends() -> None:
    assert Analysed("采砂。许\n可证5号").bi == ["采砂", "许可", "可证", "5", "号"]


def test_no_token_grows_without_limit() -> None:
    assert {len(token) for token in Analysed("a" * 1000).uni} <= {MAX_RUN, 1000 % MAX_RUN}
    assert contains("x " + "ab" * 300, "ab" * 300)


def test_cuts_are_all_first_parts_of_two_and_last_parts_of_four_or_more() -> None:
    assert cuts("123456") == ["^12", "^123", "^1234", "^12345", "3456$", "23456$"]
    assert list(tokens_with_cuts(Analysed("号12345码"))) == [
        ("号", 0),
        ("12345", 1),
        ("^12", 1),
        ("^123", 1),
        ("^1234", 1),
        ("2345$", 1),
        ("码", 2),
    ]


def test_a_term_with_runs_at_its_edges_is_asked_in_every_cut_form() -> None:
    term = Analysed("1234号5678")
    assert cuts_at_edges(term.pieces, term.uni, term.text) == [
        ["1234", "号", "^5678"],
        ["1234$", "号", "5678"],
        ["1234$", "号", "^5678"],
    ]
    assert cuts_at_edges(Analysed("12号").pieces, ["12", "号"], "12号") == []


@pytest.mark.parametrize("text", ["", "  ", "——", "、。！", "\x00", "☆", "\u200b"])
def test_signs_alone_cannot_be_searched(text: str) -> None:
    assert not is_searchable(text)


def test_marks_are_exact_where_folding_changes_lengths() -> None:
    text = "㈤采砂，㎡１０，０００\u200b元"
    for term, marked in [("采砂", "采砂"), ("㈤", "㈤"), ("五", "㈤"), ("元", "元")]:
        assert [text[start:end] for start, end in find_spans(text, term)] == [marked]


def test_a_cut_run_is_marked_only_where_it_was_asked_for() -> None:
    text = "身份证430702199001011234号"
    assert [text[a:b] for a, b in find_spans(text, "1234号")] == ["1234号"]
    assert [text[a:b] for a, b in find_spans(text, "证4307")] == ["证4307"]


def test_overlapping_marks_are_joined() -> None:
    assert find_spans("水水水", "水水") == [(0, 3)]
    assert join_spans([(5, 7), (0, 2), (2, 3)]) == [(0, 3), (5, 7)]


@given(chinese)
def test_every_text_is_found_in_itself_and_marked_within_bounds(text: str) -> None:
    if is_searchable(text):
        assert contains(text, text)
    for start, end in find_spans(text, text):
        assert 0 <= start < end <= len(text)


@given(st.text(max_size=40))
def test_any_text_at_all_can_be_analysed(text: str) -> None:
    analysed = Analysed(text)
    assert len(analysed.uni) >= len(analysed.bi) - 1
    assert all(token and not token.isspace() for token in analysed.uni + analysed.bi)


@given(chinese, st.data())
def test_marks_hold_exactly_what_was_asked_for(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    term = text[start : data.draw(st.integers(start, len(text)))]
    asked = normalise(term).strip("\x1f")
    for a, b in find_spans(text, term):
        marked = normalise(text[a:b]).strip("\x1f")
        places = [at for at in range(len(marked)) if marked.startswith(asked, at)]
        covered = {n for at in places for n in range(at, at + len(asked))}
        edges = {n for n, character in enumerate(marked) if character == "\x1f"}
        assert covered | edges == {*range(len(marked))}  # marks that touch are one, with the edge of a run between


@given(
    st.text("采砂許许证 \n\t，。a1\u3000\u200b\u0301水", max_size=60),
    st.text("采砂許许证 水\u200b", min_size=1, max_size=4),
)
def test_marks_of_characters_alone_are_those_of_the_text_taken_apart(text: str, term: str) -> None:
    assert find_spans(text, term) == _spans_in(Analysed(text), term)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("湘A1", "湘A·12345", False),
        (f"湘A1{OPEN_END}", "湘A·12345", True),
        (f"湘A2{OPEN_END}", "湘A·12345", False),
        (f"12{OPEN_END}", "编号312", False),
        (f"12{OPEN_END}", "编号12", True),
        (f"采砂{OPEN_END}", "采砂船", True),
    ],
)
def test_an_open_end_lets_the_last_run_go_on(term: str, text: str, *, found: bool) -> None:
    assert contains(text, term) is found
    assert bool(find_spans(text, term)) is found
