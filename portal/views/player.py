"""The player: a recording with seeking, by ranges, under an address of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request
from werkzeug.wsgi import FileWrapper

from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.permissions import Permission
from portal.access import actor, holds, services, session_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.services.playing import Medium, Player

pages = Blueprint("player", __name__, url_prefix="/items")

MOST_BYTES = 2 * 2**20
"""Of one answer to a range: a player that is paused must not hold one of our threads; it asks on where it ended."""
NAMES = {"video/mp4": "recording.mp4", "audio/mp4": "recording.m4a", "audio/mpeg": "recording.mp3"}


@pages.get("/<item_id>/play")
def page(item_id: str) -> str:
    """A recording in the player, from a second on, with what was said; what a query finds in it is marked."""
    shown = services().playing.open(actor(), session_id(), item_id)
    query = request.args.get("q", "").strip()
    return render_template("player.html", shown=shown, q=query, marks=_marks(item_id, query, shown))


def _marks(item_id: str, query: str, shown: Player) -> dict[int, Sequence[tuple[int, int]]]:
    """By the second of a cue, where a query is found in its words; nothing where it cannot be asked."""
    if not query or not shown.spoken.cues or not holds(Permission.SEARCH):
        return {}
    try:
        found = services().search.in_item(actor(), item_id, query)
    except (UnavailableError, InvalidInputError):
        return {}
    cues = shown.spoken.cues
    marks = {
        cue.second: found.marks_on(cue.second + 1, cue.words, last.second + 1 if last else 0)
        for last, cue in zip((None, *cues), cues, strict=False)
    }
    return {second: marked for second, marked in marks.items() if marked}


@pages.get("/<item_id>/play/<address>/media")
def media(item_id: str, address: str) -> Response:
    """The recording, or the part of it that is asked for (RFC 9110, 14)."""
    asked = request.range if request.range and request.range.units == "bytes" else None
    first = (asked.ranges[0][0] or 0) if asked else 0
    medium = services().playing.medium(actor(), session_id(), item_id, address, max(first, 0))
    response = _whole(medium) if asked is None or not _same(medium) else _part(medium, asked.ranges)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = f"inline; filename={NAMES[medium.media_type]}"
    response.headers["Content-Type"] = medium.media_type
    response.set_etag(medium.tag)
    return response


@pages.get("/<item_id>/play/<address>/poster.jpg")
def poster(item_id: str, address: str) -> Response:
    """A picture of the film, watermarked."""
    jpeg = services().playing.poster(actor(), session_id(), item_id, address)
    return Response(jpeg, mimetype="image/jpeg")


def _same(medium: Medium) -> bool:
    """Whether a range may be given: it is of this making, as far as the browser says (If-Range)."""
    condition = request.if_range
    return condition.date is None and condition.etag in (None, medium.tag)


def _whole(medium: Medium) -> Response:
    response = Response(FileWrapper(medium.file), direct_passthrough=True)
    response.content_length = medium.size
    response.call_on_close(medium.file.close)
    return response


def _part(medium: Medium, ranges: Sequence[tuple[int, int | None]]) -> Response:
    """One range, at most `MOST_BYTES` of it; 416 where there is nothing in it, or there are several."""
    with medium.file as file:
        begin, end = ranges[0]
        if begin < 0:
            begin, end = max(0, medium.size + begin), None
        if len(ranges) > 1 or begin >= medium.size:
            return Response(status=416, headers={"Content-Range": f"bytes */{medium.size}"})
        end = min(medium.size if end is None else end, medium.size, begin + MOST_BYTES)
        file.seek(begin)
        response = Response(file.read(end - begin), status=206)
    response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{medium.size}"
    return response
