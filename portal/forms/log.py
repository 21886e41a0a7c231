"""The form with which the auditor narrows the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError
from portal.forms.parties import read_day
from portal.services.audit import OUTCOMES, TITLES, LogFilter

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

UNKNOWN = "没有这种{}，请从列表中选择。"


def read_filter(form: MultiDict[str, str]) -> LogFilter:
    """Which events are wanted.

    Raises:
        InvalidInputError: no such event or outcome, or no such day.
    """
    name, outcome = form.get("name", ""), form.get("outcome", "")
    if name and name not in TITLES:
        raise InvalidInputError(UNKNOWN.format("事件"), "name")
    if outcome and outcome not in OUTCOMES:
        raise InvalidInputError(UNKNOWN.format("结果"), "outcome")
    return LogFilter(name, outcome, form.get("person", "").strip(), read_day(form, "since"), read_day(form, "until"))
