"""A small made-up archive: texts in the manner of enforcement records, with names, numbers, plates and line wraps.

Everything is drawn from one seed, so that a failure can be repeated.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from archive_store.labels import Label, Level, Mark, Volume
from archive_store.vocabulary import ActKind, Procedure, Stage
from indexer.analysis import Analysed, _needles, normalise
from indexer.documents import CaseFacts, ItemFacts, PageDocument, Person, documents_of
from indexer.seam import seam_text
from indexer.searcher import Scope, Search, Searcher
from indexer.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive_store.labels import Partition
    from indexer.backends.base import SearchBackend
    from indexer.searcher import SearchResult

TYPES = {
    "inquiry_record": "询问笔录",
    "decision": "行政处罚决定书",
    "site_record": "现场勘验笔录",
    "receipt": "送达回证",
}

SENTENCES = (
    "当事人{name}于{day}在{river}河道管理范围内未经批准擅自采砂，现场查获采砂船{few}艘、运砂车{plate}。",
    "依照《中华人民共和国水法》第七十条、第七十二条的规定，责令停止违法行为，并处罚款{money}元。",
    "经查，{name}（身份证号码{identity}，联系电话{phone}）未取得取水许可证，取用地下水{volume}立方米。",
    "本机关于{day}作出{number}行政处罚决定书，限期十五日内到指定银行缴纳罚款。",
    "你对本决定不服的，可以自收到本决定书之日起六十日内申请行政复议，也可以在六个月内提起行政诉讼。",
    "现场检查发现堆放砂石料约{volume}吨，堆体高{few}.5m，侵占行洪断面；拍摄照片12张、录像3段。",
    "执法人员{name}、演示乙出示了执法证件，并告知当事人享有陈述、申辩和要求听证的权利。",
    "问：你的采砂许可证是什么时候办理的？答：没有办理，我不知道需要办理。",
    "根据《取水许可和水资源费征收管理条例》第二条，取用水资源的单位和个人应当申请领取取水许可证。",
    "送达回证载明：受送达人{name}拒绝签收，送达人将{number}号文书留置送达，见证人签字。",
    "水质检测报告编号 ST-2025-{few}08，pH 值7.2，氨氮{few}.35mg/L，符合GB 3838-2002Ⅲ类标准。",
    "案件承办人员提出初步处理意见，经法制机构审核、负责人集体讨论后，决定从轻处罚。",
)
SURNAMES = "张王李赵陈刘周吴徐孙"
RIVERS = ("演示江", "石门河", "青溪", "白鹭河")


@dataclass
class World:
    """Documents of an archive and the seed that they came from."""

    documents: list[PageDocument] = field(default_factory=list)

    @property
    def pages(self) -> list[PageDocument]:
        return [document for document in self.documents if document.page]

    @property
    def partitions(self) -> tuple[Partition, ...]:
        return tuple(sorted({document.partition for document in self.documents}, key=lambda p: p.name))


def seeded(seed: int) -> random.Random:
    """Repeatable chance."""
    return random.Random(seed)  # noqa: S311 - no secret is drawn


def sentence(draw: random.Random) -> str:
    return draw.choice(SENTENCES).format(
        name=draw.choice(SURNAMES) + "演示" + draw.choice("甲乙丙丁"),
        day=f"{draw.randint(2023, 2025)}年{draw.randint(1, 12)}月{draw.randint(1, 28)}日",
        river=draw.choice(RIVERS),
        few=draw.randint(1, 9),
        plate=f"湘{draw.choice('ABJ')}{draw.choice(['', '·'])}{draw.randint(10000, 99999)}",
        money=draw.choice(["2000", "10,000", "50000", "１００００"]),
        identity=f"43070219{draw.randint(10**9, 10**10 - 1)}",
        phone=f"1{draw.randint(3 * 10**9, 10**10 - 1)}",
        volume=draw.randint(2, 30000),
        number=f"石水罚字〔{draw.randint(2023, 2025)}〕{draw.randint(1, 40)}号",
    )


def page_text(draw: random.Random, sentences: int) -> str:
    """A page with its lines broken anywhere, as a text layer has them."""
    text = "".join(sentence(draw) for _ in range(sentences))
    width = draw.choice([18, 28, 1000])
    return "\n".join(text[n : n + width] for n in range(0, len(text), width))


def make_case(draw: random.Random, number: int, *, label: Label | None = None, pages: int = 3, lines: int = 4) -> World:
    """One case with two items; labels of items vary, one person bears a label of its own."""
    label = label or Label()
    day = date(2023, 1, 1) + timedelta(days=draw.randint(0, 1000))
    case = CaseFacts(
        case_id=f"case{number}",
        archival_code=f"S001-CF·{day.year}-Y30-SZ-{number:04d}",
        case_number=f"石水罚字〔{day.year}〕{number}号",
        title=f"{draw.choice(SURNAMES)}演示甲{draw.choice(['非法采砂案', '未经批准取水案', '侵占行洪断面案'])}",
        department_id=f"d{number % 3}",
        department=("执法大队", "水政科", "河长办")[number % 3],
        year=day.year,
        day=day,
        kind=str(draw.choice(list(ActKind))),
        procedure=str(draw.choice(list(Procedure))),
        handlers=("演示乙",),
        persons=(
            Person(draw.choice(SURNAMES) + "演示甲"),
            Person("钱演示丁", Label.of(Level.INTERNAL, [Mark.INFORMANT]), party=False),
        ),
        label=label,
        late=("filing",) * (number % 4 == 0),
        tokens=frozenset({f"entry:d{number % 3}"}),
        name_tokens=frozenset({f"content:d{number % 3}"}),
    )
    items = []
    for n in (1, 2):
        own = draw.choice([Label(), Label(), Label.of(Level.INTERNAL, [Mark.PERSONAL_PRIVACY])])
        kind = draw.choice(list(TYPES))
        item = ItemFacts(
            item_id=f"case{number}-{n}",
            number=n,
            title=TYPES[kind],
            document_type=kind,
            document_number=f"石水文〔{day.year}〕{number * 10 + n}号",
            stage=str(draw.choice(list(Stage))),
            volume=draw.choice(list(Volume)),
            day=day - timedelta(days=n),
            label=label.join(own),
            late=("recording",) * ((number + n) % 3 == 0),
            tokens=frozenset({f"content:d{number % 3}", f"case:case{number}"}),
        )
        items.append((item, [page_text(draw, draw.randint(1, lines)) for _ in range(draw.randint(1, pages))]))
    return World(list(documents_of(case, items)))


def make_world(seed: int, cases: int, *, first: int = 1, label: Label | None = None, lines: int = 4) -> World:
    draw = seeded(seed)
    world = World()
    for number in range(first, first + cases):
        world.documents += make_case(draw, number, label=label, lines=lines).documents
    return world


def hidden_world(seed: int, cases: int) -> World:
    """Cases that differ in label from all others: classified ones, with the same words and more."""
    return make_world(seed, cases, first=5000, label=Label.of(Level.SECRET))


def fill(backend: SearchBackend, documents: Iterable[PageDocument]) -> None:
    """Put documents into a backend in one change a partition."""
    from indexer.backends.base import Change  # noqa: PLC0415 - the helper of helpers

    groups: dict[Partition, list[PageDocument]] = {}
    for document in documents:
        groups.setdefault(document.partition, []).append(document)
    backend.apply([Change(partition, add=group) for partition, group in groups.items()])


class Oracle:
    """The plain oracle over documents: a term begins on a page, and may end on the next page of the item."""

    def __init__(self, documents: Sequence[PageDocument]) -> None:
        following = next_texts(documents)
        self._normal: dict[str, tuple[str, int]] = {}
        for document in documents:
            joined = seam_text(document.text, following.get(document.page_id, ""))
            self._normal[document.page_id] = (normalise(joined), len(normalise(document.text)))

    def holds(self, page_id: str, term: str) -> bool:
        normal, end_of_page = self._normal[page_id]
        return any(0 <= normal.find(needle) < end_of_page for needle in _needles(term))

    def pages(self, term: str) -> set[str]:
        return {page_id for page_id in self._normal if self.holds(page_id, term)}


def next_texts(documents: Sequence[PageDocument]) -> dict[str, str]:
    """For each page the text of the next page of its item."""
    texts = {(document.item_id, document.page): document.text for document in documents if document.page}
    return {d.page_id: texts.get((d.item_id, d.page + 1), "") for d in documents if d.page}


def random_substring(draw: random.Random, page: PageDocument, next_text: str) -> str:
    """Two to twelve characters that begin on the page; they may cut a run, as no query may."""
    text = seam_text(page.text, next_text)
    start = draw.randrange(len(page.text))
    return text[start : start + draw.randint(2, 12)].strip()


FORMS = (
    *("采砂", "砂", "罚款", "2025", "湘A", "钱演示丁", "未经批准在河道采砂怎么处罚？"),
    *("{a}", "{a} {b}", "{a} OR {b}", "{a} -{b}", '"{a}"', "({a} OR {b}) {c}"),
    *("年度:2024", "{a} 年度:2023..2024", "当事人:演示甲", "案号:5号", "文书:询问笔录", "类别:行政处罚 {a}"),
    *("标题:采砂", "密级:内部 {a}", "日期:2023-05..2024-06", "阶段:调查取证 砂", "部门:执法 罚"),
)


def random_query(draw: random.Random) -> str:
    """A query in any of the forms, most of them with hits."""
    words = [Analysed(sentence(draw)) for _ in range(3)]
    pieces = [
        "".join(a.uni)[s : s + draw.randint(1, 4)].replace("¦", "") or "采砂"
        for a in words
        for s in [draw.randint(0, 9)]
    ]
    return draw.choice(FORMS).format(a=pieces[0], b=pieces[1], c=pieces[2])


FLAT = Weights(bi={}, uni={}, unknown=2.0)


def searcher(backend: SearchBackend, weights: Weights = FLAT) -> Searcher:
    return Searcher(backend, weights, TYPES)


def ask(backend: SearchBackend, query: str, scope: Scope, **options: object) -> SearchResult:
    """Search with a database that refuses nothing."""
    return searcher(backend).search(Search(query, **options), scope, set)  # type: ignore[arg-type]


def everything(world: World) -> Scope:
    return Scope(world.partitions, None, None)


def found_ids(result: SearchResult) -> set[str]:
    """Every hit of a result."""
    hits = [hit for case in result.cases for hit in case.entries]
    for case in result.cases:
        for item in case.items:
            hits += [*([item.entry] if item.entry else []), *item.pages]
    return {hit.page_id for hit in hits}
