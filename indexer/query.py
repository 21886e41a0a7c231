"""The language of the search box: a closed grammar, read by recursive descent.

    query   = any
    any     = all { "OR" all }
    all     = one { [ "AND" ] one }
    one     = ( "-" | "NOT" ) one | field ":" value | value
    value   = "(" any ")" [ near ] | word [ "*" ] | '"' phrase '"' [ near ]
    near    = "~" number, after a group or a phrase of exactly two words

Every input gives a tree or a QueryError whose message says what to type instead; nothing else is raised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.analysis import MIN_OPEN, OPEN_END, RUN, Analysed, is_searchable, normalise
from indexer.fields import FIELDS, Field, FieldKind, choices
from indexer.query_dates import read_days, read_years
from indexer.query_lexer import Lexer, Sign, Token
from indexer.query_tree import And, Choice, Near, Not, Or, Query, QueryError, Question, Term, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_CHARACTERS = 500
MAX_LEAVES = 50
MAX_DEPTH = 20
MAX_DISTANCE = 30
_SHOWN_CHOICES = 8
_QUESTION_LENGTH = 6
_LONG_PHRASE = 10
_QUESTION = re.compile(
    r"[?？]|[吗呢么]|什么|怎|如何|是否|哪|多少|多久|多长|为何|能否|可否|是不是|能不能|可不可以|有没有|要不要|会不会|谁|几[年天个次]"
)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as read; `question` is asked where the exact one finds nothing and the words read like a question."""

    tree: Query
    question: Query | None = None


def parse(text: str, document_types: Mapping[str, str] | None = None) -> ParsedQuery:
    """Read what was typed.

    `document_types` are the codes and titles that 文书: knows. Raises QueryError.
    """
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"检索内容过长，最多 {MAX_CHARACTERS} 个字。请只留下关键的词句。")
    tree = _Parser(Lexer(text).tokens(), choices(document_types or {})).read()
    if sum(1 for _ in leaves(tree)) > MAX_LEAVES:
        raise QueryError(f"检索条件过多，最多 {MAX_LEAVES} 个。请减少一些。")
    if not _can_find(tree):
        raise QueryError("“不要”的条件须与要找的词一起使用，例如：采砂 -听证。")
    return ParsedQuery(tree, _as_question(tree))


