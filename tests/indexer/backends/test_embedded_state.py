"""The state file: whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.backends.embedded_state import FILE, State, read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path


def test_a_fresh_folder_has_no_build(tmp_path: Path) -> None:
    assert read_state(tmp_path).build == 0


def test_what_was_written_is_read(tmp_path: Path) -> None:
    for generation in range(3):
        write_state(tmp_path, State(build=2, generation=generation))
        assert read_state(tmp_path) == State(build=2, generation=generation)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_half_written_successor_is_never_read(tmp_path: Path) -> None:
    write_state(tmp_path, State(build=1))
    (tmp_path / f"{FILE}.new").write_text('{"build": 2, "gen')
    assert read_state(tmp_path) == State(build=1)


def test_a_broken_state_is_an_error_and_not_an_empty_index(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("")
    with pytest.raises(ValueError, match="Expecting value"):
        read_state(tmp_path)
