"""Making and completing a draft."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from flask import Blueprint, flash, jsonify, redirect, render_template, request, send_file, url_for

from archive_store.case_folder import WORKBOOK
from archive_store.errors import ArchiveError, InvalidInputError, NotFoundError
from archive_store.labels import Level, Mark, Volume
from archive_store.permissions import Permission
from archive_store.vocabulary import (
    ActKind,
    CarrierKind,
    CaseState,
    Fact,
    PersonKind,
    PersonRole,
    Procedure,
    Retention,
    ServiceMethod,
    Stage,
)
from portal.access import actor, require, services
from portal.forms.cases import read_head, read_item, read_person_ids
from portal.services.intake import AlreadyThereError

if TYPE_CHECKING:
    from typing import Any

    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
pages = Blueprint("intake", __name__, url_prefix="/intake")


def _choices() -> dict[str, Any]:
    enums = (ActKind, Procedure, Retention, Fact, ServiceMethod, Stage, PersonKind, PersonRole, CarrierKind)
    return {kind.__name__: kind for kind in (*enums, Level, Mark, Volume)} | {
        "departments": services().cases.departments(),
        "document_types": services().intake.document_types(),
    }


@pages.get("/")
def index() -> str:
    """The person's drafts, and where a new one begins."""
    require(Permission.MAKE_DRAFT)
    drafts, _ = services().cases.listed(actor(), frozenset({CaseState.DRAFT}))
    return render_template("intake/index.html", drafts=drafts)


@pages.get("/template.xlsx")
def template() -> FlaskResponse:
    """An empty 案卷目录.xlsx."""
    content = services().intake.empty_workbook(actor())
    return send_file(BytesIO(content), download_name=WORKBOOK, as_attachment=True, mimetype=WORKBOOK_TYPE)


@pages.route("/new", methods=["GET", "POST"])
def begin() -> str | Response | tuple[str, int]:
    """Begin a draft."""
    require(Permission.MAKE_DRAFT)
    refusal = ""
    if request.method == "POST":
        try:
            case_id = services().intake.begin(actor(), read_head(request.form))
            return redirect(url_for("intake.draft", case_id=case_id))
        except InvalidInputError as error:
            refusal = error.message
    page = render_template("intake/head.html", case=None, given=request.form, refusal=refusal, **_choices())
    return page, 422 if refusal else 200


@pages.get("/<case_id>")
def draft(case_id: str) -> str:
    """The draft: its files, its items, and what is still missing."""
    shown = services().cases.page(actor(), case_id)
    if Permission.EDIT_DRAFT not in shown.may:
        raise NotFoundError
    transfer = services().transfer
    return render_template(
        "intake/draft.html",
        shown=shown,
        case=shown.case,
        findings=transfer.findings(actor(), case_id),
        statements=transfer.statements(shown),
        **_choices(),
    )


@pages.route("/<case_id>/head", methods=["GET", "POST"])
def head(case_id: str) -> str | Response | tuple[str, int]:
    """Change the particulars of a draft."""
    shown = services().cases.page(actor(), case_id)
    if Permission.EDIT_DRAFT not in shown.may:
        raise NotFoundError
    refusal = ""
    if request.method == "POST":
        try:
            services().intake.describe(actor(), case_id, read_head(request.form), read_person_ids(request.form))
            flash("案卷信息已保存。")
            return redirect(url_for("intake.draft", case_id=case_id))
        except InvalidInputError as error:
            refusal = error.message
    persons = services().intake.persons_in_full(actor(), case_id)
    page = render_template(
        "intake/head.html",
        case=shown.case,
        shown=shown,
        persons=persons,
        given=request.form,
        refusal=refusal,
        **_choices(),
    )
    return page, 422 if refusal else 200


@pages.post("/<case_id>/files")
def add_files(case_id: str) -> Response | FlaskResponse | tuple[FlaskResponse, int]:
    """Take files in; a page that asks with script gets an answer for each file."""
    if Permission.EDIT_DRAFT not in services().cases.page(actor(), case_id).may:
        raise NotFoundError
    refused: list[InvalidInputError] = []
    present: list[InvalidInputError] = []
    for upload in request.files.getlist("files"):
        if not upload.filename:
            continue
        try:
            services().intake.add_file(actor(), case_id, upload.filename, upload.stream)  # type: ignore[arg-type]
        except AlreadyThereError as error:
            present.append(error)
        except InvalidInputError as error:
            refused.append(error)
    if _asks_for_json():
        said = {"refused": [error.message for error in refused], "present": [error.message for error in present]}
        return jsonify(said), 422 if refused else 200
    for refusal in refused + present:
        flash(refusal.message)
    return redirect(url_for("intake.draft", case_id=case_id))


@pages.post("/<case_id>/items/<item_id>")
def describe_item(case_id: str, item_id: str) -> Response | FlaskResponse | tuple[FlaskResponse, int]:
    """Save the particulars of an item; a page that asks with script gets what is still missing."""
    try:
        part = read_item(request.form, request.form.get("file", "file"))
        services().intake.describe_item(actor(), case_id, item_id, part)
    except InvalidInputError as error:
        if _asks_for_json():
            return jsonify(refused=[error.message]), 422
        flash(error.message)
    else:
        if _asks_for_json():
            return jsonify(_what_is_missing(case_id, item_id))
        flash("已保存。")
    return redirect(url_for("intake.draft", case_id=case_id, _anchor=f"item-{item_id}"))


def _asks_for_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _what_is_missing(case_id: str, item_id: str) -> dict[str, str]:
    """The checklist of a draft and the statements of one item, as parts of its page."""
    transfer = services().transfer
    shown = services().cases.page(actor(), case_id)
    item = next((item for item in shown.items if item.id == item_id), None)
    if item is None:
        raise NotFoundError
    findings = transfer.findings(actor(), case_id)
    statements = transfer.statements(shown)[item_id]
    return {
        "item": item_id,
        "checklist": render_template("intake/_checklist.html", findings=findings),
        "statements": render_template("intake/_statements.html", item=item, statements=statements),
    }


@pages.post("/<case_id>/items/<item_id>/rendition")
def add_rendition(case_id: str, item_id: str) -> Response:
    """Hand in a paged rendition beside the original."""
    upload = request.files.get("rendition")
    try:
        if upload is None or not upload.filename:
            raise InvalidInputError("请选择版式件文件。", "rendition")
        made_by = request.form.get("made_by", "")
        services().intake.add_rendition(actor(), case_id, item_id, upload.stream, upload.filename, made_by)  # type: ignore[arg-type]
        flash("版式件已收入。")
    except ArchiveError as error:
        if isinstance(error, NotFoundError):
            raise
        flash(error.message)
    return redirect(url_for("intake.draft", case_id=case_id, _anchor=f"item-{item_id}"))


@pages.post("/<case_id>/items/<item_id>/move")
def move_item(case_id: str, item_id: str) -> Response:
    """Put an item elsewhere in the order."""
    position = request.form.get("position", 1, type=int)
    services().intake.move_item(actor(), case_id, item_id, position)
    return redirect(url_for("intake.draft", case_id=case_id, _anchor=f"item-{item_id}"))


@pages.post("/<case_id>/items/<item_id>/remove")
def remove_item(case_id: str, item_id: str) -> Response:
    """Take an item out of the draft."""
    services().intake.remove_item(actor(), case_id, item_id)
    flash("已移出本案卷。")
    return redirect(url_for("intake.draft", case_id=case_id))
