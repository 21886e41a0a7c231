"""Parser pools for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive_store.parsing.documents import Documents
from archive_store.parsing.pool import Limits, ParserPool
from archive_store.parsing.sandbox import Isolation, choose
from tests.services import need

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE = Path(__file__).parent / "inside"


@pytest.fixture(scope="session")
def pool() -> Iterator[ParserPool]:
    """Two parser processes with the best isolation there is, shared by all tests."""
    with ParserPool(2, Limits(), code=[INSIDE]) as made:
        yield made


@pytest.fixture(scope="session")
def documents(pool: ParserPool) -> Documents:
    return Documents(pool)


@pytest.fixture(scope="session")
def impatient() -> Iterator[Documents]:
    """Documents with little time and memory, for files that take all that they get."""
    with ParserPool(1, Limits(memory_bytes=256 * 2**20, timeout_seconds=1)) as made:
        yield Documents(made)


@pytest.fixture(scope="session")
def bubblewrapped(pool: ParserPool) -> ParserPool:
    """The pool, where bubblewrap works; else the skip, or failure, that says how to get it."""
    works = choose(None).isolation is Isolation.BUBBLEWRAP
    need("bubblewrap", works, "apt-get install bubblewrap (and user namespaces allowed)")
    return pool
