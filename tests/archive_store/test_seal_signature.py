"""The seal's signature: what is not accepted, and what openssl says of what is."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from archive_store.authority import issue_crl
from archive_store.errors import IntegrityError, UnavailableError
from archive_store.seal_signature import SealSigner, SealVerifier, loaded_signer, time_stamper
from tests.archive_store.sealed import authority, issuer_key, now, signer
from tests.services import need_java, need_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proofs import ProofBook

MANIFEST = b'{"format":"anjuan-manifest-1"}'
JUDGES = Path(__file__).parent.parent / "judges"
ROOT = [authority().certificates["root"]]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The library logs each chain that does not validate, at length."""
    caplog.set_level(logging.CRITICAL)


@pytest.fixture(scope="module")
def signature() -> bytes:
    return signer().sign(MANIFEST)


def verifier() -> SealVerifier:
    return SealVerifier(ROOT)


def sign_with(name: str, data: bytes = MANIFEST, *, stamped: bool = True, **kwargs: object) -> bytes:
    """A signature made by pyHanko with one of the authority's keys, without what `SealSigner` takes care of."""
    stamp = time_stamper(authority(), "", now) if stamped else None
    work = loaded_signer(authority(), name).async_sign_general_data(
        data, "sha256", use_cades=True, timestamper=stamp, **kwargs
    )
    signed = asyncio.run(work)
    signed["content"]["crls"] = [cms.CertificateList.load(one) for one in authority().crls.values()]
    return bytes(signed.dump())


def changed(signature: bytes, change: Callable[[cms.SignedData], None]) -> bytes:
    content = cms.ContentInfo.load(signature)
    change(content["content"])
    return bytes(content.dump())


def drop_signed(name: str) -> Callable[[cms.SignedData], None]:
    """Leave a signed attribute out and sign what is left anew with the right key, as an insider could."""

    def change(signed: cms.SignedData) -> None:
        info = signed["signer_infos"][0]
        kept = cms.CMSAttributes([part for part in info["signed_attrs"] if part["type"].native != name])
        info["signed_attrs"] = kept
        raw = loaded_signer(authority(), "seal").async_sign_raw(kept.dump(), "sha256")
        info["signature"] = asyncio.run(raw)

    return change


def drop_stamp(signed: cms.SignedData) -> None:
    del signed["signer_infos"][0]["unsigned_attrs"]


def second_signer(signed: cms.SignedData) -> None:
    signed["signer_infos"] = [*signed["signer_infos"], *signed["signer_infos"]]


def stamp_of_something_else(signed: cms.SignedData) -> None:
    other = cms.ContentInfo.load(signer().sign(b"other"))["content"]["signer_infos"][0]
    signed["signer_infos"][0]["unsigned_attrs"] = other["unsigned_attrs"]


def no_crls(signed: cms.SignedData) -> None:
    del signed["crls"]


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no DER": lambda _: b"<xml/>",
    "cut": lambda data: data[:-1],
    "a byte too many": lambda data: data + b"\x00",
    "the stamp alone": lambda _: signer().stamp(MANIFEST),
    "no time stamp": lambda data: changed(data, drop_stamp),
    "time stamp of another signature": lambda data: changed(data, stamp_of_something_else),
    "two signers": lambda data: changed(data, second_signer),
    "no revocation lists": lambda data: changed(data, no_crls),
    "no message digest": lambda data: changed(data, drop_signed("message_digest")),
    "no signing certificate": lambda data: changed(data, drop_signed("signing_certificate_v2")),
    "no content type": lambda data: changed(data, drop_signed("content_type")),
    "the copies' key": lambda _: sign_with("copy"),
    "the time stamps' key": lambda _: sign_with("tsa"),
    "never stamped": lambda _: sign_with("seal", stamped=False),
    "manifest inside": lambda _: sign_with("seal", detached=False),
    "another authority": lambda _: signer("second").sign(MANIFEST),
    "another manifest": lambda _: signer().sign(MANIFEST + b"\n"),
}


