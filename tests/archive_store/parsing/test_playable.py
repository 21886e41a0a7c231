"""What is made for browsers to play: nothing but pictures and sound of the first streams, in a form that they know."""

from __future__ import annotations

import shutil
import struct
import subprocess
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import pytest

from archive_store.parsing.documents import Documents, Playable
from archive_store.parsing.errors import ParserRefusedError, ParserTimedOutError
from archive_store.parsing.pool import Limits, ParserPool
from tests.archive_store.parsing import makers
from tests.archive_store.parsing.conftest import INSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = ("GPSDEMO", "+39.0+116.0", "演示甲的手机", "DemoCam", "秘密说明")
TAGS = {
    "location": "+39.0+116.0/",
    "comment": "GPSDEMO",
    "title": "演示甲的手机",
    "artist": "DemoCam",
    "description": "秘密说明",
    "creation_time": "2026-11-02T08:00:00.000000Z",
}
SEI = b"\x00\x00\x00\x01\x06\x05\x1a" + b"U" * 16 + b"GPSDEMO123\x80"
"""A remark between pictures (user data unregistered) as some cameras write their position."""


@pytest.fixture(scope="module")
def single() -> Iterator[Documents]:
    """Parser processes of one call each, as writing needs them."""
    with ParserPool(1, Limits(calls=1), code=[INSIDE]) as pool:
        yield Documents(pool)


def film(path: Path, codec: str, *, form: str = "mp4", sound: str = "aac", pixels: str = "yuv420p") -> Path:
    """A tagged film of two seconds, 10 pictures a second, remarks between them where it is H.264."""
    with av.open(str(path), "w", format=form) as container:
        container.metadata.update(TAGS)
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, pixels
        hum = container.add_stream(sound, rate=44_100, layout="mono") if sound else None
        for number in range(20):
            frame = makers._still(makers.RED if number < 10 else makers.GREEN).reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if hum is not None:
            _hum(container, hum)
    return path


