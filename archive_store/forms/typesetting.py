"""Set a typst template with given words as a PDF/A file.

The words reach the template as data (JSON in `sys.inputs.data`), never as markup, so that no title can change the
layout. The same words and the same moment give the same bytes. Only the fonts that come with the program are used:
a machine's own fonts would make the same case look different elsewhere.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import category

import pylopdf_fonts_zh_cn as fonts
import typst
from fontTools.ttLib import TTFont

from archive_store.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

Standard = Literal["a-2b", "a-3b"]

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that show nothing: controls, format marks, halves of pairs."""
_KEPT_CONTROLS = frozenset("\n\t")


def typeset(
    template: Path, data: Mapping[str, Any], *, moment: datetime, standard: Standard, tagged: bool = True
) -> bytes:
    """Set `template` with `data` and return the PDF, ended with a line end.

    Args:
        template: the typst file; it may import files beside it.
        data: JSON values; the template reads them with `json(bytes(sys.inputs.data))`.
        moment: creation time in the file's metadata, with its zone.
        standard: PDF/A part and level.
        tagged: whether the file carries a structure tree for screen readers.

    Raises:
        UnavailableError: the template could not be set.
    """
    words = json.dumps(printable(data), ensure_ascii=False)
    try:
        compiler = typst.Compiler(
            str(template),
            root=str(template.parent),
            font_paths=typst.Fonts(False, False, [str(fonts.serif_path().parent)]),
            sys_inputs={"data": words},
        )
        made = compiler.compile(format="pdf", pdf_standards=[standard], timestamp=moment, pdf_tags=tagged)
    except typst.TypstError as error:
        raise UnavailableError("文件排版没有成功，内容没有改动。请稍后再试，仍不成功时请联系系统管理员。") from error
    if not isinstance(made, bytes):
        raise TypeError("a PDF was asked for")
    # typst ends with %%EOF and no line end; a signature appended to that would break PDF/A (ISO 19005-2, 6.1.9)
    return made + b"\n"


def printable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same value with every character that the fonts lack written as its code, e.g. 〔U+20BB7〕.

    Rare characters of names must not stop a seal; the record beside the page (`case.json`) keeps the name itself.
    That holds for private-use characters too, by which older systems write rare names: left out, the name would be
    another. Only what is never seen (controls, zero-width marks) goes without a trace.
    """
    if isinstance(value, str):
        return "".join(_shown(character) for character in value)
    if isinstance(value, dict):
        return {key: printable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [printable(part) for part in value]
    return value


def _shown(character: str) -> str:
    if ord(character) in covered_characters() or character in _KEPT_CONTROLS:
        return character
    if character.isspace():
        return " "
    return "" if category(character) in UNSEEN else f"〔U+{ord(character):04X}〕"


@lru_cache(maxsize=1)
def covered_characters() -> frozenset[int]:
    """Code points that both faces have."""
    return _characters_of(fonts.serif_path()) & _characters_of(fonts.sans_path())


def _characters_of(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as face:
        return frozenset(face.getBestCmap())
