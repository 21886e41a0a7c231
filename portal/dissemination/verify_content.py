"""Does the file hold what its manifest says, and nothing else?

The digests are taken from the image streams as they lie in the file, so what is compared is what a reader shows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError
from portal.dissemination.assemble import IMAGE_NAME, MANIFEST_NAME, page_drawing, page_points
from portal.dissemination.release import CopyManifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, Reference
    from pyhanko.pdf_utils.reader import PdfFileReader

    from portal.dissemination.release import ReleasedPage

MANIFEST_LIMIT = 8 * 1024 * 1024

CATALOG = frozenset(
    {"/Type", "/Pages", "/Metadata", "/OutputIntents", "/AF", "/Names", "/AcroForm", "/Perms", "/DSS", "/Extensions"}
    | {"/Lang", "/ViewerPreferences", "/Version"}
)
PAGE = frozenset({"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"})
CERTIFICATE_PAGE = PAGE | {"/Annots", "/Group", "/StructParents", "/Tabs"}
IMAGE = frozenset({"/Type", "/Subtype", "/Width", "/Height", "/ColorSpace", "/BitsPerComponent", "/Filter", "/Length"})


def read_manifest(reader: PdfFileReader) -> CopyManifest | None:
    """The attached manifest, if it is the one associated file and of our form."""
    names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    associated = reader.root["/AF"]
    if len(names) != 2 or len(associated) != 1 or str(names[0]) != MANIFEST_NAME:  # noqa: PLR2004 - name and value
        return None
    if names.raw_get(1).reference != associated.raw_get(0).reference or associated[0]["/AFRelationship"] != "/Data":
        return None
    files = associated[0]["/EF"]
    if files.raw_get("/F").reference != files.raw_get("/UF").reference or set(files) != {"/F", "/UF"}:
        return None
    content = files["/F"].data
    try:
        return CopyManifest.parse(content) if len(content) <= MANIFEST_LIMIT else None
    except InvalidInputError:
        return None


def pages_agree(reader: PdfFileReader, manifest: CopyManifest) -> bool:
    """Whether the pages are the certificate's and then exactly the released images, in order."""
    pages = list(_pages(reader))
    released = [page for item in manifest.release.items for page in item.pages]
    images = pages[manifest.certificate_pages :]
    if len(pages) != manifest.certificate_pages + len(released):
        return False
    return all(_agrees(found, said, manifest.release.dpi) for found, said in zip(images, released, strict=True))


def holds_nothing_else(reader: PdfFileReader, manifest: CopyManifest) -> bool:
    """Whether catalog and pages have only what we write: no script, action, annotation or other attachment.

    The one exception are the two invisible signature fields, on the certificate's first page.
    """
    root = reader.root
    widgets = _references(root["/AcroForm"]["/Fields"])
    pages = list(_pages(reader))
    marks = _references(pages[0]["/Annots"])
    return (
        set(root) <= CATALOG
        and set(root["/Names"]) == {"/EmbeddedFiles"}
        and set(root["/AcroForm"]) <= {"/Fields", "/SigFlags"}
        and "/Encrypt" not in reader.trailer
        and marks == widgets
        and all(set(page) <= CERTIFICATE_PAGE for page in pages[: manifest.certificate_pages])
        and not any("/Annots" in page for page in pages[1:])
        and _metadata_agrees(reader, manifest)
    )


def _metadata_agrees(reader: PdfFileReader, manifest: CopyManifest) -> bool:
    packet: bytes = reader.root["/Metadata"].data
    wanted = (manifest.release.request_number, "pdfaid:part", "pdfaid:conformance")
    return all(words.encode() in packet for words in wanted)


def _pages(reader: PdfFileReader) -> Iterator[DictionaryObject]:
    """The pages of a flat page tree, which is what we write."""
    for kid in reader.root["/Pages"]["/Kids"]:
        page = kid.get_object()
        if page["/Type"] != "/Page":
            raise ValueError("the page tree is not flat")
        yield page


def _references(array: ArrayObject) -> set[Reference]:
    return {array.raw_get(at).reference for at in range(len(array))}


def _agrees(found: DictionaryObject, said: ReleasedPage, dpi: int) -> bool:
    resources = found["/Resources"]
    if set(found) != PAGE or set(resources) != {"/XObject"} or set(resources["/XObject"]) != {f"/{IMAGE_NAME}"}:
        return False
    image = resources["/XObject"][f"/{IMAGE_NAME}"]
    box = tuple(float(edge) for edge in found["/MediaBox"])
    return (
        set(image) == IMAGE
        and image["/Filter"] == "/DCTDecode"
        and (int(image["/Width"]), int(image["/Height"])) == (said.width, said.height)
        and box == (0.0, 0.0, *page_points(said, dpi))
        and bytes(found["/Contents"].data).strip() == page_drawing(said, dpi)
        and hashlib.sha256(image.encoded_data).hexdigest() == said.sha256
    )
