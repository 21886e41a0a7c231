from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.formats import Kind
from tests.archive_store.parsing import makers

if TYPE_CHECKING:
    from pathlib import Path

    from archive_store.parsing.documents import Documents

PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"


def test_a_broken_recording_is_named(documents: Documents) -> None:
    for content in (b"\0\0\0\x18ftypisom" + bytes(500), b"ID3\4\0\0\0\0\0\0" + bytes(500), b"\0\0\0\x08ftyp"):
        probe = documents.probe(content)
        assert "损坏" in str(probe.problem)
        assert probe.kind is Kind.PLAYING
        with pytest.raises(ParserRefusedError):
            documents.poster(content, probe.media_type)


def test_a_film_that_was_cut_off_is_named(documents: Documents, tmp_path: Path) -> None:
    index_last = makers.film(tmp_path / "last.mp4").read_bytes()
    index_first = makers.film(tmp_path / "first.mp4", index="first").read_bytes()
    assert documents.probe(index_first).problem is None
    assert "损坏" in str(documents.probe(index_last[: len(index_last) // 2]).problem)
    assert "不完整" in str(documents.probe(index_first[: -len(index_first) // 4]).problem)


def test_a_playlist_named_like_a_film_is_no_film(documents: Documents) -> None:
    assert documents.probe(PLAYLIST).kind is Kind.KEPT
    with pytest.raises(ParserRefusedError):
        documents.poster(PLAYLIST, "video/mp4")


def test_a_film_tells_its_length_and_codecs(documents: Documents, tmp_path: Path) -> None:
    probe = documents.probe(makers.film(tmp_path / "film.mp4"))
    assert (probe.media_type, probe.extension, probe.kind) == ("video/mp4", "mp4", Kind.PLAYING)
    assert probe.duration_seconds == pytest.approx(2, abs=0.2)
    assert probe.codecs == ("mpeg4", "aac")
    assert probe.pages is None


def test_an_mp4_without_pictures_is_m4a(documents: Documents, tmp_path: Path) -> None:
    probe = documents.probe(makers.film(tmp_path / "sound.mp4", picture=False))
    assert (probe.media_type, probe.extension) == ("audio/mp4", "m4a")


def test_mp3_is_played(documents: Documents, tmp_path: Path) -> None:
    probe = documents.probe(makers.recording(tmp_path / "hum.mp3"))
    assert (probe.media_type, probe.kind) == ("audio/mpeg", Kind.PLAYING)
    assert probe.duration_seconds == pytest.approx(2, abs=0.2)


def test_other_recordings_are_kept_unopened(documents: Documents, tmp_path: Path) -> None:
    probe = documents.probe(makers.film(tmp_path / "film.mkv", form="matroska"))
    assert (probe.media_type, probe.kind) == ("video/x-matroska", Kind.KEPT)


def test_the_picture_of_a_film_is_not_its_very_first(documents: Documents, tmp_path: Path) -> None:
    image = documents.poster(makers.film(tmp_path / "film.mp4", sound=False), "video/mp4")
    assert (image.width, image.height) == (160, 120)
    red, green, blue = image.rgb[:3]
    assert green > 200 > red + blue


def test_a_recording_without_pictures_has_no_picture(documents: Documents, tmp_path: Path) -> None:
    with pytest.raises(ParserRefusedError, match="没有画面"):
        documents.poster(makers.recording(tmp_path / "hum.mp3"), "audio/mpeg")
