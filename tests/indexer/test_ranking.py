"""Ranking: a score comes from the query and the one page, by the formula and nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from indexer import meanings
from indexer.analysis import Analysed
from indexer.conditions import all_of, has
from indexer.ranking import Clause, Ranking, payload, repeat_tokens
from indexer.weights import Weights
from indexer.wording import INSIDE, weighted_atoms, weighted_bigrams
from tests.indexer.world import make_world

WEIGHTS = Weights(bi={"采砂": 4.0, "处罚": 2.0}, uni={"采": 3.0}, unknown=1.0)
PAGES = [document.text for document in make_world(31, 8, lines=9).pages] + [
    "",
    "采",
    "2025",
    "𠮷采砂",
    "其他事项" * 60 + "违法采砂处罚" * 9,
]
QUERY = "违法采砂怎么处罚2025"


def plain_score(text: str, query: str) -> float:
    """The formula, written down as plainly as it can be."""
    page = Analysed(text)
    bi, uni = page.bi, [token for token in page.uni if token != "¦"]

    def gain(token_weight: float, tf: int, norm: float) -> float:
        return token_weight * 2.2 * tf / (tf + 1.2 * norm) if tf else 0.0

    def field(tokens: list[str], asked: list[tuple[str, float]], weights: dict[str, float]) -> float:
        counts, norm = Counter(tokens), 0.25 + 0.75 * len(tokens) / 200
        return sum(gain(qw * weights.get(token, 1.0), counts[token], norm) for token, qw in asked)

    asked = [(token, qw) for token, qw in weighted_bigrams(query)]
    windows = [Counter(bi[start : start + 100]) for start in range(0, len(bi) + 1, 50)]
    norm = 0.25 + 0.75 * min(len(bi), 100) / 100
    best = max(sum(gain(qw * WEIGHTS.of_bigram(token), w[token], norm) for token, qw in asked) for w in windows)
    return (
        field(bi, asked, dict(WEIGHTS.bi))
        + field(uni, [(token, qw) for token, qw in weighted_atoms(query)], dict(WEIGHTS.uni))
        + 0.8 * best
        + 90 * plain_cosine(bi, [token for token, qw in asked if qw == INSIDE])
    )


def plain_cosine(page: list[str], asked: list[str]) -> float:
    table = meanings.load()
    own, query = table.of_page(page), table.of_query(asked)
    dot = sum(int(a) * int(b) for a, b in zip(own, query, strict=True))
    norms = (sum(int(a) ** 2 for a in own) * sum(int(b) ** 2 for b in query)) ** 0.5
    return dot / norms if norms else 0.0


def test_scores_follow_the_formula() -> None:
    scores = Ranking([QUERY], WEIGHTS).scores([payload(Analysed(text)) for text in PAGES])
    assert scores == pytest.approx([plain_score(text, QUERY) for text in PAGES], abs=1e-5)
    assert len({round(score, 3) for score in scores}) > 5


def test_a_page_scores_the_same_whatever_stands_beside_it() -> None:
    ranking = Ranking([QUERY], WEIGHTS)
    payloads = [payload(Analysed(text)) for text in PAGES]
    together = ranking.scores(payloads)
    assert together == [ranking.scores([data])[0] for data in payloads]
    assert ranking.scores(payloads[::-1]) == together[::-1]


def test_no_pages_no_scores_and_no_words_no_score() -> None:
    assert Ranking([QUERY], WEIGHTS).scores([]) == []
    assert Ranking([], WEIGHTS).scores([payload(Analysed("采砂")), payload(Analysed(""))]) == [0.0, 0.0]


def test_stage_one_adds_public_constants_for_each_distinct_bigram() -> None:
    clauses = Ranking(["采砂采砂"], WEIGHTS).clauses
    assert Clause("bi", "采砂", 8.0) in clauses
    assert Clause("repeats", "采砂2", 3.0) in clauses
    assert Ranking(["采"], WEIGHTS).clauses == (Clause("uni", "采", 3.0),)
    assert Ranking(["，"], WEIGHTS).clauses == ()


def test_tiers_ask_for_every_bigram_so_many_times_the_most_first() -> None:
    both = Ranking(["采砂", "处罚"], WEIGHTS).tiers
    assert both == tuple(all_of(has("repeats", f"采砂{n}"), has("repeats", f"处罚{n}")) for n in (8, 4, 2))
    assert Ranking(["采"], WEIGHTS).tiers == ()


def test_stage_one_sums_are_exact_in_single_precision() -> None:
    for clause in Ranking([QUERY], WEIGHTS).clauses:
        assert (clause.weight * 64).is_integer()


def test_repeats_are_marked_at_two_four_and_eight() -> None:
    assert repeat_tokens(["a", "b", "b"]) == ["b2"]
    assert repeat_tokens(["a"] * 9) == ["a2", "a4", "a8"]
