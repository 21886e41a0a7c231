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
from indexer.backends.form import FACETS, NUMBERS, ORDERS, SETS, WITH_POSITIONS, numbers, several, single, texts
from indexer.ranking import repeat_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.documents import PageDocument

TOKENIZER = "anjuan_tokens"
PLACE = "place"
"""The column that says in which row of `payloads` the payload of a document lies."""


@cache
def schema() -> tantivy.Schema:
    """The fields; see `conditions` for what they hold."""
    builder = tantivy.SchemaBuilder()
    for name in WITH_POSITIONS:
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="position")
    for name in SETS:
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="basic")
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("item", "grade"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("case", *FACETS):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in NUMBERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in ORDERS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(PLACE, fast=True)
    builder.add_bytes_field("document", stored=True)
    return builder.build()


def register(index: tantivy.Index) -> tantivy.Index:
    """Make our tokenizer known; readers need it as writers do."""
    index.register_tokenizer(TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


def places(searcher: tantivy.Searcher, addresses: Sequence[tantivy.DocAddress] | None = None) -> list[int]:
    """Where the payloads of these documents lie, or of all."""
    if addresses is None:
        found = searcher.search(tantivy.Query.all_query(), max(searcher.num_docs, 1), count=False)
        addresses = [address for _, address in found.hits]
    return [int(place or 0) for place in searcher.fast_field_values(PLACE, list(addresses))]


def to_engine(document: PageDocument, text: Analysed, place: int) -> tantivy.Document:
    """A document as the engine takes it; `text` is its own, and its payload lies at `place`."""
    made = tantivy.Document()
    made.add_text("bi", " ".join(text.bi))
    _add_atoms(made, "uni", _atoms(text))
    made.add_text("repeats", " ".join(repeat_tokens(text.bi)))
    made.add_text("seam", " ".join(document.page_end))
    made.add_text("scope", " ".join(document.tokens))
    for name, value in texts(document).items():
        _add_atoms(made, name, _atoms_of(value))
    for name, value in single(document).items():
        if value:
            made.add_text(name, value)
    for name, codes in several(document).items():
        for code in codes:
            made.add_text(name, code)
    for name, number in numbers(document).items():
        made.add_integer(name, number)
    made.add_integer(PLACE, place)
    made.add_bytes("document", document.stored())
    return made


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
