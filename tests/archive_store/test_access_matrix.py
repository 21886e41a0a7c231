"""The page of who may do what says what the policy does."""

from __future__ import annotations

from archive_store.access_matrix import page
from archive_store.policy import RULES
from tests.sources import ROOT


def test_the_page_is_made_from_the_table() -> None:
    assert (ROOT / "docs" / "access-matrix.md").read_text(encoding="utf-8") == page()


def test_every_row_of_the_table_stands_on_the_page() -> None:
    assert page().count("| `") == len(RULES)
