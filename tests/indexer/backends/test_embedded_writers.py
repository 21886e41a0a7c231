"""The writing side: one process, few writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tantivy

from archive_store.errors import UnavailableError
from archive_store.labels import Label, Partition, Volume
from indexer.analysis import Analysed
from indexer.backends.embedded_schema import to_engine
from indexer.backends.embedded_writers import MOST_OPEN, Writers
from indexer.documents import PageDocument

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.backends.embedded_writers import Writing

PARTITION = Partition(Label(), Volume.MAIN)


def test_a_second_process_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first, second = Writers(tmp_path), Writers(tmp_path)
    first.lock()
    with pytest.raises(UnavailableError):
        second.lock()
    first.close()
    second.lock()
    second.close()


def a_page(writing: Writing, name: str = "x") -> None:
    """Write one without committing it, its payload durable or not."""
    document = PageDocument(f"{name}:1", PARTITION, name)
    writing.documents.add_document(to_engine(document, Analysed(""), writing.payloads.add(document, b"")))


def test_the_one_used_longest_ago_is_closed_first_and_loses_nothing_committed(tmp_path: Path) -> None:
    writers = Writers(tmp_path)
    folders = [tmp_path / f"p{n}" for n in range(MOST_OPEN + 1)]
    for folder in folders:
        a_page(writers.writer(folder))
        writers.writer(folder).payloads.commit()
        writers.writer(folder).documents.commit()
    assert list(writers._open) == folders[1:]
    assert tantivy.Index.open(str(folders[0])).searcher().num_docs == 1
    assert len(writers.writer(folders[0]).payloads) == 1
    writers.close()


def test_what_was_not_committed_is_given_up(tmp_path: Path) -> None:
    writers = Writers(tmp_path)
    a_page(writers.writer(tmp_path / "p"))
    writers.close_under(tmp_path)
    assert writers.writer(tmp_path / "p").documents.commit() >= 0
    assert tantivy.Index.open(str(tmp_path / "p")).searcher().num_docs == 0
    assert len(writers.writer(tmp_path / "p").payloads) == 0
    writers.close()


def test_payloads_that_a_killed_writer_left_without_documents_are_gone_when_the_next_begins(tmp_path: Path) -> None:
    writers = Writers(tmp_path)
    first = writers.writer(tmp_path / "p")
    a_page(first, "kept")
    first.payloads.commit()
    first.documents.commit()
    a_page(first, "lost")
    first.payloads.commit()  # and killed here
    writers.close()
    payloads = writers.writer(tmp_path / "p").payloads
    assert [candidate.page_id for candidate in payloads.candidates([1])] == ["kept:1"]
    assert len(payloads) == 1
    writers.close()
