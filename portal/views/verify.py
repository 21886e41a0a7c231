"""核验复制件: the public page on which anyone checks a copy. No login, no form token: it changes nothing for anyone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from archive_store.errors import InvalidInputError, UnavailableError
from portal.access import services
from portal.services.verification import LARGEST_FILE, TOO_LARGE

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

    from portal.services.verification import Checked, Record

pages = Blueprint("verify", __name__, url_prefix="/verify")
NO_FILE = "请先选择要核验的文件，再按“核验”。"


@pages.record_once
def _without_form_token(state: BlueprintSetupState) -> None:
    """Visitors have no session that a forged form could use, and none is begun for them."""
    state.app.extensions["csrf"].exempt(pages)


@pages.get("")
def page() -> str:
    """The drop zone; with number and code in the address (QR code), what the records say of them."""
    number, code = request.args.get("number", ""), request.args.get("code", "")
    found = services().verification.by_number(number, code) if number or code else None
    return _shown(record=found, number=number)


@pages.post("/file")
def check() -> str | tuple[str, int]:
    """The verdict on an uploaded file. It is received only once there is a place for it."""
    verification = services().verification
    try:
        with verification.place():
            upload = request.files.get("file")
            if upload is None or not upload.filename:
                return _shown(refusal=NO_FILE), 422
            return _shown(checked=verification.check(upload.stream))  # type: ignore[arg-type]  # IO[bytes] is one
    except RequestEntityTooLarge:
        return _shown(refusal=TOO_LARGE), 413
    except InvalidInputError as error:
        return _shown(refusal=error.message), 422
    except UnavailableError as error:
        return _shown(refusal=error.message), 503


@pages.post("/number")
def number() -> str:
    """What the records say of a number and its check code."""
    given = request.form.get("number", "")
    return _shown(record=services().verification.by_number(given, request.form.get("code", "")), number=given)


def _shown(checked: Checked | None = None, record: Record | None = None, refusal: str = "", number: str = "") -> str:
    facts = checked.report.facts if checked else None
    moments = (datetime.fromisoformat(facts.made_at), datetime.fromisoformat(facts.stamped_at)) if facts else ()
    return render_template(
        "verify.html",
        checked=checked,
        moments=moments,
        record=record,
        refusal=refusal,
        number=number,
        largest=LARGEST_FILE,
        too_large=TOO_LARGE,
    )
