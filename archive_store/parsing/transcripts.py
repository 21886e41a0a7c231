"""What was said in a recording and when, from a transcript beside it: WebVTT, or SubRip.

Runs in a parser process. Words alone are taken: no styles, regions, positions, notes or tags of voices.

Source: W3C WebVTT: The Web Video Text Tracks Format, 4 and 6; SubRip has no standard, its files are read as they are.
"""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, BinaryIO

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import text_of
from archive_store.parsing.wire import Answer, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 8 * 2**20
MOST_CUES = 20_000
LONGEST_CUE = 3000
LONGEST_SECONDS = 30 * 24 * 3600
BROKEN = "文字记录（字幕）不符合 SRT 或 WebVTT 格式，没有提取其中的文字。文件本身完好。"
TOO_LARGE = "文字记录（字幕）过大，没有提取其中的文字。文件本身完好。"
_TIME = r"(?:(\d{1,4}):)?(\d{2}):(\d{2})[.,](\d{3})"
TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}", re.ASCII)
_TAG = re.compile(r"<[^>\n]{0,200}>|\{\\[^}\n]{0,200}\}")


def extract(file: BinaryIO) -> Answer:
    """`{"cues": [[second, words], ...], "cut": ...}`: in order of time, one for each second in which words begin.

    Raises:
        ParserRefusedError: nothing of it is a transcript.
    """
    if file.seek(0, io.SEEK_END) > MAX_BYTES:
        raise ParserRefusedError(TOO_LARGE)
    file.seek(0)
    found: dict[int, list[str]] = {}
    cut = False
    for number, (second, words) in enumerate(cues(text_of(file.read()))):
        cut = cut or len(words) > LONGEST_CUE
        if number >= MOST_CUES:
            cut = True
            break
        found.setdefault(second, []).append(words[:LONGEST_CUE])
    if not found:
        raise ParserRefusedError(BROKEN)
    told: list[Json] = [[second, "\n".join(parts)[:LONGEST_CUE]] for second, parts in sorted(found.items())]
    return Answer({"cues": told, "cut": cut})


def cues(text: str) -> Iterator[tuple[int, str]]:
    """The second in which each cue begins, and its words; cues without words are left out."""
    second: int | None = None
    lines: list[str] = []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        timing = TIMING.match(line)
        if timing or not line.strip():
            if second is not None and (words := _words(lines)):
                yield second, words
            second, lines = (_second(timing) if timing else None), []
        elif second is not None:
            lines.append(line)


def _second(timing: re.Match[str]) -> int:
    hours, minutes, seconds = timing[1] or "0", timing[2], timing[3]
    return min(int(hours) * 3600 + int(minutes) * 60 + int(seconds), LONGEST_SECONDS)


def _words(lines: list[str]) -> str:
    return "\n".join(filter(None, (html.unescape(_TAG.sub("", line)).replace("\0", "").strip() for line in lines)))
