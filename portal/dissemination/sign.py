"""Sign a copy: PAdES B-LTA (ETSI EN 319 142-1), certified so that no change is allowed (ISO 32000-2, 12.8.2.2, P = 1).

- Only a file that this program assembled itself is signed, never one that came from outside.
- The signature is invisible (the seal is printed on the certificate), so the file stays PDF/A.
- Certificates and revocation lists lie in the file (DSS), and a document time stamp covers them: the copy can be
  checked by anyone, offline, for as long as the certificate of the time stamps lasts.
- The key is loaded once (pyHanko's own signer loads and checks it at each signature: 4 a second against 50).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import DSSContentSettings
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError

from archive_store.errors import UnavailableError
from archive_store.seal_signature import loaded_signer

if TYPE_CHECKING:
    from pathlib import Path

    from pyhanko.sign.timestamps import TimeStamper

    from archive_store.authority import Authority

DIGEST = "sha256"
SIGNATURE_FIELD = "CopySignature"
TIME_STAMP_FIELD = "CopyTimeStamp"
REASON = "复制件出具"

# it warns that nothing is fetched from outside at each signature: that is meant, everything is at hand
logging.getLogger("pyhanko.sign.signers.pdf_signer").addFilter(lambda said: "fetching is not allowed" not in said.msg)


class CopySigner:
    """Signs copies with the authority's copy key; `stamper` gives the time stamps."""

    def __init__(self, authority: Authority, stamper: TimeStamper) -> None:
        loaded = {name: x509.Certificate.load(content) for name, content in authority.certificates.items()}
        self._signer = loaded_signer(authority, "copy")
        self._roots = [loaded["root"]]
        self._others = [loaded["issuer"], loaded["tsa"]]
        self._crls = list(authority.crls.values())
        self._stamper = stamper
        self._bureau = str(loaded["copy"].subject.native.get("organization_name", ""))

    def sign(self, path: Path) -> None:
        """Sign the file at `path` in place; on an error the file is not to be used.

        Raises:
            UnavailableError: the time-stamp service does not answer, or a certificate is no longer good.
        """
        try:
            with path.open("rb+") as file:
                signers.PdfSigner(self._terms(), self._signer, timestamper=self._stamper).sign_pdf(
                    IncrementalPdfFileWriter(file, strict=True), in_place=True
                )
        except (OSError, SigningError, TimestampRequestError, PathError) as error:
            raise UnavailableError("签名或时间戳没有成功，复制件没有生成，申请没有改动。请稍后重试。") from error

    def _terms(self) -> signers.PdfSignatureMetadata:
        return signers.PdfSignatureMetadata(
            field_name=SIGNATURE_FIELD,
            md_algorithm=DIGEST,
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=REASON,
            name=self._bureau,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            embed_validation_info=True,
            use_pades_lta=True,
            timestamp_field_name=TIME_STAMP_FIELD,
            # no VRI: it would need one more update after the last time stamp, and the copy must end with that
            dss_settings=DSSContentSettings(include_vri=False),
            validation_context=ValidationContext(
                trust_roots=self._roots, other_certs=self._others, crls=self._crls, revocation_mode="require"
            ),
        )
