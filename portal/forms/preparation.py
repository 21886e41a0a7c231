"""Forms of the bench: boxes as a script sends them, and a box that is written down in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

PERCENT = 100
NO_BOXES = "遮盖框的内容不完整，没有保存。请刷新页面后重试。"
NO_NUMBERS = "请填写页号，以及左、上、宽、高各占页面的百分之几（0 至 100）。"
NO_WORDS = "请填写要遮盖的文字。"

Edge = Annotated[float, Field(allow_inf_nan=False)]
Code = Annotated[str, Field(max_length=60)]
T = TypeVar("T", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class BoxPart(_Part):
    """One box: page from 1, edges as fractions of the page from its top left, code of the ground."""

    page: int
    x0: Edge
    y0: Edge
    x1: Edge
    y1: Edge
    ground: Code


class BoxesPart(_Part):
    """All boxes of an item, and the mark of those that the drawing began from."""

    boxes: list[BoxPart]
    seen: Annotated[str, Field(max_length=64)]


class WordsPart(_Part):
    """Words to be covered wherever they stand, and on what ground."""

    words: Annotated[str, Field(max_length=1000)]
    ground: Code


def read_boxes(data: Any) -> BoxesPart:  # noqa: ANN401 - JSON as it came
    """Boxes as a script sends them.

    Raises:
        InvalidInputError: they are not of the form.
    """
    return _checked(BoxesPart, data, NO_BOXES)


def read_words(data: Any) -> WordsPart:  # noqa: ANN401 - JSON as it came
    """Words as a script sends them.

    Raises:
        InvalidInputError: they are not of the form.
    """
    return _checked(WordsPart, data, NO_WORDS)


def read_box_in_numbers(form: MultiDict[str, str]) -> BoxPart:
    """A box by page, left, top, width and height in per cent of the page.

    Raises:
        InvalidInputError: a number is missing or is none.
    """
    try:
        page = int(form["page"])
        left, top, width, height = (float(form[name]) / PERCENT for name in ("left", "top", "width", "height"))
    except (KeyError, ValueError) as error:
        raise InvalidInputError(NO_NUMBERS, "page") from error
    edges = {"x0": left, "y0": top, "x1": round(left + width, 9), "y1": round(top + height, 9)}
    return _checked(BoxPart, {"page": page, "ground": form.get("ground", ""), **edges}, NO_NUMBERS)


def _checked(kind: type[T], data: Any, otherwise: str) -> T:  # noqa: ANN401 - JSON as it came
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise InvalidInputError(otherwise) from error
