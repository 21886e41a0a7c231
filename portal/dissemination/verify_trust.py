"""Who signed, was it valid then, and do the digests hold? PAdES B-LTA after ETSI EN 319 102-1, 5.6.3, by pyHanko.

Nothing is fetched: certificates and revocation lists come from the file and from the caller. A list of the caller's
that revokes a certificate from a moment before the copy was stamped makes the copy worthless (the file's own list is
as old as the copy).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import cms, crl, x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_der_x509_certificate
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from archive_store.authority import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pyhanko.sign.validation.ades import AdESLTAValidationResult
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

HARMLESS = frozenset({ModificationLevel.NONE, ModificationLevel.LTA_UPDATES})
LONGEST_CHAIN = 4
_CONTENTS = re.compile(rb"/Contents\s*<([0-9A-Fa-f]{200,})>")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe: root certificates, SHA-256 of the certificates that sign copies, and current revocation lists.

    Without `signers` every certificate below a root counts whose organisational unit is that of copies.
    """

    roots: tuple[x509.Certificate, ...]
    signers: frozenset[str] = frozenset()
    crls: tuple[crl.CertificateList, ...] = ()

    @property
    def is_demonstration(self) -> bool:
        """Whether a root says that it is a demonstration."""
        return any("演示" in str(root.subject.native.get("common_name", "")) for root in self.roots)

    def signs_copies(self, certificate: x509.Certificate, others: Iterable[x509.Certificate]) -> bool:
        """Whether the certificate is one with which copies are signed."""
        if self.signers:
            return hashlib.sha256(certificate.dump()).hexdigest() in self.signers
        unit = certificate.subject.native.get("organizational_unit_name")
        return unit == TITLES["copy"] and self._leads_to_root(certificate, others)

    def _leads_to_root(self, certificate: x509.Certificate, others: Iterable[x509.Certificate]) -> bool:
        roots = [load_der_x509_certificate(root.dump()) for root in self.roots]
        between = [load_der_x509_certificate(other.dump()) for other in others]
        at = load_der_x509_certificate(certificate.dump())
        for _ in range(LONGEST_CHAIN):
            if any(_issued(at, root) for root in roots):
                return True
            above = next((other for other in between if other != at and _issued(at, other)), None)
            if above is None:
                return False
            at = above
        return False


def is_ours(signature: EmbeddedPdfSignature, trust: Trust) -> bool:
    """Whether the signature names a certificate with which copies are signed."""
    return trust.signs_copies(signature.signer_cert, signature.other_embedded_certs)


def mentions_us(content: bytes, trust: Trust) -> bool:
    """Whether anything that looks like a signature in a file, readable or not, holds a certificate of ours."""
    for digits in _CONTENTS.findall(content):
        try:
            signed = cms.ContentInfo.load(bytes.fromhex(digits.decode()[: len(digits) // 2 * 2]))["content"]
            certificates = [choice.chosen for choice in signed["certificates"]]
            if any(trust.signs_copies(certificate, certificates) for certificate in certificates):
                return True
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return False


def digests_hold(signature: EmbeddedPdfSignature, stamp: EmbeddedPdfSignature) -> bool:
    """Whether both signatures verify over the bytes that they cover (no word on trust)."""
    token = stamp.signed_data["encap_content_info"]["content"].parsed
    signed = validate_sig_integrity(
        signature.signer_info,
        signature.signer_cert,
        expected_content_type="data",
        actual_digest=signature.compute_digest(),
    )
    imprint = hashlib.new(token["message_imprint"]["hash_algorithm"]["algorithm"].native)
    stamped = validate_sig_integrity(
        stamp.signer_info,
        stamp.signer_cert,
        expected_content_type="tst_info",
        actual_digest=hashlib.new(
            stamp.md_algorithm, bytes(stamp.signed_data["encap_content_info"]["content"])
        ).digest(),
    )
    same = token["message_imprint"]["hashed_message"].native == stamp.compute_digest(imprint.name)
    return all(signed) and all(stamped) and same


def only_validation_was_added(signature: EmbeddedPdfSignature) -> bool:
    """Whether what came after the signature is validation material and time stamps at most."""
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    result = signature.diff_result
    return isinstance(result, DiffResult) and result.modification_level in HARMLESS


def trusted_time(signature: EmbeddedPdfSignature, stamp: EmbeddedPdfSignature, trust: Trust) -> datetime | None:
    """The time that a trusted time stamp gives the signature; None where it, or a certificate then, was not good."""
    result: AdESLTAValidationResult = asyncio.run(ades_lta_validation(signature, _specification(trust)))
    status = result.api_status
    if result.ades_subindic != AdESPassed.OK or status is None or not (status.intact and status.valid):
        return None
    attached = result.signature_timestamp_status
    if result.oldest_evidence_record_timestamp is None or attached is None or attached.ades_subindic != AdESPassed.OK:
        return None
    moment: datetime = result.best_signature_time
    certificates = [
        certificate for one in (signature, stamp) for certificate in (one.signer_cert, *one.other_embedded_certs)
    ]
    return None if _revoked(certificates, trust.crls, moment) else moment


def _specification(trust: Trust) -> PdfSignatureValidationSpec:
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=list(trust.roots)),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            # pyHanko looks for the issuers of revocation lists among known certificates only, not among the roots
            local_knowledge=LocalKnowledge(known_certs=list(trust.roots)),
            key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}),
        )
    )


def _revoked(certificates: Iterable[x509.Certificate], lists: Iterable[crl.CertificateList], moment: datetime) -> bool:
    named = {(one.issuer.hashable, one.serial_number) for one in certificates}
    return any(
        (one.issuer.hashable, entry["user_certificate"].native) in named and entry["revocation_date"].native <= moment
        for one in lists
        for entry in one["tbs_cert_list"]["revoked_certificates"] or ()
    )


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
