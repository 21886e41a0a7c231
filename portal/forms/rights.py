"""Forms about rights: who is to have what, from when to when, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.forms.parties import read_day

if TYPE_CHECKING:
    from datetime import date

    from werkzeug.datastructures import MultiDict


def read_ask(form: MultiDict[str, str]) -> tuple[str, str, str, date | None, date | None]:
    """Login, code of the right, ground, first and last day.

    Raises:
        InvalidInputError: a day is none.
    """
    first, last = read_day(form, "valid_from"), read_day(form, "valid_to")
    return form.get("login", ""), form.get("right", ""), form.get("ground", ""), first, last
