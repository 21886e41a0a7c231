"""Ways to make something else out of a genuine copy, each as a function from the copy to the forger's file.

Sources of the kinds: Mladenov et al. 2019 (signature wrapping, incremental saving, universal forgery), Rohlmann et al.
2021 (shadow and certification attacks), and what the format leaves unprotected.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, PdfSignatureMetadata
from pyhanko_certvalidator import ValidationContext

from portal.dissemination.assemble import assemble
from portal.dissemination.sign import TIME_STAMP_FIELD, CopySigner

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.portal.dissemination.conftest import Bench
from tests.portal.dissemination import attacks_on_bytes
from tests.portal.dissemination.attack_scene import ATTACKS, NAME, UNKNOWN, Scene, attack, changed, updated

__all__ = ["ATTACKS", "Scene", "attacks_on_bytes"]


# -- updates after the last time stamp


@attack()
def a_page_added(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        contents = writer.add_object(generic.StreamObject(stream_data=b"0 0 200 200 re f"))
        writer.insert_page(PageObject(contents=contents, media_box=(0, 0, 400, 580)))

    return updated(scene.genuine, change)


@attack()
def a_page_taken_out(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        pages = writer.root["/Pages"]
        pages["/Kids"].pop()
        pages["/Count"] = generic.NumberObject(len(pages["/Kids"]))
        writer.update_container(pages)

    return updated(scene.genuine, change)


@attack()
def pages_in_another_order(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        pages = writer.root["/Pages"]
        pages["/Kids"].append(pages["/Kids"].pop(1))
        writer.update_container(pages)

    return updated(scene.genuine, change)


def _page(writer: IncrementalPdfFileWriter, number: int) -> Any:  # noqa: ANN401 - pyHanko's own kinds
    reference, _ = writer.find_page_for_modification(number)
    writer.mark_update(reference)
    return reference.get_object()


@attack()
def the_content_of_a_page_swapped(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        stream = generic.StreamObject(stream_data=b"0 0 200 200 re f")
        _page(writer, 1)[NAME("/Contents")] = writer.add_object(stream)

    return updated(scene.genuine, change)


@attack()
def the_image_of_a_page_swapped(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        first, second = _page(writer, 1), _page(writer, 2)
        first[NAME("/Resources")] = second["/Resources"]

    return updated(scene.genuine, change)


@attack()
def text_laid_over_the_certificate(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer, 0)
        over = writer.add_object(generic.StreamObject(stream_data=b"1 0 0 rg 100 100 200 200 re f"))
        page[NAME("/Contents")] = generic.ArrayObject([page.raw_get("/Contents"), over])

    return updated(scene.genuine, change)


def _annotated(scene: Scene, kind: str) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        mark = generic.DictionaryObject(
            {
                NAME("/Type"): NAME("/Annot"),
                NAME("/Subtype"): NAME(kind),
                NAME("/Rect"): generic.ArrayObject([generic.NumberObject(n) for n in (50, 50, 250, 150)]),
                NAME("/Contents"): generic.TextStringObject("已缴清"),
            }
        )
        _page(writer, 1)[NAME("/Annots")] = generic.ArrayObject([writer.add_object(mark)])

    return updated(scene.genuine, change)


@attack()
def a_stamp_over_a_page(scene: Scene) -> bytes:
    return _annotated(scene, "/Stamp")


@attack()
def a_note_on_a_page(scene: Scene) -> bytes:
    return _annotated(scene, "/FreeText")


@attack()
def the_manifest_swapped(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        entry = writer.root["/AF"][0]
        manifest = scene.made.manifest
        other = manifest.model_copy(update={"release": manifest.release.model_copy(update={"recipient": "李演示"})})
        reference = writer.add_object(generic.StreamObject(stream_data=other.canonical()))
        entry["/EF"][NAME("/F")] = entry["/EF"][NAME("/UF")] = reference
        writer.update_container(entry)

    return updated(scene.genuine, change)


@attack()
def a_second_attachment(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
        names += [generic.TextStringObject("z.json"), names.raw_get(1)]
        writer.update_container(writer.root["/Names"]["/EmbeddedFiles"])

    return updated(scene.genuine, change)


@attack()
def other_metadata(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        packet = writer.root["/Metadata"].data.replace("演复".encode(), "假复".encode())
        stream = generic.StreamObject(stream_data=packet)
        stream |= {NAME("/Type"): NAME("/Metadata"), NAME("/Subtype"): NAME("/XML")}
        writer.root[NAME("/Metadata")] = writer.add_object(stream)
        writer.update_root()

    return updated(scene.genuine, change)


@attack()
def a_script_on_opening(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        action = {NAME("/S"): NAME("/JavaScript"), NAME("/JS"): generic.TextStringObject("app.alert(1)")}
        writer.root[NAME("/OpenAction")] = generic.DictionaryObject(action)
        writer.update_root()

    return updated(scene.genuine, change)


@attack()
def new_validation_material(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        store = writer.root["/DSS"]
        certificate = generic.StreamObject(stream_data=scene.stranger.authority.certificates["copy"])
        store["/Certs"].append(writer.add_object(certificate))
        writer.update_container(store["/Certs"])

    return updated(scene.genuine, change)


@attack()
def the_signature_field_taken_out(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        form["/Fields"].pop(0)
        writer.update_container(form)

    return updated(scene.genuine, change)


@attack()
def the_whole_form_taken_out(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        del writer.root["/AcroForm"]
        writer.update_root()

    return updated(scene.genuine, change)


@attack()
def a_second_field_for_the_same_signature(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        field = {NAME("/FT"): NAME("/Sig"), NAME("/T"): generic.TextStringObject("Other")}
        field[NAME("/V")] = form["/Fields"][0].raw_get("/V")
        form["/Fields"].append(writer.add_object(generic.DictionaryObject(field)))
        writer.update_container(form)

    return updated(scene.genuine, change)


@attack()
def the_signature_object_written_anew(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        value = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        value[NAME("/Reason")] = generic.TextStringObject("别的用途")
        writer.update_container(value)

    return updated(scene.genuine, change)


@attack()
def permission_to_change(scene: Scene) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        del writer.root["/Perms"]
        writer.update_root()

    return updated(scene.genuine, change)


# -- other signatures


def _terms(bench: Bench, **other: Any) -> PdfSignatureMetadata:  # noqa: ANN401
    return PdfSignatureMetadata(**(vars(bench.signer._terms()) | other))


def signed(bench: Bench, content: bytes, signer: Any = None, **terms: Any) -> bytes:  # noqa: ANN401
    """The content signed under other terms, or with another of the bench's keys."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    done = signers.PdfSigner(
        _terms(bench, **terms), signer or bench.signer._signer, timestamper=bench.stamper
    ).sign_pdf(writer)
    return bytes(done.getvalue())


