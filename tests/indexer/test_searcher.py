"""From what is typed to what is shown, over the embedded engine and the shipped table."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from archive_store.labels import Label, Level, Mark, Volume
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.null import NullBackend
from indexer.documents import CaseFacts, ItemFacts, Person, documents_of
from indexer.fields import FACETS, Sort
from indexer.query_tree import QueryError
from indexer.searcher import DEEPEST, Scope, Search, Searcher
from indexer.weights import load
from tests.indexer.world import TYPES, found_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.results import ItemHits
    from indexer.searcher import SearchResult

INFORMANT = Label.of(Level.INTERNAL, [Mark.INFORMANT])


def _case(number: int, title: str, party: str, kind: str) -> CaseFacts:
    return CaseFacts(
        case_id=f"c{number}",
        archival_code=f"S001-CF·2025-Y30-SZ-{number:04d}",
        case_number=f"石水罚字〔2025〕{number}号",
        title=title,
        department_id="d1",
        department="水政执法大队",
        year=2025,
        day=date(2025, 3, number),
        kind=kind,
        procedure="ordinary",
        handlers=("演示乙",),
        persons=(Person(party), Person("赵演示戊"), Person("钱演示丁", INFORMANT, party=False)),
        tokens=frozenset({"entry:d1"}),
        name_tokens=frozenset({"content:d1"}),
    )


MINING = _case(5, "张演示甲非法采砂案", "张演示甲", "penalty")
WATER = _case(15, "演示纸业有限公司未经批准取水案", "演示纸业有限公司", "penalty")
RECORDING = ItemFacts("i5", 4, "现场检查录像", "recording", device="执法记录仪A705", tokens=frozenset({"c:5"}))
MINING_ITEMS = [
    (
        ItemFacts(
            "i1",
            1,
            "询问笔录",
            "inquiry_record",
            stage="investigation",
            day=date(2025, 1, 5),
            tokens=frozenset({"c:5"}),
        ),
        [
            "问：你是否办理河道采砂许可证？\n答：没有办理。采砂船是我自己的，采砂用了三天。当事人张演示甲未经许",
            "可擅自采砂，已构成违法。附：身份证号码430702199001011234，湘A·12345号运砂车。",
        ],
    ),
    (
        ItemFacts(
            "i2", 2, "行政处罚决定书", "decision", "石水罚字〔2025〕5号", volume=Volume.MAIN, tokens=frozenset({"c:5"})
        ),
        ["石水罚字〔2025〕5号\n张演示甲非法采砂一案，处罚款10,000元。依据《中华人民共和国水法》第七十二条。"],
    ),
    (
        ItemFacts("i3", 3, "举报信", "letter", label=INFORMANT, tokens=frozenset({"c:5"})),
        ["举报人钱演示丁反映有人采砂。"],
    ),
    (RECORDING, []),
]
WATER_ITEMS = [
    (
        ItemFacts("i4", 1, "现场勘验笔录", "site_record", stage="investigation", tokens=frozenset({"c:15"})),
        ["该公司未取得取水许可证，擅自取用地下水。取水许可证是取水的前提。", "石水罚字〔2025〕15号一案的照片说明。"],
    ),
]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    backend = EmbeddedBackend(tmp_path_factory.mktemp("index"))
    backend.open()
    backend.replace_case("c5", documents_of(MINING, MINING_ITEMS))
    backend.replace_case("c15", documents_of(WATER, WATER_ITEMS))
    yield Searcher(backend, load(), TYPES)
    backend.close()


def ordinary(searcher: Searcher) -> Scope:
    """Everything but what bears a mark."""
    return Scope(tuple(p for p in searcher._backend.partitions() if not p.label.marks), None, None)


def found(searcher: Searcher, query: str, **options: object) -> SearchResult:
    return searcher.search(Search(query, **options), ordinary(searcher), set)  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["钱演示丁", "举报", '"有人采砂"', "案号:5号 钱演示丁"])
def test_what_bears_a_mark_is_not_there_for_others(searcher: Searcher, query: str) -> None:
    result = found(searcher, query)
    assert (result.total, result.cases) == (0, ())
    assert not any(result.facets.values())


def test_who_was_granted_the_mark_finds_it(searcher: Searcher) -> None:
    scope = Scope(searcher._backend.partitions(), None, None)
    result = searcher.search(Search("钱演示丁"), scope, set)
    assert found_ids(result) == {"i3:1", "c5:persons:1+informant", "c15:persons:1+informant"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("采砂", {"c5:0", "i1:1", "i1:2", "i2:1"}),
        ("取水许可", {"i4:1"}),
        ("石水罚字", {"c5:0", "c15:0", "i2:0", "i2:1", "i4:2"}),
        ("5号", {"c5:0", "i2:0", "i2:1"}),
        ("石水罚字[2025]5号", {"c5:0", "i2:0", "i2:1"}),
        ("石水罚字〔2025〕5号", {"c5:0", "i2:0", "i2:1"}),
        ("石水罚字（2025）5号", {"c5:0", "i2:0", "i2:1"}),
        ("石水罚字２０２５ 5号", {"c5:0", "i2:0", "i2:1", "i4:2"} - {"i4:2"}),
        ("张演示甲", {"c5:0", "c5:persons:1", "i1:1", "i2:1"}),
        ("演示纸业", {"c15:0", "c15:persons:1"}),
        ("当事人:张演示甲", {"c5:persons:1"}),
        ("未经许可", {"i1:1"}),
        ("未经许可擅自", {"i1:1"}),
        ("許可證", {"i1:1", "i4:1"}),
        ("湘A12345", {"i1:2"}),
        ("身份证号码4307", {"i1:2"}),
        ("1234", {"i1:2"}),
        ("罚款10000元", {"i2:1"}),
        ("演示纸业 取水许可", {"i4:1"}),
        ("采砂 -许可证", {"c5:0", "i1:2", "i2:1"}),
        ("文书:询问笔录", {"i1:0"}),
        ("阶段:调查取证 部门:水政", {"i1:0", "i4:0"}),
        ("档号:0015", {"c15:0"}),
        ("年度:2025", {"c5:0", "c15:0"}),
        ("日期:2025-03-10..", {"c15:0"}),
        ("处罚决定", {"i2:0"}),
        ("湘A1*", {"i1:2"}),
        ("ab*", set()),
        ("43*", {"i1:2"}),
        ("档号:S00*", {"c5:0", "c15:0"}),
        ("第5号", {"c5:0", "i2:0", "i2:1"}),
        ("五号", {"c5:0", "i2:0", "i2:1"}),
        ("案号:第十五号", {"c15:0"}),
        ("水法》第72条", {"i2:1"}),
        ("(采砂 许可证)~2", {"i1:1"}),
        ("(许可证 采砂)~0", {"i1:1"}),
        ("(许可证 采砂船)~1", set()),
        ('"采砂船 三天"~10', {"i1:1"}),
        ("(采砂船 三天)~9", set()),
        ("当事人:zhangyanshijia", {"c5:persons:1"}),
        ("当事人:zysj", {"c5:persons:1"}),
        ("当事人:YanShi", {"c15:persons:1"}),
        ("承办人:yanshiyi", {"c5:0", "c15:0"}),
        ("部门:szzfdd", {"c5:0", "c15:0"}),
        ("zysj", set()),
        ("设备:记录仪A7*", {"i5:0"}),
        ("执法记录仪", {"i5:0"}),
    ],
)
def test_it_finds_what_a_reader_would(searcher: Searcher, query: str, expected: set[str]) -> None:
    result = found(searcher, query)
    assert found_ids(result) == expected
    assert result.total == len(expected)


@pytest.mark.parametrize(
    "query", ["赵演示戊", "当事人:赵演示戊", "赵演示戊 采砂", "当事人:赵演示戊 采砂", "采砂 -采砂 OR 赵演示戊"]
)
@pytest.mark.parametrize("names", [frozenset(), frozenset({"content:d2"})])
def test_who_was_referred_one_item_cannot_ask_for_the_persons_of_its_case(
    searcher: Searcher, query: str, names: frozenset[str]
) -> None:
    scope = Scope(ordinary(searcher).partitions, frozenset({"c:5", "entry:d1"}), names)
    result = searcher.search(Search(query), scope, set)
    assert (result.total, result.cases) == (0, ())


def test_a_minus_tells_who_may_not_know_a_name_nothing(searcher: Searcher) -> None:
    scope = Scope(ordinary(searcher).partitions, frozenset({"c:5", "entry:d1"}), frozenset())
    with_it, without = (searcher.search(Search(query), scope, set) for query in ("采砂 -赵演示戊", "采砂"))
    assert (with_it.total, with_it.facets) == (without.total, without.facets)
    assert without.total == 4


def test_who_may_read_the_case_finds_its_pages_by_its_persons(searcher: Searcher) -> None:
    scope = Scope(ordinary(searcher).partitions, frozenset({"c:5", "content:d1"}), frozenset({"content:d1"}))
    assert found_ids(searcher.search(Search("当事人:赵演示戊"), scope, set)) == {"c5:persons:1", "c15:persons:1"}
    scope = Scope(ordinary(searcher).partitions, None, None)
    assert found_ids(searcher.search(Search("赵演示戊 采砂"), scope, set)) >= {"i1:1", "i1:2", "i2:1"}


def test_a_question_is_answered_when_nothing_holds_its_words_as_they_stand(searcher: Searcher) -> None:
    result = found(searcher, "非法采砂要罚多少钱？")
    assert result.as_question
    assert result.cases[0].document.case_id == "c5"
    assert not found(searcher, "你是否办理河道采砂许可证").as_question


def test_hits_are_marked_in_the_original(searcher: Searcher) -> None:
    group = found(searcher, "石水罚字[2025]5号").cases[0]
    hit = next(hit for item in group.items for hit in item.pages)
    assert [hit.excerpt.text[a:b] for a, b in hit.excerpt.marks] == ["石水罚字〔2025〕5号"]
    assert hit.marks == ((0, 12),)


def test_a_star_near_and_other_numerals_are_marked(searcher: Searcher) -> None:
    for query, expected in (
        ("湘A1*", ["湘A·12345"]),
        ("(采砂 许可证)~2", ["采砂许可证", "采砂", "采砂"]),
        ("水法》第72条", ["水法》第七十二条"]),
    ):
        hits = [hit for case in found(searcher, query).cases for item in case.items for hit in item.pages]
        assert [hit.excerpt.text[a:b] for hit in hits for a, b in hit.excerpt.marks] == expected, query


def in_item(searcher: Searcher, query: str, item_id: str) -> ItemHits:
    return searcher.in_item(query, item_id, ordinary(searcher), set)


def marked(hits: ItemHits, page: int, text: str) -> list[str]:
    return [text[a:b] for a, b in hits.marks_on(page, text)]


@pytest.mark.parametrize("query", ["钱演示丁", "举报", "采砂"])
def test_the_reader_lists_no_hits_of_an_item_outside_the_scope(searcher: Searcher, query: str) -> None:
    assert in_item(searcher, query, "i3").pages == ()


def test_the_reader_lists_no_hit_that_the_database_refuses(searcher: Searcher) -> None:
    hits = searcher.in_item("采砂", "i1", ordinary(searcher), lambda ids: set(ids) - {"i1:1"})
    assert hits.pages == (2,)


@pytest.mark.parametrize("query", ["采砂", "許可證", "ＡＢＣ 采砂", "张演示甲", "砂", "湘A12345", "采砂 -许可证"])
def test_the_reader_lists_the_pages_that_the_search_finds_and_marks_the_same(searcher: Searcher, query: str) -> None:
    for item_id, texts in (("i1", MINING_ITEMS[0][1]), ("i4", WATER_ITEMS[0][1])):
        groups = [item for group in found(searcher, query).cases for item in group.items]
        searched = {hit.page: hit for item in groups if item.document.item_id == item_id for hit in item.pages}
        hits = in_item(searcher, query, item_id)
        assert hits.pages == tuple(sorted(searched))
        assert all(hits.hit(place) == searched[page] for place, page in enumerate(hits.pages))
        own = {page: tuple(hits.marks_on(page, texts[page - 1])) for page in hits.pages}
        assert all(set(searched[page].marks) <= set(own[page]) for page in hits.pages)


def test_a_total_counts_the_words_as_they_stand_and_never_as_a_question(searcher: Searcher) -> None:
    scope = ordinary(searcher)
    assert searcher.total(Search("非法采砂要罚多少钱？"), scope, set) == 0
    counted = searcher.total(Search("采砂", offset=40), scope, set)
    assert counted == found(searcher, "采砂").total > 1
    assert searcher.total(Search("采砂"), Scope(), set) == 0
    assert searcher.total(Search("采砂"), scope, lambda _: set()) == 0


def test_what_runs_over_the_end_of_a_page_is_marked_on_both_pages(searcher: Searcher) -> None:
    first, second = MINING_ITEMS[0][1]
    hits = in_item(searcher, "未经许可擅自", "i1")
    assert hits.pages == (1,)
    assert marked(hits, 1, first) == ["未经许"]
    assert marked(hits, 2, second) == ["可擅自"]
    assert marked(hits, 2, "\n " + second) == ["可擅自"]


def test_a_question_marks_its_words_in_the_reader_too(searcher: Searcher) -> None:
    hits = in_item(searcher, "非法采砂要罚多少钱？", "i2")
    assert (hits.pages, hits.as_question) == ((1,), True)
    assert "非法采砂" in "".join(marked(hits, 1, MINING_ITEMS[1][1][0]))


@pytest.mark.parametrize("query", ["(((", '"', "-采砂", "年度:abc", "x" * 501])
def test_a_query_that_cannot_be_read_marks_nothing_in_the_reader(searcher: Searcher, query: str) -> None:
    hits = in_item(searcher, query, "i1")
    assert (hits.pages, hits.marks_on(1, "采砂")) == ((), [])


def test_hits_in_one_item(searcher: Searcher) -> None:
    assert found_ids(found(searcher, "采砂", item_id="i1", sort=Sort.ARCHIVAL_CODE)) == {"i1:1", "i1:2"}


def test_what_the_database_refuses_is_neither_shown_nor_counted(searcher: Searcher) -> None:
    def refuse_first(ids: Sequence[str]) -> set[str]:
        return {page_id for page_id in ids if page_id != "i1:1"}

    result = searcher.search(Search("采砂"), ordinary(searcher), refuse_first)
    assert found_ids(result) == {"c5:0", "i1:2", "i2:1"}
    assert result.total == sum(result.facets["level"].values()) == 3


def test_a_database_that_refuses_everything_shows_nothing(searcher: Searcher) -> None:
    result = searcher.search(Search("采砂"), ordinary(searcher), lambda _: set())
    assert (result.total, result.cases) == (0, ())


def test_an_index_that_is_far_behind_betrays_nothing(searcher: Searcher) -> None:
    """However much the database refuses, the answer is that of an index without it, and no error."""
    result = searcher.search(Search("砂 OR 水 OR 石", size=1), ordinary(searcher), lambda ids: {"i4:1"} & set(ids))
    assert (result.total, found_ids(result)) == (1, {"i4:1"})


@pytest.mark.parametrize("options", [{"size": 0}, {"size": 101}, {"offset": -1}, {"offset": DEEPEST}])
def test_stretches_out_of_bounds_are_refused(searcher: Searcher, options: dict[str, int]) -> None:
    with pytest.raises(QueryError):
        found(searcher, "采砂", **options)


def test_an_unknown_filter_is_refused_and_a_known_one_narrows(searcher: Searcher) -> None:
    with pytest.raises(QueryError):
        found(searcher, "采砂", filters={"colour": frozenset({"red"})})
    narrowed = found(searcher, "采砂", filters={"document_type": frozenset({"decision"})})
    assert found_ids(narrowed) == {"i2:1"}


def test_facets_are_those_of_the_result(searcher: Searcher) -> None:
    facets = found(searcher, "采砂").facets
    assert tuple(facets) == FACETS
    assert facets["document_type"] == {"inquiry_record": 2, "decision": 1}
    assert facets["level"] == {"1": 4}


def test_without_an_index_nothing_is_found() -> None:
    result = Searcher(NullBackend(), load(), TYPES).search(Search("采砂"), Scope(), set)
    assert (result.total, result.cases) == (0, ())
