"""Forms about labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.labels import Label, LabelSubject
from portal.forms.parties import read_day

if TYPE_CHECKING:
    from datetime import date

    from werkzeug.datastructures import MultiDict


def read_subject(form: MultiDict[str, str]) -> tuple[LabelSubject, str]:
    """Which thing is meant.

    Raises:
        NotFoundError: it is of no such kind.
    """
    try:
        return LabelSubject(form.get("subject", "")), form.get("subject_id", "")
    except ValueError as error:
        raise NotFoundError from error


def read_label(form: MultiDict[str, str]) -> tuple[Label, date | None]:
    """The label and its last day.

    Raises:
        InvalidInputError: there is no such level or mark, or the day is none.
    """
    try:
        label = Label.of(int(form.get("level", "")), form.getlist("marks"))
    except ValueError as error:
        raise InvalidInputError("请从列出的密级和标识中选择。", "level") from error
    return label, read_day(form, "declassify_on")
