"""Names by their sound: 张三 is also found by zhangsan and zs, in the fields that hold names and nowhere else.

Every reading of a character counts (单 is dan, chan and shan: names are read as they like), as far as `MOST` go.
"""

from __future__ import annotations

import os
from functools import lru_cache
from itertools import islice, product

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # 40 MB of phrases tell nothing of names

from pypinyin import Style, pinyin

from indexer.analysis import BREAK_KIND, HAN, Analysed
from indexer.documents import words

MOST = 16
"""So many readings of one name at most."""


@lru_cache(maxsize=4096)
def readings(name: str) -> tuple[str, ...]:
    """The name in pinyin, whole and by initials; none for a name without Chinese characters."""
    pieces = [piece for piece in Analysed(name).pieces if piece.kind != BREAK_KIND]
    if not any(piece.kind == HAN for piece in pieces):
        return ()
    plain = "".join(piece.text for piece in pieces)
    sounds = [sorted(set(of_one)) for of_one in pinyin(plain, style=Style.NORMAL, heteronym=True)]
    spoken = list(islice(product(*sounds), MOST))
    whole, initials = ("".join(one) for one in spoken), ("".join(sound[0] for sound in one) for one in spoken)
    return tuple(dict.fromkeys([*whole, *initials]))


def with_pinyin(*names: str) -> str:
    """Names with their readings, as one text in which no term runs from one into the next."""
    return words(*names, *(reading for name in names for reading in readings(name)))
