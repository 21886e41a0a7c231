"""Words that people write into a field of one line, as they are kept."""

from __future__ import annotations

from archive_store.errors import InvalidInputError


def one_line(text: str, field: str, longest: int, missing: str, too_long: str = "") -> str:
    """The words with single blanks between them.

    Args:
        text: what was written.
        field: the field that it was written into.
        longest: characters at most.
        missing: what is said where there is nothing.
        too_long: what is said where it is longer; the same where empty.

    Raises:
        InvalidInputError: there is nothing, or too much.
    """
    line = " ".join(text.split())
    if not line:
        raise InvalidInputError(missing, field)
    if len(line) > longest:
        raise InvalidInputError(too_long or missing, field)
    return line
