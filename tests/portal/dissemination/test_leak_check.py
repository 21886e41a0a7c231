"""A leak that slips into a release is found: in pixels, in JPEG segments, in words, in objects."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest
from PIL import Image, ImageDraw

from portal.dissemination.assemble import assemble
from portal.dissemination.leak_check import (
    document_findings,
    fold,
    is_plain_jpeg,
    page_findings,
    words_findings,
    words_under,
)
from portal.dissemination.prepare import strip_height
from portal.dissemination.redact import Box, burn
from tests.portal.dissemination.conftest import DPI, Made, prepare, sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.proofs import ProofBook

BOXES = (
    Box(1, 0.1, 0.1, 0.6, 0.16, "informant", 4),
    Box(1, 0.1, 0.5, 0.9, 0.7, "personal_privacy", 3),
    Box(1, 0.5, 0.8, 0.53, 0.81, "minor", 7),
)


def released(boxes: tuple[Box, ...] = BOXES, spoil: Callable[[Image.Image], None] | None = None, **save: Any) -> bytes:  # noqa: ANN401
    """A released page; `spoil` draws on it after the boxes were burnt."""
    page = sheet("identity 430000199001011234")
    image = Image.new("RGB", (page.width, page.height + strip_height(DPI)), "white")
    shown = Image.frombytes("RGB", (page.width, page.height), page.rgb)
    burn(shown, boxes)
    if spoil:
        spoil(shown)
    image.paste(shown, (0, 0))
    out = io.BytesIO()
    image.save(out, "JPEG", **({"quality": 80, "subsampling": "4:4:4"} | save))
    return out.getvalue()


def draw(place: tuple[int, int], words: str, grey: int) -> Callable[[Image.Image], None]:
    return lambda image: ImageDraw.Draw(image).text(place, words, fill=(grey, grey, grey))


SPOILT: dict[str, Callable[[], bytes]] = {
    "no box at all": lambda: released(()),
    "a box left out": lambda: released(BOXES[:2]),
    "the small box alone": lambda: released(BOXES[2:]),
    "white letters over a box": lambda: released(spoil=draw((60, 300), "430000", 255)),
    "dark grey letters over a box": lambda: released(spoil=draw((60, 300), "430000", 40)),
    "a box that is a little short": lambda: released((BOXES[0], Box(1, 0.1, 0.5, 0.8, 0.7, "x", 3), BOXES[2])),
    "a box that is moved": lambda: released((BOXES[0], Box(1, 0.1, 0.52, 0.9, 0.72, "x", 3), BOXES[2])),
    "half transparent": lambda: released(
        spoil=lambda image: image.paste(Image.blend(image, Image.new("RGB", image.size, "white"), 0.1), (0, 0))
    ),
    "a comment": lambda: released(comment="430000199001011234"),
    "Exif": lambda: released(exif=b"Exif\0\0430000199001011234"),
    "a colour profile": lambda: released(icc_profile=b"430000199001011234" * 9),
    "an appendix": lambda: released() + b"430000199001011234",
    "a second image": lambda: released() + released(()),
    "no image": lambda: b"",
}


@pytest.mark.parametrize("leak", SPOILT)
def test_a_leaking_page_is_found(leak: str) -> None:
    assert page_findings(SPOILT[leak](), BOXES, DPI, "第 1 页")


@pytest.mark.parametrize("quality", [60, 80, 95])
def test_a_clean_page_passes_at_every_quality(quality: int) -> None:
    assert page_findings(released(quality=quality), BOXES, DPI, "第 1 页") == []
    assert page_findings(released(), (), DPI, "第 1 页") == []


def test_leaks_that_pass_the_check(proofs: ProofBook) -> None:
    missed = sum(not page_findings(make(), BOXES, DPI, "页") for make in SPOILT.values())
    proofs.record("leaking page images that pass", missed, f"0 of {len(SPOILT)}", holds=missed == 0)


def test_real_released_pages_pass(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, (1,), BOXES[:2])
    content = prepared.pages[0].path.read_bytes()
    assert is_plain_jpeg(content)
    assert page_findings(content, BOXES[:2], DPI, "第 1 页") == []


def test_words_under_boxes_are_taken_run_by_run() -> None:
    text = "举报人：李演示\n电话 13900000000 完"
    places = [(n / 40, 0.1, (n + 1) / 40, 0.12) for n in range(len(text))]
    box = Box(1, 4 / 40 + 0.001, 0.09, 7 / 40 - 0.001, 0.13, "informant", 4)
    other = Box(1, 11 / 40, 0.11, 22 / 40 - 0.001, 0.12, "personal_privacy", 3)
    assert words_under(text, places, [box, other]) == ["13900000000", "李演示"]
    assert words_under(text, places, []) == []


def test_a_character_that_a_box_only_touches_counts_as_hidden() -> None:
    places = [(0.1, 0.1, 0.2, 0.12), (0.2, 0.1, 0.3, 0.12)]
    assert words_under("张演", places, [Box(1, 0.19, 0.1, 0.21, 0.2, "minor", 7)]) == ["张演"]


def test_full_width_and_spaces_do_not_hide_a_passage() -> None:
    assert fold("４３００ ００\n１９９０ａｂ") == "4300001990AB".casefold()


def test_a_title_that_names_who_was_covered_is_found(made: Made) -> None:
    item = made.manifest.release.items[0].model_copy(update={"title": "询问 李 演示 笔录"})
    release = made.manifest.release.model_copy(update={"items": (item, *made.manifest.release.items[1:])})
    assert words_findings(made.manifest.model_copy(update={"release": release}), ["李演示"])
    assert words_findings(made.manifest, ["李演示"]) == []


def test_what_the_recipient_is_told_anyway_is_no_leak(made: Made) -> None:
    assert words_findings(made.manifest, ["张演示", "演示市水务局", "演复2025-0007", "个人隐私"]) == []


def test_a_finding_does_not_repeat_the_secret(made: Made) -> None:
    found = words_findings(made.manifest, ["询问笔录1"])
    assert found
    assert "询问笔录" not in found[0].message


def _text_layer(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[-1]
    page.contents_add(b"BT /F1 12 Tf 3 Tr (hidden) Tj ET")


def _second_attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["original.pdf"] = b"hidden"


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _other_image(pdf: pikepdf.Pdf) -> None:
    pdf.pages[-1].obj.Resources.XObject.Im0.write(b"\xff\xd8other\xff\xd9", filter=pikepdf.Name.DCTDecode)


def _annotation(pdf: pikepdf.Pdf) -> None:
    pdf.pages[-1].obj.Annots = pikepdf.Array([pikepdf.Dictionary(Type=pikepdf.Name.Annot, Contents="hidden")])


def _page_more(pdf: pikepdf.Pdf) -> None:
    pdf.add_blank_page()


def _page_less(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[-1]


def _stray_stream(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Stray = pdf.make_stream("住址：演示路一号".encode())


DOCUMENTS = [_text_layer, _second_attachment, _script, _other_image, _annotation, _page_more, _page_less, _stray_stream]


@pytest.mark.parametrize("spoil", DOCUMENTS, ids=lambda spoil: spoil.__name__)
def test_a_leaking_document_is_found(spoil: Callable[[pikepdf.Pdf], None], made: Made, tmp_path: Path) -> None:
    clean, spoilt = tmp_path / "clean.pdf", tmp_path / "spoilt.pdf"
    manifest = assemble(made.manifest, made.prepared.pages, clean)
    secrets = ["住址：演示路一号"]
    assert document_findings(clean, manifest, secrets) == []
    with pikepdf.open(clean) as pdf:
        spoil(pdf)
        pdf.save(spoilt)
    assert document_findings(spoilt, manifest, secrets)
