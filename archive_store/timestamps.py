"""Time stamps of RFC 3161: the built-in authority, a client for a unit's own service, and what a token says.

The rules, with their source:

- a request is DER of version 1 with the digest of the data and a nonce; an answer counts only if it is granted and
  carries the same digest and the same nonce (RFC 3161, 2.4.1, 2.4.2);
- the token's CMS has one signer with the attributes content type, message digest and signing certificate v2
  (RFC 3161, 2.4.2; RFC 5816); certificates are in it where the request asks for them;
- a request in a wrong form or with an unsuited digest is answered by a rejection with its reason, never by a guess.

Signature and chain of a token are judged in `seal_signature`; here only what it says is compared.
"""

from __future__ import annotations

import hashlib
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from archive_store.errors import IntegrityError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

POLICY = "2.25.204193466327471038270931562735893014237"  # an arc of ITU-T X.667, which needs no registration
DIGEST = "sha512"
DIGEST_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
MAX_RESPONSE_BYTES = 1 << 20
DEFAULT_TIMEOUT_S = 10.0


class TimeStampService(Protocol):
    """Anything that answers RFC 3161 requests."""

    def respond(self, request: bytes) -> bytes:
        """DER TimeStampReq to DER TimeStampResp.

        Raises:
            UnavailableError: no answer came.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says: when, by the clock of the service (UTC), over which digest."""

    time: datetime
    algorithm: str
    digest: bytes
    serial_number: int
    policy: str


class TimeStampAuthority:
    """The built-in service: answers with one RSA key; `clock` gives the present moment with time zone."""

    def __init__(
        self, key: RSAPrivateKey, certificate: bytes, chain: Sequence[bytes], clock: Callable[[], datetime]
    ) -> None:
        self._key = key
        self._certificate = x509.Certificate.load(certificate)
        self._chain = [x509.Certificate.load(one) for one in chain]
        self._clock = clock

    def respond(self, request: bytes) -> bytes:
        try:
            parsed = tsp.TimeStampReq.load(request, strict=True)
            reason = _reason_to_refuse(parsed)
        except (ValueError, TypeError, KeyError):
            reason = "bad_data_format"
        return bytes(_rejection(reason).dump() if reason else self.answer(parsed).dump())

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The granted response to a request that is in order."""
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": request["message_imprint"],
                "serial_number": secrets.randbits(120) | 1,
                "gen_time": self._clock().astimezone(UTC).replace(microsecond=0),
                "accuracy": {"seconds": 1},
                "nonce": request["nonce"].native,
            }
        )
        signed = {
            "version": "v3",
            "digest_algorithms": [_algorithm("sha256")],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info.dump())},
            "signer_infos": [self._signer(info)],
        }
        if request["cert_req"].native:
            signed["certificates"] = [self._certificate, *self._chain]
        token = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})

    def _signer(self, info: tsp.TSTInfo) -> cms.SignerInfo:
        certificate = self._certificate
        reference = {"hash_algorithm": _algorithm("sha256"), "cert_hash": hashlib.sha256(certificate.dump()).digest()}
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(info.dump()).digest()]},
                {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [reference]})]},
            ]
        )
        issuer = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
        return cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier({"issuer_and_serial_number": issuer}),
                "digest_algorithm": _algorithm("sha256"),
                "signature_algorithm": {"algorithm": "sha256_rsa"},
                "signed_attrs": attributes,
                "signature": self._key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256()),
            }
        )


class HttpTimeStampService:
    """A unit's own service over HTTP (RFC 3161, 3.4)."""

    def __init__(self, url: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the address of a time-stamp service begins with http:// or https://")
        self._url = url
        self._timeout_s = timeout_s

    def respond(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        message = urllib.request.Request(self._url, data=request, headers=headers, method="POST")  # noqa: S310 - checked
        try:
            with urllib.request.urlopen(message, timeout=self._timeout_s) as answer:  # noqa: S310 - checked above
                data: bytes = answer.read(MAX_RESPONSE_BYTES)
                kind = answer.headers.get_content_type()
        except (OSError, ValueError, urllib.error.HTTPError) as error:
            raise UnavailableError("时间戳服务没有应答，本次操作没有完成。请稍后重试，或联系系统管理员。") from error
        if kind != "application/timestamp-reply":
            raise UnavailableError("时间戳服务的应答格式不正确，本次操作没有完成。请联系系统管理员检查时间戳服务地址。")
        return data


def request_for(digest: bytes, algorithm: str = DIGEST) -> bytes:
    """A DER request for a digest, with a nonce, asking for certificates."""
    imprint = {"hash_algorithm": _algorithm(algorithm), "hashed_message": digest}
    nonce = secrets.randbits(63) | 1
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True})
    return bytes(request.dump())


