"""Compiling: which fields a word is looked for in, and which documents answer a query without words."""

from __future__ import annotations

import pytest

from indexer.compiler import MAX_SEAM_ATOMS, compile_query, term_condition
from indexer.conditions import AllOf, AnyOf, Condition, HasAny, Numbers, Phrase, Without
from indexer.query import parse
from indexer.query_tree import QueryError, Question
from tests.indexer.world import TYPES


def compiled(query: str) -> Condition:
    return compile_query(parse(query, TYPES).tree)


def fields(condition: Condition) -> set[str]:
    match condition:
        case HasAny(field, _) | Phrase(field, _) | Numbers(field, _, _):
            return {field}
        case AllOf(parts) | AnyOf(parts):
            return {field for part in parts for field in fields(part)}
        case Without(part):
            return fields(part)


def grades(query: str) -> set[str]:
    condition = compiled(query)
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    return next((set(p.tokens) for p in parts if isinstance(p, HasAny) and p.field == "grade"), set())


def test_one_word_is_looked_for_in_the_text_alone() -> None:
    assert fields(compiled("采砂")) == {"bi", "seam"}


def test_several_words_may_stand_in_the_metadata_but_not_all_of_them() -> None:
    condition = compiled("采砂 取水")
    assert "about" in fields(condition)
    assert isinstance(condition, AllOf)
    assert fields(condition.parts[-1]) == {"bi", "seam"}


def test_a_word_under_a_minus_is_left_out_of_text_and_metadata() -> None:
    condition = compiled("采砂 -听证")
    assert isinstance(condition, AllOf)
    without = next(part for part in condition.parts if isinstance(part, Without))
    assert fields(without) == {"bi", "seam", "about", "names"}


@pytest.mark.parametrize("query", ["当事人:张演示", "当事人:张演示 采砂", "采砂 张演示", "采砂 -张演示"])
def test_without_the_right_to_names_no_field_of_names_is_asked(query: str) -> None:
    assert {"names", "party"}.isdisjoint(fields(compile_query(parse(query, TYPES).tree, frozenset())))


def test_names_are_asked_only_of_documents_whose_persons_are_known() -> None:
    def guarded(condition: Condition, *, known: bool) -> bool:
        match condition:
            case HasAny(field, _) | Phrase(field, _):
                return known or field not in {"names", "party"}
            case AllOf(parts):
                known = known or HasAny("scope", ("content:d1",)) in parts
                return all(guarded(part, known=known) for part in parts)
            case AnyOf(parts):
                return all(guarded(part, known=known) for part in parts)
            case Without(part):
                return guarded(part, known=known)
        return True

    for query in ("当事人:张演示", "采砂 张演示", "采砂 -当事人:张演示", "(采砂 OR 取水) 张"):
        condition = compile_query(parse(query, TYPES).tree, frozenset({"content:d1"}))
        assert guarded(condition, known=False), query
        assert {"names", "party"} & fields(condition), query


@pytest.mark.parametrize("term", ["张", "5克", "第5号", "采"])
def test_a_single_character_at_the_edge_is_looked_for_by_atoms(term: str) -> None:
    assert fields(term_condition("", term)) == {"uni"}


@pytest.mark.parametrize("term", ["采砂", "石水罚字〔2025〕", "5月的采砂"])
def test_bigrams_are_used_where_they_are_exact(term: str) -> None:
    assert "bi" in fields(term_condition("", term))


def test_a_term_too_long_for_the_seam_is_not_looked_for_across_it() -> None:
    assert "seam" in fields(compiled("砂" * MAX_SEAM_ATOMS))
    assert "seam" not in fields(compiled("砂" * (MAX_SEAM_ATOMS + 1)))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("年度:2025", {"case"}),
        ("类别:处罚 年度:2025", {"case"}),
        ("文书:笔录", {"case", "item"}),
        ("日期:2025-01", {"case", "item"}),
        ("当事人:张", {"persons"}),
        ("当事人:张 OR 类别:处罚", {"case", "persons"}),
        ("当事人:张 文书:笔录", {"persons", "item"}),
        ("年度:2025 -文书:笔录", {"case"}),
        ("年度:2025 采砂", set()),
    ],
)
def test_a_query_without_words_asks_for_entries(query: str, expected: set[str]) -> None:
    assert grades(query) == expected


def test_a_question_asks_for_any_of_its_meaningful_bigrams() -> None:
    condition = compile_query(Question("违法采砂怎么处罚"))
    assert isinstance(condition, HasAny)
    assert {"违法", "采砂", "处罚"} <= set(condition.tokens)
    assert "怎么" not in condition.tokens


def test_a_question_without_a_letter_is_refused() -> None:
    with pytest.raises(QueryError):
        compile_query(Question("？"))
