"""Lines of the program's own log, for whoever runs it: one JSON object a line, on standard error.

A line holds no content and no secret: the place in the program, codes, durations, the id of the request. Of an error
it tells the kinds and where they arose, never their words, which may hold what somebody typed. What people did is not
here but in the audit log.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from flask import g, request

from portal.services.desk import REQUEST_ID

if TYPE_CHECKING:
    from flask import Flask, Response

log = logging.getLogger("portal.requests")
FRAMES = 12
"""Of a stack, the innermost places that are told."""
OURS = ("portal.", "archive_store.", "indexer.")
"""Loggers whose words are known to hold no content; of others (libraries, the server) only the pattern is written."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON: at, level, logger, message, request, what a record brings as `facts`, and error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if request_id := REQUEST_ID.get():
            line["request"] = request_id
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1]:
            line["error"] = _told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    if record.name.startswith(OURS):
        return record.getMessage()
    return "error" if record.exc_info else str(record.msg)  # their words on an error name addresses


def _told(error: BaseException) -> list[dict[str, Any]]:
    """Kinds and places of an error and of those that led to it, the last first."""
    told: list[dict[str, Any]] = []
    here: BaseException | None = error
    while here is not None and len(told) < FRAMES:
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(here.__traceback__)]
        told.append({"kind": type(here).__name__, "at": places[-FRAMES:]})
        here = here.__cause__ or here.__context__
    return told


def configuration(level: str) -> dict[str, Any]:
    """What `logging.config` and gunicorn take: every line so, from `level` on (`info` tells of each request)."""
    server = {"level": level.upper(), "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"level": level.upper(), "handlers": ["lines"]},
        "loggers": {"gunicorn.error": server, "gunicorn.access": server},
    }


def follow_requests(app: Flask) -> None:
    """Tell of each request that was answered: the page asked for by its name in the program, never by its address."""

    @app.before_request
    def _begin() -> None:
        g.begun = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        facts = {
            "method": request.method,
            "page": request.endpoint or "-",
            "status": response.status_code,
            "ms": round(1000 * (time.perf_counter() - g.begun), 1),
        }
        log.info("answered", extra={"facts": facts})
        return response
