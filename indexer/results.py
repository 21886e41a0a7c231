"""Hits as they are shown: by case, within it by item, each with its extract and marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.analysis import join_spans
from indexer.snippets import Snippet, Span, continued_marks, page_marks, snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.documents import PageDocument


@dataclass(frozen=True, slots=True)
class Hit:
    """One found page (or entry): `marks` are places in the page's own text, `excerpt` shows the best of them."""

    page_id: str
    page: int
    excerpt: Snippet
    marks: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """The hits of one item; `entry` is set where its title or number was found."""

    document: PageDocument
    entry: Hit | None
    pages: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The hits of one case; `entries` are set where its own words (title, numbers, names) were found.

    `document` is any of the hits: its case fields (and never its text) are what the group's head shows.
    """

    document: PageDocument
    entries: tuple[Hit, ...]
    items: tuple[ItemGroup, ...]


@dataclass(frozen=True, slots=True)
class ItemHits:
    """The pages of one item that a query finds, in order, for the reader; `terms` are what is marked on them.

    Extracts and marks are made for the pages that are shown, not for all of an item of hundreds of pages.
    """

    documents: tuple[PageDocument, ...] = ()
    terms: tuple[str, ...] = ()
    as_question: bool = False

    @property
    def pages(self) -> tuple[int, ...]:
        """The numbers of the pages."""
        return tuple(document.page for document in self.documents)

    def hit(self, place: int) -> Hit:
        """The hit at a place of `documents`, with its extract."""
        return _hit(self.documents[place], self.terms)

    def marks_on(self, page: int, text: str, last: int | None = None) -> list[Span]:
        """What is marked in the text of a page: what the search marked, and the rest of what began a page before.

        `last` is the number of the page before, where it is another than one less.
        """
        last = page - 1 if last is None else last
        own = next((document for document in self.documents if document.page == page), None)
        before = next((document for document in self.documents if document.page == last), None)
        marks = page_marks(text, own.tail, self.terms) if own else []
        if before:
            lead = len(text) - len(text.lstrip())
            rest = continued_marks(before.text, before.tail, self.terms)
            marks = join_spans([*((lead + a, min(lead + b, len(text))) for a, b in rest), *marks])
        return marks


def group_hits(hits: Sequence[PageDocument], terms: Sequence[str]) -> tuple[CaseGroup, ...]:
    """Group hits in the order in which cases and items first appear."""
    return tuple(_case(documents, terms) for documents in _grouped(hits, "case_id"))


def _case(documents: Sequence[PageDocument], terms: Sequence[str]) -> CaseGroup:
    own = [document for document in documents if not document.item_id]
    of_items = [document for document in documents if document.item_id]
    items = tuple(_item(group, terms) for group in _grouped(of_items, "item_id"))
    named = next((document for document in documents if document.case_title), documents[0])
    return CaseGroup(named, tuple(_hit(document, terms) for document in own), items)


def _item(documents: Sequence[PageDocument], terms: Sequence[str]) -> ItemGroup:
    entries = [_hit(document, terms) for document in documents if not document.page]
    pages = [_hit(document, terms) for document in documents if document.page]
    return ItemGroup(documents[0], entries[0] if entries else None, tuple(pages))


def _hit(document: PageDocument, terms: Sequence[str]) -> Hit:
    marks = page_marks(document.text, document.tail, terms)
    return Hit(document.page_id, document.page, snippet(document.text, marks), tuple(marks))


def _grouped(documents: Iterable[PageDocument], key: str) -> list[list[PageDocument]]:
    groups: dict[str, list[PageDocument]] = {}
    for document in documents:
        groups.setdefault(getattr(document, key), []).append(document)
    return list(groups.values())
