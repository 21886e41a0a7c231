"""RFC 3161: what the built-in authority refuses and grants, what the client believes, what openssl says of it."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from asn1crypto import core, tsp

from archive_store.errors import IntegrityError, UnavailableError
from archive_store.seal_signature import time_stamp_service
from archive_store.timestamps import (
    POLICY,
    HttpTimeStampService,
    TimeStampService,
    check_response,
    read_token,
    request_for,
    stamp,
    token_of,
)
from tests.archive_store.sealed import authority, now
from tests.services import need_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATA = b"manifest"
DIGEST = hashlib.sha512(DATA).digest()


def service(clock: Callable[[], datetime] = now) -> TimeStampService:
    return time_stamp_service(authority(), "", clock)


def request(**changes: object) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha512"}, "hashed_message": DIGEST}
    return bytes(tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True, **changes}).dump())


class Fixed:
    """A service that always gives the same answer."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def respond(self, _: bytes) -> bytes:
        return self.answer


@contextmanager
def http_service(answer: bytes, kind: str = "application/timestamp-reply", status: int = 200) -> Iterator[str]:
    """A real HTTP server on loopback; an empty answer means that the built-in authority answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(answer or service().respond(asked))

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def imprint(algorithm: str, size: int) -> dict[str, object]:
    return {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": b"x" * size}


REFUSED = {
    "nothing": (b"", "bad_data_format"),
    "an empty sequence": (b"\x30\x00", "bad_data_format"),
    "a byte too many": (request() + b"\x00", "bad_data_format"),
    "a weak digest": (request(message_imprint=imprint("sha1", 20)), "bad_alg"),
    "a digest too short": (request(message_imprint=imprint("sha512", 20)), "bad_data_format"),
    "another policy": (request(req_policy="1.2.3.4"), "unaccepted_policy"),
    "an extension": (request(extensions=[{"extn_id": "1.2.3.4", "extn_value": b"x"}]), "unaccepted_extensions"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_not_in_order_is_rejected_with_the_reason(name: str) -> None:
    asked, reason = REFUSED[name]
    answer = service().respond(asked)
    status = tsp.PKIStatusInfo.load(core.Sequence.load(answer)[0].dump())
    assert (status["status"].native, status["fail_info"].native) == ("rejection", {reason})
    with pytest.raises(IntegrityError):
        token_of(answer)


def test_an_answer_to_another_request_is_not_believed() -> None:
    other = service().respond(request_for(hashlib.sha512(b"other").digest()))
    replayed = service().respond(request_for(DIGEST))
    for answer in (other, replayed, b"", b"<html>", replayed[:-1], service().respond(b"")):
        with pytest.raises(UnavailableError):
            stamp(Fixed(answer), DATA)


@pytest.mark.parametrize("token", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_token_is_not_read(token: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_token(token)


def test_the_token_says_when_and_over_what() -> None:
    moment = datetime(2031, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
    read = read_token(token_of(stamp(service(lambda: moment), DATA)))
    assert (read.time, read.algorithm, read.digest) == (moment.replace(microsecond=0), "sha512", DIGEST)
    assert read.policy == POLICY


def test_no_serial_number_comes_twice() -> None:
    numbers = {read_token(token_of(stamp(service(), DATA))).serial_number for _ in range(20)}
    assert len(numbers) == 20


@pytest.mark.parametrize("wanted", [True, False])
def test_certificates_come_where_they_are_asked_for(*, wanted: bool) -> None:
    answer = tsp.TimeStampResp.load(service().respond(request(cert_req=wanted)))
    certificates = answer["time_stamp_token"]["content"]["certificates"]
    assert bool(certificates.native) == wanted


def test_openssl_verifies_the_stamp_and_refuses_it_over_other_bytes(tmp_path: Path) -> None:
    openssl = need_program("openssl", "openssl")
    for name, data in (("data", DATA), ("other", b"other"), ("root.pem", authority().root_pem)):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "response").write_bytes(stamp(service(), DATA))
    for name, good in (("data", True), ("other", False)):
        command = [openssl, "ts", "-verify", "-data", tmp_path / name, "-in", tmp_path / "response"]
        done = subprocess.run([*command, "-CAfile", tmp_path / "root.pem"], capture_output=True, check=False)
        assert (done.returncode == 0) == good, done.stderr


def test_a_request_of_openssl_is_answered_to_its_satisfaction(tmp_path: Path) -> None:
    openssl = need_program("openssl", "openssl")
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "root.pem").write_bytes(authority().root_pem)
    query = [openssl, "ts", "-query", "-data", tmp_path / "data", "-sha256", "-cert", "-out", tmp_path / "query"]
    subprocess.run(query, capture_output=True, check=True)
    (tmp_path / "response").write_bytes(service().respond((tmp_path / "query").read_bytes()))
    command = [openssl, "ts", "-verify", "-queryfile", tmp_path / "query", "-in", tmp_path / "response"]
    done = subprocess.run([*command, "-CAfile", tmp_path / "root.pem"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [(b"x", "text/html", 200), (b"x", "application/timestamp-reply", 500), (b"x", "application/timestamp-reply", 200)],
)
def test_a_service_that_answers_something_else_is_unavailable(answer: bytes, kind: str, status: int) -> None:
    with http_service(answer, kind, status) as url, pytest.raises(UnavailableError):
        stamp(HttpTimeStampService(url), DATA)


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    with http_service(b"x") as url:
        gone = url
    with pytest.raises(UnavailableError):
        stamp(HttpTimeStampService(gone), DATA)


def test_only_web_addresses_are_services() -> None:
    with pytest.raises(ValueError, match="http"):
        HttpTimeStampService("file:///etc/passwd")


def test_a_units_own_service_stamps_over_http() -> None:
    with http_service(b"") as url:
        response = stamp(time_stamp_service(authority(), url, now), DATA)
    assert read_token(token_of(response)).digest == DIGEST


def test_a_response_is_checked_against_its_own_request() -> None:
    asked = request_for(DIGEST)
    check_response(asked, service().respond(asked))
