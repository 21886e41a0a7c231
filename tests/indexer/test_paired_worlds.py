"""Paired worlds: whatever a reader may not see, an index without it answers the same, byte for byte.

A world is drawn with cases of all labels, a reader with some partitions, some departments and perhaps one item that
was referred. The twin index holds only what that reader may see, and of names only what the reader may know. Then
every answer of the two is compared whole: hits, counts, facets, order, extracts, marks, stretches, refusals, and the
reader's list of hits in one item.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from archive_store.labels import Label, Level, Mark
from indexer.backends import merging
from indexer.backends.embedded import EmbeddedBackend
from indexer.fields import Sort
from indexer.query_tree import QueryError
from indexer.searcher import Scope, Search
from indexer.weights import load
from tests.indexer.world import World, fill, make_case, random_query, searcher, seeded

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from indexer.backends.base import SearchBackend
    from indexer.documents import PageDocument
    from tests.proofs import ProofBook

LABELS = (
    Label(),
    Label(),
    Label.of(Level.PUBLIC),
    Label.of(Level.INTERNAL, [Mark.COMMERCIAL_SECRET]),
    Label.of(Level.SECRET),
)
FORMS = (
    *(
        "{word}*",
        "({word} 采砂)~9",
        '"罚款 {word}"~20',
        "当事人:zys",
        "当事人:zhangyan",
        "当事人:演示 -当事人:钱演示丁",
    ),
    *("张演示甲 采砂", "采砂 -张演示甲", "钱演示丁 OR 采砂", "第5号", "部门:zfdd", "承办人:ysy", "-砂", "((", "年度:x"),
    *("违法采砂应当怎么处罚？", "卷别:副卷 {word}", "密级:秘密", "密级:秘密 OR 采砂"),
)


def draw_world(draw: random.Random, cases: int) -> World:
    world = World()
    for number in range(1, cases + 1):
        world.documents += make_case(draw, number, label=draw.choice(LABELS), pages=2, lines=3).documents
    return world


def draw_reader(draw: random.Random, world: World) -> Scope:
    """Partitions up to a clearance, marks or none, some departments by entry and some by content, or one item."""
    most, marks = draw.choice([Level.INTERNAL, Level.SECRET]), draw.choice([frozenset[Mark](), frozenset(Mark)])
    partitions = tuple(p for p in world.partitions if p.label.level <= most and p.label.marks <= marks)
    entries = {f"entry:d{n}" for n in draw.sample(range(3), draw.randint(0, 3))}
    content = {f"content:d{n}" for n in draw.sample(range(3), draw.randint(1, 2))}
    one = {f"case:{draw.choice(world.documents).case_id}"} if draw.random() < 0.5 else set()
    return Scope(partitions, frozenset(entries | content | one), frozenset(content))


def visible(world: World, scope: Scope) -> list[PageDocument]:
    """What the reader may see, without the names that the reader may not know."""
    assert scope.tokens is not None
    assert scope.names is not None
    seen = [d for d in world.documents if d.partition in scope.partitions and not scope.tokens.isdisjoint(d.tokens)]
    return [d if not scope.names.isdisjoint(d.tokens) else replace(d, names=(), parties=()) for d in seen]


def draw_query(draw: random.Random, world: World) -> str:
    if draw.random() < 0.6:
        return random_query(draw)
    words = ["430702", "湘A", "罚款", "张演示", "2025"] + [d.text[3:5] for d in draw.sample(world.pages, 2)]
    return draw.choice(FORMS).format(word=draw.choice(words))


def draw_search(draw: random.Random, world: World) -> Search:
    filters = draw.choice([{}, {}, {}, {"year": {"2024"}}, {"volume": {"main"}}, {"late": {"filing", "recording"}}])
    return Search(
        draw_query(draw, world),
        {name: frozenset(values) for name, values in filters.items()},
        draw.choice([Sort.RELEVANCE, Sort.RELEVANCE, *Sort]),
        draw.choice([0, 0, 0, 5, 20, 40]),
        draw.choice([3, 20]),
    )


def answer(backend: SearchBackend, search: Search, scope: Scope, item_id: str) -> bytes:
    """Everything that a reader is told, as bytes."""
    asked = searcher(backend, load())
    try:
        told: object = asked.search(search, scope, set)
    except QueryError as refusal:
        told = refusal.message
    return repr((told, asked.in_item(search.query, item_id, scope, set))).encode()


@pytest.fixture
def make(tmp_path: Path) -> Callable[[list[PageDocument]], EmbeddedBackend]:
    made: list[EmbeddedBackend] = []

    def make_one(documents: list[PageDocument]) -> EmbeddedBackend:
        backend = EmbeddedBackend(tmp_path / str(len(made)))
        backend.open()
        made.append(backend)
        fill(backend, documents)
        return backend

    return make_one


def test_nothing_that_is_hidden_changes_an_answer(
    make: Callable[[list[PageDocument]], EmbeddedBackend],
    monkeypatch: pytest.MonkeyPatch,
    proofs: ProofBook,
    *,
    full: bool,
) -> None:
    monkeypatch.setattr(merging, "RESCORED", 6)  # a small archive is cut where a large one would be
    monkeypatch.setattr(merging, "MOST_RESCORED", 12)
    monkeypatch.setattr(merging, "MANY", 12)
    worlds, readers, queries = (25, 4, 20) if full else (3, 2, 25)
    draw, cases, differing, with_hits, with_hidden = seeded(404), 0, [], 0, 0
    for _ in range(worlds):
        world = draw_world(draw, 12 if full else 7)
        draw.shuffle(world.documents)
        whole = make(world.documents)
        for _ in range(readers):
            scope = draw_reader(draw, world)
            seen = visible(world, scope)
            twin = make(seen)
            with_hidden += len(seen) < len(world.documents)
            for _ in range(queries):
                search, item = draw_search(draw, world), draw.choice(world.pages).item_id
                first, second = (answer(backend, search, scope, item) for backend in (whole, twin))
                cases += 1
                with_hits += b"Hit(" in first
                differing += [] if first == second else [(search, scope)]
            twin.close()
        whole.close()
    name = "answers that differ in an archive without what is hidden"
    proofs.record(name, len(differing), f"0 of {cases}", not differing)
    assert differing == []
    assert with_hits > cases // 8
    assert with_hidden == worlds * readers


def test_the_judge_sees_a_name_a_count_and_a_page_too_many(
    make: Callable[[list[PageDocument]], EmbeddedBackend],
) -> None:
    """The comparison itself: an index that holds one visible page less, or a name more, is told apart."""
    draw = seeded(7)
    world = draw_world(draw, 6)
    scope = Scope(world.partitions, frozenset({"entry:d0", "entry:d1", "entry:d2", "content:d0"}), frozenset())
    whole, named = make(visible(world, scope)), make(visible(world, replace(scope, names=scope.tokens)))
    page = next(d for d in visible(world, scope) if d.page)
    less = make([d for d in visible(world, scope) if d != page])
    search = Search(f'"{page.text[:6].strip()}"')
    assert answer(whole, search, scope, page.item_id) != answer(less, search, scope, page.item_id)
    knowing = replace(scope, names=scope.tokens)
    person = Search("当事人:演示")
    assert answer(whole, person, knowing, "") != answer(named, person, knowing, "")
    assert answer(whole, person, scope, "") == answer(named, person, scope, "")