def accepts(judge: SealVerifier, manifest: bytes, signature: bytes, at: datetime | None = None) -> bool:
    try:
        judge.verify(manifest, signature, at)
    except IntegrityError:
        return False
    return True


def test_no_forged_seal_is_accepted(signature: bytes, proofs: ProofBook) -> None:
    accepted = [name for name, forge in FORGERIES.items() if accepts(verifier(), MANIFEST, forge(signature))]
    proofs.record("forged seals accepted", len(accepted), f"0 of {len(FORGERIES)}", holds=not accepted)
    assert accepted == []


def test_a_helper_that_changes_nothing_makes_nothing_invalid(signature: bytes) -> None:
    assert accepts(verifier(), MANIFEST, changed(signature, lambda _: None))
    assert accepts(verifier(), MANIFEST, sign_with("seal"))


def test_no_changed_byte_makes_a_seal_say_something_else(signature: bytes, proofs: ProofBook, *, full: bool) -> None:
    told, wrong = verifier().verify(MANIFEST, signature), 0
    places = range(0, len(signature), 7 if full else 61)
    for place in places:
        data = bytearray(signature)
        data[place] ^= 1
        try:
            wrong += verifier().verify(MANIFEST, bytes(data)) != told
        except IntegrityError:
            continue
    proofs.record("seals that say something else after a changed byte", wrong, f"0 of {len(places)}", holds=not wrong)
    assert wrong == 0


def test_no_changed_byte_of_the_manifest_is_accepted(signature: bytes) -> None:
    for place in range(len(MANIFEST)):
        data = bytearray(MANIFEST)
        data[place] ^= 1
        assert not accepts(verifier(), bytes(data), signature)


def test_a_stamp_from_the_future_is_refused() -> None:
    ahead = SealSigner(authority(), time_stamper(authority(), "", lambda: now() + timedelta(days=1)))
    assert not accepts(verifier(), MANIFEST, ahead.sign(MANIFEST))


def test_a_stamp_before_the_certificate_was_valid_is_refused() -> None:
    before = SealSigner(authority(), time_stamper(authority(), "", lambda: now() - timedelta(days=400)))
    assert not accepts(verifier(), MANIFEST, before.sign(MANIFEST))


@pytest.mark.parametrize(("revoked", "good"), [("seal", False), ("tsa", False), ("copy", True)])
def test_a_key_revoked_before_the_stamp_no_longer_seals(signature: bytes, revoked: str, *, good: bool) -> None:
    assert accepts(SealVerifier(ROOT, [crl_with(revoked, now() - timedelta(minutes=30))]), MANIFEST, signature) == good


def test_what_was_sealed_before_the_key_was_revoked_stays_sealed(signature: bytes) -> None:
    later = now() + timedelta(days=30)
    judge = SealVerifier(ROOT, [crl_with("seal", later - timedelta(days=1))])
    assert accepts(judge, MANIFEST, signature, at=later)


