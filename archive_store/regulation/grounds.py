"""Grounds on which a passage is covered, an item kept back or a request refused: a numbered list that is data.

Source: 办法 Art. 30, 31; the laws that each ground names.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, Field, model_validator

from archive_store.errors import InvalidInputError
from archive_store.regulation.packaged import CLOSED, packaged, read_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUNDS_FILE = "grounds.toml"


class Use(StrEnum):
    """What a ground may be given for."""

    REDACT = "redact"
    WITHHOLD = "withhold"
    REFUSE = "refuse"


class Ground(BaseModel):
    """One ground: its code, the number printed beside a box, its words and legal basis, what it may be given for."""

    model_config = CLOSED

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    number: Annotated[int, Field(ge=1)]
    text: Annotated[str, Field(min_length=1, max_length=100)]
    basis: Annotated[str, Field(min_length=1, max_length=300)]
    use: Annotated[frozenset[Use], Field(min_length=1)]


class Grounds(BaseModel):
    """All grounds of a bureau, in the order of the file, and the way to review (`review`)."""

    model_config = CLOSED

    review: Annotated[str, Field(min_length=1, max_length=500)]
    ground: Annotated[tuple[Ground, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        for name in ("code", "number"):
            values = [getattr(ground, name) for ground in self.ground]
            if len(set(values)) < len(values):
                raise ValueError(f"各项理由的 {name} 不得重复")
        return self

    def __contains__(self, code: object) -> bool:
        return any(ground.code == code for ground in self.ground)

    def get(self, code: str) -> Ground:
        """The ground with this code.

        Raises:
            InvalidInputError: There is none.

        """
        for ground in self.ground:
            if ground.code == code:
                return ground
        raise InvalidInputError(f"没有“{code}”这项理由，请从列出的理由中选择。", "ground")

    def usable_for(self, use: Use) -> Iterator[Ground]:
        """The grounds that may be given for this."""
        return (ground for ground in self.ground if use in ground.use)


def load_grounds(source: Path | None = None) -> Grounds:
    """Read the packaged grounds, or a bureau's own.

    Raises:
        InvalidInputError: The file is not of the form.

    """
    return read_data(source or packaged(GROUNDS_FILE), Grounds)
