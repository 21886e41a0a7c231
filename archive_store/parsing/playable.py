"""The form of a recording that browsers play: MP4 (H.264, AAC) with its index in front, or MP3.

Runs in a parser process. Nothing is taken over but the first stream of pictures and the first of sound: no tags,
chapters, covers, subtitles or data streams, no creation time, no names of tracks; nor what cameras write between the
pictures (SEI of H.264, where some put their position). A stream of a kind that browsers know is copied as it is; any
other is encoded anew.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import av
import av.filter
from av.bitstream import BitStreamFilterContext
from av.video.frame import PictureType

from archive_store.parsing import geometry
from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import M4A, MP3, MP4
from archive_store.parsing.playing import NOTHING, needed_turn, opened
from archive_store.parsing.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    AnyPacket = Packet[Any]

NO_REMARKS = "filter_units=remove_types=6"
"""Leaves out supplemental enhancement information (ITU-T H.264, 7.4.1: type 6)."""
PICTURES = {"h264": frozenset({"yuv420p", "yuvj420p"})}
SOUNDS = frozenset({"aac"})
WIDEST = 1280
"""Pixels across of pictures that are encoded anew."""
ENCODING = {"preset": "veryfast", "crf": "24"}
TICKS = 90_000
"""A second in the time of pictures that are encoded anew."""
USUAL_RATE = 25
FASTEST = 60
SECONDS_BETWEEN_KEYS = 2
SOUND_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})
USUAL_SOUND_RATE = 44100
AAC_SAMPLES = 1024
INDEX_IN_FRONT = {"movflags": "+faststart", "fflags": "+bitexact"}
NO_TAGS = {"id3v2_version": "0", "write_id3v1": "0", "fflags": "+bitexact"}
TURNED = {90: (("transpose", "clock"),), 180: (("hflip", ""), ("vflip", "")), 270: (("transpose", "cclock"),)}


def make(file: BinaryIO, place: BinaryIO, *, media_type: str) -> Answer:
    """Write the playable form of a recording to `place`, an empty file, for `Documents.playable`."""
    with opened(file, media_type) as source:
        pictures, sound = _chosen(source)
        if pictures is None and sound is not None and _codec(sound) == "mp3":
            with _written(place, "mp3", NO_TAGS) as target:
                _carry(source, [_Copied(sound, target)])
            return Answer({"media_type": MP3.media_type, "remade": False})
        with _written(place, "mp4", INDEX_IN_FRONT) as target:
            ways: list[_Way] = []
            if pictures is not None:
                ways.append(_pictures_way(file, media_type, pictures, target))
            if sound is not None:
                ways.append(_Copied(sound, target) if _codec(sound) in SOUNDS else _Sounded(sound, target))
            _carry(source, ways)
        remade = any(not isinstance(way, _Copied) for way in ways)
        return Answer({"media_type": (M4A if pictures is None else MP4).media_type, "remade": remade})


def _chosen(source: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """The first stream of pictures that is no cover, and the first of sound."""
    cover = av.stream.Disposition.attached_pic
    pictures = next((stream for stream in source.streams.video if not stream.disposition & cover), None)
    sound = next(iter(source.streams.audio), None)
    if pictures is None and sound is None:
        raise ParserRefusedError(NOTHING)
    return pictures, sound


def _pictures_way(file: BinaryIO, media_type: str, stream: VideoStream, target: OutputContainer) -> _Way:
    if stream.codec_context.pix_fmt in PICTURES.get(_codec(stream), frozenset()):
        return _Copied(stream, target, NO_REMARKS)
    with opened(cast("BinaryIO", Place(file.fileno())), media_type) as again:
        first = next(frame for frame in again.decode(again.streams[stream.index]) if isinstance(frame, av.VideoFrame))
    return _Pictured(stream, target, first)


def _codec(stream: Stream) -> str:
    return str(stream.codec_context.codec.canonical_name)


@contextmanager
def _written(place: BinaryIO, form: str, options: dict[str, str]) -> Iterator[OutputContainer]:
    """A container in `place`. FFmpeg opens it a second time to bring the index to the front."""
    descriptor = place.fileno()
    with av.open(
        Place(descriptor), "w", format=form, options=options, io_open=lambda *_: Place(descriptor)
    ) as container:
        yield container


def _carry(source: InputContainer, ways: Sequence[_Way]) -> None:
    """Take every packet its way, then what the ways still hold."""
    by_index = {way.stream.index: way for way in ways}
    for packet in source.demux([way.stream for way in ways]):
        if packet.size:
            by_index[packet.stream.index].take(packet)
    for way in ways:
        way.end()


class _Way(Protocol):
    """How one stream goes into the new file."""

    stream: Stream

    def take(self, packet: AnyPacket) -> None:
        """Take a packet of the stream."""

    def end(self) -> None:
        """There are no more."""


class _Copied:
    """A stream that goes over as it is, through a filter of its bits where one is named."""

    def __init__(self, stream: VideoStream | AudioStream, target: OutputContainer, filtered: str = "") -> None:
        self.stream: Stream = stream
        self._target = target
        self._out = target.add_stream_from_template(stream)
        self._filter = BitStreamFilterContext(filtered, stream) if filtered else None

    def take(self, packet: AnyPacket) -> None:
        self._put(self._filter.filter(packet) if self._filter else [packet])

    def end(self) -> None:
        if self._filter:
            self._put(self._filter.filter(None))

    def _put(self, packets: Iterable[AnyPacket]) -> None:
        for packet in packets:
            packet.stream = self._out
            self._target.mux(packet)


class _Pictured:
    """Pictures that are decoded, turned upright, made smaller where they are large, and encoded as H.264."""

    def __init__(self, stream: VideoStream, target: OutputContainer, first: av.VideoFrame) -> None:
        self.stream: Stream = stream
        self._decoder = stream.codec_context
        self._time_base = stream.time_base or Fraction(1, TICKS)
        self._target = target
        self._turn = needed_turn(first)
        self._last = -1
        self._graphs: dict[tuple[int, int, str], av.filter.Graph] = {}
        wide, high = geometry.turned((first.width, first.height), self._turn)
        scale = min(1.0, WIDEST / max(wide, high))
        rate = min(max(Fraction(stream.average_rate or USUAL_RATE), Fraction(1)), Fraction(FASTEST))
        self._out = target.add_stream("libx264", rate=rate.limit_denominator(1001), options=ENCODING)
        self._out.width, self._out.height = (max(2, round(side * scale / 2) * 2) for side in (wide, high))
        self._out.pix_fmt, self._out.gop_size = "yuv420p", max(1, round(rate * SECONDS_BETWEEN_KEYS))
        self._out.codec_context.time_base = Fraction(1, TICKS)
        self._out.codec_context.thread_count = 1

    def take(self, packet: AnyPacket) -> None:
        self._encode(self._decoder.decode(packet))

    def end(self) -> None:
        self._encode(self._decoder.decode(None))
        self._target.mux(self._out.encode(None))

    def _encode(self, frames: Iterable[av.VideoFrame]) -> None:
        for frame in frames:
            moment = None if frame.pts is None else round(frame.pts * (frame.time_base or self._time_base) * TICKS)
            if moment is None or moment <= self._last:
                continue  # a picture without a place in time cannot be shown
            graph = self._graph(frame)
            graph.push(frame)
            made = cast("av.VideoFrame", graph.pull())
            made.pts, made.time_base, made.pict_type = moment, Fraction(1, TICKS), PictureType.NONE
            self._last = moment
            self._target.mux(self._out.encode(made))

    def _graph(self, frame: av.VideoFrame) -> av.filter.Graph:
        """Turning and scaling for pictures of this form; it may change in the middle of a film."""
        key = frame.width, frame.height, frame.format.name
        if key not in self._graphs:
            graph = av.filter.Graph()
            first = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=self._time_base
            )
            turning = [graph.add(name, value or None) for name, value in TURNED.get(self._turn, ())]
            scaling = graph.add("scale", f"{self._out.width}:{self._out.height}"), graph.add("format", "yuv420p")
            graph.link_nodes(first, *turning, *scaling, graph.add("buffersink")).configure()
            self._graphs[key] = graph
        return self._graphs[key]


class _Sounded:
    """Sound that is decoded and encoded as AAC, in one channel or two."""

    def __init__(self, stream: AudioStream, target: OutputContainer) -> None:
        self.stream: Stream = stream
        self._decoder = stream.codec_context
        self._target = target
        rate = self._decoder.sample_rate if self._decoder.sample_rate in SOUND_RATES else USUAL_SOUND_RATE
        layout = "stereo" if self._decoder.channels > 1 else "mono"
        self._out = target.add_stream("aac", rate=rate, layout=layout)
        self._resampler = av.AudioResampler("fltp", layout, rate, frame_size=AAC_SAMPLES)

    def take(self, packet: AnyPacket) -> None:
        self._encode(self._decoder.decode(packet))

    def end(self) -> None:
        self._encode(self._decoder.decode(None))
        self._encode([None])
        self._target.mux(self._out.encode(None))

    def _encode(self, frames: Iterable[av.AudioFrame | None]) -> None:
        for frame in frames:
            for made in self._resampler.resample(frame):
                self._target.mux(self._out.encode(made))


class Place:
    """A file by its descriptor, with a position of its own.

    A file cannot be opened again by name here: there is no /proc.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        wanted = size if size >= 0 else os.fstat(self._descriptor).st_size
        data = os.pread(self._descriptor, wanted, self._at)
        self._at += len(data)
        return data

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, self._at)
            self._at += written
            view = view[written:]
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def fileno(self) -> int:
        return self._descriptor
