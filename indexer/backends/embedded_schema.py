"""The fields of the embedded engine and how a document becomes theirs.

Traps that are kept out here: our tokens are split at white space and never analysed again; numbers are signed, since
a wrong unsigned one kills the writer; an unknown field would be dropped in silence, so all fields are made by one
table.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import tantivy

from indexer.analysis import Analysed, tokens_with_cuts
from indexer.documents import words
from indexer.pinyin import with_pinyin
from indexer.ranking import payload, repeat_tokens

if TYPE_CHECKING:
    from indexer.documents import PageDocument

FORM = 4
"""Raised whenever fields or analysis change: an index of another form has to be rebuilt."""
TOKENIZER = "anjuan_tokens"
_WITH_POSITIONS = (
    "bi", "uni", "about", "names", "party", "case_number", "archival_code", "document_number", "title", "handler",
    "department", "device",
)  # fmt: skip
_SETS = ("seam", "repeats", "scope")
_FACETS = ("year_text", "kind", "procedure", "department_id", "document_type", "stage", "level", "volume")
_NUMBERS = ("year", "day")
ORDERS = ("order", "order_by_date", "order_by_newest")


@cache
def schema() -> tantivy.Schema:
    """The fields; see `conditions` for what they hold."""
    builder = tantivy.SchemaBuilder()
    for name in _WITH_POSITIONS:
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="position")
    for name in _SETS:
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="basic")
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("item", "grade"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("case", *_FACETS):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in _NUMBERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in ORDERS:
        builder.add_text_field(name, stored=name == "order", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("payload", stored=True)
    builder.add_bytes_field("document", stored=True)
    return builder.build()


def register(index: tantivy.Index) -> tantivy.Index:
    """Make our tokenizer known; readers need it as writers do."""
    index.register_tokenizer(TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def to_engine(document: PageDocument) -> tantivy.Document:
    """A document as the engine takes it."""
    made = tantivy.Document()
    text = Analysed(document.text)
    made.add_text("bi", " ".join(text.bi))
    _add_atoms(made, "uni", _atoms(text))
    made.add_text("repeats", " ".join(repeat_tokens(text.bi)))
    made.add_text("seam", " ".join(document.page_end))
    made.add_text("scope", " ".join(document.tokens))
    for name, value in _texts(document).items():
        _add_atoms(made, name, _atoms_of(value))
    for name, value in _single(document).items():
        if value:
            made.add_text(name, value)
    if document.year is not None:
        made.add_integer("year", document.year)
    if document.day is not None:
        made.add_integer("day", int(document.day.strftime("%Y%m%d")))
    made.add_bytes("payload", payload(text))
    made.add_bytes("document", document.stored())
    return made


def _texts(document: PageDocument) -> dict[str, str]:
    return {
        "about": document.about,
        "names": words(*document.names),
        "party": with_pinyin(*document.parties),
        "case_number": document.case_number,
        "archival_code": document.archival_code,
        "document_number": document.document_number,
        "title": document.titles,
        "handler": with_pinyin(*document.handlers),
        "department": with_pinyin(document.department),
        "device": document.device,
    }


def _single(document: PageDocument) -> dict[str, str]:
    return {
        "id": document.page_id,
        "case": document.case_id,
        "item": document.item_id,
        "grade": document.grade,
        "year_text": "" if document.year is None else str(document.year),
        "kind": document.kind,
        "procedure": document.procedure,
        "department_id": document.department_id,
        "document_type": document.document_type,
        "stage": document.stage,
        "level": document.level,
        "volume": document.volume,
        "order": document.order,
        "order_by_date": document.order_by_date,
        "order_by_newest": document.order_by_newest,
    }


def _add_atoms(made: tantivy.Document, name: str, atoms: str | tantivy.PreTokenizedString) -> None:
    if isinstance(atoms, str):
        made.add_text(name, atoms)
    else:
        made.add_pre_tokenized_text(name, atoms)


def _atoms(analysed: Analysed) -> str | tantivy.PreTokenizedString:
    """Single atoms with positions; only where long runs have cuts are tokens placed one by one (it costs time)."""
    if not analysed.has_long_runs:
        return " ".join(analysed.uni)
    tokens = [tantivy.Token(token, position, 0, 0) for token, position in tokens_with_cuts(analysed)]
    return tantivy.PreTokenizedString("", tokens)


@lru_cache(maxsize=256)
def _atoms_of(value: str) -> str | tantivy.PreTokenizedString:
    """The same for what is said of a document; the pages of an item say the same."""
    return _atoms(Analysed(value))
