"""The writing side: one process, few writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tantivy

from archive_store.errors import UnavailableError
from indexer.backends.embedded_writers import MOST_OPEN, Writers

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_process_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first, second = Writers(tmp_path), Writers(tmp_path)
    first.lock()
    with pytest.raises(UnavailableError):
        second.lock()
    first.close()
    second.lock()
    second.close()


def test_the_one_used_longest_ago_is_closed_first_and_loses_nothing_committed(tmp_path: Path) -> None:
    writers = Writers(tmp_path)
    folders = [tmp_path / f"p{n}" for n in range(MOST_OPEN + 1)]
    for folder in folders:
        document = tantivy.Document()
        document.add_text("id", "x")
        writers.writer(folder).add_document(document)
        writers.writer(folder).commit()
    assert list(writers._open) == folders[1:]
    assert tantivy.Index.open(str(folders[0])).searcher().num_docs == 1
    writers.close()


def test_what_was_not_committed_is_given_up(tmp_path: Path) -> None:
    writers = Writers(tmp_path)
    document = tantivy.Document()
    document.add_text("id", "x")
    writers.writer(tmp_path / "p").add_document(document)
    writers.close_under(tmp_path)
    assert writers.writer(tmp_path / "p").commit() >= 0
    assert tantivy.Index.open(str(tmp_path / "p")).searcher().num_docs == 0
    writers.close()
