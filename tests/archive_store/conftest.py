"""What the tests of this room share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """An open session on an empty database, on each kind of database."""
    with Session(engine) as opened:
        yield opened
