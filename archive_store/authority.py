"""The archive's own certificates: root, issuing authority, the archive's seal, the copies' signature, the time stamps.

Made once into the keys folder. In the demonstration every name says so; elsewhere it is the unit's internal
authority, which others trust only if they decide to. Root and issuing authority answer no OCSP (a root that does
breaks long-term validation) but give CRLs that reach to the end of their lives, and both outlive what they sign.
Profiles after RFC 5280; the time-stamping certificate after RFC 3161, 2.3 (critical extended key usage, alone).

RSA-3072 and not P-256: every judge of signatures (NSS behind pdfsig and older readers among them) takes it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archive_store.blobs.durable import make_folder, storage_trouble, sync_folder, write_bytes
from archive_store.errors import ConflictError, IntegrityError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEY_BITS = 3072
YEARS_ROOT, YEARS_ISSUER, YEARS_END = 30, 29, 25
AUTHORITIES = ("root", "issuer")
SIGNERS = ("seal", "copy", "tsa")
NAMES = (*AUTHORITIES, *SIGNERS)
TITLES = {"root": "根证书", "issuer": "签发证书", "seal": "封存签名", "copy": "复制件签名", "tsa": "时间戳"}
MAX_NAME = 64  # X.520, ub-common-name and ub-organization-name
_DER = serialization.Encoding.DER


@dataclass(frozen=True, slots=True)
class Authority:
    """What a serving process needs: loaded keys of the signers, certificates and CRLs (DER), by name.

    The keys of root and issuer stay on the disk. Keys are left out of every text form.
    """

    keys: dict[str, rsa.RSAPrivateKey] = field(repr=False)
    certificates: dict[str, bytes]
    crls: dict[str, bytes]

    @property
    def root_pem(self) -> bytes:
        """The root certificate as PEM, for others' validators."""
        return self._pem("root")

    @property
    def chain_pem(self) -> bytes:
        """Issuing certificate and root as PEM, in this order."""
        return self._pem("issuer") + self._pem("root")

    @property
    def is_demonstration(self) -> bool:
        """Whether its names say that it is a demonstration."""
        subject = x509.load_der_x509_certificate(self.certificates["root"]).subject
        return any("演示" in str(part.value) for part in subject.get_attributes_for_oid(NameOID.COMMON_NAME))

    def _pem(self, name: str) -> bytes:
        certificate = x509.load_der_x509_certificate(self.certificates[name])
        return certificate.public_bytes(serialization.Encoding.PEM)


def make_authority(
    folder: Path, *, bureau: str, demonstration: bool, key_file: Path | None = None, bits: int = KEY_BITS
) -> None:
    """Make keys, certificates and revocation lists into `folder`, whole or not at all.

    Args:
        folder: must not exist yet; files in it are readable by their owner only.
        bureau: the name of the unit, which stands in every certificate.
        demonstration: whether the names say 演示 and DO NOT TRUST.
        key_file: a file whose bytes encrypt the keys (PKCS#8), so that the folder alone is worth nothing.
        bits: length of the RSA keys.

    Raises:
        ConflictError: `folder` exists.
        UnavailableError: the disk, or the key file, cannot be used.
    """
    if folder.exists():
        raise ConflictError("签名机构已经存在，不能重新生成。")
    keys = {name: rsa.generate_private_key(public_exponent=65537, key_size=bits) for name in NAMES}
    certificates = _certificates(keys, bureau, demonstration=demonstration)
    protection = _protection(key_file)
    files = {f"{name}.key": key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, protection)
             for name, key in keys.items()}  # fmt: skip
    files |= {f"{name}.cer": certificate.public_bytes(_DER) for name, certificate in certificates.items()}
    files |= {f"{name}.crl": issue_crl(certificates[name], keys[name]) for name in AUTHORITIES}
    work = folder.with_name(f"{folder.name}.{token_hex(8)}")
    with storage_trouble():
        make_folder(work)
        try:
            for name, data in files.items():
                write_bytes(data, work / name)
            sync_folder(work)
            work.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def load_authority(folder: Path, key_file: Path | None = None) -> Authority:
    """Read what `make_authority` made.

    Raises:
        UnavailableError: a file is missing or cannot be read.
        IntegrityError: a key does not open, or does not belong to its certificate.
    """
    password = _password(key_file)
    try:
        keys = {name: (folder / f"{name}.key").read_bytes() for name in SIGNERS}
        certificates = {name: (folder / f"{name}.cer").read_bytes() for name in NAMES}
        crls = {name: (folder / f"{name}.crl").read_bytes() for name in AUTHORITIES}
    except OSError as error:
        raise UnavailableError("签名密钥或证书不能读取。请检查数据目录下的密钥文件夹，或从备份恢复。") from error
    return Authority(
        {name: _opened(data, certificates[name], password) for name, data in keys.items()}, certificates, crls
    )


