"""The same said in other numerals: 5号, 第5号 and 第五号; 第72条 and 第七十二条; a day in any form.

A term in plain words is looked for in each of its forms, a phrase in quotation marks only as it stands. A number in
Arabic digits is exact (5号 is not in 15号), one in Chinese numerals is not (五号 is in 十五号), so Chinese numerals are
tried only where something before them bounds them: 第五号, 水法第七十二条, 二〇二五年三月五日.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST = 10
"""So many forms of one term at most."""
_DIGITS = "零一二三四五六七八九"
_VALUES = {character: value for value, character in enumerate(_DIGITS)} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_TEN_THOUSAND = 10_000
_NUMERALS = "〇零一二两三四五六七八九十百千万"
_ORDINALS = "号条款项章节次期届页"
_COUNTED = _ORDINALS + "年月日元人名件份个辆艘台天米吨"
_CHINESE = re.compile(rf"(?<![{_NUMERALS}])[{_NUMERALS}]+(?=[{_COUNTED}])|(?<=第)[{_NUMERALS}]+")
_ARABIC = re.compile(rf"(?<![\w.,])(?<!\d)\d{{1,5}}(?=[{_COUNTED}])|(?<=[^\W\dA-Za-z])\d{{1,5}}(?=[{_COUNTED}])")
_DATE = re.compile(r"(?<![\d.])(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})(?:[日号]|(?![\d./-]))", re.ASCII)
_CHINESE_DATE = re.compile(
    "([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"
)
_NUMBERED = re.compile(r"第(?=\d+号)")
_UNNUMBERED = re.compile(r"(?<=[〕\]）)])(?=\d+号)")
_MONTHS, _DAYS = 12, 31


def variants(text: str) -> tuple[str, ...]:
    """The text and the other forms under which it is looked for, the text first."""
    plain = unicodedata.normalize("NFKC", text)
    found = dict.fromkeys([text, *_forms(plain)])
    return tuple(found)[:MOST]


def _forms(text: str) -> Iterator[str]:
    days = list(_days(text))
    yield from days
    if days:
        return
    arabic = _CHINESE.sub(lambda match: _arabic(match[0]), text)
    for form in (text, arabic):
        yield form
        yield _NUMBERED.sub("", form)
        yield _UNNUMBERED.sub("第", form)
    for form in (arabic, _UNNUMBERED.sub("第", arabic)):
        yield _ARABIC.sub(_bounded(form), form)


def _bounded(text: str) -> Callable[[re.Match[str]], str]:
    """Chinese numerals for a number, where what stands before it bounds it."""

    def chinese(match: re.Match[str]) -> str:
        after = text[match.end()]
        year = after == "年" and len(match[0]) == 4  # noqa: PLR2004 - the digits of a year
        written = "".join(_DIGITS[int(d)] for d in match[0]).replace("零", "〇") if year else in_chinese(int(match[0]))
        before = text[: match.start()]
        if any(character.isalnum() for character in before):
            return written if before[-1] not in _NUMERALS else match[0]
        return f"第{written}" if after in _ORDINALS else match[0]

    return chinese


def _days(text: str) -> Iterator[str]:
    """The text with its first date in each form in which dates are written."""
    match = _DATE.search(text)
    day = [int(part) for part in match.groups()] if match else []
    if not match and (match := _CHINESE_DATE.search(text)):
        day = [int(_arabic(part)) for part in match.groups() if _arabic(part).isdecimal()]
    if match is None or len(day) != len(match.groups()):
        return
    y, m, d = day
    if not (1 <= m <= _MONTHS and 1 <= d <= _DAYS):
        return
    year = "".join(_DIGITS[int(digit)] for digit in str(y)).replace("零", "〇")
    for form in (
        f"{y}年{m}月{d}日", f"{y}年{m:02}月{d:02}日", f"{year}年{in_chinese(m)}月{in_chinese(d)}日",
        f"{y}-{m:02}-{d:02}", f"{y}-{m}-{d}", f"{y}.{m:02}.{d:02}", f"{y}.{m}.{d}", f"{y}{m:02}{d:02}",
    ):  # fmt: skip
        yield text[: match.start()] + form + text[match.end() :]


def in_chinese(number: int) -> str:
    """A number from 0 to 99999 in Chinese numerals: 12 is 十二, 105 is 一百零五."""
    if number >= _TEN_THOUSAND:
        rest = number % _TEN_THOUSAND
        gap = "零" if 0 < rest < _TEN_THOUSAND // 10 else ""
        return in_chinese(number // _TEN_THOUSAND) + "万" + gap + (in_chinese(rest) if rest else "")
    written, missing, left = "", False, number
    for sign, scale in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, left = divmod(left, scale)
        if digit:
            written += ("零" if missing and written else "") + _DIGITS[digit] + sign
        missing = not digit
    return written.removeprefix("一") if written.startswith("一十") else written or "零"


def _arabic(numerals: str) -> str:
    """Chinese numerals in Arabic digits; what is no number stays."""
    if all(character in _VALUES for character in numerals):
        return "".join(str(_VALUES[character]) for character in numerals)
    total = _below_ten_thousand(numerals.partition("万")[0]) if "万" in numerals else 0
    rest = numerals.partition("万")[2] if "万" in numerals else numerals
    low = _below_ten_thousand(rest) if rest else 0
    return (
        numerals
        if total is None or low is None or (not total and "万" in numerals)
        else str(total * _TEN_THOUSAND + low)
    )


def _below_ten_thousand(numerals: str) -> int | None:
    """The value of numerals without 万; None where they are none."""
    total, digit, last = 0, None, _TEN_THOUSAND
    for character in numerals:
        if character in _VALUES:
            if digit:
                return None
            digit = _VALUES[character]
        elif (scale := _SCALES.get(character, 0)) and scale < last:
            if digit is None and (scale != 10 or total):  # noqa: PLR2004 - only 十 may stand for 一十
                return None
            total, digit, last = total + (digit or 1) * scale, None, scale
        else:
            return None
    return total + (digit or 0)