def stamped(bench: Bench, content: bytes, field_name: str = "Later") -> bytes:
    """The content with one more document time stamp (and its validation material)."""
    own = bench.signer
    context = ValidationContext(trust_roots=own._roots, other_certs=own._others, crls=own._crls)
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    done = PdfTimeStamper(bench.stamper, field_name=field_name).timestamp_pdf(writer, "sha256", context)
    return bytes(done.getvalue())


def _unsigned(scene: Scene) -> bytes:
    return scene.genuine[: scene.revisions[0]]


@attack()
def a_further_time_stamp_of_our_own(scene: Scene) -> bytes:
    return stamped(scene.bench, scene.genuine)


@attack()
def a_further_time_stamp_of_a_stranger(scene: Scene) -> bytes:
    return stamped(scene.stranger, scene.genuine)


@attack()
def the_time_stamp_replaced_by_a_strangers(scene: Scene) -> bytes:
    return stamped(scene.stranger, scene.genuine[: scene.revisions[1]], TIME_STAMP_FIELD)


@attack()
def a_strangers_signature_on_top(scene: Scene) -> bytes:
    return signed(scene.stranger, permission_to_change(scene), field_name="Second", certify=False, use_pades_lta=False)


@attack(UNKNOWN)
def signed_by_a_stranger_with_the_same_names(scene: Scene) -> bytes:
    path = scene.folder / "stranger.pdf"
    path.write_bytes(_unsigned(scene))
    scene.stranger.signer.sign(path)
    return path.read_bytes()


def _with_key(scene: Scene, name: str) -> bytes:
    held = scene.bench.authority
    keys, certificates = ({**part, "copy": part[name]} for part in (held.keys, held.certificates))
    path = scene.folder / f"{name}.pdf"
    path.write_bytes(_unsigned(scene))
    CopySigner(replace(held, keys=keys, certificates=certificates), scene.bench.stamper).sign(path)
    return path.read_bytes()


@attack(UNKNOWN)
def signed_with_the_archives_seal(scene: Scene) -> bytes:
    return _with_key(scene, "seal")


@attack()
def our_signature_without_certification(scene: Scene) -> bytes:
    return signed(scene.bench, _unsigned(scene), certify=False)


