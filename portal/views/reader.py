"""The reader: one item, page by page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from portal.access import actor, services

pages = Blueprint("reader", __name__, url_prefix="/items")


@pages.get("/<item_id>")
def page(item_id: str) -> str:
    """An item at one of its pages."""
    shown = services().viewing.reader(actor(), item_id)
    number = min(max(request.args.get("page", 1, type=int), 1), shown.pages)
    return render_template("reader.html", shown=shown, number=number)


@pages.get("/<item_id>/pages/<int:number>.jpg")
def image(item_id: str, number: int) -> Response:
    """One page image, watermarked; never kept by the browser."""
    width = request.args.get("width", 1400, type=int)
    return Response(services().viewing.page_image(actor(), item_id, number, width), mimetype="image/jpeg")
