"""A corrected text keeps the places of what was read, and its words are sealed for their page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.corrections import LONGEST, cleaned, laid_over
from archive_store.errors import InvalidInputError
from archive_store.parsing.documents import PageText

READ = "当事人末经许可擅自釆砂"


def page(text: str) -> PageText:
    """A page of one line: each character a tenth wide, beside the last."""
    return PageText(text, tuple((n / 10, 0.1, (n + 1) / 10, 0.2) for n in range(len(text))))


def test_what_stayed_keeps_its_box_and_what_replaces_it_takes_its_place() -> None:
    read = page(READ)
    own = laid_over(read, "当事人未经许可擅自采砂")
    assert own.boxes == read.boxes


def test_more_characters_in_the_place_of_fewer_share_the_box_around_them() -> None:
    read = page("共口台")
    own = laid_over(read, "共十二台")
    assert own.boxes[0] == read.boxes[0]
    assert own.boxes[1] == own.boxes[2] == read.boxes[1]
    assert own.boxes[3] == read.boxes[2]


def test_what_is_added_has_no_place_and_what_is_taken_away_leaves_none() -> None:
    read = page("采砂船")
    assert laid_over(read, "采砂船一艘").boxes == (*read.boxes, None, None)
    assert laid_over(read, "采船").boxes == (read.boxes[0], read.boxes[2])
    assert laid_over(read, "").boxes == ()
    assert laid_over(PageText(""), "采砂").boxes == (None, None)


def test_two_texts_too_different_and_too_long_to_compare_keep_what_they_share_at_both_ends() -> None:
    read = page("首" + "甲" * 4000 + "尾")
    own = laid_over(read, "首" + "乙" * 4000 + "尾")
    assert (own.boxes[0], own.boxes[-1]) == (read.boxes[0], read.boxes[-1])
    assert set(own.boxes[1:-1]) == {None}


@given(st.text("采砂许可证。\n ", max_size=40), st.text("采砂许可证。\n ", max_size=40))
def test_every_character_has_a_box_of_the_page_or_none(read: str, own: str) -> None:
    made = laid_over(page(read), own)
    assert made.text == own
    for box in made.boxes:
        assert box is None or (0 <= box[0] < box[2] and (box[1], box[3]) == (0.1, 0.2))
    if read == own:
        assert made.boxes == page(read).boxes


def test_a_text_is_kept_tidy() -> None:
    assert cleaned("\r\n一行  \r\n\r\n　二行\r\n\r\n") == "一行\n\n　二行"
    assert cleaned(" \n ") == ""


@pytest.mark.parametrize("text", ["一" * (LONGEST + 1), "一\x00二", "一\x07", "一\u202e二"])
def test_what_is_no_writing_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        cleaned(text)
