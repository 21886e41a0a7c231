"""nginx as the documents configure it, in front of a served portal: certificates by TLS, no forged headers."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from werkzeug.serving import make_server

from portal.application import create_app
from portal.identities import PROXY_KEY_HEADER
from portal.wiring import form_key, prepare_folder
from tests.demonstration import free_port
from tests.portal.conftest import PASSWORD
from tests.services import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.portal.conftest import World

NGINX = Path("/usr/sbin/nginx")
DOCUMENT = Path(__file__).parents[2] / "docs" / "outside-logins.md"
HEADER = "Client-Cert"


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, as files."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    pem: Path
    key_pem: Path


def issue(folder: Path, name: str, by: Issued | None, *, server: bool = False) -> Issued:
    """A certificate for a name by an authority, or an authority's own."""
    key, moment = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if server:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    signed = made.sign(by.key if by else key, SHA256())
    pem, key_pem = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(signed.public_bytes(Encoding.PEM))
    key_pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Issued(signed, key, pem, key_pem)


class Browser:
    """Keeps cookies, follows redirects, and shows a certificate where it has one."""

    def __init__(
        self, url: str, trusts: Issued | None, shows: Issued | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.url, self._session = url, requests.Session()
        self._session.trust_env = False
        self._session.verify = str(trusts.pem) if trusts else True
        self._session.cert = (str(shows.pem), str(shows.key_pem)) if shows else None
        self._session.headers.update(headers or {})

    def get(self, path: str) -> str:
        return self._told(self._session.get(self.url + path, timeout=20))

    def post(self, path: str, **form: str) -> str:
        page = self.get("/account/")  # for who is logged in; else the login page
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None, page
        return self._told(self._session.post(self.url + path, data=form | {"csrf_token": token[1]}, timeout=20))

    def _told(self, answer: requests.Response) -> str:
        answer.raise_for_status()
        return answer.text


@dataclass(frozen=True)
class Place:
    """The proxy's address, the portal's behind it, the authority and the people's certificates."""

    url: str
    behind: str
    authority: Issued
    known: Issued
    forged: Issued


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Place]:
    need("nginx", NGINX.exists(), "apt-get install nginx-light")
    port, front = free_port(), free_port()
    settings = world.opened.settings.model_copy(update={"client_certificate_header": HEADER})
    prepare_folder(settings)
    app = create_app(
        settings, world.opened.services, world.opened.database, form_key(settings), secure=True, behind_proxy=True
    )
    serving = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    authority, false = issue(tmp_path, "authority", None), issue(tmp_path, "false", None)
    tls = issue(tmp_path, "localhost", authority, server=True)
    key = (settings.data / "keys" / "proxy.key").read_text("ascii")
    (tmp_path / "proxy-key.conf").write_text(f'proxy_set_header {PROXY_KEY_HEADER} "{key}";\n', "ascii")
    server = configured(tmp_path, front, port, tls, authority)
    running = subprocess.Popen([NGINX, "-p", tmp_path, "-c", server, "-e", tmp_path / "error.log"])
    try:
        made = Place(
            f"https://localhost:{front}",
            f"http://127.0.0.1:{port}",
            authority,
            issue(tmp_path, "proxy-demo", authority),
            issue(tmp_path, "forged-demo", false),
        )
        _wait(made)
        yield made
    finally:
        running.terminate()
        running.wait(timeout=20)
        serving.shutdown()
        thread.join()
        serving.server_close()


def configured(folder: Path, front: int, port: int, tls: Issued, authority: Issued) -> Path:
    """The configuration of the documents, with the addresses and files of this test."""
    blocks = re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 1
    block = blocks[0]
    for said, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{front} ssl",
        "anjuan.example.gov.cn": "localhost",
        "/etc/anjuan/tls.pem": str(tls.pem),
        "/etc/anjuan/tls.key": str(tls.key_pem),
        "/etc/anjuan/people-ca.pem": str(authority.pem),
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "/etc/anjuan/proxy-key.conf": str(folder / "proxy-key.conf"),
    }.items():
        assert said in block, said
        block = block.replace(said, here)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"daemon off; pid {folder}/nginx.pid; events {{}}\nhttp {{ access_log off;\n{temporary}{block}}}\n"
    path = folder / "nginx.conf"
    path.write_text(text, "utf-8")
    return path


def _wait(place: Place) -> None:
    for _ in range(100):
        try:
            Browser(place.url, place.authority).get("/healthz")
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nginx did not start")


def test_a_certificate_comes_through_the_proxy_as_documented_and_by_no_other_way(place: Place) -> None:
    own = Browser(place.url, place.authority, place.known)
    assert "用数字证书登录：proxy-demo" in own.get("/login")
    own.post("/login", login="handler", password=PASSWORD)
    assert "已绑定" in own.post("/account/bindings/certificate")
    again = Browser(place.url, place.authority, place.known)
    assert "承办演示甲" in again.post("/login/certificate")
    without = Browser(place.url, place.authority)
    assert "用数字证书登录" not in without.get("/login")
    assert "没有收到有效的数字证书" in without.post("/login/certificate")
    shown = place.known.pem.read_text("ascii")
    written = {HEADER: ":" + "".join(shown.split("\n")[1:-2]) + ":"}
    for url, headers in ((place.url, written), (place.url, written | {PROXY_KEY_HEADER: "0" * 64})):
        forger = Browser(url, place.authority, headers=headers)
        assert "用数字证书登录" not in forger.get("/login"), "the proxy sets the header itself"
    past = Browser(place.behind, None, headers=written)
    assert "用数字证书登录" not in past.get("/login"), "past the proxy, without its key"


def test_a_certificate_of_another_authority_is_stopped_by_the_proxy(place: Place) -> None:
    with pytest.raises(requests.RequestException, match=r"400|alert"):
        Browser(place.url, place.authority, place.forged).get("/login")
