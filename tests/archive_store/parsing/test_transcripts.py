"""Transcripts: of both formats every cue with its second and words alone; what is none is refused, within limits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.parsing import formats, transcripts
from archive_store.parsing.errors import ParserRefusedError

if TYPE_CHECKING:
    from archive_store.parsing.documents import Documents

VTT = """WEBVTT 演示

NOTE 这不是说的话

STYLE
::cue { color: red }

00:00.000 --> 00:04.000 line:0 position:20%
<v 询问人>你们是什么时候开始采砂的？</v>

二
00:01:05.250 --> 00:01:09.000
<i>去年</i>&lt;十月&gt;。
没有许可证。

01:00:00.000 --> 01:00:01.000

100:00:02.000 --> 100:00:03.000
最后一句
"""
SRT = (
    "1\r\n00:00:00,000 --> 00:00:04,000\r\n你们是什么时候开始采砂的？\r\n\r\n"
    "2\r\n00:01:05,250 --> 00:01:09,000\r\n{\\an8}去年十月。\r\n没有许可证。\r\n\r\n"
    "3\r\n00:01:05,900 --> 00:01:10,000\r\n记不清了。\r\n"
)


def read(documents: Documents, content: bytes) -> list[tuple[int, str]]:
    return [(cue.second, cue.words) for cue in documents.transcript(content).cues]


def test_webvtt_gives_words_and_seconds_and_nothing_else(documents: Documents) -> None:
    assert read(documents, VTT.encode()) == [
        (0, "你们是什么时候开始采砂的？"),
        (65, "去年<十月>。\n没有许可证。"),
        (100 * 3600 + 2, "最后一句"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_subrip_is_read_in_every_encoding_and_cues_of_one_second_are_one(documents: Documents, encoding: str) -> None:
    found = read(documents, SRT.encode(encoding))
    assert found == [(0, "你们是什么时候开始采砂的？"), (65, "去年十月。\n没有许可证。\n记不清了。")]


def test_cues_out_of_order_are_put_in_order(documents: Documents) -> None:
    text = "WEBVTT\n\n00:09.000 --> 00:10.000\n后\n\n00:02.000 --> 00:03.000\n前\n"
    assert read(documents, text.encode()) == [(2, "前"), (9, "后")]


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (VTT.encode(), "vtt"),
        (b"\xef\xbb\xbf" + VTT.replace("\n", "\r\n").encode(), "vtt"),
        (b"WEBVTT", "vtt"),
        (SRT.encode(), "srt"),
        (SRT.encode("gb18030"), "srt"),
        (b"WEBVTTX\n", "txt"),
        ("1\n采砂 --> 运输\n".encode(), "txt"),
        ("说明\n" + SRT, "txt"),
    ],
)
def test_they_are_known_by_their_content(content: bytes | str, extension: str) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    assert formats.detect(io.BytesIO(raw)).extension == extension


@pytest.mark.parametrize(
    "content", [b"", b"WEBVTT\n\n", "没有时间的话".encode(), b"\x00\x01" * 99, b"00:01 --> 00:02\nx"]
)
def test_what_is_no_transcript_is_refused(documents: Documents, content: bytes) -> None:
    with pytest.raises(ParserRefusedError, match="SRT 或 WebVTT"):
        documents.transcript(content)


def test_too_much_is_cut_or_refused(documents: Documents) -> None:
    many = "WEBVTT\n\n" + "".join(
        f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000 --> 99:00:00.000\n句{n}\n\n" for n in range(25_000)
    )
    found = documents.transcript(many.encode())
    assert (len(found.cues), found.cut) == (transcripts.MOST_CUES, True)
    long = documents.transcript(("WEBVTT\n\n00:00.000 --> 00:01.000\n" + "长" * 9000).encode())
    assert (len(long.cues[0].words), long.cut) == (transcripts.LONGEST_CUE, True)
    with pytest.raises(ParserRefusedError, match="过大"):
        documents.transcript(b"WEBVTT\n\n" + b"x" * transcripts.MAX_BYTES)


@given(st.text("0123456789:.,-> \n<>&{}\\采砂WEBVT", max_size=200))
def test_any_text_at_all_is_read_without_error(text: str) -> None:
    for second, words in transcripts.cues(text):
        assert 0 <= second <= transcripts.LONGEST_SECONDS
        assert words.strip()