class _Parser:
    def __init__(self, tokens: list[Token], titles: Mapping[str, Mapping[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._titles = titles

    def read(self) -> Query:
        if self._sign is Sign.END:
            raise QueryError("请输入要查找的词、案号或当事人，至少含一个汉字、字母或数字。")
        return self._any(None)

    @property
    def _sign(self) -> Sign:
        return self._tokens[self._at].sign

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _any(self, field: Field | None) -> Query:
        parts = [self._all(field)]
        while self._sign is Sign.OR:
            self._take()
            parts.append(self._all(field))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, field: Field | None) -> Query:
        parts = [self._one(field)]
        while self._sign not in {Sign.OR, Sign.CLOSE, Sign.END}:
            if self._sign is Sign.AND:
                self._take()
            parts.append(self._one(field))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, field: Field | None) -> Query:
        match self._sign:
            case Sign.NOT:
                self._take()
                return self._nested(lambda: Not(self._one(field)))
            case Sign.FIELD:
                named = FIELDS[self._take().text]
                if self._sign not in {Sign.WORD, Sign.PHRASE, Sign.OPEN}:
                    raise QueryError(f"“{named.name}:”后面要写内容，例如：{_EXAMPLES[named.name]}。")
                return self._one(named)
            case Sign.OPEN:
                return self._group(field)
            case Sign.WORD | Sign.PHRASE:
                return self._leaf(field)
            case _:
                raise QueryError("AND、OR、NOT 和括号的前后都要有词，例如：(采砂 OR 取水) -听证。")

    def _group(self, field: Field | None) -> Query:
        self._take()
        inner = self._nested(lambda: self._any(field))
        self._take()  # the lexer has seen to it that brackets pair, and `_any` stops only here
        if self._sign is not Sign.NEAR:
            return inner
        return self._near(list(inner.parts) if isinstance(inner, And) else [inner])

    def _near(self, parts: list[Query]) -> Near:
        """Two words and the sign that follows them."""
        distance = int(self._take().text)
        words = [part for part in parts if isinstance(part, Term) and not part.field]
        if len(parts) != 2 or len(words) != 2:  # noqa: PLR2004 - one word and another
            raise QueryError("“靠近”要写两个词，用空格隔开，不带项目名，例如：(采砂 许可证)~10。")
        if distance > MAX_DISTANCE:
            raise QueryError(f"“靠近”最多相隔 {MAX_DISTANCE} 个字，例如：(采砂 许可证)~10。")
        return Near(words[0], words[1], distance)

    def _nested(self, read: Callable[[], Query]) -> Query:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(f"括号或“不要”套得太深，最多 {MAX_DEPTH} 层。请把条件写得简单一些。")
        inner = read()
        self._depth -= 1
        return inner

    def _leaf(self, field: Field | None) -> Query:
        token = self._take()
        quoted = token.sign is Sign.PHRASE
        if quoted and self._sign is Sign.NEAR:
            return self._near([Term(word, field.key if field else "") for word in _words(token.text)])
        if field is None or field.kind is FieldKind.TEXT:
            if not is_searchable(token.text):
                raise QueryError(f"“{token.text}”里没有可以查找的字。请至少写一个汉字、字母或数字。")
            return Term(_open_end(token.text), field.key if field else "", quoted)
        text = token.text.removesuffix(OPEN_END)
        if field.kind is FieldKind.CHOICE:
            return self._choice(field, text)
        return read_years(text) if field.kind is FieldKind.YEAR else read_days(text)

    def _choice(self, field: Field, text: str) -> Choice:
        titles = self._titles[field.key]
        asked = normalise(text)
        codes = {code for code, title in titles.items() if asked == normalise(title)} or {
            code for code, title in titles.items() if asked and asked in normalise(title)
        }
        if not codes:
            known = "、".join(list(titles.values())[:_SHOWN_CHOICES])
            raise QueryError(
                f"“{field.name}”里没有“{text}”。可以写：{known}{'等' if len(titles) > _SHOWN_CHOICES else ''}。"
            )
        return Choice(field.key, frozenset(codes))


_EXAMPLES = {
    "当事人": "当事人:张演示",
    "案号": "案号:石水罚字〔2025〕5号",
    "档号": "档号:J001",
    "文号": "文号:石水许可〔2025〕1号",
    "标题": "标题:现场勘验",
    "承办人": "承办人:演示甲",
    "部门": "部门:执法大队",
    "设备": "设备:执法记录仪",
    "年度": "年度:2025 或 年度:2023..2025",
    "日期": "日期:2024-01..2024-06",
    "类别": "类别:行政处罚",
    "程序": "程序:简易程序",
    "阶段": "阶段:调查取证",
    "文书": "文书:询问笔录",
    "密级": "密级:内部",
    "卷别": "卷别:正卷",
}


def _words(phrase: str) -> list[str]:
    """The words of a phrase."""
    return [word for word in phrase.split() if is_searchable(word)]


def _open_end(text: str) -> str:
    """A term whose star says something: after a run of letters or digits, and not after too short a one."""
    last = Analysed(text).pieces[-1]
    if not text.endswith(OPEN_END) or last.kind != RUN:
        return text.removesuffix(OPEN_END)
    if len(last.text) < MIN_OPEN:
        raise QueryError(f"“{text.removesuffix(OPEN_END)}*”太短：星号前面至少要有 {MIN_OPEN} 个字母或数字。")
    return text


def _can_find(query: Query) -> bool:
    """Whether a query says what to find, and not only what to leave out."""
    match query:
        case And(parts):
            return any(_can_find(part) for part in parts)
        case Or(parts):
            return all(_can_find(part) for part in parts)
        case Not():
            return False
    return True


def _as_question(tree: Query) -> Query | None:
    """The same asked as a question, where the free words are plain and read like one."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    words = [part for part in parts if isinstance(part, Term) and not part.field]
    plain = "".join(word.text for word in words if not word.quoted)
    others = tuple(part for part in parts if part not in words)
    if any(not isinstance(part, Choice | Not) and _is_free(part) for part in others):
        return None
    text = " ".join(word.text for word in words)
    length = len(Analysed(text).uni)
    is_question = length >= _QUESTION_LENGTH and _QUESTION.search(plain)
    if not is_question and not (len(words) == 1 and plain and length >= _LONG_PHRASE):
        return None
    question = Question(text)
    return And((question, *others)) if others else question


def _is_free(query: Query) -> bool:
    return any(isinstance(leaf, Near) or (isinstance(leaf, Term) and not leaf.field) for leaf, _ in leaves(query))
