"""Forms about a case's parties: who is bound, and what a party sees listed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

TITLE, LISTABLE = "title_", "listable_"


def read_day(form: MultiDict[str, str], field: str) -> date | None:
    """A day, or None where the field is empty.

    Raises:
        InvalidInputError: it is no day.
    """
    text = form.get(field, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInputError("日期不对，请按 年-月-日 填写，例如 2026-12-31。", field) from error


def read_choices(form: MultiDict[str, str]) -> dict[str, tuple[bool, str]]:
    """By item id: whether it is to be listed, and under which title."""
    ids = [name.removeprefix(TITLE) for name in form if name.startswith(TITLE)]
    return {item_id: (f"{LISTABLE}{item_id}" in form, form[f"{TITLE}{item_id}"]) for item_id in ids}
