"""The fields as Elasticsearch has them, and how a document becomes theirs.

Our tokens are sent as they are, with white space between. A long run and its cuts stand at one place: they are sent as
one token joined with `|`, which occurs in none, and the filter `pattern_capture` takes them apart again.
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from indexer.analysis import Analysed, tokens_with_cuts
from indexer.backends.form import FACETS, NUMBERS, ORDERS, SETS, WITH_POSITIONS, numbers, several, single, texts
from indexer.ranking import payload, repeat_tokens

if TYPE_CHECKING:
    from indexer.documents import PageDocument

JOINT = "|"
GAP = "\ue002"
"""Asked for at a place where anything may stand; a stop word, which leaves its place empty."""
LONGEST_TOKEN = 16_384
"""Characters of a run joined with its cuts, at most."""
MOST_TERMS = 65_536
_ANALYSIS = {
    "tokenizer": {"tokens": {"type": "whitespace", "max_token_length": LONGEST_TOKEN}},
    "filter": {
        "cuts": {"type": "pattern_capture", "preserve_original": False, "patterns": [f"([^{JOINT}]+)"]},
        "gaps": {"type": "stop", "stopwords": [GAP]},
    },
    "analyzer": {
        "written": {"type": "custom", "tokenizer": "tokens", "filter": ["cuts"]},
        "asked": {"type": "custom", "tokenizer": "tokens", "filter": ["gaps"]},
    },
}
_STORED = {"type": "binary", "store": True}


def template(patterns: list[str], shards: int, replicas: int) -> dict[str, Any]:
    """The index template of every partition; nothing becomes visible but by a refresh that is asked for."""
    index = {"number_of_shards": shards, "number_of_replicas": replicas, "refresh_interval": -1}
    settings = {"index": {**index, "max_terms_count": MOST_TERMS}, "analysis": _ANALYSIS}
    mappings = {"dynamic": "strict", "_source": {"enabled": False}, "properties": _properties()}
    return {"index_patterns": patterns, "template": {"settings": settings, "mappings": mappings}}


def _properties() -> dict[str, Any]:
    text = {"type": "text", "analyzer": "written", "search_analyzer": "asked", "norms": False}
    token = {"type": "keyword", "doc_values": False, "norms": False}
    valued = {"type": "keyword", "doc_values": True, "norms": False}
    properties: dict[str, Any] = dict.fromkeys(WITH_POSITIONS, text)
    properties |= dict.fromkeys((*SETS, "id", "item", "grade"), token)
    properties |= dict.fromkeys(("case", *FACETS, *ORDERS), valued)
    properties |= {name: {"type": "integer"} for name in NUMBERS}
    return properties | {"payload": _STORED, "document": _STORED}


def to_elastic(document: PageDocument) -> dict[str, Any]:
    """A document as Elasticsearch takes it."""
    text = Analysed(document.text)
    made: dict[str, Any] = {
        "bi": " ".join(text.bi),
        "uni": _atoms(text),
        "repeats": repeat_tokens(text.bi),
        "seam": document.page_end,
        "scope": sorted(document.tokens),
        **{name: _atoms_of(value) for name, value in texts(document).items()},
        **{name: value for name, value in single(document).items() if value},
        **{name: list(codes) for name, codes in several(document).items()},
        **numbers(document),
        "payload": b64encode(payload(text)).decode(),
        "document": b64encode(document.stored()).decode(),
    }
    return {name: value for name, value in made.items() if value not in ("", [])}


def _atoms(analysed: Analysed) -> str:
    """Single atoms, each long run joined with its cuts."""
    if not analysed.has_long_runs:
        return " ".join(analysed.uni)
    places: dict[int, list[str]] = {}
    for token, place in tokens_with_cuts(analysed):
        places.setdefault(place, []).append(token)
    return " ".join(JOINT.join(tokens) for tokens in places.values())


@lru_cache(maxsize=256)
def _atoms_of(value: str) -> str:
    """The same for what is said of a document; the pages of an item say the same."""
    return _atoms(Analysed(value))
