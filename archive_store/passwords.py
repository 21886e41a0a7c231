"""Which passwords are refused: too short, or hardly more than what everyone tries first.

Length counts, not composition (NIST SP 800-63B, 5.1.1.2; ASVS 5.0, 6.2). What is common is judged by what is left of a
password once these are taken away: words that leaked passwords are made of, runs along keyboard, alphabet and digits,
years, what is repeated, and the person's own names. Fewer than six characters left are no password, however long the
whole is.

The words were written down for this project, from what reports on leaked passwords name year after year. It is a short
list by intention, not a copy of a published one; runs, repetitions and years need no list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 12
LONGEST = 256
LEAST_OWN = 6
"""Characters that must be left."""
LEAST_RUN = 4
SHORTEST_NAME = 2
_WORDS = """
    password passwort passw0rd pa55word p4ssword pass word admin administrator root user guest login welcome letmein
    master secret default changeme access test temp demo system server computer internet manager office company
    monkey dragon shadow sunshine princess football baseball superman batman michael jordan jennifer charlie
    iloveyou loveyou lovely forever freedom whatever trustno hello hunter killer ranger soccer hockey summer winter
    spring autumn monday friday january flower cheese cookie banana orange purple silver golden diamond
    woaini woaiwojia nihao zhongguo china beijing shanghai guangzhou shenzhen mima mimahao denglu yonghu guanliyuan
    xitong gongsi danwei dangan anjuan shuiwu shuiliju zhifa jiayou wangyi taobao weixin qqqq alipay asdf qwer zxcv
    一二三四 我爱你 密码 登录 管理员 系统 案卷 档案 中国 单位
"""
COMMON = frozenset(_WORDS.split())
_LINES = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
_YEAR = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])?(?:0[1-9]|[12]\d|3[01])?")
_REPEATED = re.compile(r"(.{1,4}?)\1{2,}")
TOO_COMMON = (
    "这个密码太容易被猜到：除去常见的词、连续或重复的字符、年份和您自己的名字，剩下的不足六个字符。"
    "请换一句别人想不到、自己好记的话。"
)


def weakness(password: str, own: Iterable[str] = ()) -> str:
    """Why a password is refused, in Chinese; empty where it is not. `own` are the person's login, name and the like."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"密码须为 {SHORTEST} 至 {LONGEST} 个字符，可用一句好记的话。"
    return TOO_COMMON if len(_left(password, own)) < LEAST_OWN else ""


def _left(password: str, own: Iterable[str]) -> str:
    """What of a password is its own."""
    text = "".join(sign for sign in normalize("NFKC", password).casefold() if sign.isalnum())
    names = {"".join(name.casefold().split()) for name in own}
    words = sorted({*COMMON, *(name for name in names if len(name) >= SHORTEST_NAME)}, key=len, reverse=True)
    text = _REPEATED.sub(r"\1", text)
    text = "".join(_without_runs(text))
    for word in words:
        text = text.replace(word, "")
    return _YEAR.sub("", text)


def _without_runs(text: str) -> Iterable[str]:
    """The characters that stand in no run of four or more along a line, forwards or backwards."""
    place = 0
    while place < len(text):
        length = max(_run(text, place, line) for known in _LINES for line in (known, known[::-1]))
        if length < LEAST_RUN:
            yield text[place]
            place += 1
        else:
            place += length


def _run(text: str, place: int, line: str) -> int:
    """How many characters from `place` on stand in `line` in the same order, one beside the other."""
    at = line.find(text[place])
    length = 0
    while at >= 0 and at + length < len(line) and text[place + length : place + length + 1] == line[at + length]:
        length += 1
    return length
