"""Audio and video by PyAV (FFmpeg): what is inside, how long, a picture of it. Runs in a parser process.

The demuxer is fixed by what the file was found to be: playlists, which name other files and addresses, are never
followed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import av
from PIL import Image

from archive_store.parsing import geometry
from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import M4A, MP3, MP4, RECORDINGS, Format
from archive_store.parsing.images import TURNS
from archive_store.parsing.wire import Answer, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.video.stream import VideoStream

DEMUXERS = {
    **{found.media_type: "mov" for found in (MP4, M4A, RECORDINGS["mov"], RECORDINGS["3gp"])},
    MP3.media_type: "mp3",
    RECORDINGS["avi"].media_type: "avi",
    RECORDINGS["mkv"].media_type: "matroska",
    RECORDINGS["webm"].media_type: "matroska",
    RECORDINGS["wmv"].media_type: "asf",
    RECORDINGS["flv"].media_type: "flv",
    RECORDINGS["mpg"].media_type: "mpeg",
    RECORDINGS["ts"].media_type: "mpegts",
    RECORDINGS["wav"].media_type: "wav",
    RECORDINGS["flac"].media_type: "flac",
    RECORDINGS["ogg"].media_type: "ogg",
    RECORDINGS["amr"].media_type: "amr",
    RECORDINGS["aac"].media_type: "aac",
}
"""The FFmpeg demuxer of each media type that can be looked into."""
POSTER_WIDTH = 960
POSTER_AT = 0.1
"""How far into the film its picture is taken: the very first is often black."""
CHANNELS = 3
BROKEN = "音像文件已损坏，无法读取。请核对后重新提供。"
NOTHING = "音像文件中没有画面，也没有声音。请核对后重新提供。"
CUT_OFF = "音像文件不完整：内容比文件头所说的短，可能在复制时中断。请重新复制后提供。"


def inspect(file: BinaryIO, *, media_type: str) -> Answer:
    """Duration, codecs, and the exact format (an MP4 without pictures is M4A), for `Documents.probe`."""
    with opened(file, media_type) as container:
        streams = [stream for stream in container.streams if stream.type in {"video", "audio"}]
        if not streams:
            raise ParserRefusedError(NOTHING)
        cut_off = _is_cut_off(file, container)
        if not cut_off:
            _decode_one(container)
        codecs: list[Json] = [str(stream.codec_context.name) for stream in streams]
        found = M4A if media_type == MP4.media_type and not container.streams.video else None
        return Answer(
            {
                "duration_seconds": container.duration / av.time_base if container.duration else None,
                "codecs": codecs,
                "problem": CUT_OFF if cut_off else None,
                "format": _words(found) if found else None,
            }
        )


def poster(file: BinaryIO, *, media_type: str) -> Answer:
    """A picture of a video as RGB pixels, upright."""
    with opened(file, media_type) as container:
        if not container.streams.video:
            raise ParserRefusedError("录音没有画面。")
        frame = _frame(container, container.streams.video[0])
        width = min(frame.width, POSTER_WIDTH)
        small = frame.reformat(width, max(1, round(frame.height * width / frame.width)), "rgb24")
        plane = small.planes[0]
        picture = Image.frombytes("RGB", (small.width, small.height), bytes(plane), "raw", "RGB", plane.line_size, 1)
        turn = needed_turn(frame)
        if turn:
            picture = picture.transpose(TURNS[turn])
        return Answer([picture.width, picture.height], [picture.tobytes()])


def needed_turn(frame: av.VideoFrame) -> int:
    """Degrees clockwise until the picture stands upright, as the recording says."""
    return -round(frame.rotation / geometry.QUARTER) * geometry.QUARTER % geometry.FULL_TURN


def _words(found: Format) -> dict[str, Json]:
    return {"media_type": found.media_type, "extension": found.extension, "kind": found.kind.value}


@contextmanager
def opened(file: BinaryIO, media_type: str) -> Iterator[InputContainer]:
    """A recording, opened by the demuxer of its media type and no other.

    Raises:
        ParserRefusedError: it is broken, here or while it is read in the block, or its picture is too large.
    """
    file.seek(0)
    try:
        with av.open(file, mode="r", format=DEMUXERS[media_type]) as container:
            for stream in container.streams.video:
                if stream.codec_context.width * stream.codec_context.height > geometry.MAX_PIXELS:
                    raise ParserRefusedError("画面尺寸过大，没有打开。请核对原文件。")
                stream.codec_context.thread_count = 1
            yield container
    except (av.FFmpegError, StopIteration) as error:
        raise ParserRefusedError(BROKEN) from error


def _decode_one(container: InputContainer) -> None:
    """Decode one frame of the first stream that has some: a header alone proves nothing."""
    next(container.decode(video=0) if container.streams.video else container.decode(audio=0))


def _frame(container: InputContainer, stream: VideoStream) -> av.VideoFrame:
    """The key frame at the chosen place, or the first that there is."""
    if container.duration:
        container.seek(int(container.duration * POSTER_AT))
        for frame in container.decode(stream):
            return frame
        container.seek(0)
    return next(container.decode(stream))


def _is_cut_off(file: BinaryIO, container: InputContainer) -> bool:
    """Whether the index of a stream points beyond the end of the file."""
    size = file.seek(0, 2)
    ends = (entry.pos + entry.size for stream in container.streams for entry in list(stream.index_entries)[-1:])
    return any(end > size for end in ends)
