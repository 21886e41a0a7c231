"""Derivatives are complete or not there, private, and nowhere else than they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.derivatives import Derivatives, Kind
from archive_store.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "ab" * 16


@pytest.fixture
def derivatives(tmp_path: Path) -> Derivatives:
    return Derivatives(tmp_path / "derivatives")


def make(derivatives: Derivatives, content: bytes, file_id: str = FILE) -> None:
    with derivatives.making(Kind.TEXT, file_id, "1") as place:
        place.write(content)


def content(derivatives: Derivatives) -> bytes:
    with derivatives.open(Kind.TEXT, FILE, "1") as file:
        return file.read()


@pytest.mark.parametrize("wrong", ["../" * 10 + "etc", "AB" * 16, "ab/" + "a" * 29, ""])
def test_an_id_of_another_form_reaches_no_path(derivatives: Derivatives, wrong: str) -> None:
    for act in (lambda: derivatives.open(Kind.TEXT, wrong, "1"), lambda: make(derivatives, b"", wrong)):
        with pytest.raises(NotFoundError):
            act()


def fail_half_way(derivatives: Derivatives) -> None:
    with derivatives.making(Kind.TEXT, FILE, "1") as place:
        place.write(b"half")
        raise ValueError


def test_what_fails_while_it_is_made_leaves_what_was_there(derivatives: Derivatives, tmp_path: Path) -> None:
    make(derivatives, b"first")
    with pytest.raises(ValueError, match=r"^$"):
        fail_half_way(derivatives)
    assert content(derivatives) == b"first"
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"] == [b"first"]


def test_a_full_disk_is_said_as_such(derivatives: Derivatives) -> None:
    with pytest.raises(UnavailableError), derivatives.making(Kind.TEXT, FILE, "1"):
        raise OSError(28, "No space left on device")


def test_a_derivative_replaces_the_former_and_is_read_by_its_owner_only(
    derivatives: Derivatives, tmp_path: Path
) -> None:
    make(derivatives, b"first")
    with derivatives.open(Kind.TEXT, FILE, "1") as reading:
        make(derivatives, b"second")
        assert reading.read() == b"first"
    assert content(derivatives) == b"second"
    (path,) = (tmp_path / "derivatives" / "text").rglob("1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert {p.stat().st_mode & 0o777 for p in path.parents if p.is_relative_to(tmp_path / "derivatives")} == {0o700}


def test_what_there_is_can_be_listed_and_thrown_away(derivatives: Derivatives) -> None:
    make(derivatives, b"")
    assert (list(derivatives.file_ids(Kind.TEXT)), derivatives.names(Kind.TEXT, FILE)) == ([FILE], {"1"})
    assert list(derivatives.file_ids(Kind.PLAYING)) == []
    for _ in range(2):
        derivatives.remove(Kind.TEXT, FILE)
    assert (list(derivatives.file_ids(Kind.TEXT)), derivatives.names(Kind.TEXT, FILE)) == ([], frozenset())
    derivatives.sweep()
