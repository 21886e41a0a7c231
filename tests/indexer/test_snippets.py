"""Extracts and marks: always exact pieces of the original."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.snippets import Snippet, continued_marks, page_marks, snippet

LONG = "其他事项" * 50


def test_a_mark_on_the_next_page_is_none_of_this_one() -> None:
    assert page_marks("未经许", "可。采砂", ["采砂"]) == []


def test_a_term_over_the_end_is_marked_up_to_the_end() -> None:
    assert page_marks("未经许", "可采砂", ["许可"]) == [(2, 3)]


def test_the_rest_of_a_term_is_marked_where_the_next_page_begins() -> None:
    assert continued_marks("未经许", "可采砂", ["许可采"]) == [(0, 2)]
    assert continued_marks("未经许可", "采砂", ["许可", "采砂"]) == []
    assert continued_marks("未经许", "", ["许"]) == []


def test_marks_of_several_terms_are_joined() -> None:
    assert page_marks("非法采砂船", "", ["采砂", "砂船", "无"]) == [(2, 5)]


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("非法采砂", [(2, 4)]) == Snippet("非法采砂", ((2, 4),))


def test_the_extract_shows_where_the_most_is_marked() -> None:
    text = "采砂" + LONG + "采砂取水" + LONG
    shown = snippet(text, page_marks(text, "", ["采砂", "取水"]))
    assert [shown.text[a:b] for a, b in shown.marks] == ["采砂取水"]
    assert shown.cut_before
    assert shown.cut_after


def test_without_a_mark_the_beginning_is_shown() -> None:
    assert snippet(LONG, []) == Snippet(LONG[:120], cut_after=True)


@given(st.lists(st.sampled_from(["采砂", "其他事项", "\n", "取水许可证", "，"]), max_size=120), st.integers(10, 60))
def test_marks_of_an_extract_lie_within_it_and_hold_what_was_found(parts: list[str], length: int) -> None:
    text = "".join(parts)
    shown = snippet(text, page_marks(text, "", ["采砂"]), length)
    assert shown.text in text
    assert len(shown.text) <= max(length, 0) or shown.text == text
    for a, b in shown.marks:
        assert 0 <= a < b <= len(shown.text)
        assert set(shown.text[a:b]) <= set("采砂\n")
