"""What is typed, cut into words, phrases, signs and field names.

Brackets are the difficulty: they group, and they stand in case numbers. A bracket that touches the end of a word
belongs to the word up to its partner, as does a year in brackets: 石水罚字（2025）5号, (2025)石水罚字5号.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from indexer.analysis import OPEN_END, is_searchable
from indexer.fields import FIELDS
from indexer.query_tree import QueryError

QUOTES = '"“”„＂'
OPENING, CLOSING = "(（", ")）"
_MINUS = "-－−"
_WORD_FIELD = re.compile(rf"({'|'.join(sorted(FIELDS, key=len, reverse=True))})\s*[:：]")
_YEAR_IN_BRACKETS = re.compile(r"[(（]\s*\d{4}\s*[)）](?=\w)")
_SIGNS = {"OR": "OR", "|": "OR", "||": "OR", "AND": "AND", "&": "AND", "&&": "AND", "NOT": "NOT"}
_NEAR = re.compile(r"\s*[~～]\s*(\d{1,4})(?!\w)", re.ASCII)
_STARS = "*＊"
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class Sign(Enum):
    """Kinds of token."""

    WORD = 1
    PHRASE = 2
    FIELD = 3
    OPEN = 4
    CLOSE = 5
    AND = 6
    OR = 7
    NOT = 8
    NEAR = 9
    END = 10


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `text` is the word, the phrase without its quotes, the field's name, or the distance of a NEAR.

    A word that was typed with a star at its end ends in `OPEN_END`.
    """

    sign: Sign
    text: str = ""


class Lexer:
    """Cuts a query into tokens; raises QueryError where quotes or brackets do not pair."""

    def __init__(self, text: str) -> None:
        self._text = text.replace(OPEN_END, "")
        self._at = 0
        self._depth = 0
        self._may_be_near = False

    def tokens(self) -> list[Token]:
        """All tokens, the last of them END."""
        found: list[Token] = []
        while (token := self._next()).sign is not Sign.END:
            found.append(token)
        if self._depth:
            raise QueryError("括号没有配对：有左括号而没有右括号。请补上右括号，或去掉左括号。")
        return [*found, token]

    def _next(self) -> Token:
        if self._may_be_near and (match := _NEAR.match(self._text, self._at)):
            self._at, self._may_be_near = match.end(), False
            return Token(Sign.NEAR, match[1])
        while self._at < len(self._text):
            if self._text[self._at].isspace():
                self._at += 1
            elif token := self._token():
                self._may_be_near = token.sign in {Sign.PHRASE, Sign.CLOSE}
                return token
        return Token(Sign.END)

    def _token(self) -> Token | None:
        """The token at the present place; None for a word without a letter or digit, which means nothing."""
        character = self._text[self._at]
        if character in QUOTES:
            return self._phrase()
        if character in OPENING and not _YEAR_IN_BRACKETS.match(self._text, self._at):
            return self._bracket(Sign.OPEN, 1)
        if character in CLOSING:
            return self._bracket(Sign.CLOSE, -1)
        if character in _MINUS and self._text[self._at + 1 : self._at + 2].strip():
            self._at += 1
            return Token(Sign.NOT)
        if match := _WORD_FIELD.match(self._text, self._at):
            self._at = match.end()
            return Token(Sign.FIELD, match[1])
        return self._word()

    def _phrase(self) -> Token:
        start = self._at + 1
        ends = [at for quote in QUOTES if (at := self._text.find(quote, start)) >= 0]
        if not ends:
            raise QueryError("引号没有配对。请在要原样查找的文字前后各加一个引号。")
        self._at = min(ends) + 1
        return Token(Sign.PHRASE, self._text[start : min(ends)])

    def _bracket(self, sign: Sign, step: int) -> Token:
        self._at += 1
        self._depth += step
        if self._depth < 0:
            raise QueryError("括号没有配对：有右括号而没有左括号。请补上左括号，或去掉右括号。")
        return Token(sign)

    def _word(self) -> Token | None:
        start = self._at
        while self._at < len(self._text) and not self._ends_word(start):
            self._at += 1
        word = self._text[start : self._at]
        if sign := _SIGNS.get(word.translate(_FULL_WIDTH)):
            return Token(Sign[sign])
        if not is_searchable(word):
            return None
        return Token(Sign.WORD, word.rstrip(_STARS) + OPEN_END if word[-1] in _STARS else word)

    def _ends_word(self, start: int) -> bool:
        """Whether the word that began at `start` ends here; brackets inside it are stepped over."""
        character = self._text[self._at]
        if character.isspace() or character in QUOTES:
            return self._at > start or character.isspace()
        if character in OPENING:
            partner = self._partner()
            self._at = partner or self._at
            return False
        return character in CLOSING and self._depth > 0

    def _partner(self) -> int | None:
        """The place of the bracket that closes the one here, where no white space stands between."""
        for at in range(self._at + 1, len(self._text)):
            if self._text[at].isspace() or self._text[at] in OPENING:
                return None
            if self._text[at] in CLOSING:
                return at
        return None