def _hum(container: Any, stream: Any) -> None:  # noqa: ANN401 - PyAV's own
    form = stream.codec_context.format.name
    for number in range(86):
        frame = av.AudioFrame(format=form, layout="mono", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts = 44_100, number * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def made(single: Documents, path: Path, media_type: str) -> tuple[Playable, Path]:
    out = path.with_suffix(".made")
    with out.open("w+b") as place:
        return single.playable(path, media_type, place), out


def kinds(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.codec_context.codec.canonical_name for stream in container.streams]


def words_within(path: Path) -> str:
    """All that outside tools, and a plain look, find said in a file."""
    said = path.read_bytes().decode("utf-8", "ignore")
    if shutil.which("exiftool"):
        said += subprocess.run(
            ["exiftool", "-a", "-u", "-ee", str(path)], capture_output=True, text=True, check=False
        ).stdout
    with av.open(str(path)) as container:
        said += str(container.metadata) + "".join(str(stream.metadata) for stream in container.streams)
    return said


def with_remarks(path: Path) -> Path:
    """The film with a remark of the camera before its first picture, as an MPEG transport stream."""
    out = path.with_suffix(".ts")
    with av.open(str(path)) as source, av.open(str(out), "w", format="mpegts") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        to_bytes = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                for each in to_bytes.filter(packet):
                    marked = av.Packet(SEI + bytes(each))
                    marked.pts, marked.dts, marked.time_base = each.pts, each.dts, each.time_base
                    marked.is_keyframe, marked.stream = each.is_keyframe, stream
                    target.mux(marked)
    return out


def on_its_side(path: Path) -> Path:
    """The film marked as to be shown turned clockwise, in the matrix of its first track (ISO/IEC 14496-12, 8.3.2)."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    content[place : place + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 120 << 16, 0, 1 << 30)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"", b"no film", b"\0\0\0\x18ftypisom" + bytes(500)])
def test_what_is_no_recording_is_refused(single: Documents, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in").write_bytes(content)
    for media_type in ("video/mp4", "audio/mpeg", "video/x-msvideo", "application/pdf"):
        with pytest.raises(ParserRefusedError):
            made(single, tmp_path / "in", media_type)


def test_a_film_that_was_cut_off_is_refused_or_made_of_what_is_left(single: Documents, tmp_path: Path) -> None:
    content = film(tmp_path / "whole.mp4", "libx264").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(ParserRefusedError):
        made(single, tmp_path / "cut.mp4", "video/mp4")


def test_only_processes_of_a_single_call_may_write(documents: Documents, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="single call"):
        made(documents, film(tmp_path / "a.mp4", "libx264"), "video/mp4")


def test_what_does_not_end_is_ended_and_what_is_too_large_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "mpeg4")
    with ParserPool(1, Limits(calls=1, file_bytes=1000)) as pool, pytest.raises(ParserRefusedError):
        made(Documents(pool), path, "video/mp4")
    pool = ParserPool(1, Limits(calls=1), code=[INSIDE])
    with pool, (tmp_path / "out").open("w+b") as out, pytest.raises(ParserTimedOutError):
        pool.run("hostile_functions:spin_with_output", output=out, timeout=0.5)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_nothing_of_the_metadata_goes_with_it(single: Documents, tmp_path: Path, codec: str) -> None:
    path = film(tmp_path / "a.mp4", codec)
    assert "GPSDEMO" in words_within(path)
    _, out = made(single, path, "video/mp4")
    said = words_within(out)
    assert not [secret for secret in (*SECRETS, "2026:11:02", "Lavf") if secret in said]


def test_remarks_of_the_camera_between_the_pictures_are_left_out(single: Documents, tmp_path: Path) -> None:
    path = with_remarks(film(tmp_path / "a.mp4", "libx264"))
    assert path.read_bytes().count(b"GPSDEMO123") == 20
    found, out = made(single, path, "video/mp2t")
    assert not found.remade
    assert b"GPSDEMO" not in out.read_bytes()
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20


def test_known_kinds_are_copied_with_the_index_in_front(single: Documents, tmp_path: Path) -> None:
    found, out = made(single, film(tmp_path / "a.mp4", "libx264"), "video/mp4")
    assert found == Playable("video/mp4", remade=False)
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert kinds(out) == ["h264", "aac"]


@pytest.mark.parametrize(
    ("codec", "form", "sound", "pixels", "media_type"),
    [
        ("mpeg4", "mp4", "aac", "yuv420p", "video/mp4"),
        ("libx264", "mp4", "aac", "yuv444p", "video/mp4"),
        ("mpeg4", "avi", "pcm_s16le", "yuv420p", "video/x-msvideo"),
        ("mpeg2video", "mpegts", "mp2", "yuv420p", "video/mp2t"),
        ("libx264", "matroska", "", "yuv420p", "video/x-matroska"),
    ],
)
def test_other_kinds_are_encoded_anew(
    single: Documents, tmp_path: Path, codec: str, form: str, sound: str, pixels: str, media_type: str
) -> None:
    path = film(tmp_path / "a.in", codec, form=form, sound=sound, pixels=pixels)
    found, out = made(single, path, media_type)
    assert found.media_type == "video/mp4"
    assert found.remade == (codec != "libx264" or pixels != "yuv420p")
    assert kinds(out) == ["h264", "aac"][: 1 + bool(sound)]
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert container.duration is not None
        assert 1.8 < container.duration / av.time_base < 2.3
        colours = [frame.to_ndarray(format="rgb24")[60, 80] for frame in container.decode(video=0)]
    assert 18 <= len(colours) <= 20
    assert colours[0][0] > 200 > colours[0][1]
    assert colours[-1][1] > 200 > colours[-1][0]


def test_a_film_on_its_side_is_shown_upright(single: Documents, tmp_path: Path) -> None:
    copied, out = made(single, on_its_side(film(tmp_path / "a.mp4", "libx264", sound="")), "video/mp4")
    assert not copied.remade
    with av.open(str(out)) as container:
        assert abs(next(container.decode(video=0)).rotation) == 90
    remade, out = made(single, on_its_side(film(tmp_path / "b.mp4", "mpeg4", sound="")), "video/mp4")
    assert remade.remade
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (120, 160, 0)


def test_sound_alone_plays_as_it_is_or_as_aac(single: Documents, tmp_path: Path) -> None:
    mp3 = makers.recording(tmp_path / "hum.mp3")
    tag = b"TIT2" + struct.pack(">I", 8) + b"\0\0\3GPSDEMO"
    mp3.write_bytes(b"ID3\3\0\0" + bytes([0, 0, 0, len(tag)]) + tag + mp3.read_bytes())
    found, out = made(single, mp3, "audio/mpeg")
    assert found == Playable("audio/mpeg", remade=False)
    assert b"GPSDEMO" not in out.read_bytes()
    assert kinds(out) == ["mp3"]
    found, out = made(single, makers.film(tmp_path / "hum.m4a", picture=False), "audio/mp4")
    assert (found, kinds(out)) == (Playable("audio/mp4", remade=False), ["aac"])
    with av.open(str(tmp_path / "hum.wav"), "w", format="wav") as container:
        _hum(container, container.add_stream("pcm_s16le", rate=44_100, layout="mono"))
    found, out = made(single, tmp_path / "hum.wav", "audio/wav")
    assert (found, kinds(out)) == (Playable("audio/mp4", remade=True), ["aac"])