@attack()
def our_signature_that_allows_filling_in(scene: Scene) -> bytes:
    return signed(scene.bench, _unsigned(scene), docmdp_permissions=fields.MDPPerm.FILL_FORMS)


@attack()
def our_signature_without_validation_material(scene: Scene) -> bytes:
    return signed(scene.bench, _unsigned(scene), use_pades_lta=False, embed_validation_info=False)


@attack()
def our_signature_with_material_after_the_time_stamp(scene: Scene) -> bytes:
    return signed(scene.bench, _unsigned(scene), dss_settings=DSSContentSettings())


# -- wrapping and transplants


@attack(None)
def the_byte_range_stretched_around_other_content(scene: Scene) -> bytes:
    """Signature wrapping: what follows the first range is pushed back, other objects take its place."""
    content = scene.genuine[: scene.revisions[1]]
    _, end = scene.gap(0)
    at = content.index(b"/ByteRange [")
    numbers = [int(number) for number in content[at + 12 : content.index(b"]", at)].split()]
    inserted = b"\n9 0 obj\n<</Type/Page>>\nendobj\n"
    moved = content[:end] + inserted + content[end:]
    new = b"/ByteRange [0 %d %d %d]" % (numbers[1], numbers[2] + len(inserted), numbers[3])
    return changed(moved, at, new + b" " * (content.index(b"]", at) + 1 - at - len(new)))


@attack()
def our_signature_transplanted(scene: Scene) -> bytes:
    """A stranger's document that carries the CMS of ours."""
    content = bytearray(signed_by_a_stranger_with_the_same_names(scene))
    start, end = scene.gap(0)
    ours = scene.genuine[start + 1 : end - 1].rstrip(b"0")
    found = next(re.finditer(rb"/Contents <([0-9A-F]{400,})>", bytes(content)))
    room = found.end(1) - found.start(1)
    content[found.start(1) : found.end(1)] = ours.ljust(room, b"0")[:room]
    return bytes(content)


@attack()
def saved_anew_by_another_program(scene: Scene) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(scene.genuine)) as pdf:
        pdf.save(out)
    return out.getvalue()


@attack(None)
def encrypted(scene: Scene) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(scene.genuine)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="x", user=""))
    return out.getvalue()


# -- what our own key must not vouch for (a mistake of ours, or a stolen key)


def _signed_after(scene: Scene, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    path = scene.folder / "own.pdf"
    with pikepdf.open(io.BytesIO(_unsigned(scene))) as pdf:
        change(pdf)
        pdf.save(path)
    scene.bench.signer.sign(path)
    return path.read_bytes()


@attack()
def signed_with_another_image(scene: Scene) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[-1].obj.Resources = pdf.pages[-2].obj.Resources

    return _signed_after(scene, change)


@attack()
def signed_with_a_page_more(scene: Scene) -> bytes:
    return _signed_after(scene, lambda pdf: pdf.pages.append(pdf.pages[-1]))


@attack()
def signed_with_a_script(scene: Scene) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")

    return _signed_after(scene, change)


@attack()
def signed_with_text_over_an_image(scene: Scene) -> bytes:
    return _signed_after(scene, lambda pdf: pdf.pages[-1].contents_add(b"0 0 99 99 re f"))


@attack()
def signed_with_an_annotation(scene: Scene) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        mark = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=[9, 9, 99, 99])
        pdf.pages[-1].obj.Annots = pikepdf.Array([pdf.make_indirect(mark)])

    return _signed_after(scene, change)


@attack()
def signed_without_a_manifest(scene: Scene) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        del pdf.Root.AF, pdf.Root.Names

    return _signed_after(scene, change)


@attack()
def signed_with_another_attachment(scene: Scene) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.attachments["original.pdf"] = b"hidden"

    return _signed_after(scene, change)


@attack()
def signed_with_a_manifest_of_another_copy(scene: Scene) -> bytes:
    path = scene.folder / "other.pdf"
    item = scene.made.manifest.release.items[0]
    pages = (item.pages[1].model_copy(update={"number": 1}), item.pages[0].model_copy(update={"number": 2}))
    items = (item.model_copy(update={"pages": pages}), *scene.made.manifest.release.items[1:])
    release = scene.made.manifest.release.model_copy(update={"items": items})
    assemble(scene.made.manifest.model_copy(update={"release": release}), scene.made.prepared.pages, path)
    scene.bench.signer.sign(path)
    return path.read_bytes()