def crl_with(name: str, moment: datetime) -> bytes:
    """The issuer's list with one of its certificates on it."""
    key = load_der_private_key(issuer_key(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    issuer = x509.load_der_x509_certificate(authority().certificates["issuer"])
    serial = x509.load_der_x509_certificate(authority().certificates[name]).serial_number
    return issue_crl(issuer, key, [(serial, moment)])


def test_a_seal_is_still_good_after_twenty_years(signature: bytes) -> None:
    told = verifier().verify(MANIFEST, signature, at=now() + timedelta(days=365 * 20))
    assert abs(told.stamped_at - now()) < timedelta(minutes=5)
    assert told.signer == "案卷演示封存签名 DO NOT TRUST"


def test_a_service_that_stamps_something_else_seals_nothing() -> None:
    class Lying:
        def __init__(self) -> None:
            self.answer = signer().stamp(b"something else")

        def respond(self, _: bytes) -> bytes:
            return self.answer

    stamper = time_stamper(authority(), "", now)
    stamper.service = Lying()
    with pytest.raises(UnavailableError):
        SealSigner(authority(), stamper).sign(MANIFEST)


def test_a_stamp_over_other_bytes_or_of_another_authority_is_refused() -> None:
    judge, good = verifier(), signer().stamp(MANIFEST)
    for data, response in (
        (b"x", good),
        (MANIFEST, signer("second").stamp(MANIFEST)),
        (MANIFEST, good[:-1]),
        (b"", b""),
    ):
        with pytest.raises(IntegrityError):
            judge.verify_stamp(data, response)
    without_lists = SealVerifier(ROOT, [])
    with pytest.raises(IntegrityError):
        without_lists.verify_stamp(MANIFEST, good)


def test_a_units_own_time_stamp_root_is_trusted_for_stamps_only() -> None:
    other = authority("second")
    mixed = SealSigner(authority(), time_stamper(other, "", now), [other.certificates["root"]])
    crls = [*authority().crls.values(), *other.crls.values()]
    judge = SealVerifier(ROOT, crls, [other.certificates["root"]])
    sealed = mixed.sign(MANIFEST)
    assert accepts(judge, MANIFEST, sealed)
    assert not accepts(SealVerifier(ROOT, crls), MANIFEST, sealed)
    assert not accepts(judge, MANIFEST, signer("second").sign(MANIFEST))


def test_openssl_accepts_signature_and_stamps_with_revocation_lists_and_refuses_other_bytes(
    signature: bytes, tmp_path: Path
) -> None:
    openssl = need_program("openssl", "openssl")
    lists = [
        subprocess.run([openssl, "crl", "-inform", "DER"], input=data, capture_output=True, check=True).stdout
        for data in authority().crls.values()
    ]
    token = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["unsigned_attrs"][0]["values"][0]
    value = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["signature"].native
    files = {"m": MANIFEST, "other": b"x", "s": signature, "r": signer().stamp(MANIFEST), "value": value}
    files |= {"token": token.dump(), "trusted.pem": authority().root_pem + b"".join(lists)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    seal = "cms -verify -binary -inform DER -in s -CAfile trusted.pem -crl_check_all -out out -content"
    stamp = "ts -verify -in r -CAfile trusted.pem -crl_check -data"
    inner = "ts -verify -token_in -in token -CAfile trusted.pem -crl_check -data"
    for command, good in ((f"{seal} m", 0), (f"{seal} other", 1), (f"{stamp} m", 0), (f"{stamp} other", 1)):
        done = subprocess.run([openssl, *command.split()], cwd=tmp_path, capture_output=True, check=False)
        assert min(done.returncode, 1) == good, (command, done.stderr)
    done = subprocess.run([openssl, *inner.split(), "value"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_eu_dss_passes_the_seal_as_long_term_and_fails_other_bytes(signature: bytes, tmp_path: Path) -> None:
    need_java()
    for name, data in {"m": MANIFEST, "other": b"x", "s.p7s": signature, "root.pem": authority().root_pem}.items():
        (tmp_path / name).write_bytes(data)
    for content, verdict in (("m", 0), ("other", 1)):
        command = ["bash", JUDGES / "dss.sh", "--trust", "root.pem", "--level", "LT", "--content", content, "s.p7s"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == verdict, done.stdout + done.stderr
    assert "TOTAL_FAILED" in done.stdout


def test_a_loaded_key_signs_as_the_library_does() -> None:
    first, second = (asyncio.run(loaded_signer(authority(), "copy").async_sign_raw(b"x", "sha256")) for _ in range(2))
    assert first == second
    estimate = asyncio.run(loaded_signer(authority(), "copy").async_sign_raw(b"x", "sha256", dry_run=True))
    assert len(estimate) == len(first)


def test_signer_and_checker_fit(signature: bytes) -> None:
    signer().check(MANIFEST, signature)
    stamped = signer().verifier.verify_stamp(MANIFEST, signer().stamp(MANIFEST))
    assert stamped.tzinfo is not None
    assert stamped <= datetime.now(UTC)
    with pytest.raises(IntegrityError):
        signer().check(hashlib.sha256(MANIFEST).digest(), signature)
