"""The archive's seal: a detached CAdES signature over the manifest's bytes, with time stamp, certificates and CRLs.

ETSI EN 319 122-1, level B-T, with the validation material of B-LT (certificates and CRLs of signer and time stamp)
in the CMS. pyHanko signs and validates; this module is stricter than its validation, which by itself takes more:

- one signer, nothing encapsulated, nothing after the DER;
- content type (data), message digest and signing certificate v2 are among the signed attributes, once each
  (RFC 5652, 11; RFC 5035); without a message digest pyHanko judges the signature alone;
- SHA-256 or stronger;
- exactly one signature time stamp, over this signature, not in the future, whose signer may do nothing else
  (RFC 3161, 2.3);
- both chains end at the given roots and are not revoked: no answer on revocation is a failure;
- the chain of the signature is judged at the moment of the time stamp;
- the signer is the archive's seal and no other key of the same authority.

The archive's other signatures use the same two classes: `LoadedKeySigner` and `ServiceTimeStamper`.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from asn1crypto import cms, core, crl, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from archive_store.authority import TITLES
from archive_store.errors import IntegrityError, UnavailableError
from archive_store.timestamps import (
    HttpTimeStampService,
    TimeStampAuthority,
    check_response,
    read_token,
    stamp,
    token_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from archive_store.authority import Authority
    from archive_store.timestamps import TimeStampService

DIGEST = "sha256"
STRONG_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
SIGNED_ATTRIBUTES = ("content_type", "message_digest", "signing_certificate_v2")
CLOCK_TOLERANCE = timedelta(minutes=5)
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_BAD_FORM = (ValueError, TypeError, KeyError, AttributeError, IndexError, SignatureValidationError, PdfError)


@dataclass(frozen=True, slots=True)
class VerifiedSeal:
    """What a genuine signature tells: when it was stamped (UTC), and the signer's name."""

    stamped_at: datetime
    signer: str


class ServiceTimeStamper(TimeStamper):
    """A time-stamp service as pyHanko asks for it, for signatures and documents alike."""

    def __init__(self, service: TimeStampService) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.service = service

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        request = req.dump()
        response = self.service.respond(request)
        check_response(request, response)
        return tsp.TimeStampResp.load(response)


