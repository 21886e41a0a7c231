"""What an index holds: one document for each page, and one for the entry of each item and of each case.

A page is found by its text. Entries make titles, numbers and names findable by themselves: the entry of an item
holds its title and document number, the entry of a case its title, numbers, department and handlers.
Persons stand in entries of their own, one for each label that they bear, for who may read the case and not only know
of it. Every document carries the names that its partition may show, in fields that are asked within the same reach
(`compiler`), and none of them is stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Self

from archive_store.labels import Label, Level, Partition, Volume, partition_of
from indexer.seam import page_end, tail_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LAST_ORDINAL = date.max.toordinal()
PERSONS = "persons"
NO_TOKENS: frozenset[str] = frozenset()
_NOT_STORED = frozenset({"tokens", "names", "parties"})


@dataclass(frozen=True, slots=True)
class Person:
    """A name in a case with its own label; `party` tells those whom 当事人: asks for."""

    name: str
    label: Label = field(default_factory=Label)
    party: bool = True


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the index says of a case.

    `kind` and `procedure` are codes of the vocabulary. `day` is the day by which the case is sorted and found
    (end of the act). `tokens` are the access tokens of the entry, e.g. `entry:dept:<id>`, and `name_tokens` those of
    its persons.
    """

    case_id: str
    archival_code: str
    case_number: str
    title: str
    department_id: str
    department: str
    year: int | None
    day: date | None
    kind: str
    procedure: str
    handlers: tuple[str, ...] = ()
    persons: tuple[Person, ...] = ()
    label: Label = field(default_factory=Label)
    late: tuple[str, ...] = ()
    """What was late of the whole case, as codes of the vocabulary."""
    tokens: frozenset[str] = NO_TOKENS
    name_tokens: frozenset[str] = NO_TOKENS


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the index says of an item; `tokens` are the access tokens of its content and its entry.

    `device` is what recorded it, of a recording.
    """

    item_id: str
    number: int
    title: str
    document_type: str = ""
    document_number: str = ""
    archival_code: str = ""
    stage: str = ""
    volume: Volume = Volume.MAIN
    day: date | None = None
    device: str = ""
    label: Label = field(default_factory=Label)
    late: tuple[str, ...] = ()
    tokens: frozenset[str] = NO_TOKENS
    numbers: tuple[int, ...] = ()
    """The numbers of the pages, ascending, where they are not 1, 2, 3: of a recording its seconds, counted from 1."""


@dataclass(frozen=True, slots=True)
class PageDocument:
    """One page of one item (`page` from 1), or the entry of an item or of a case (`page` 0).

    `page_id` is `item_id:page`; for the entry of a case `case_id:0`, and `case_id:persons:<label>` for its persons
    of one label. `text` is what the document is found by: the text of the page, or the words of the entry.
    `tail` is the beginning of the next page of the item. `item_id` is empty for the entry of a case.
    `parties` are those whom 当事人: finds, `names` every name; like the tokens they are not stored.
    """

    page_id: str
    partition: Partition
    case_id: str
    item_id: str = ""
    page: int = 0
    item_number: int = 0
    archival_code: str = ""
    case_number: str = ""
    case_title: str = ""
    item_title: str = ""
    parties: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    department_id: str = ""
    department: str = ""
    year: int | None = None
    day: date | None = None
    kind: str = ""
    procedure: str = ""
    document_type: str = ""
    document_number: str = ""
    stage: str = ""
    device: str = ""
    late: tuple[str, ...] = ()
    text: str = ""
    tail: str = ""
    tokens: frozenset[str] = NO_TOKENS

    @property
    def grade(self) -> str:
        """`page`, `item`, `case`, or `persons` for the entry of the persons of one label."""
        if self.item_id:
            return "page" if self.page else "item"
        return "persons" if self.page_id.startswith(f"{self.case_id}:{PERSONS}:") else "case"

    @property
    def level(self) -> str:
        """The level of the partition, as a text of one digit."""
        return str(int(self.partition.label.level))

    @property
    def volume(self) -> str:
        """`main` or `auxiliary`; the entry of a case belongs to neither."""
        return str(self.partition.volume) if self.item_id else ""

    @property
    def order(self) -> str:
        """Sorts as archival code, item, page; public, and alike in every engine."""
        return f"{self.archival_code}\t{self.item_number:06d}\t{self.page:06d}\t{self.page_id}"

    @property
    def order_by_date(self) -> str:
        """Sorts by day, then as `order`; what has no day comes last."""
        return f"{self.day.isoformat() if self.day else '9999'}\t{self.order}"

    @property
    def order_by_newest(self) -> str:
        """Sorts by day, the latest first, then as `order`; what has no day comes last."""
        return f"{_LAST_ORDINAL - (self.day.toordinal() if self.day else 0):08d}\t{self.order}"

    @property
    def titles(self) -> str:
        """What 标题: asks: the title of the entry itself, or both titles of a page."""
        return words(self.item_title, self.case_title) if self.page else self.item_title or self.case_title

    @property
    def about(self) -> str:
        """What is said of the document beside its text, names of persons aside, for words that stand only there."""
        return words(
            self.case_number,
            self.archival_code,
            self.case_title,
            self.item_title,
            self.document_number,
            *self.handlers,
            self.department,
            self.device,
        )

    @property
    def page_end(self) -> list[str]:
        """Tokens for the atoms on both sides of the page's end (field `seam`); none without a next page."""
        return page_end(self.text, self.tail)

    def stored(self) -> bytes:
        """What is kept in the index to show a hit: everything but the access tokens and the names."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NOT_STORED}
        kept = {name: value for name, value in values.items() if value not in ("", None, ())}
        kept["partition"] = self.partition.name
        if self.day:
            kept["day"] = self.day.isoformat()
        return json.dumps(kept, ensure_ascii=False).encode()

    @classmethod
    def from_stored(cls, data: bytes) -> Self:
        """Read back what `stored` wrote."""
        values = json.loads(data)
        values["partition"] = Partition.parse(values["partition"])
        for name in ("handlers", "late"):
            values[name] = tuple(values.get(name, ()))
        if "day" in values:
            values["day"] = date.fromisoformat(values["day"])
        return cls(**values)


def words(*values: str) -> str:
    """Values as one text in which no term runs from one value into the next."""
    return "；".join(value for value in values if value)


def documents_of(case: CaseFacts, items: Sequence[tuple[ItemFacts, Sequence[str]]]) -> Iterator[PageDocument]:
    """Every document of a case; `items` are its items, each with the text of its pages in order."""
    yield from _case_entries(case)
    for item, pages in items:
        yield from item_documents(case, item, pages)


def _is_bare(partition: Partition) -> bool:
    """Whether of what lies there the index says no more than that it exists, under its archival code (绝密)."""
    return partition.label.level is Level.TOP_SECRET


def _case_entries(case: CaseFacts) -> Iterator[PageDocument]:
    own = partition_of(case.label, case.label, Volume.MAIN)
    if _is_bare(own):
        code = case.archival_code
        yield PageDocument(f"{case.case_id}:0", own, case.case_id, archival_code=code, text=code, tokens=case.tokens)
        return
    text = words(case.title, case.case_number, case.archival_code, *case.handlers, case.department)
    yield _document(f"{case.case_id}:0", own, case, text, case.tokens)
    for label in sorted({person.label for person in case.persons}, key=lambda label: label.code):
        text = words(*(person.name for person in case.persons if person.label == label))
        page_id, partition = f"{case.case_id}:{PERSONS}:{label.code}", partition_of(case.label, label, Volume.MAIN)
        if not _is_bare(partition):
            yield _document(page_id, partition, case, text, case.name_tokens)


def item_documents(case: CaseFacts, item: ItemFacts, pages: Sequence[str]) -> Iterator[PageDocument]:
    """The entry of an item and its pages."""
    partition = partition_of(case.label, item.label, item.volume)
    if _is_bare(partition):
        yield _bare_item(case, item, partition)
        return
    parties, names = _names(case, partition)
    texts = [words(item.title, item.document_number, item.device), *map(_writable, pages)]
    numbers = (0, *(item.numbers or range(1, len(texts))))
    for place, (number, text) in enumerate(zip(numbers, texts, strict=True)):
        follows = 0 < place < len(pages)
        yield PageDocument(
            page_id=f"{item.item_id}:{number}",
            partition=partition,
            case_id=case.case_id,
            item_id=item.item_id,
            page=number,
            item_number=item.number,
            archival_code=item.archival_code or case.archival_code,
            case_number=case.case_number,
            case_title=case.title,
            item_title=item.title,
            parties=parties,
            names=names,
            handlers=case.handlers,
            department_id=case.department_id,
            department=case.department,
            year=case.year,
            day=item.day,
            kind=case.kind,
            procedure=case.procedure,
            document_type=item.document_type,
            document_number=item.document_number,
            stage=item.stage,
            device=item.device,
            late=tuple(sorted({*case.late, *item.late})),
            text=text,
            tail=tail_of(texts[place + 1]) if follows else "",
            tokens=item.tokens,
        )


def _bare_item(case: CaseFacts, item: ItemFacts, partition: Partition) -> PageDocument:
    code = item.archival_code or case.archival_code
    return PageDocument(
        page_id=f"{item.item_id}:0",
        partition=partition,
        case_id=case.case_id,
        item_id=item.item_id,
        item_number=item.number,
        archival_code=code,
        text=code,
        tokens=item.tokens,
    )


def _writable(text: str) -> str:
    """The text without halves of characters, which extraction may leave behind and no engine stores."""
    return text.encode("utf-8", "replace").decode()


def _document(page_id: str, partition: Partition, case: CaseFacts, text: str, tokens: frozenset[str]) -> PageDocument:
    parties, names = _names(case, partition)
    return PageDocument(
        page_id=page_id,
        partition=partition,
        case_id=case.case_id,
        archival_code=case.archival_code,
        case_number=case.case_number,
        case_title=case.title,
        parties=parties,
        names=names,
        handlers=case.handlers,
        department_id=case.department_id,
        department=case.department,
        year=case.year,
        day=case.day,
        kind=case.kind,
        procedure=case.procedure,
        late=case.late,
        text=text,
        tokens=tokens,
    )


def _names(case: CaseFacts, partition: Partition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parties, and all names, that may be shown in a partition."""
    shown = [person for person in case.persons if partition.label.join(person.label) == partition.label]
    return tuple(p.name for p in shown if p.party), tuple(p.name for p in shown)
