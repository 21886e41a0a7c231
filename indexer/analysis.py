"""One Chinese analysis for every search backend: from text to atoms, from atoms to tokens, and back to the text.

No dictionary is used, so nothing is missed. The rules, in order:

1. Folding, character by character, with a map back to the original text: NFKC, lower case, traditional characters
   to simplified ones (OpenCC's character table); invisible characters vanish.
2. Atoms: a run of letters and digits is one atom (`湘A·12345` -> 湘, a12345; `10,000` -> 10000; `3.5` stays one);
   every other letter (Han, kana, hangul ...) is an atom by itself.
3. White space means nothing except between two runs. Punctuation between two Han atoms is one `BREAK`, whatever
   and however much it is; beside a run it means nothing, so 〔2025〕, [2025], （2025） and 2025 are equal.
4. Tokens: `uni` is the sequence of atoms with breaks; `bi` replaces each stretch of Han atoms by its overlapping
   bigrams (a stretch of one stays itself), which also tells where breaks were. A term is found by a phrase on
   `bi`, or on `uni` where a stretch at its edge is one character long (5克, 张).
5. A term may cut a run only if it keeps the run's first or last four characters or more, or its first two where the
   term says so by an `OPEN_END` (4301*): longer runs carry such cuts as further tokens at the same position
   (`^4301`, `1234$`).

`contains` is the plain oracle that every backend is held against.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cache, cached_property, lru_cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, NamedTuple

from opencc import OpenCC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BREAK = "¦"
MIN_CUT = 4
"""A run may be asked for by its first or last so many characters."""
MIN_OPEN = 2
"""A run whose end is left open is asked for by its first so many or more."""
OPEN_END = "\ue000"
"""At the end of a term: its last run may go on. No such character is ever compared."""
MAX_RUN = 64
"""Longer runs are taken apart, so that no token grows without limit."""

_HAN = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_ALNUM = rf"[^\W_{_HAN}]"
_DOTS = "·•‧∙・"
_RUN = rf"""
    (?<![\d.])\d{{1,3}}(?:,\d{{3}})+(?!{_ALNUM}|,\d)                # 10,000
  | {_ALNUM}+(?:
        (?<=\d)\.(?=\d) {_ALNUM}+                                  # 3.5, 2024.01.15
      | (?<=[^\W\d_])[.'](?=[^\W\d_{_HAN}]) {_ALNUM}+              # water.gov, o'neil
      | (?<=[^\W\d_])[{_DOTS}](?={_ALNUM}{{4,7}}(?!{_ALNUM})) {_ALNUM}+  # 湘A·12345
    )*
"""
_PIECES = rf"(?P<han>[{_HAN}]+)|(?P<space>[\s\x00-\x1f]+)|(?P<run>{_RUN})|(?P<break>.)"
_ATOMS = re.compile(_PIECES, re.VERBOSE | re.DOTALL)
_DROPPED = {ord(c): None for c in f",'{_DOTS}"}
_MARKS = "\u0300-\u036f\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
_HAS_MARKS = re.compile(f"[{_MARKS}]")
_CLUSTERS = re.compile(f".[{_MARKS}]*", re.DOTALL)
_EDGE = "\x1f"
_SPACES = r"[\s\x00-\x1f]*"


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@cache
def _fold(cluster: str) -> str:
    """Fold one character with its combining marks; a full-width comma never joins digits, so it stays apart."""
    if cluster == "，":
        return "、"
    folded = unicodedata.normalize("NFKC", cluster).lower()
    if not folded.isascii():
        folded = "".join(map(_simple, folded))
    return "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Mn", "Me", "Cs", "Co", "Cn"})


class _Folds(dict[int, str]):
    """Every character met so far with what it folds to; `uneven` are those that do not become exactly one."""

    def __init__(self) -> None:
        super().__init__()
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _fold(character)
        if len(folded) != 1:
            self.uneven.add(character)
        self[code] = folded
        return folded


_FOLDS = _Folds()


def _simple(character: str) -> str:
    """The simplified form, where it is one character."""
    simple: str = _simplifier().convert(character) if character.isalpha() else character
    return simple if len(simple) == 1 else character


HAN, RUN, BREAK_KIND = "han", "run", "break"


class Piece(NamedTuple):
    """A stretch of Han atoms, one run, or one break: `text` as compared, [begin, end) in the folded text."""

    kind: str
    text: str
    begin: int
    end: int

    @property
    def normal(self) -> str:
        """The piece in the comparable form."""
        return f"{_EDGE}{self.text}{_EDGE}" if self.kind is RUN else self.text


class Folded:
    """A text as compared, character by character, with the way back to the original."""

    def __init__(self, text: str) -> None:
        self.folded, self._starts = _folded(text)

    def original(self, at: int) -> int:
        """The place in the original text of a place in the folded one."""
        return at if self._starts is None else self._starts[at]

    def original_end(self, at: int) -> int:
        """Where in the original text the character at a place in the folded one ends."""
        if self._starts is None:
            return at + 1
        return self._starts[bisect_right(self._starts, self._starts[at])]


class Analysed(Folded):
    """A text taken apart once; everything else is read from its pieces."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.pieces: list[Piece] = _with_breaks(_scan(self.folded))

    @cached_property
    def uni(self) -> list[str]:
        """Single atoms with breaks, in order."""
        return [token for piece in self.pieces for token in (piece.text if piece.kind is HAN else (piece.text,))]

    @cached_property
    def bi(self) -> list[str]:
        """Overlapping bigrams of each stretch of Han atoms, and runs whole, in order."""
        tokens: list[str] = []
        for kind, group in groupby(self.pieces, key=_kind):
            if kind is HAN:
                tokens += _bigrams("".join(piece.text for piece in group))
            elif kind is RUN:
                tokens += [piece.text for piece in group]
        return tokens

    @cached_property
    def normal(self) -> str:
        """The comparable form: a term occurs in a text if its normal form occurs in the text's."""
        return "".join(piece.normal for piece in self.pieces)

    @cached_property
    def has_long_runs(self) -> bool:
        """Whether any run is long enough to be asked for by a part of it."""
        return any(piece.kind is RUN and len(piece.text) > MIN_OPEN for piece in self.pieces)


def _kind(piece: Piece) -> str:
    return piece.kind


def _scan(folded: str) -> Iterator[Piece]:
    """Pieces of a folded text in order, with every sign of punctuation as a break."""
    for match in _ATOMS.finditer(folded):
        kind = match.lastgroup
        begin, end = match.span()
        if kind == HAN:
            yield Piece(HAN, match.group(), begin, end)
        elif kind == BREAK_KIND:
            yield Piece(BREAK_KIND, BREAK, begin, end)
        elif kind == RUN:
            for n in range(begin, end, MAX_RUN):
                last = min(n + MAX_RUN, end)
                yield Piece(RUN, folded[n:last].translate(_DROPPED), n, last)


def _with_breaks(pieces: Iterable[Piece]) -> list[Piece]:
    """Keep one break where punctuation stands between two Han atoms, and none elsewhere."""
    kept: list[Piece] = []
    punctuation: Piece | None = None
    for piece in pieces:
        if piece.kind is BREAK_KIND:
            punctuation = punctuation or piece
            continue
        if punctuation and kept and kept[-1].kind is HAN and piece.kind is HAN:
            kept.append(punctuation)
        kept.append(piece)
        punctuation = None
    return kept


def _folded(text: str) -> tuple[str, list[int] | None]:
    """The folded text, and for each of its characters (and its end) the place in the original; None if equal."""
    clusters: Sequence[str] = _CLUSTERS.findall(text) if _HAS_MARKS.search(text) else text
    if clusters is text:
        folded = text.translate(_FOLDS)  # most texts by far, in a fifth of the time
        if _FOLDS.uneven.isdisjoint(text):
            return folded, None
    parts = [_fold(cluster) for cluster in clusters]
    starts: list[int] = []
    position = 0
    for cluster, part in zip(clusters, parts, strict=True):
        starts += [position] * len(part)
        position += len(cluster)
    return "".join(parts), [*starts, len(text)]


def _bigrams(characters: str) -> list[str]:
    if len(characters) == 1:
        return [characters]
    return [characters[n : n + 2] for n in range(len(characters) - 1)]


def cuts(run: str) -> list[str]:
    """The further tokens by which a part of a run is found: `^` + its first two or more, its last four + `$`."""
    heads = [f"^{run[:n]}" for n in range(MIN_OPEN, len(run))]
    return heads + [f"{run[-n:]}$" for n in range(MIN_CUT, len(run))]


def tokens_with_cuts(analysed: Analysed) -> Iterator[tuple[str, int]]:
    """`uni` tokens with their positions, and the cuts of long runs at the position of the run."""
    position = 0
    for piece in analysed.pieces:
        for token in piece.text if piece.kind is HAN else (piece.text,):
            yield token, position
            position += 1
        if piece.kind is RUN and len(piece.text) > MIN_OPEN:
            for cut in cuts(piece.text):
                yield cut, position - 1


def _needles(term: str) -> list[str]:
    """Every normal form under which a term is found: whole, and with the run at either edge cut."""
    pieces = Analysed(term).pieces
    if not pieces:
        return []
    body = "".join(piece.normal for piece in pieces)
    heads = [body, body[1:]] if may_be_cut(pieces[0]) and not _is_open_run(pieces, term) else [body]
    if not may_go_on(pieces[-1], term):
        return heads
    if len(pieces) == 1:
        return [*heads, body[:-1]]
    return [*heads, *(head[:-1] for head in heads)]


def may_be_cut(piece: Piece) -> bool:
    """Whether a piece at the edge of a term may be a part of a longer run."""
    return piece.kind is RUN and len(piece.text) >= MIN_CUT


def may_go_on(piece: Piece, term: str) -> bool:
    """Whether the last piece of a term may be the beginning of a longer run."""
    return may_be_cut(piece) or (piece.kind is RUN and term.endswith(OPEN_END) and len(piece.text) >= MIN_OPEN)


def _is_open_run(pieces: Sequence[Piece], term: str) -> bool:
    """Whether a term is one run with an open end: who types a star means how the run begins."""
    return len(pieces) == 1 and term.endswith(OPEN_END)


def cuts_at_edges(pieces: Sequence[Piece], uni: Sequence[str], term: str) -> list[list[str]]:
    """The tokens of a term in every other form under which it is found: a run at an edge as a part of a longer one."""
    first = [f"{uni[0]}$"] if may_be_cut(pieces[0]) and not _is_open_run(pieces, term) else []
    last = [f"^{uni[-1]}"] if may_go_on(pieces[-1], term) else []
    if len(uni) == 1:
        return [[token] for token in first + last]
    heads, ends = [uni[0], *first], [uni[-1], *last]
    return [[head, *uni[1:-1], end] for head in heads for end in ends][1:]


def is_searchable(term: str) -> bool:
    """Whether a term holds at least one letter or digit."""
    return bool(Analysed(term).pieces)


def normalise(text: str) -> str:
    """The comparable form of a text (rules 1 to 3)."""
    return Analysed(text).normal


def contains(text: str, term: str) -> bool:
    """Whether the term occurs in the text: the oracle for recall and precision."""
    normal = normalise(text)
    return any(needle in normal for needle in _needles(term))


def find_spans(text: str, term: str) -> list[tuple[int, int]]:
    """Where a term occurs: [start, end) in the original text, sorted, overlapping ones joined."""
    return [*spans_of(text, (term,))]


def spans_of(text: str, terms: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where each of the terms occurs, one after the other, each as `find_spans`.

    Terms of Han characters alone are looked for in the folded text; only for others the text is taken apart.
    """
    folded: Folded | None = None
    for term in terms:
        pattern = _pattern(term)
        if pattern is None:
            folded = folded if isinstance(folded, Analysed) else Analysed(text)
            yield from _spans_in(folded, term)
        else:
            folded = folded or Folded(text)
            yield from _matches(folded, pattern)


def _matches(folded: Folded, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    places = (match.span(1) for match in pattern.finditer(folded.folded))
    return join_spans((folded.original(begin), folded.original_end(end - 1)) for begin, end in places)


@lru_cache(maxsize=4096)
def _pattern(term: str) -> re.Pattern[str] | None:
    """What finds a term of Han characters alone in a folded text, also where it overlaps; white space is nothing."""
    pieces = Analysed(term).pieces
    if not pieces or any(piece.kind is not HAN for piece in pieces):
        return None
    characters = "".join(piece.text for piece in pieces)
    written = f"({_SPACES.join(characters)})"
    overlaps = any(characters.startswith(characters[at:]) for at in range(1, len(characters)))
    return re.compile(f"(?={written})" if overlaps else written)


def _spans_in(analysed: Analysed, term: str) -> list[tuple[int, int]]:
    offsets = [0, *accumulate(len(piece.normal) for piece in analysed.pieces)]
    return join_spans(
        (_place(analysed, offsets, at), _place(analysed, offsets, at + len(needle) - 1, last=True))
        for needle in _needles(term)
        for at in _occurrences(analysed.normal, needle)
    )


def _occurrences(haystack: str, needle: str) -> Iterator[int]:
    at = haystack.find(needle)
    while at >= 0:
        yield at
        at = haystack.find(needle, at + 1)


def _place(analysed: Analysed, offsets: Sequence[int], at: int, *, last: bool = False) -> int:
    """Where in the original the character at `at` of the normal form begins (or, as the last one, ends)."""
    index = bisect_right(offsets, at) - 1
    piece = analysed.pieces[index]
    inside = at - offsets[index]
    if piece.kind is RUN:
        inside = _inside_run(piece, inside, last=last)
    place = piece.begin + inside
    return analysed.original_end(place) if last else analysed.original(place)


def _inside_run(piece: Piece, at: int, *, last: bool) -> int:
    """The same within a run, whose normal form has a mark at each edge and may have lost a comma or a dot."""
    length = piece.end - piece.begin
    if length != len(piece.text):
        return length - 1 if last else 0
    return min(max(at - 1, 0), length - 1)


def join_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans with overlapping and touching ones joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
