"""What every search backend must do: one suite, run over each engine.

A subclass gives the fixture `make_backend`, a function that makes a fresh, empty, opened backend.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from archive_store.labels import Label, Level, Mark
from indexer.analysis import is_searchable
from indexer.backends import merging
from indexer.backends.base import Change, SearchBackend, SearchRequest
from indexer.backends.merging import MOST_RESCORED
from indexer.compiler import compile_query
from indexer.conditions import EVERYTHING, NOTHING, HasAny, Without
from indexer.fields import FACETS, Sort
from indexer.query import parse
from indexer.searcher import Scope
from tests.indexer.world import (
    TYPES,
    Oracle,
    World,
    ask,
    everything,
    fill,
    found_ids,
    hidden_world,
    make_case,
    make_world,
    next_texts,
    random_query,
    random_substring,
    seeded,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from archive_store.labels import Partition
    from tests.proofs import ProofBook

    MakeBackend = Callable[[], SearchBackend]

MARKED = Label.of(Level.INTERNAL, [Mark.COMMERCIAL_SECRET])


@pytest.fixture
def backend(make_backend: MakeBackend) -> SearchBackend:
    return make_backend()


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(7, 8)


@pytest.fixture(scope="module")
def standing(make_backend: MakeBackend, world: World) -> SearchBackend:
    """A filled backend for tests that only read."""
    filled = make_backend()
    fill(filled, world.documents)
    return filled


@pytest.fixture
def few() -> World:
    return make_world(9, 2)


@pytest.fixture
def filled(backend: SearchBackend, few: World) -> SearchBackend:
    """A filled backend for tests that write."""
    fill(backend, few.documents)
    return backend


def request(query: str, partitions: tuple[Partition, ...], **options: object) -> SearchRequest:
    return SearchRequest(compile_query(parse(query, TYPES).tree), partitions, **options)  # type: ignore[arg-type]


class BackendContract:
    """The rules; `engine` names it where counts are recorded."""

    engine: ClassVar[str]

    def test_it_keeps_the_protocol(self, backend: SearchBackend) -> None:
        assert isinstance(backend, SearchBackend)

    def test_an_empty_index_finds_nothing(self, backend: SearchBackend, world: World) -> None:
        assert backend.search(request("采砂", world.partitions, facets=FACETS)).total == 0
        assert backend.partitions() == ()
        assert backend.case_ids() == frozenset()

    def test_no_partition_means_no_hit(self, standing: SearchBackend) -> None:
        assert standing.count(request("采砂", ())) == 0

    def test_only_permitted_partitions_are_searched(self, standing: SearchBackend, world: World) -> None:
        for partition in world.partitions:
            answer = standing.search(SearchRequest(EVERYTHING, (partition,), size=100))
            expected = {d.page_id for d in world.documents if d.partition == partition}
            assert {hit.page_id for hit in answer.hits} == expected
            assert answer.total == len(expected)

    def test_without_a_token_nothing_is_found(self, standing: SearchBackend, world: World) -> None:
        assert standing.count(request("采砂", world.partitions, scope=frozenset())) == 0
        assert standing.count(request("采砂", world.partitions, scope=frozenset({"case:other"}))) == 0

    def test_one_of_the_tokens_is_enough(self, standing: SearchBackend, world: World) -> None:
        scope = frozenset({"case:case3", "entry:d1"})
        answer = standing.search(SearchRequest(EVERYTHING, world.partitions, scope=scope, size=100))
        assert {h.page_id for h in answer.hits} == {
            d.page_id for d in world.documents if not scope.isdisjoint(d.tokens)
        }

    def test_a_scope_of_many_tokens_is_carried(self, standing: SearchBackend, world: World) -> None:
        scope = frozenset({f"case:x{n}" for n in range(2000)} | {"case:case3"})
        count = standing.count(SearchRequest(EVERYTHING, world.partitions, scope=scope))
        assert count == sum("case:case3" in document.tokens for document in world.documents)

    def test_everything_and_nothing(self, standing: SearchBackend, world: World) -> None:
        assert standing.count(SearchRequest(EVERYTHING, world.partitions)) == len(world.documents)
        assert standing.count(SearchRequest(NOTHING, world.partitions)) == 0
        assert standing.count(SearchRequest(Without(EVERYTHING), world.partitions)) == 0
        assert standing.count(SearchRequest(HasAny("case", ()), world.partitions)) == 0

    def test_what_is_excluded_is_neither_found_nor_counted(self, standing: SearchBackend, world: World) -> None:
        first = standing.search(request("采砂", world.partitions, facets=FACETS))
        out = frozenset({first.hits[0].page_id})
        again = standing.search(request("采砂", world.partitions, facets=FACETS, excluded=out))
        assert again.total == first.total - 1
        assert out.isdisjoint(hit.page_id for hit in again.hits)
        assert sum(again.facets["level"].values()) == first.total - 1

    def test_a_document_comes_back_as_it_went_in(self, standing: SearchBackend, world: World) -> None:
        answer = standing.search(SearchRequest(EVERYTHING, world.partitions, size=1000))
        kept = {hit.page_id: hit for hit in answer.hits}
        for document in world.documents:
            assert kept[document.page_id] == replace(document, tokens=frozenset(), names=(), parties=())

    def test_facets_count_exactly(self, standing: SearchBackend, world: World) -> None:
        answer = standing.search(SearchRequest(EVERYTHING, world.partitions, facets=FACETS))
        for name in FACETS:
            expected: dict[str, int] = {}
            for document in world.documents:
                value = getattr(document, name)
                for one in value if isinstance(value, tuple) else (value,):
                    if one not in ("", None):
                        expected[str(one)] = expected.get(str(one), 0) + 1
            assert answer.facets[name] == expected
            assert list(answer.facets[name].values()) == sorted(expected.values(), reverse=True)

    def test_filters_join_within_a_facet_and_narrow_across(self, standing: SearchBackend, world: World) -> None:
        filters = {"year": frozenset({"2023", "2024"}), "volume": frozenset({"main"})}
        answer = standing.search(SearchRequest(EVERYTHING, world.partitions, filters=filters, size=1000))
        expected = {d.page_id for d in world.documents if d.year in {2023, 2024} and d.volume == "main"}
        assert {hit.page_id for hit in answer.hits} == expected

    def test_of_several_values_each_is_a_filter(self, standing: SearchBackend, world: World) -> None:
        assert any(len(document.late) > 1 for document in world.documents)
        for late in ("filing", "recording"):
            filters = {"late": frozenset({late})}
            answer = standing.search(SearchRequest(EVERYTHING, world.partitions, filters=filters, size=1000))
            assert {hit.page_id for hit in answer.hits} == {d.page_id for d in world.documents if late in d.late}

    @pytest.mark.parametrize(
        ("sort", "key"),
        [(Sort.ARCHIVAL_CODE, "order"), (Sort.DATE, "order_by_date"), (Sort.DATE_NEWEST, "order_by_newest")],
    )
    def test_orders_are_total_and_paging_is_stable(
        self, standing: SearchBackend, world: World, sort: Sort, key: str
    ) -> None:
        expected = sorted(getattr(document, key) for document in world.documents)
        found: list[str] = []
        for offset in range(0, len(expected), 7):
            page = standing.search(SearchRequest(EVERYTHING, world.partitions, sort=sort, offset=offset, size=7))
            found += [getattr(hit, key) for hit in page.hits]
        assert found == expected

    def test_hits_of_one_item_only(self, standing: SearchBackend, world: World) -> None:
        item = world.pages[0].item_id
        answer = standing.search(SearchRequest(EVERYTHING, world.partitions, item_id=item, size=100))
        assert {hit.page_id for hit in answer.hits} == {d.page_id for d in world.documents if d.item_id == item}

    def test_an_added_document_replaces_its_equal(self, backend: SearchBackend) -> None:
        first, *others = [document for document in make_world(1, 1).documents if document.page]
        fill(backend, [first, *others])
        fill(backend, [replace(first, text="另外的内容")])
        assert backend.count(request("另外的内容", (first.partition,))) == 1
        everything_there = SearchRequest(EVERYTHING, backend.partitions())
        assert backend.count(everything_there) == 1 + len(others)

    def test_removing_by_page_and_by_case(self, filled: SearchBackend, few: World) -> None:
        page = few.pages[0]
        filled.apply([Change(page.partition, remove_pages=(page.page_id,))])
        assert page.page_id not in filled.page_ids(page.case_id)
        filled.delete_case(page.case_id)
        assert filled.page_ids(page.case_id) == {}
        assert filled.case_ids() == {d.case_id for d in few.documents} - {page.case_id}

    def test_removing_what_is_not_there_changes_nothing(self, filled: SearchBackend, few: World) -> None:
        filled.delete_case("nowhere")
        assert filled.count(SearchRequest(EVERYTHING, few.partitions)) == len(few.documents)

    def test_relabelled_documents_move(self, filled: SearchBackend, few: World) -> None:
        case_id = few.documents[0].case_id
        moved = make_case(seeded(3), 1, label=MARKED).documents
        assert moved[0].case_id == case_id
        filled.replace_case(case_id, moved)
        assert filled.page_ids(case_id) == {document.page_id: document.partition for document in moved}

    def test_the_generation_grows_with_each_write(self, backend: SearchBackend, few: World) -> None:
        before = backend.generation
        fill(backend, few.documents[:3])
        middle = backend.generation
        backend.delete_case(few.documents[0].case_id)
        assert before < middle < backend.generation

    def test_clear_leaves_an_empty_index(self, filled: SearchBackend, few: World) -> None:
        filled.clear()
        assert filled.count(SearchRequest(EVERYTHING, few.partitions)) == 0
        fill(filled, few.documents)
        assert filled.count(SearchRequest(EVERYTHING, few.partitions)) == len(few.documents)

    def test_a_rebuilt_index_takes_over_at_once_and_whole(self, filled: SearchBackend, few: World) -> None:
        beside = filled.start_rebuild()
        fill(beside, few.documents[:5])
        assert filled.count(SearchRequest(EVERYTHING, few.partitions)) == len(few.documents)
        assert beside.count(SearchRequest(EVERYTHING, few.partitions)) == 5
        filled.finish_rebuild(beside)
        assert filled.count(SearchRequest(EVERYTHING, few.partitions)) == 5
        fill(filled, few.documents)
        assert filled.count(SearchRequest(EVERYTHING, few.partitions)) == len(few.documents)

    def test_relevance_puts_the_page_that_says_it_more_first(self, backend: SearchBackend, world: World) -> None:
        page = world.pages[0]
        once = replace(page, page_id="x:1", text="采砂船一艘。" + "其他事项" * 20, tail="")
        often = replace(page, page_id="x:2", text="采砂。采砂许可。非法采砂。" + "其他事项" * 20, tail="")
        fill(backend, [once, often])
        result = ask(backend, "采砂", Scope((page.partition,), None, None))
        assert [hit.page_id for hit in result.cases[0].items[0].pages] == ["x:2", "x:1"]

    def test_paging_by_relevance_neither_repeats_nor_skips(self, backend: SearchBackend) -> None:
        page = make_world(5, 1).pages[0]
        pages = [
            replace(page, page_id=f"p:{n}", page=n, text="采砂" + "。采砂" * (n % 3 == 0) + f"第{n}页", tail="")
            for n in range(1, MOST_RESCORED + 60)
        ]
        fill(backend, pages)
        seen: list[str] = []
        for offset in range(0, len(pages), 100):
            hits = (
                ask(backend, "采砂", Scope((page.partition,), None, None), offset=offset, size=100)
                .cases[0]
                .items[0]
                .pages
            )
            seen += [hit.page_id for hit in hits]
        assert len(seen) == len(set(seen)) == len(pages)

    @pytest.mark.parametrize(
        ("times", "order"),
        [
            ((1, 8, 2, 4, 9, 1, 4, 8, 2, 8, 8, 3), (2, 5, 8, 10, 11, 4, 7, 3, 9, 12, 1, 6)),  # the first tier too large
            ((1, 4, 2, 2, 4, 1, 4, 9, 2, 4, 4, 3), (8, 2, 5, 7, 10, 11, 3, 4, 9, 12, 1, 6)),  # the second
        ],
    )
    def test_what_is_not_rescored_follows_by_how_often_it_says_it(
        self, backend: SearchBackend, monkeypatch: pytest.MonkeyPatch, times: Sequence[int], order: Sequence[int]
    ) -> None:
        """Equals that are too many are not rescored: tier by tier, each in archival order, whole and in any stretch."""
        monkeypatch.setattr(merging, "RESCORED", 2)
        monkeypatch.setattr(merging, "MOST_RESCORED", 4)
        page = make_world(5, 1).pages[0]
        texts = ["。".join(["罚款", *["采砂"] * count]) for count in times]
        fill(backend, [replace(page, page_id=f"p:{n}", page=n, text=t, tail="") for n, t in enumerate(texts, 1)])
        scope = Scope((page.partition,), None, None)
        for size in (1, 5, len(order)):
            found = [ask(backend, "采砂", scope, offset=at, size=size) for at in range(0, len(order), size)]
            assert {result.total for result in found} == {len(order)}
            assert tuple(hit.page for result in found for hit in result.cases[0].items[0].pages) == order

    def test_counting_the_first_tier_before_anything_is_scored_changes_no_answer(
        self, backend: SearchBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(merging, "RESCORED", 3)
        monkeypatch.setattr(merging, "MOST_RESCORED", 6)
        draw, page = seeded(61), make_world(5, 1).pages[0]
        words = ("采砂", "罚款", "许可证")
        texts = ["。".join(f"{word}。" * draw.choice([1, 2, 5, 8, 9]) for word in words) for _ in range(60)]
        fill(backend, [replace(page, page_id=f"p:{n}", page=n, text=t, tail="") for n, t in enumerate(texts, 1)])
        scope = Scope((page.partition,), None, None)
        for query in ("采砂", "采砂 罚款", "许可证", "采 砂", "采砂 OR 罚款", "采砂 许可证 罚款"):
            answers = []
            for many in (0, 10**9):
                monkeypatch.setattr(merging, "MANY", many)
                answers.append([ask(backend, query, scope, offset=at, size=7) for at in (0, 7, 35)])
            assert answers[0] == answers[1], query
            assert answers[0][0].total == len(texts)

    def test_recall_and_precision_of_random_substrings(
        self,
        make_backend: MakeBackend,
        proofs: ProofBook,
        *,
        full: bool,
    ) -> None:
        """Any two to twelve characters, over line wraps and page ends, against `normalise(q) in normalise(text)`."""
        world = make_world(11, 400 if full else 30)
        backend = make_backend()
        fill(backend, world.documents)
        draw = seeded(99)
        wanted, following, oracle = 1000 if full else 100, next_texts(world.documents), Oracle(world.documents)
        asked = lost = wrong = 0
        while asked < wanted:
            page = draw.choice(world.pages)
            term = random_substring(draw, page, following[page.page_id])
            if not is_searchable(term) or not oracle.holds(page.page_id, term):
                continue
            asked += 1
            found = _all_ids(backend, world, f'"{term}"')
            expected = oracle.pages(term)
            lost += len(expected - found)
            wrong += len(found - expected)
            assert page.page_id in found, term
        proofs.record(f"random substrings: pages not found [{self.engine}]", lost, "0", lost == 0)
        proofs.record(f"random substrings: pages found wrongly [{self.engine}]", wrong, "0", wrong == 0)
        assert (lost, wrong) == (0, 0)

    def test_hidden_documents_change_no_answer(
        self,
        make_backend: MakeBackend,
        monkeypatch: pytest.MonkeyPatch,
        proofs: ProofBook,
        *,
        full: bool,
    ) -> None:
        """Paired worlds: an index with and one without what the reader may not see answer the same."""
        if not full:  # a small archive is cut where a large one would be
            monkeypatch.setattr(merging, "RESCORED", 10)
            monkeypatch.setattr(merging, "MOST_RESCORED", 20)
            monkeypatch.setattr(merging, "MANY", 20)
        seen = make_world(21, 300 if full else 60, lines=2)
        classified, foreign = hidden_world(22, 30), make_world(23, 30, first=6000)
        foreign.documents = [  # in the same partitions, and full of a few words, which would move any statistic
            replace(d, text=d.text[:9] + "采砂，采砂船。罚款2025元。" * 9, tokens=frozenset({"case:not-yours"}))
            for d in foreign.documents
        ]
        alone, together = make_backend(), make_backend()
        fill(alone, seen.documents)
        mixed = [*seen.documents, *classified.documents, *foreign.documents]
        seeded(5).shuffle(mixed)
        for part in (mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]):
            fill(together, part)
        draw = seeded(77)
        differing = 0
        for _ in range(2000 if full else 100):
            query, scope, options = random_query(draw), _random_scope(draw, seen), _random_options(draw)
            answers = [_outcome(backend, query, scope, options) for backend in (alone, together)]
            differing += answers[0] != answers[1]
        proofs.record(f"answers that hidden documents changed [{self.engine}]", differing, "0", differing == 0)
        assert differing == 0


def _outcome(backend: SearchBackend, query: str, scope: Scope, options: dict[str, object]) -> object:
    return ask(backend, query, scope, **options)


def _random_scope(draw: random.Random, seen: World) -> Scope:
    tokens = frozenset(
        f"{kind}:d{n}" for kind in ("entry", "content") for n in draw.sample(range(3), draw.randint(1, 3))
    )
    names = draw.choice([frozenset[str](), frozenset(token for token in tokens if token.startswith("content"))])
    return Scope(tuple(draw.sample(seen.partitions, draw.randint(1, len(seen.partitions)))), tokens, names)


def _random_options(draw: random.Random) -> dict[str, object]:
    filters = draw.choice(
        [
            {},
            {},
            {"year": frozenset({"2024"})},
            {"volume": frozenset({"main"}), "level": frozenset({"1"})},
            {"late": frozenset({"filing"})},
        ]
    )
    return {
        "sort": draw.choice([Sort.RELEVANCE, Sort.RELEVANCE, *Sort]),
        "offset": draw.choice([0, 0, 0, 10, 20, 250, 595]),
        "size": draw.choice([5, 20, 50]),
        "filters": filters,
    }


def _all_ids(backend: SearchBackend, world: World, query: str) -> set[str]:
    """Every hit by paging through all of them."""
    found: set[str] = set()
    while True:
        result = ask(backend, query, everything(world), offset=len(found), size=100)
        found |= found_ids(result)
        if len(found) >= result.total:
            return found
