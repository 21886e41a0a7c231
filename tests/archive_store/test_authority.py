"""The archive's own certificates: what they may do, whom they name, who may read their keys."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archive_store.authority import KEY_BITS, NAMES, SIGNERS, load_authority, make_authority
from archive_store.errors import ConflictError, IntegrityError, UnavailableError
from tests.archive_store.sealed import BITS, authority
from tests.services import need_program

if TYPE_CHECKING:
    from pathlib import Path


def certificates(name: str = "first") -> dict[str, x509.Certificate]:
    return {key: x509.load_der_x509_certificate(der) for key, der in authority(name).certificates.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys") / "authority"
    make_authority(made, bureau="演示市水利局", demonstration=False, bits=BITS)
    return made


def test_an_authority_is_made_once(folder: Path) -> None:
    before = (folder / "root.cer").read_bytes()
    with pytest.raises(ConflictError):
        make_authority(folder, bureau="x", demonstration=True, bits=BITS)
    assert (folder / "root.cer").read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["authority"]


def test_only_the_owner_reads_the_keys(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_missing_file_or_a_key_of_another_certificate_is_told(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    copied.mkdir()
    for path in folder.iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    (copied / "seal.key").write_bytes((folder / "copy.key").read_bytes())
    with pytest.raises(IntegrityError):
        load_authority(copied)
    (copied / "seal.key").unlink()
    with pytest.raises(UnavailableError):
        load_authority(copied)


def test_keys_under_a_key_file_open_with_that_file_only(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_bytes(b"r" * 32)
    wrong.write_bytes(b"w" * 32)
    made = tmp_path / "authority"
    make_authority(made, bureau="演示", demonstration=True, key_file=right, bits=BITS)
    for key_file, error in ((None, IntegrityError), (wrong, IntegrityError), (tmp_path / "gone", UnavailableError)):
        with pytest.raises(error):
            load_authority(made, key_file)
    assert set(load_authority(made, right).keys) == set(SIGNERS)


def test_a_serving_process_holds_no_key_that_certifies(folder: Path) -> None:
    loaded = load_authority(folder)
    assert set(loaded.keys) == {"seal", "copy", "tsa"}
    assert "keys" not in repr(loaded)


def test_a_demonstration_says_so_in_every_name_and_another_authority_nowhere(folder: Path) -> None:
    for certificate in certificates().values():
        name = certificate.subject.rfc4514_string()
        assert "演示" in name
        assert "DO NOT TRUST" in name
    local = load_authority(folder)
    assert authority().is_demonstration
    assert not local.is_demonstration
    names = [x509.load_der_x509_certificate(der).subject for der in local.certificates.values()]
    assert all("本单位内部签名机构" in name.rfc4514_string() for name in names)
    assert all(name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "演示市水利局" for name in names)
    assert len({name.rfc4514_string() for name in names}) == len(NAMES)


def test_a_long_name_of_the_unit_is_cut_and_not_refused(tmp_path: Path) -> None:
    make_authority(tmp_path / "a", bureau="演示" * 60, demonstration=False, bits=BITS)
    assert load_authority(tmp_path / "a").certificates


def test_only_root_and_issuer_certify_and_only_the_stamp_key_stamps() -> None:
    for name, certificate in certificates().items():
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        certifies = name in ("root", "issuer")
        assert constraints.critical
        assert usage.critical
        assert constraints.value.ca == usage.value.key_cert_sign == usage.value.crl_sign == certifies
        assert usage.value.digital_signature == usage.value.content_commitment == (not certifies)
    stamps = certificates()["tsa"].extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert stamps.critical
    assert list(stamps.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def test_no_certificate_points_to_a_service_that_must_answer() -> None:
    for certificate in certificates().values():
        for kind in (x509.AuthorityInformationAccess, x509.CRLDistributionPoints):
            with pytest.raises(x509.ExtensionNotFound):
                certificate.extensions.get_extension_for_class(kind)


def test_authorities_and_their_lists_outlive_what_they_sign() -> None:
    ends = {name: certificate.not_valid_after_utc for name, certificate in certificates().items()}
    assert ends["root"] > ends["issuer"] > max(ends[name] for name in SIGNERS)
    assert min(ends.values()) > datetime.now(UTC) + timedelta(days=365 * 24)
    for name, der in authority().crls.items():
        assert x509.load_der_x509_crl(der).next_update_utc == ends[name]


def test_keys_are_rsa_of_3072_bits_unless_asked_otherwise() -> None:
    key = certificates()["seal"].public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert (KEY_BITS, key.key_size) == (3072, BITS)


def test_openssl_accepts_every_chain_with_its_revocation_lists(folder: Path, tmp_path: Path) -> None:
    openssl = need_program("openssl", "openssl")
    loaded = load_authority(folder)
    trusted = tmp_path / "trusted.pem"
    lists = [
        subprocess.run(
            [openssl, "crl", "-inform", "DER", "-in", folder / f"{name}.crl"], capture_output=True, check=True
        )
        for name in ("root", "issuer")
    ]
    trusted.write_bytes(loaded.root_pem + b"".join(done.stdout for done in lists))
    (tmp_path / "chain.pem").write_bytes(loaded.chain_pem)
    for name in SIGNERS:
        command = [openssl, "verify", "-crl_check_all", "-x509_strict", "-CAfile", trusted, "-untrusted"]
        command += [tmp_path / "chain.pem", folder / f"{name}.cer"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
