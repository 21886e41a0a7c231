"""A typesetter, the fictional bureau, and three small cases built once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.demonstration.building import build
from portal.demonstration.people import Bureau, load_bureau
from portal.demonstration.source import DocumentType, document_types
from portal.demonstration.typesetter import Typesetter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = ("summary-fine", "informant", "draft")
"""Cases that between them hold a PDF, a scan, a photograph, a film, a DOCX and a text file."""


@pytest.fixture(scope="session")
def typesetter() -> Iterator[Typesetter]:
    with Typesetter() as made:
        yield made


@pytest.fixture(scope="session")
def bureau() -> Bureau:
    return load_bureau()


@pytest.fixture(scope="session")
def types() -> dict[str, DocumentType]:
    return document_types()


@pytest.fixture(scope="session")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build(tmp_path_factory.mktemp("cases"), only=SMALL)
