"""The catalogue of document types: what each kind of document is called, and where it usually belongs.

Data in `document_types.toml`; a bureau extends it in a file of its own and never gives a code a second meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from archive_store.errors import InvalidInputError
from archive_store.labels import Volume
from archive_store.regulation.packaged import CLOSED, packaged, read_data
from archive_store.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TYPES_FILE = "document_types.toml"


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One type: `stage` and `volume` are where it usually belongs, `neutral_title` is what a party may see."""

    code: str
    title: str
    stage: Stage
    volume: Volume
    neutral_title: str


class _TypeData(BaseModel):
    model_config = CLOSED

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    title: Annotated[str, Field(min_length=1, max_length=100)]
    stage: Stage
    volume: Volume
    neutral_title: Annotated[str, Field(min_length=1, max_length=100)]


class _CatalogueData(BaseModel):
    model_config = CLOSED

    type: Annotated[list[_TypeData], Field(min_length=1)]


class DocumentCatalogue:
    """All document types of a bureau, in the order of the files."""

    def __init__(self, types: Iterable[DocumentType]) -> None:
        self._types: dict[str, DocumentType] = {}
        for kind in types:
            if kind.code in self._types:
                raise InvalidInputError(f"材料类型编码 {kind.code} 重复，一个编码只能有一个含义。")
            self._types[kind.code] = kind

    def __contains__(self, code: object) -> bool:
        return code in self._types

    def __iter__(self) -> Iterator[DocumentType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def get(self, code: str) -> DocumentType:
        """The type with this code.

        Raises:
            InvalidInputError: There is none.

        """
        try:
            return self._types[code]
        except KeyError as error:
            raise InvalidInputError(f"没有“{code}”这种材料类型，请从材料类型目录中选择。", "type") from error

    def title(self, code: str) -> str:
        """The type's title, or the code itself where the type is unknown."""
        return self._types[code].title if code in self._types else code

    def of_stage(self, stage: Stage) -> list[DocumentType]:
        """The types that usually belong to a stage."""
        return [kind for kind in self if kind.stage is stage]


def load_catalogue(*additional: Path) -> DocumentCatalogue:
    """The packaged catalogue with the types of a bureau's own files added.

    Raises:
        InvalidInputError: A file is not of the form, or a code has two meanings.

    """
    sources = [packaged(TYPES_FILE), *additional]
    return DocumentCatalogue(
        DocumentType(**kind.model_dump()) for source in sources for kind in read_data(source, _CatalogueData).type
    )
