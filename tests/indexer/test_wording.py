"""Weights of the words of a query."""

from __future__ import annotations

from indexer.wording import ACROSS, INSIDE, Weighted, content_bigrams, stop_words, weighted_atoms, weighted_bigrams


def test_stop_words_weigh_less_and_are_never_content() -> None:
    assert "怎么" in stop_words()
    weights = dict(weighted_bigrams("怎么处罚"))
    assert weights == {"怎么": ACROSS, "么处": ACROSS, "处罚": INSIDE}
    assert content_bigrams("怎么处罚") == ["处罚"]


def test_a_question_of_stop_words_alone_still_asks_something() -> None:
    assert content_bigrams("怎么") == ["怎么"]


def test_each_occurrence_counts() -> None:
    assert weighted_bigrams("采砂，采砂").count(Weighted("采砂", INSIDE)) == 2


def test_runs_carry_full_weight() -> None:
    assert Weighted("2025", INSIDE) in weighted_bigrams("怎么2025")
    assert Weighted("2025", INSIDE) in weighted_atoms("怎么2025")


def test_single_characters_are_kept() -> None:
    assert weighted_bigrams("砂") == [Weighted("砂", INSIDE)]
    assert [token for token, _ in weighted_atoms("采砂")] == ["采", "砂"]


def test_no_word_at_all() -> None:
    assert [*weighted_bigrams("，"), *weighted_atoms(""), *content_bigrams("")] == []
