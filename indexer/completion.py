"""How a query that is being typed could go on: names of fields and their fixed values, which everybody may know.

Nothing of the index enters here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.fields import FIELDS, FieldKind, choices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = 6
SHORTEST_VALUE = 2
"""Characters of a plain word from which on values that hold it are offered."""
_COLONS = str.maketrans("：（", ":(")
_QUOTES = '"“”「」『』'


def continuations(typed: str, document_types: Mapping[str, str]) -> list[str]:
    """At most `MOST` whole queries that begin with what was typed and end with a field or a value of one.

    Args:
        typed: the query so far; its last word is continued.
        document_types: types of document, code to title, as they are data.
    """
    if sum(typed.count(sign) for sign in _QUOTES) % 2:
        return []  # within quotes everything is meant as it stands
    start = max(typed.rfind(blank) for blank in " 　") + 1
    kept, word = typed[:start], typed[start:].translate(_COLONS)
    while word[:1] in ("-", "("):
        kept, word = kept + word[0], word[1:]
    if not word:
        return []
    found = dict.fromkeys(kept + ending for ending in _endings(word, choices(document_types)))
    return [one for one in found if one != typed][:MOST]


def _endings(word: str, titles: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    name, colon, value = word.partition(":")
    if colon:
        field = FIELDS.get(name)
        if field is not None and field.kind is FieldKind.CHOICE:
            yield from (f"{name}:{title} " for title in _holding(value, titles[field.key]))
        return
    yield from (f"{field}:" for field in FIELDS if field.startswith(word))
    if len(word) >= SHORTEST_VALUE:
        for field in FIELDS.values():
            if field.kind is FieldKind.CHOICE:
                yield from (f"{field.name}:{title} " for title in _holding(word, titles[field.key]))


def _holding(part: str, titles: Mapping[str, str]) -> list[str]:
    """The titles that hold a part, those that begin with it first."""
    return sorted((title for title in titles.values() if part in title), key=lambda title: not title.startswith(part))
