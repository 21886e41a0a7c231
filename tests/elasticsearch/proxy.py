"""A door before a node: TLS with a certificate of an authority of its own, and an API key, as a cluster in use has."""

from __future__ import annotations

import http.client
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.elasticsearch.node import Node

REFUSED = b'{"error":{"type":"security_exception","reason":"missing authentication credentials"},"status":401}'
KEPT = ("content-type", "accept", "content-length")


@dataclass(frozen=True)
class Door:
    """Where the door is, the certificate of its authority, and that of another."""

    url: str
    ca: Path
    another_ca: Path


@contextmanager
def secured(node: Node, folder: Path, key: str) -> Iterator[Door]:
    """A door to a node, for those who bring the key."""
    target = urlsplit(node.url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("authorization") != f"ApiKey {key}":
                self._answer(401, {"content-type": "application/json", "x-elastic-product": "Elasticsearch"}, REFUSED)
                return
            connection = http.client.HTTPConnection(target)
            headers = {name: value for name, value in self.headers.items() if name.lower() in KEPT}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            given = {name: value for name, value in answer.getheaders() if name.lower() != "transfer-encoding"}
            self._answer(answer.status, given, answer.read())
            connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = pass_on  # noqa: N815 - the names of the library

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    ca, another = _authority(folder / "door", signs=True), _authority(folder / "other", signs=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "door" / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Door(f"https://127.0.0.1:{server.server_address[1]}", ca, another)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _authority(folder: Path, *, signs: bool) -> Path:
    """The certificate of a new authority; with `signs` also a server's key and certificate in `server.pem`."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {folder.name}")])
    path = folder / "ca.pem"
    own = _certificate(name, name, key, key).public_bytes(Encoding.PEM)
    path.write_bytes(own)
    if signs:
        server = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        made = _certificate(subject, name, server, key).public_bytes(Encoding.PEM)
        secret = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "server.pem").write_bytes(secret + made)
    return path


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if subject == issuer:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        built = built.add_extension(usage, critical=True)
    return built.sign(by, SHA256())
