"""The end of a page: what begins here and ends there belongs here; what lies there does not."""

from __future__ import annotations

import pytest

from indexer.seam import TAIL_CHARACTERS, page_end, seam_text, seam_tokens, tail_of


def carries(text: str, tail: str, before: str, after: str) -> bool:
    """Whether a page's seam tokens hold a term cut into these two parts."""
    return set(seam_tokens(list(before), list(after))) <= set(page_end(text, tail))


def test_without_a_next_page_there_is_no_seam() -> None:
    assert page_end("采砂", "") == []
    assert seam_text("采砂", "") == "采砂"


def test_atoms_are_counted_outwards() -> None:
    assert page_end("未经许\n", "可采") == ["L1:许", "L2:经", "L3:未", "R1:可", "R2:采"]


@pytest.mark.parametrize(("before", "after"), [("许", "可"), ("经许", "可采"), ("未经许", "可")])
def test_a_term_over_the_end_is_held(before: str, after: str) -> None:
    assert carries("未经许", "可采砂", before, after)


@pytest.mark.parametrize(("before", "after"), [("经", "可"), ("许", "采"), ("未", "经")])
def test_what_is_not_together_is_not_held(before: str, after: str) -> None:
    assert not carries("未经许", "可采砂", before, after)


def test_a_break_at_the_end_stands_before_it() -> None:
    assert page_end("许可。", "采砂")[:2] == ["L1:¦", "L2:可"]


def test_numbers_at_the_seam_can_be_asked_for_in_part() -> None:
    tokens = page_end("号码123456", "2025001号")
    assert {"L1:3456$", "L1:123456", "R1:^2025", "R1:2025001"} <= set(tokens)


def test_a_number_that_the_tail_cuts_off_is_left_out() -> None:
    tail = tail_of("砂" * 35 + "1234567890")
    assert len(tail) == TAIL_CHARACTERS
    assert not any("123" in token for token in page_end("采", tail))


def test_a_number_that_the_kept_end_cuts_off_is_left_out() -> None:
    assert "L39:99" not in page_end("9" * 10 + "砂" * 38, "采")
    assert "L38:砂" in page_end("9" * 10 + "砂" * 38, "采")


def test_the_tail_begins_with_the_first_letter() -> None:
    assert tail_of("\n  采砂") == "采砂"