class LoadedKeySigner(Signer):
    """Signs with an RSA key that stays loaded: pyHanko's own signer checks it anew for each signature (4 a second)."""

    def __init__(self, key: RSAPrivateKey, certificate: bytes, chain: Sequence[bytes]) -> None:
        self._key = key
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple([x509.Certificate.load(one) for one in chain])
        super().__init__(signing_cert=x509.Certificate.load(certificate), cert_registry=store)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002
        if dry_run:
            return bytes(self._key.key_size // 8)
        return self._key.sign(data, padding.PKCS1v15(), _HASHES[digest_algorithm]())


def loaded_signer(authority: Authority, name: str) -> LoadedKeySigner:
    """The signer of a use of the authority: "seal" or "copy"."""
    return LoadedKeySigner(authority.keys[name], authority.certificates[name], [authority.certificates["issuer"]])


def time_stamp_service(authority: Authority, url: str, clock: Callable[[], datetime]) -> TimeStampService:
    """The unit's own service where `url` names one, else the built-in authority."""
    if url:
        return HttpTimeStampService(url)
    chain = [authority.certificates["issuer"]]
    return TimeStampAuthority(authority.keys["tsa"], authority.certificates["tsa"], chain, clock)


def time_stamper(authority: Authority, url: str, clock: Callable[[], datetime]) -> ServiceTimeStamper:
    """The same as pyHanko asks for it."""
    return ServiceTimeStamper(time_stamp_service(authority, url, clock))


class SealVerifier:
    """Judges seals by given roots (DER); CRLs that are newer than those in the seal may be given beside them.

    `stamp_roots` are roots of a unit's own time-stamp service, trusted for time stamps only.
    """

    def __init__(self, roots: Sequence[bytes], crls: Sequence[bytes] = (), stamp_roots: Sequence[bytes] = ()) -> None:
        self._roots = [x509.Certificate.load(one) for one in roots]
        self._stamp_roots = self._roots + [x509.Certificate.load(one) for one in stamp_roots]
        self._crls = [crl.CertificateList.load(one) for one in crls]

    def verify(self, manifest: bytes, signature: bytes, at: datetime | None = None) -> VerifiedSeal:
        """See that the signature is the archive's seal over exactly these bytes.

        Args:
            manifest: the signed bytes.
            signature: the CMS (DER).
            at: the moment at which the time stamp is judged; now where nothing is given.

        Raises:
            IntegrityError: any rule of the module is broken; the message says which.
        """
        moment = at or datetime.now(UTC)
        try:
            signed = _signed_data(signature, "data")
            _check_form(signed)
            token = _only_token(signed)
            stamped_at = read_token(token.dump()).time
            self._check_stamp_form(token["content"], stamped_at, moment)
            status = asyncio.run(self._validate(manifest, signed, stamped_at, moment))
        except _BAD_FORM as error:
            raise IntegrityError("封存签名的格式不正确，无法验证。") from error
        _require(status.intact, "封存签名与封存清单不符，清单已被改动。")
        _require(status.valid, "封存签名无效。")
        _require(status.trusted, "封存签名的证书不可信、已被吊销，或无法确认是否吊销。")
        _require_stamp(status.timestamp_validity)
        unit = status.signing_cert.subject.native.get("organizational_unit_name")
        _require(unit == TITLES["seal"], "签名者不是封存签名专用的证书。")
        return VerifiedSeal(stamped_at, status.signing_cert.subject.native["common_name"])

    def findings(self, scheme: str, manifest: bytes, signature: bytes) -> list[str]:
        """What is wrong with a signature, as Chinese sentences; the form in which `verify_receipt` asks."""
        if scheme != "cades":
            return [f"不认识的签名方式 {scheme}。"]
        try:
            self.verify(manifest, signature)
        except IntegrityError as error:
            return [error.message]
        return []

    def verify_stamp(self, data: bytes, response: bytes, at: datetime | None = None) -> datetime:
        """See that a time-stamp response (DER) stands over exactly these bytes; gives its moment (UTC).

        Raises:
            IntegrityError: it does not, or its signer is not trusted.
        """
        moment = at or datetime.now(UTC)
        token = token_of(response)
        stamped_at = read_token(token).time
        try:
            signed = _signed_data(token, "tst_info")
            self._check_stamp_form(signed, stamped_at, moment)
            context = self._context(signed, self._stamp_roots, moment)
            fields = asyncio.run(
                validate_tst_signed_data(signed, context, lambda name: hashlib.new(name, data).digest())
            )
        except _BAD_FORM as error:
            raise IntegrityError("时间戳的格式不正确，无法验证。") from error
        _require_stamp(TimestampSignatureStatus(**fields))
        return stamped_at

    async def _validate(self, manifest: bytes, signed: cms.SignedData, stamped_at: datetime, moment: datetime) -> Any:  # noqa: ANN401 - untyped
        return await async_validate_detached_cms(
            manifest,
            signed,
            signer_validation_context=self._context(signed, self._roots, stamped_at),
            ts_validation_context=self._context(signed, self._stamp_roots, moment),
        )

    def _context(self, signed: cms.SignedData, roots: list[x509.Certificate], moment: datetime) -> ValidationContext:
        inside = signed["crls"] if not isinstance(signed["crls"], core.Void) else []
        lists = [choice.chosen for choice in inside if isinstance(choice.chosen, crl.CertificateList)]
        return ValidationContext(
            trust_roots=roots,
            other_certs=[choice.chosen for choice in signed["certificates"] if choice.name == "certificate"],
            crls=[*self._crls, *lists],
            moment=moment,
            revocation_mode="require",
            retroactive_revinfo=True,
        )

    def _check_stamp_form(self, signed: cms.SignedData, stamped_at: datetime, moment: datetime) -> None:
        _require(stamped_at <= moment + CLOCK_TOLERANCE, "时间戳的时间晚于当前时间。")
        info = _only_signer(signed)
        names = [attribute["type"].native for attribute in info["signed_attrs"]]
        certified = names.count("signing_certificate_v2") + names.count("signing_certificate") == 1
        _require(names.count("message_digest") == 1 and certified, "时间戳缺少必需的签名属性。")


class SealSigner:
    """Signs and stamps manifests with the archive's seal, and checks what it signed."""

    def __init__(self, authority: Authority, stamper: ServiceTimeStamper, stamp_roots: Sequence[bytes] = ()) -> None:
        self._signer = loaded_signer(authority, "seal")
        self._stamper = stamper
        self._crls = list(authority.crls.values())
        self.verifier = SealVerifier([authority.certificates["root"]], self._crls, stamp_roots)

    def sign(self, manifest: bytes) -> bytes:
        """The detached signature (DER), with time stamp and CRLs.

        Raises:
            UnavailableError: the time-stamp service does not answer, or answers to something else.
        """
        work = self._signer.async_sign_general_data(
            manifest, DIGEST, detached=True, use_cades=True, timestamper=self._stamper
        )
        try:
            signed = asyncio.run(work)
        except (OSError, PdfError) as error:
            raise UnavailableError("时间戳服务没有应答，本次操作没有完成。请稍后重试，或联系系统管理员。") from error
        signed["content"]["crls"] = [crl.CertificateList.load(one) for one in self._crls]
        return bytes(signed.dump())

    def stamp(self, manifest: bytes) -> bytes:
        """A time-stamp response (DER) over the manifest itself; errors as for `sign`."""
        return stamp(self._stamper.service, manifest)

    def check(self, manifest: bytes, signature: bytes) -> None:
        """See that a signature is this archive's seal over these bytes.

        Raises:
            IntegrityError: it is not.
        """
        self.verifier.verify(manifest, signature)


def _signed_data(data: bytes, content_type: str) -> cms.SignedData:
    content = cms.ContentInfo.load(data, strict=True)
    _require(content["content_type"].native == "signed_data", "封存签名的格式不正确，无法验证。")
    signed = content["content"]
    inner = signed["encap_content_info"]
    detached = content_type != "data" or isinstance(inner["content"], core.Void)
    _require(inner["content_type"].native == content_type and detached, "封存签名的格式不正确，无法验证。")
    return signed


def _only_signer(signed: cms.SignedData) -> cms.SignerInfo:
    _require(len(signed["signer_infos"]) == 1, "签名中的签名者不是恰好一个。")
    info = signed["signer_infos"][0]
    _require(info["digest_algorithm"]["algorithm"].native in STRONG_DIGESTS, "签名使用的摘要算法过弱。")
    return info


def _check_form(signed: cms.SignedData) -> None:
    names = [attribute["type"].native for attribute in _only_signer(signed)["signed_attrs"]]
    _require(all(names.count(name) == 1 for name in SIGNED_ATTRIBUTES), "封存签名缺少必需的签名属性。")


def _only_token(signed: cms.SignedData) -> cms.ContentInfo:
    unsigned = _only_signer(signed)["unsigned_attrs"]
    stamps = (
        [part for part in unsigned if part["type"].native == "signature_time_stamp_token"]
        if not isinstance(unsigned, core.Void)
        else []
    )
    _require(len(stamps) == 1 and len(stamps[0]["values"]) == 1, "封存签名没有时间戳，或不止一个。")
    return stamps[0]["values"][0]


def _require_stamp(status: TimestampSignatureStatus | None) -> None:
    _require(status is not None and status.intact and status.valid, "时间戳与其所盖的内容不符。")
    _require(status is not None and status.trusted, "时间戳的证书不可信、已被吊销，或无法确认是否吊销。")
    usage = status.signing_cert.extended_key_usage_value if status is not None else None
    only_stamps = usage is not None and usage.native == ["time_stamping"]
    critical = status is not None and "extended_key_usage" in status.signing_cert.critical_extensions
    _require(only_stamps and critical, "时间戳的证书不是时间戳专用证书。")


def _require(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise IntegrityError(message)
