"""What a search was sent with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.datastructures import MultiDict


def read_chosen(given: MultiDict[str, str], facets: Iterable[str]) -> dict[str, frozenset[str]]:
    """The values that were chosen of each facet."""
    return {name: frozenset(given.getlist(name)) for name in facets if given.get(name)}