def issue_crl(
    certificate: x509.Certificate, key: rsa.RSAPrivateKey, revoked: Sequence[tuple[int, datetime]] = ()
) -> bytes:
    """A CRL (DER) of an authority over (serial number, moment of revocation), valid to the authority's end."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(certificate.not_valid_before_utc)
        .next_update(certificate.not_valid_after_utc)
        .add_extension(x509.CRLNumber(1 + len(revoked)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for serial, moment in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, hashes.SHA256()).public_bytes(_DER)


def _certificates(
    keys: dict[str, rsa.RSAPrivateKey], bureau: str, *, demonstration: bool
) -> dict[str, x509.Certificate]:
    now = datetime.now(UTC).replace(microsecond=0)
    subjects = {name: _subject(name, bureau, demonstration=demonstration) for name in NAMES}
    made = {}
    for name in NAMES:
        issuer = "root" if name in AUTHORITIES else "issuer"
        builder = _builder(name, subjects[name], keys[name], now).issuer_name(subjects[issuer])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[issuer].public_key())
        made[name] = builder.add_extension(identifier, critical=False).sign(keys[issuer], hashes.SHA256())
    return made


def _subject(name: str, bureau: str, *, demonstration: bool) -> x509.Name:
    """The unit, the use of the key (by which seal and copy are told apart), and a name for people."""
    common = f"案卷演示{TITLES[name]} DO NOT TRUST" if demonstration else f"本单位内部签名机构 {TITLES[name]}"
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, bureau[:MAX_NAME]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, TITLES[name]),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(name: str, subject: x509.Name, key: rsa.RSAPrivateKey, now: datetime) -> x509.CertificateBuilder:
    years = {"root": YEARS_ROOT, "issuer": YEARS_ISSUER}.get(name, YEARS_END)
    public, signs_others = key.public_key(), name in AUTHORITIES
    length = {"root": 1, "issuer": 0}.get(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of others may be late
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=signs_others, path_length=length), critical=True)
        .add_extension(_usage(signs_others=signs_others), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if name == "tsa":
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        content_commitment=not signs_others,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        encipher_only=False,
        decipher_only=False,
    )


def _password(key_file: Path | None) -> bytes | None:
    if key_file is None:
        return None
    try:
        return key_file.read_bytes()
    except OSError as error:
        raise UnavailableError("保护签名密钥的密钥文件不能读取。请插入或恢复该文件后重试。") from error


def _protection(key_file: Path | None) -> serialization.KeySerializationEncryption:
    password = _password(key_file)
    return serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()


def _opened(data: bytes, certificate: bytes, password: bytes | None) -> rsa.RSAPrivateKey:
    """The key, once its certificate has accepted a signature by it.

    The library's own check of an RSA key takes 0.2 s of CPU and says less: it knows nothing of the certificate.
    """
    try:
        key = serialization.load_der_private_key(data, password, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError) as error:
        raise IntegrityError("签名密钥不能打开：密钥文件不对，或已损坏。请从备份恢复。") from error
    public = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, rsa.RSAPrivateKey) or not isinstance(public, rsa.RSAPublicKey) or not _belong(key, public):
        raise IntegrityError("签名密钥与证书不相配。请从备份恢复密钥文件夹。")
    return key


def _belong(key: rsa.RSAPrivateKey, public: rsa.RSAPublicKey) -> bool:
    """Whether what the one signs is accepted by the other."""
    trial = token_bytes(32)
    try:
        public.verify(key.sign(trial, padding.PKCS1v15(), hashes.SHA256()), trial, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
