"""One verdict on a file that claims to be a copy of ours.

Runs in a parser process, away from keys and data: `ParserPool.run("portal.dissemination.verify:check", [file],
**trust_in(authority))`. Stricter than the validators that others use: of the file only that is accepted which we write.

- GENUINE: every check passes.
- ALTERED: it bears our certificate, and a check does not pass.
- UNKNOWN: not a PDF, or nothing in it is ours.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader

from archive_store.parsing.wire import Answer
from portal.dissemination.verdict import Check, CheckName, CopyFacts, Report, Verdict
from portal.dissemination.verify_content import holds_nothing_else, pages_agree, read_manifest
from portal.dissemination.verify_structure import covers_everything, forbids_changes, has_an_end, our_signatures
from portal.dissemination.verify_trust import (
    Trust,
    digests_hold,
    is_ours,
    mentions_us,
    only_validation_was_added,
    trusted_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    from portal.dissemination.release import CopyManifest


def check(file: BinaryIO, roots: Sequence[str], signers: Sequence[str] = (), crls: Sequence[str] = ()) -> Answer:
    """Examine the open file: entry point for a parser process. The answer is `Report.to_json()`.

    Args:
        file: seekable, from its beginning.
        roots: trusted root certificates, DER in base64.
        signers: SHA-256 (hex) of the certificates that sign copies.
        crls: current revocation lists, DER in base64.
    """
    trust = Trust(
        roots=tuple(x509.Certificate.load(base64.b64decode(root)) for root in roots),
        signers=frozenset(signers),
        crls=tuple(crl.CertificateList.load(base64.b64decode(one)) for one in crls),
    )
    return Answer(examine(file, trust).to_json())


def examine(file: BinaryIO, trust: Trust) -> Report:
    """The verdict on an open file, with every check."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO has it
    examination = _Examination(file, trust)
    checks = tuple(Check(name, examination.passed(name)) for name in CheckName)
    if all(one.passed for one in checks):
        return Report(Verdict.GENUINE, examination.is_demonstration, digest, checks, examination.facts())
    verdict = Verdict.ALTERED if examination.is_ours() else Verdict.UNKNOWN
    return Report(verdict, examination.is_demonstration, digest, checks)


class _Examination:
    """The checks in their order; those after a failed one on which they rest are left out."""

    def __init__(self, file: BinaryIO, trust: Trust) -> None:
        self._file = file
        self._trust = trust
        self._reader: PdfFileReader
        self._signature: EmbeddedPdfSignature
        self._stamp: EmbeddedPdfSignature
        self._manifest: CopyManifest
        self._moment: datetime
        self._stopped = False
        self._steps: dict[CheckName, tuple[Callable[[], bool], bool]] = {
            # what is asked, and whether all later questions rest on it
            CheckName.READABLE: (self._is_readable, True),
            CheckName.SIGNED: (self._is_signed, True),
            CheckName.ISSUER: (self._is_from_us, True),
            CheckName.INTACT: (lambda: digests_hold(self._signature, self._stamp), False),
            CheckName.NOTHING_AFTER: (self._covers_everything, False),
            CheckName.NO_UPDATE: (self._was_not_updated, True),
            CheckName.TIME: (self._has_trusted_time, False),
            CheckName.MANIFEST: (self._has_manifest, True),
            CheckName.PAGES: (lambda: pages_agree(self._reader, self._manifest), False),
            CheckName.NOTHING_ELSE: (lambda: holds_nothing_else(self._reader, self._manifest), False),
        }

    @property
    def is_demonstration(self) -> bool:
        """Whether the trusted root, or the copy itself, is one of a demonstration."""
        return self._trust.is_demonstration

    def passed(self, name: CheckName) -> bool | None:
        """Ask one question; None where an earlier one has stopped."""
        if self._stopped:
            return None
        step, others_rest_on_it = self._steps[name]
        try:
            good = step()
        except Exception:  # noqa: BLE001 - a hostile file may break the reader in any way; then it is not genuine
            good = False
        self._stopped = others_rest_on_it and not good
        return good

    def is_ours(self) -> bool:
        """Whether the file bears a certificate of ours, readable or not."""
        self._file.seek(0)
        return mentions_us(self._file.read(), self._trust)

    def facts(self) -> CopyFacts:
        """What the genuine copy says of itself."""
        release = self._manifest.release
        return CopyFacts(
            request_number=release.request_number,
            check_code=self._manifest.check_code,
            bureau=self._manifest.bureau,
            recipient=release.recipient,
            archival_code=release.archival_code,
            made_at=self._manifest.made_at.isoformat(),
            stamped_at=self._moment.isoformat(),
            items=len(release.items),
            pages=release.page_count,
            signer=str(self._signature.signer_cert.subject.native.get("common_name", "")),
        )

    def _is_readable(self) -> bool:
        if not has_an_end(self._file):
            return False
        self._reader = PdfFileReader(self._file, strict=True)
        return len(self._reader.root["/Pages"]["/Kids"]) > 0

    def _is_signed(self) -> bool:
        found = our_signatures(self._reader)
        if found is None:
            return False
        self._signature, self._stamp = found
        return True

    def _is_from_us(self) -> bool:
        return is_ours(self._signature, self._trust)

    def _covers_everything(self) -> bool:
        return covers_everything(self._reader, self._file, self._signature, self._stamp)

    def _was_not_updated(self) -> bool:
        return forbids_changes(self._reader, self._signature) and only_validation_was_added(self._signature)

    def _has_trusted_time(self) -> bool:
        moment = trusted_time(self._signature, self._stamp, self._trust)
        if moment is None:
            return False
        self._moment = moment
        return True

    def _has_manifest(self) -> bool:
        manifest = read_manifest(self._reader)
        if manifest is None:
            return False
        self._manifest = manifest
        return True
