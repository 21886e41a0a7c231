from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.parsing.documents import Documents, PageText
from archive_store.parsing.errors import ParserCrashedError, ParserRefusedError, ParserTimedOutError
from archive_store.parsing.formats import Kind
from archive_store.parsing.pool import ParserPool, Result
from tests.archive_store.parsing import makers

if TYPE_CHECKING:
    from pathlib import Path

    from archive_store.parsing.wire import Json

PDF = "application/pdf"
IDENTITY: Json = {"media_type": PDF, "extension": "pdf", "kind": "pages", "empty": False}
PAGES: Json = {"pages": 1, "page_sizes": [[1, 1]], "has_text_layer": False, "problem": None}


class LyingPool(ParserPool):
    """A pool whose processes are in the hands of a hostile file: it answers what it is told to, or fails."""

    def __init__(self, *answers: Json | Exception, blobs: tuple[bytes, ...] = ()) -> None:
        super().__init__(0)
        self.answers = list(answers)
        self.blobs = blobs

    def run(self, *_: object, **__: object) -> Result:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Result(answer, self.blobs)


@pytest.mark.parametrize(
    ("size", "blobs"),
    [
        ([2, 2], (bytes(11),)),
        ([2, 2], (bytes(13),)),
        ([2, 2], (bytes(12), b"")),
        ([2, 2], ()),
        ([0, 0], (b"",)),
        ([-2, -2], (bytes(12),)),
        ([70_000, 1], (bytes(210_000),)),
        ([2], (bytes(12),)),
        ({"width": 2}, (bytes(12),)),
    ],
)
def test_pixels_that_do_not_fit_their_size_are_not_believed(size: Json, blobs: tuple[bytes, ...]) -> None:
    with pytest.raises(ParserCrashedError):
        Documents(LyingPool(size, blobs=blobs)).render(b"", PDF, 1)


@pytest.mark.parametrize(
    "text",
    [
        None,
        {"text": "ab", "boxes": [None]},
        {"text": "a", "boxes": [[0, 0, 1]]},
        {"text": "a", "boxes": [[0, 0, 1, 2]]},
        {"text": "a", "boxes": [[0, 0, 1, float("nan")]]},
        {"text": 5, "boxes": []},
    ],
)
def test_text_that_does_not_fit_its_boxes_is_not_believed(text: Json) -> None:
    with pytest.raises(ParserCrashedError):
        Documents(LyingPool(text)).text(b"", PDF, 1)


@pytest.mark.parametrize(
    "pages",
    [
        {"pages": 0, "page_sizes": [], "has_text_layer": False, "problem": None},
        {"pages": 1, "page_sizes": [[float("inf"), 1]], "has_text_layer": False, "problem": None},
        {"pages": 1, "page_sizes": [], "has_text_layer": False, "problem": "长" * 1000},
    ],
)
def test_a_probe_that_makes_no_sense_is_the_files_fault(pages: Json) -> None:
    probe = Documents(LyingPool(IDENTITY, pages, pages)).probe(b"")
    assert probe.problem
    assert probe.pages is None


def test_a_parser_lost_once_is_tried_again() -> None:
    assert Documents(LyingPool(IDENTITY, ParserCrashedError(), PAGES)).probe(b"").problem is None


def test_a_parser_lost_twice_or_out_of_time_is_the_files_fault() -> None:
    for errors in ((ParserCrashedError(), ParserCrashedError()), (ParserTimedOutError(),)):
        probe = Documents(LyingPool(IDENTITY, *errors)).probe(b"")
        assert "中断" in str(probe.problem)
        assert (probe.media_type, probe.kind) == (PDF, Kind.PAGES)


@pytest.mark.parametrize("wish", [{"turn": 45}, {"width": 0}, {"width": 10**6}, {"dpi": 0}])
def test_impossible_wishes_are_slips_of_the_caller(wish: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        Documents(LyingPool()).render(b"", PDF, 1, **wish)


def test_formats_without_pages_are_not_drawn_or_read() -> None:
    documents = Documents(LyingPool())
    for call in (documents.render, documents.text, documents.ocr):
        with pytest.raises(ParserRefusedError, match="PDF 或图像"):
            call(b"", "application/ofd", 1)


def test_an_empty_file_is_named(documents: Documents) -> None:
    assert "空" in str(documents.probe(b"").problem)


def test_the_name_of_a_file_means_nothing(documents: Documents, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(makers.image("PNG"))
    probe = documents.probe(path)
    assert (probe.media_type, probe.extension, probe.problem) == ("image/png", "png", None)
    with pytest.raises(ParserRefusedError):
        documents.render(path, PDF, 1)


def test_what_is_only_kept_is_no_problem(documents: Documents) -> None:
    probe = documents.probe("只是文字".encode())
    assert (probe.kind, probe.problem, probe.pages) == (Kind.KEPT, None, None)


def test_a_text_has_a_box_or_none_for_each_character() -> None:
    with pytest.raises(ValueError, match="each character"):
        PageText("ab", (None,))
