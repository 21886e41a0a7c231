"""The sound of a recording as a program for speech takes it: WAV, one channel of 16 bit, 16,000 samples a second.

Runs in a parser process.
"""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, BinaryIO

from av.audio.resampler import AudioResampler

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.playing import opened
from archive_store.parsing.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

RATE, BYTES = 16_000, 2
LONGEST_SECONDS = 12 * 3600
SILENT = "录像中没有声音，没有可以识别的话。"


def make(file: BinaryIO, place: BinaryIO, *, media_type: str) -> Answer:
    """Write the first stream of sound to `place`, an empty file; `{"seconds": ...}`.

    Raises:
        ParserRefusedError: there is none.
    """
    with opened(file, media_type) as source:
        stream = next(iter(source.streams.audio), None)
        if stream is None:
            raise ParserRefusedError(SILENT)
        samples = 0
        with wave.open(place, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(BYTES)
            written.setframerate(RATE)
            for frame in _resampled(source, stream):
                samples += frame.samples
                written.writeframes(bytes(frame.planes[0])[: frame.samples * BYTES])
                if samples > LONGEST_SECONDS * RATE:
                    break
    if not samples:
        raise ParserRefusedError(SILENT)
    return Answer({"seconds": samples / RATE})


def _resampled(source: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The sound in the form of `RATE`, frame by frame, with what the last one leaves behind."""
    resampler = AudioResampler("s16", "mono", RATE)
    for packet in source.demux(stream):
        for frame in packet.decode():
            yield from resampler.resample(frame)
    yield from resampler.resample(None)