def stamp(service: TimeStampService, data: bytes) -> bytes:
    """The DER response (what `openssl ts -verify -in` reads) with a token over the SHA-512 of `data`.

    Raises:
        UnavailableError: no answer, a rejection, or an answer to something else.
    """
    request = request_for(hashlib.sha512(data).digest())
    response = service.respond(request)
    check_response(request, response)
    return response


def check_response(request: bytes, response: bytes) -> None:
    """See that a response is granted and answers exactly this request.

    Raises:
        UnavailableError: it does not.
    """
    asked = tsp.TimeStampReq.load(request)
    try:
        info = _info(token_of(response))
        same = (
            info["message_imprint"].dump() == asked["message_imprint"].dump()
            and info["nonce"].native == asked["nonce"].native
        )
    except IntegrityError as error:
        raise UnavailableError("时间戳服务拒绝了请求，本次操作没有完成。请联系系统管理员。") from error
    if not same:
        raise UnavailableError("时间戳服务的应答与请求不符，本次操作没有完成。请联系系统管理员。")


def token_of(response: bytes) -> bytes:
    """The token (DER ContentInfo) of a granted response.

    Raises:
        IntegrityError: not a granted response.
    """
    try:
        parsed = tsp.TimeStampResp.load(response, strict=True)
        granted = parsed["status"]["status"].native == "granted"
        token = parsed["time_stamp_token"]
        if not granted or isinstance(token, core.Void):
            raise IntegrityError("时间戳未被签发。")
        return bytes(token.dump())
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError("时间戳的格式不正确。") from error


def read_token(token: bytes) -> Stamp:
    """What a token says; nothing is verified.

    Raises:
        IntegrityError: not a time-stamp token.
    """
    info = _info(token)
    imprint = info["message_imprint"]
    return Stamp(
        info["gen_time"].native,
        imprint["hash_algorithm"]["algorithm"].native,
        imprint["hashed_message"].native,
        info["serial_number"].native,
        info["policy"].native,
    )


def _info(token: bytes) -> tsp.TSTInfo:
    try:
        content = cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]
        info = content["content"].parsed
        if content["content_type"].native != "tst_info" or not isinstance(info, tsp.TSTInfo):
            raise IntegrityError("时间戳的格式不正确。")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IntegrityError("时间戳的格式不正确。") from error
    return info


def _reason_to_refuse(request: tsp.TimeStampReq) -> str:
    """The PKIFailureInfo of RFC 3161, 2.4.2, or nothing."""
    imprint = request["message_imprint"]
    size = DIGEST_SIZES.get(imprint["hash_algorithm"]["algorithm"].native)
    if size is None:
        return "bad_alg"
    if request["version"].native != "v1" or len(imprint["hashed_message"].native) != size:
        return "bad_data_format"
    if request["req_policy"].native not in {None, POLICY}:
        return "unaccepted_policy"
    return "unaccepted_extensions" if request["extensions"].native else ""


class _Rejection(core.Sequence):  # type: ignore[misc]
    """A response without a token, which asn1crypto's own class does not allow (RFC 3161, 2.4.2: optional)."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo)]


def _rejection(reason: str) -> _Rejection:
    return _Rejection({"status": {"status": "rejection", "fail_info": {reason}}})


def _algorithm(name: str) -> algos.DigestAlgorithm:
    return algos.DigestAlgorithm({"algorithm": name})
