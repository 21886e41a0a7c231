"""What stage 2 needs, kept beside the embedded index: rows by place, durable before they are referred to."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from indexer.backends.payloads import FILE, Payloads
from tests.indexer.world import make_world

if TYPE_CHECKING:
    from pathlib import Path

SOME = make_world(1, 2).documents[:4]


def filled(folder: Path) -> tuple[Payloads, list[int]]:
    payloads = Payloads.to_write(folder)
    places = [payloads.add(document, bytes([n])) for n, document in enumerate(SOME)]
    payloads.commit()
    return payloads, places


def test_nobody_reads_where_nothing_was_written(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Payloads.to_read(tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(sqlite3.OperationalError):
        Payloads.to_read(tmp_path).add(SOME[0], b"")


def test_rows_are_read_in_the_order_asked_and_as_often_as_asked(tmp_path: Path) -> None:
    _, places = filled(tmp_path)
    asked = [places[2], places[0], places[2]]
    found = Payloads.to_read(tmp_path).candidates(asked)
    assert [(one.page_id, one.order, one.payload) for one in found] == [
        (SOME[n].page_id, SOME[n].order, bytes([n])) for n in (2, 0, 2)
    ]


def test_what_is_not_committed_is_seen_by_nobody_and_given_up(tmp_path: Path) -> None:
    payloads = Payloads.to_write(tmp_path)
    place = payloads.add(SOME[0], b"x")
    with pytest.raises(ValueError, match="removed"):
        Payloads.to_read(tmp_path).candidates([place])
    payloads.close()
    assert len(Payloads.to_write(tmp_path)) == 0


def test_a_removed_row_is_an_error_and_its_place_is_never_given_again(tmp_path: Path) -> None:
    payloads, places = filled(tmp_path)
    payloads.remove((), [SOME[3].page_id], payloads.last)
    with pytest.raises(ValueError, match="removed"):
        Payloads.to_read(tmp_path).candidates([places[0], places[3]])
    assert payloads.add(SOME[3], b"again") > places[3]
    payloads.commit()


def test_only_rows_up_to_the_number_are_removed(tmp_path: Path) -> None:
    payloads, _ = filled(tmp_path)
    upto = payloads.last
    again = payloads.add(SOME[0], b"new")
    payloads.commit()
    payloads.remove({document.case_id for document in SOME}, (), upto)
    assert len(payloads) == 1
    assert payloads.candidates([again])[0].payload == b"new"


def test_rows_of_no_document_are_removed(tmp_path: Path) -> None:
    payloads, places = filled(tmp_path)
    payloads.keep_only(places[1:3])
    assert len(payloads) == 2
    assert [one.payload for one in payloads.candidates(places[1:3])] == [b"\1", b"\2"]
