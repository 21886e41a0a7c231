"""What a request's forms hold, read into the words of the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.request_words import Advice, DeliveryWay, Step

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict


LONGEST_POSITION = 6


def read_step(form: MultiDict[str, str]) -> Step:
    """The step that a button names.

    Raises:
        NotFoundError: there is no such step.
    """
    try:
        return Step(form.get("step", ""))
    except ValueError as error:
        raise NotFoundError from error


def read_delivery(form: MultiDict[str, str]) -> DeliveryWay:
    """How the copy is wanted; by download where nothing is said."""
    given = form.get("delivery", DeliveryWay.DOWNLOAD)
    return DeliveryWay(given) if given in {way.value for way in DeliveryWay} else DeliveryWay.DOWNLOAD


def read_opinions(form: MultiDict[str, str]) -> dict[str, tuple[Advice, str]]:
    """Advice and words by item, from fields `advice-<item>` and `text-<item>`.

    Raises:
        InvalidInputError: an advice is none of those offered.
    """
    found: dict[str, tuple[Advice, str]] = {}
    for name, value in form.items():
        kind, _, item_id = name.partition("-")
        if kind == "advice":
            if value not in {advice.value for advice in Advice}:
                raise InvalidInputError("请对列出的每一件选择意见。", "advice")
            found[item_id] = Advice(value), form.get(f"text-{item_id}", "")
    return found


def read_withheld(form: MultiDict[str, str]) -> dict[int, str]:
    """Grounds by position of the items that the leader keeps back, from fields `withhold-<position>`."""
    rows = ((name.removeprefix("withhold-"), value) for name, value in form.items() if name.startswith("withhold-"))
    return {int(n): ground for n, ground in rows if n.isdecimal() and len(n) <= LONGEST_POSITION and ground}
