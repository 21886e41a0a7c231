"""Is the file built the way we build it? Byte ranges, fields, revisions, and the bytes that no digest covers.

Rules (each is needed; a reader's own checks of signatures are more trusting):

- three revisions: the document, its signature, its document time stamp with the validation material; nothing more;
- two signature fields, one signature object each, of the two kinds that PAdES B-LTA has (ETSI EN 319 142-1, 5.4, 5.5);
- the signature covers its whole revision, the time stamp the whole file, each but for its own `/Contents`;
- what stands in those gaps is the DER of the CMS object in capital hexadecimal digits and zeros to the end, so that not
  even an unused digit can change;
- a time-stamp token protects its own content but not its wrapping (certificates, versions, algorithm names, RFC 5652):
  the wrapping of the last token must equal, byte by byte, that of the signature's time stamp, which the last covers.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.status import SignatureCoverageLevel

from portal.dissemination.sign import SIGNATURE_FIELD, TIME_STAMP_FIELD

if TYPE_CHECKING:
    from typing import BinaryIO

    from asn1crypto import cms
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

HEADER = b"%PDF-1."
REVISIONS = 3
LAST_BYTES = 1024
_END = re.compile(rb"startxref[\r\n]+\d{1,12}[\r\n]+%%EOF")
_LONG_FORM, _LONGEST_LENGTH, _CONSTRUCTED, _HIGH_TAG = 0x80, 4, 0x20, 0x1F
NEEDED_ATTRIBUTES = frozenset({"content_type", "message_digest", "signing_certificate_v2"})


def has_an_end(file: BinaryIO) -> bool:
    """Whether the last KiB holds the end of a PDF.

    A reader looks for it backwards, byte by byte: on a large file without one that takes minutes, for anyone to cause.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LAST_BYTES))
    return _END.search(file.read(LAST_BYTES)) is not None


def our_signatures(reader: PdfFileReader) -> tuple[EmbeddedPdfSignature, EmbeddedPdfSignature] | None:
    """The signature and the time stamp, if these two and nothing else are what the file is signed with."""
    form = reader.root["/AcroForm"]
    fields = [field.get_object() for field in form["/Fields"]]
    found = reader.embedded_signatures
    values = {field.raw_get("/V").reference for field in fields}
    names = [str(field["/T"]) for field in fields]
    if names != [SIGNATURE_FIELD, TIME_STAMP_FIELD] or len(values) != len(fields) or len(found) != len(fields):
        return None
    if any("/Kids" in field or field["/FT"] != "/Sig" for field in fields):
        return None
    signature, stamp = found
    kinds = [(str(one.sig_object_type), str(one.sig_object["/SubFilter"])) for one in (signature, stamp)]
    if kinds != [("/Sig", "/ETSI.CAdES.detached"), ("/DocTimeStamp", "/ETSI.RFC3161")]:
        return None
    return (signature, stamp) if all(_has_one_signer(one) for one in (signature, stamp)) else None


def covers_everything(
    reader: PdfFileReader, file: BinaryIO, signature: EmbeddedPdfSignature, stamp: EmbeddedPdfSignature
) -> bool:
    """Whether nothing stands before, between or after what the two cover, nor in the gaps they leave."""
    file.seek(0)
    return (
        file.read(len(HEADER)) == HEADER
        and reader.xrefs.total_revisions == REVISIONS
        and (signature.signed_revision, stamp.signed_revision) == (1, REVISIONS - 1)
        and signature.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_REVISION
        and stamp.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_FILE
        and all(_gap_is_exact(file, one) for one in (signature, stamp))
        and _wrapping_is_known(signature, stamp)
    )


def forbids_changes(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> bool:
    """Whether the signature certifies the document and allows no change (DocMDP, P = 1)."""
    permissions = reader.root["/Perms"]
    certifying = permissions.raw_get("/DocMDP").reference == signature.sig_field.raw_get("/V").reference
    return certifying and set(permissions) == {"/DocMDP"} and signature.docmdp_level == MDPPerm.NO_CHANGES


def _has_one_signer(signature: EmbeddedPdfSignature) -> bool:
    attributes = [attribute["type"].native for attribute in signature.signer_info["signed_attrs"]]
    return (
        len(signature.signed_data["signer_infos"]) == 1
        and set(attributes) >= NEEDED_ATTRIBUTES
        and len(set(attributes)) == len(attributes)
    )


def _gap_is_exact(file: BinaryIO, signature: EmbeddedPdfSignature) -> bool:
    numbers = [int(number) for number in signature.byte_range]
    if any(isinstance(number, generic.IndirectObject) for number in signature.byte_range) or numbers[0] != 0:
        return False
    _, before, after, _ = numbers
    file.seek(before)
    gap = file.read(after - before)
    padded: bytes = signature.pkcs7_content
    end = der_end(padded)
    return gap == b"<" + padded.hex().upper().encode() + b">" and not any(padded[end:])


def der_end(data: bytes, start: int = 0) -> int:
    """Where the DER value at `start` ends.

    Raises:
        ValueError: a length in it is not written in the one way that DER allows (X.690, 10.1), or parts overrun.
    """
    at = start + 2
    length = data[start + 1]
    if length >= _LONG_FORM:
        size = length - _LONG_FORM
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if not 0 < size <= _LONGEST_LENGTH or length < max(_LONG_FORM, 1 << 8 * (size - 1)):
            raise ValueError("a length is not minimal")
    end = at + length
    if end > len(data) or data[start] & _HIGH_TAG == _HIGH_TAG:
        raise ValueError("not a value that a signature holds")
    if data[start] & _CONSTRUCTED:
        while at < end:
            at = der_end(data, at)
    if at > end:
        raise ValueError("a part is longer than its whole")
    return end


def _wrapping_is_known(signature: EmbeddedPdfSignature, stamp: EmbeddedPdfSignature) -> bool:
    tokens = [
        value
        for attribute in signature.signer_info["unsigned_attrs"]
        for value in attribute["values"]
        if attribute["type"].native == "signature_time_stamp_token"
    ]
    return len(tokens) == 1 and _wrapping(tokens[0]["content"]) == _wrapping(stamp.signed_data)


def _wrapping(token: cms.SignedData) -> list[bytes]:
    """Every part of a token that its own signature does not protect."""
    signer = token["signer_infos"][0]
    outer = [token[name].dump() for name in ("version", "digest_algorithms", "certificates", "crls")]
    inner = ("version", "sid", "digest_algorithm", "signature_algorithm", "unsigned_attrs")
    names = [attribute["type"].dump() for attribute in signer["signed_attrs"]]
    kind = token["encap_content_info"]["content_type"].dump()
    return [*outer, kind, *names, *(signer[name].dump() for name in inner)]
