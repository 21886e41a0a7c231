"""Short films and sound records that play in a browser (H.264 with AAC in MP4, AAC in M4A, MP3).

One encoder thread and bit-exact containers: the same scene gives the same bytes.
"""

from __future__ import annotations

import math
import tempfile
from array import array
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import av
from PIL import Image, ImageDraw

from portal.demonstration.pictures import font

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.audio.stream import AudioStream
    from av.container import OutputContainer

FRAMES_A_SECOND = 8
SIZE = (640, 480)
WIDE = (760, 480)
SAMPLES_A_SECOND = 24_000
BLOCK = 1024
EXACT = {"fflags": "+bitexact"}
INDEX_FIRST = {"movflags": "+faststart"}


def film(picture: Image.Image, seconds: int, tone: int) -> bytes:
    """A film of the picture under a slow pan with a running clock, and a tone of `tone` Hz; MP4."""
    with _written("mp4", "mp4") as (container, content):
        video = container.add_stream("libx264", rate=FRAMES_A_SECOND, options={"preset": "ultrafast", "crf": "30"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.thread_count = 1
        video.codec_context.flags |= av.codec.context.Flags.bitexact
        audio = _sound_stream(container, "aac")
        wide = picture.resize(WIDE, Image.Resampling.BILINEAR)
        for n in range(seconds * FRAMES_A_SECOND):
            frame = av.VideoFrame.from_image(  # type: ignore[no-untyped-call]
                _frame(wide, n, seconds)
            )
            frame.pts, frame.time_base = n, Fraction(1, FRAMES_A_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        _add_sound(container, audio, seconds, tone)
    return content()


def sound(kind: Literal["m4a", "mp3"], seconds: int, tone: int) -> bytes:
    """A sound record of a swelling tone of `tone` Hz."""
    container_format, codec = {"m4a": ("ipod", "aac"), "mp3": ("mp3", "libmp3lame")}[kind]
    with _written(container_format, kind) as (container, content):
        _add_sound(container, _sound_stream(container, codec), seconds, tone)
    return content()


@contextmanager
def _written(container_format: str, suffix: str) -> Iterator[tuple[OutputContainer, Callable[[], bytes]]]:
    """A container in a file of its own (moving the index to the front reads the file again), and its bytes."""
    with tempfile.TemporaryDirectory(prefix="anjuan-recording-") as folder:
        path = Path(folder) / f"record.{suffix}"
        content = bytearray()
        options = EXACT if suffix == "mp3" else EXACT | INDEX_FIRST
        with av.open(str(path), "w", format=container_format, options=options) as container:
            yield container, lambda: bytes(content)
        content.extend(path.read_bytes())


def _sound_stream(container: OutputContainer, codec: str) -> AudioStream:
    stream = cast("AudioStream", container.add_stream(codec, rate=SAMPLES_A_SECOND, layout="mono"))
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def _frame(picture: Image.Image, n: int, seconds: int) -> Image.Image:
    """The n-th picture: a window that moves over the scene, with the clock of the recorder."""
    total = seconds * FRAMES_A_SECOND
    left = round((picture.width - SIZE[0]) * n / total)
    view = picture.crop((left, 0, left + SIZE[0], SIZE[1]))
    draw = ImageDraw.Draw(view)
    draw.ellipse((14, 14, 30, 30), fill=(220, 30, 30) if n % FRAMES_A_SECOND < FRAMES_A_SECOND // 2 else (90, 20, 20))
    draw.text((38, 8), f"REC 00:{n // FRAMES_A_SECOND:02d}.{n % FRAMES_A_SECOND}", font=font(20), fill=(255, 255, 255))
    return view


def _add_sound(container: OutputContainer, stream: AudioStream, seconds: int, tone: int) -> None:
    samples = _one_second(tone) * seconds
    for start in range(0, len(samples), BLOCK):
        part = samples[start : start + BLOCK]
        frame = av.AudioFrame(format="fltp", layout="mono", samples=len(part))
        frame.planes[0].update(part.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = SAMPLES_A_SECOND, start, Fraction(1, SAMPLES_A_SECOND)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _one_second(tone: int) -> array[float]:
    """A swell of the tone that begins and ends in the same phase, so that seconds join without a click."""
    turn = 2 * math.pi / SAMPLES_A_SECOND
    return array(
        "f",
        (0.18 * math.sin(tone * n * turn) * (0.6 + 0.4 * math.sin(n * turn)) for n in range(SAMPLES_A_SECOND)),
    )
