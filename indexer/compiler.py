"""From the tree of a query to the condition that an engine answers.

A page is a hit if every wanted word stands in its text or in what is said of it (title, numbers, names), and at
least one of them in its text: else the number of a case would find each of its pages. Words that are only in the
metadata are found by the entries of items and cases, whose text they are. A query without any free word
(年度:2025 类别:处罚) asks for entries.

Names of persons are known to who may read the case: `names` are the tokens of which a document must carry one, so that
its fields of names may answer (None: all do). Who was referred one item cannot ask them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.analysis import HAN, Analysed, Piece, cuts_at_edges
from indexer.conditions import NOTHING, Condition, Numbers, Placed, Without, all_of, any_of, has, in_order, in_scope
from indexer.fields import BY_KEY
from indexer.query_tree import (
    And,
    Between,
    Choice,
    Free,
    Leaf,
    Near,
    Not,
    Or,
    Query,
    QueryError,
    Question,
    Term,
    free_terms,
    leaves,
)
from indexer.seam import seam_tokens
from indexer.variants import variants
from indexer.wording import content_bigrams

if TYPE_CHECKING:
    from collections.abc import Callable

    Ways = Callable[[Free], Condition]

MAX_SEAM_ATOMS = 24
"""A longer term is not looked for across the end of a page."""


def compile_query(query: Query, names: frozenset[str] | None = None) -> Condition:
    """The condition under which a document is a hit, scope and filters aside."""
    return _Compiler(names).compiled(query)


class _Compiler:
    def __init__(self, names: frozenset[str] | None) -> None:
        self._names = names

    def compiled(self, query: Query) -> Condition:
        wanted = free_terms(query)
        if not wanted:
            return all_of(self._translate(query, self._anywhere), _entries(query))
        if len(wanted) == 1 and not _under_or(query):
            return self._translate(query, self._anywhere, wanted=_in_text)
        return all_of(self._translate(query, self._anywhere), any_of(*(_in_text(leaf) for leaf in wanted)))

    def _translate(self, query: Query, free: Ways, wanted: Ways | None = None) -> Condition:
        """Translate a tree; `wanted`, where given, is for free leaves that are not under a minus."""
        match query:
            case And(parts):
                return all_of(*(self._translate(part, free, wanted) for part in parts))
            case Or(parts):
                return any_of(*(self._translate(part, free, wanted) for part in parts))
            case Not(part):
                return Without(self._translate(part, free))
        return self._leaf(query, wanted or free)

    def _leaf(self, leaf: Leaf, free: Ways) -> Condition:
        match leaf:
            case Choice(field, codes):
                return has(field, *codes)
            case Between(field, low, high):
                return Numbers(field, low, high)
            case Term(_, "party"):
                return self._known(_in_field("party", leaf))
            case Term(_, field) if field:
                return _in_field(field, leaf)
        return free(leaf)

    def _anywhere(self, leaf: Free) -> Condition:
        """In the text or in what is said of the document."""
        if not isinstance(leaf, Term):
            return _in_text(leaf)
        return any_of(_in_text(leaf), _in_field("about", leaf), self._known(_in_field("names", leaf)))

    def _known(self, condition: Condition) -> Condition:
        """The same of names, where the reader may know them."""
        if self._names is None:
            return condition
        return all_of(in_scope(self._names), condition) if self._names else NOTHING


def _under_or(query: Query) -> bool:
    match query:
        case Or():
            return True
        case And(parts):
            return any(_under_or(part) for part in parts)
        case Not(part):
            return _under_or(part)
    return False


def _entries(query: Query) -> Condition:
    """Entries of cases; those of items or persons too, where something is asked for that they have."""
    keys = {leaf.field for leaf, wanted in leaves(query) if wanted and not isinstance(leaf, Question | Near)}
    grades = ["persons"] if "party" in keys else ["case"]
    if "party" in keys and _under_or(query):
        grades.append("case")
    if any(BY_KEY[key].of_items for key in keys):
        grades.append("item")
    return has("grade", *grades)


def _in_field(field: str, term: Term) -> Condition:
    """A term in a field, in any of the forms in which it may stand there."""
    return any_of(*(term_condition(field, form) for form in forms_of(term)))


def forms_of(term: Term) -> tuple[str, ...]:
    """What is looked for: a phrase in quotation marks as it stands, else in other numerals too."""
    return (term.text,) if term.quoted else variants(term.text)


def _near(near: Near) -> Condition:
    """Both terms with so many atoms between them, whichever comes first."""
    pairs = [(near.first, near.second), (near.second, near.first)]
    return any_of(
        *(
            Placed("uni", (*enumerate(before), *enumerate(after, len(before) + gap)))
            for first, second in pairs
            for before in _atom_forms(first.text)
            for after in _atom_forms(second.text)
            for gap in range(near.distance + 1)
        )
    )


def _atom_forms(text: str) -> list[list[str]]:
    analysed = Analysed(text)
    return [analysed.uni, *cuts_at_edges(analysed.pieces, analysed.uni, text)]


def _in_text(leaf: Free) -> Condition:
    """In the text itself, over the end of the page too."""
    if isinstance(leaf, Near):
        return _near(leaf)
    if isinstance(leaf, Question):
        tokens = content_bigrams(leaf.text)
        if not tokens:
            raise QueryError("请写出要查找的事情本身，例如：违法采砂怎么处罚。")
        return has("bi", *tokens)
    forms = forms_of(leaf)
    return any_of(
        *(term_condition("", form) for form in forms), *(place for form in forms for place in _over_page_end(form))
    )


def term_condition(field: str, text: str) -> Condition:
    """A term in a field; field "" is the text, which has bigrams as well."""
    pieces = Analysed(text).pieces
    uni = Analysed(text).uni
    whole = in_order("bi", Analysed(text).bi) if not field and _bigrams_do(pieces) else in_order(field or "uni", uni)
    return any_of(whole, *(in_order(field or "uni", tokens) for tokens in cuts_at_edges(pieces, uni, text)))


def _bigrams_do(pieces: list[Piece]) -> bool:
    """Whether a phrase on bigrams is exact: no stretch of a single character at either edge."""
    joined: list[list[str]] = []
    for piece in pieces:
        if joined and joined[-1][0] == piece.kind == HAN:
            joined[-1][1] += piece.text
        else:
            joined.append([piece.kind, piece.text])
    return all(kind != HAN or len(text) > 1 for kind, text in (joined[0], joined[-1]))


def _over_page_end(text: str) -> list[Condition]:
    """For each place at which the page's end may cut the term, its atoms on both sides of that end."""
    pieces = Analysed(text).pieces
    uni = Analysed(text).uni
    if not 1 < len(uni) <= MAX_SEAM_ATOMS:
        return []
    forms = [uni, *cuts_at_edges(pieces, uni, text)]
    return [
        all_of(*(has("seam", token) for token in seam_tokens(form[:cut], form[cut:])))
        for form in forms
        for cut in range(1, len(uni))
    ]
