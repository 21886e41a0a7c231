"""The preparer's bench: what becomes of each item, the boxes on its pages, and the pages that will leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for

from archive_store.errors import InvalidInputError, NotFoundError, RefusedError
from portal.access import actor, services
from portal.forms.preparation import read_box_in_numbers, read_boxes, read_words
from portal.services.preparation import Drawn, Making

if TYPE_CHECKING:
    from typing import Any

    from werkzeug.wrappers import Response as AnyResponse

    from portal.services.preparation import Bench, WorkItem

pages = Blueprint("preparation", __name__, url_prefix="/requests/<request_id>/bench")

COMMONEST_GROUND = "personal_privacy"
MOST_BYTES = 2 * 1024 * 1024
"""Of what a script sends: 5000 boxes are far below."""


# --- the whole request


@pages.get("")
def bench(request_id: str) -> str:
    """All items asked for, what stands against making the copy, and how far it is."""
    shown = services().preparation.bench(actor(), request_id)
    released = shown.release.pages if shown.release is not None and shown.progress.stage is Making.MADE else {}
    places = sorted(tuple(int(part) for part in place.split(":")) for place in released)
    return render_template("preparation/bench.html", shown=shown, released=places, Making=Making)


@pages.post("/order")
def order(request_id: str) -> AnyResponse:
    """Have the pages made that will leave."""
    try:
        services().preparation.order(actor(), request_id)
    except RefusedError as error:
        flash(error.message)
    return redirect(url_for("preparation.bench", request_id=request_id))


@pages.get("/progress")
def progress(request_id: str) -> Response:
    """How far the release is."""
    found = services().preparation.progress(actor(), request_id)
    return jsonify(stage=found.stage, done=found.done, total=found.total)


@pages.get("/released/<int:position>/<int:number>.jpg")
def released_image(request_id: str, position: int, number: int) -> Response:
    """One page exactly as it will leave."""
    return Response(services().releases.released_image(actor(), request_id, position, number), mimetype="image/jpeg")


# --- one item


@pages.post("/<item_id>/settle")
def settle(request_id: str, item_id: str) -> AnyResponse:
    """Give an item or keep it back; say which marks concern the requester alone."""
    own = frozenset(request.form.getlist("own_marks"))
    withheld = request.form.get("withheld", "")
    try:
        services().preparation.settle(actor(), request_id, item_id, withheld=withheld, own_marks=own)
        flash("已保存。")
    except (InvalidInputError, RefusedError) as error:
        flash(error.message)
    return redirect(url_for("preparation.bench", request_id=request_id, _anchor=f"item-{item_id}"))


@pages.get("/<item_id>")
def item(request_id: str, item_id: str) -> str:
    """The pages of an item, to draw on."""
    shown = services().preparation.bench(actor(), request_id)
    work = _paged(shown, item_id)
    number = min(max(request.args.get("page", 1, type=int), 1), work.pages)
    boxes = [
        {"page": b.page, "x0": b.x0, "y0": b.y0, "x1": b.x1, "y1": b.y1, "ground": b.ground}
        for b in sorted(work.boxes, key=lambda box: (box.page, box.y0, box.x0))
    ]
    return render_template(
        "preparation/item.html",
        shown=shown,
        work=work,
        number=number,
        boxes=boxes,
        grounds={ground.code: ground for ground in shown.redact_grounds},
        chosen=_likely_ground(shown, work),
    )


@pages.put("/<item_id>/boxes")
def save_boxes(request_id: str, item_id: str) -> Response:
    """Save all boxes of an item, as the script drew them."""
    sent = read_boxes(_sent())
    drawn = [Drawn(**box.model_dump()) for box in sent.boxes]
    return jsonify(mark=services().preparation.save_boxes(actor(), request_id, item_id, drawn, sent.seen))


@pages.post("/<item_id>/boxes")
def add_box(request_id: str, item_id: str) -> AnyResponse:
    """Add one box that is written down in numbers (without script)."""
    try:
        box = read_box_in_numbers(request.form)
        _add(request_id, item_id, [Drawn(**box.model_dump())])
        flash("已添加遮盖框。")
    except (InvalidInputError, RefusedError) as error:
        flash(error.message)
    return _back_to_item(request_id, item_id)


@pages.post("/<item_id>/boxes/remove")
def remove_box(request_id: str, item_id: str) -> AnyResponse:
    """Take one box away, named by its place in the list that was seen (without script)."""
    work = _paged(services().preparation.bench(actor(), request_id), item_id)
    kept = sorted(work.boxes, key=lambda box: (box.page, box.y0, box.x0))
    place = request.form.get("place", -1, type=int)
    if 0 <= place < len(kept):
        del kept[place]
        drawn = [Drawn(box.page, box.x0, box.y0, box.x1, box.y1, box.ground) for box in kept]
        services().preparation.save_boxes(actor(), request_id, item_id, drawn, request.form.get("seen", ""))
        flash("已删除遮盖框。")
    return _back_to_item(request_id, item_id)


@pages.post("/<item_id>/find")
def find(request_id: str, item_id: str) -> Response:
    """Where the words stand in the item's text; nothing is saved."""
    sought = read_words(_sent())
    found = services().preparation.find_words(actor(), request_id, item_id, sought.words, sought.ground)
    boxes = [
        {"page": box.page, "x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1, "ground": box.ground}
        for box in found.boxes
    ]
    return jsonify(boxes=boxes, pages_without_text=found.pages_without_text)


@pages.post("/<item_id>/cover")
def cover(request_id: str, item_id: str) -> AnyResponse:
    """Cover the same words everywhere in an item (without script)."""
    words, ground = request.form.get("words", ""), request.form.get("ground", "")
    try:
        found = services().preparation.find_words(actor(), request_id, item_id, words, ground)
        _add(request_id, item_id, found.boxes)
        flash(f"已遮盖 {len(found.boxes)} 处。没有文字层的页面，以及手写、印章和图片中的文字查不到，请逐页核对。")
    except (InvalidInputError, RefusedError) as error:
        flash(error.message)
    return _back_to_item(request_id, item_id)


@pages.get("/<item_id>/preview/<int:number>.jpg")
def preview(request_id: str, item_id: str, number: int) -> Response:
    """One page as the recipient would get it with the boxes that are saved."""
    return Response(services().preparation.preview(actor(), request_id, item_id, number), mimetype="image/jpeg")


# --- parts


def _sent() -> Any:  # noqa: ANN401 - JSON as it came
    request.max_content_length = MOST_BYTES
    try:
        return request.get_json(silent=True)
    except RecursionError:  # brackets in brackets, thousands deep: nothing of ours
        return None


def _paged(shown: Bench, item_id: str) -> WorkItem:
    work = next((work for work in shown.items if work.row.item_id == item_id and work.pages), None)
    if work is None:
        raise NotFoundError
    return work


def _likely_ground(shown: Bench, work: WorkItem) -> str:
    """The ground that new boxes bear first: what stands against the item, else what is covered most often."""
    usable = [ground.code for ground in shown.redact_grounds]
    likely = [ground.code for ground in work.grounds_against] + [COMMONEST_GROUND]
    return next((code for code in [*likely, *usable] if code in usable), "")


def _add(request_id: str, item_id: str, more: list[Drawn]) -> None:
    work = _paged(services().preparation.bench(actor(), request_id), item_id)
    drawn = [Drawn(box.page, box.x0, box.y0, box.x1, box.y1, box.ground) for box in work.boxes]
    services().preparation.save_boxes(actor(), request_id, item_id, [*drawn, *more], work.boxes_mark)


def _back_to_item(request_id: str, item_id: str) -> AnyResponse:
    number = request.form.get("page", 1, type=int)
    return redirect(url_for("preparation.item", request_id=request_id, item_id=item_id, page=number))
