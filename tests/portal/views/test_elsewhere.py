"""Identities elsewhere from outside: single sign-on with a provider of others, certificates that a proxy hands on."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from archive_store.models.accounts import Account
from archive_store.models.login_bindings import LoginBinding
from archive_store.totp import hotp, step_at
from portal.identities import PROXY_KEY_HEADER
from portal.services.accounts import NOT_ADMITTED
from portal.wiring import prepare_folder
from tests.demonstration import free_port
from tests.portal.conftest import PASSWORD, log_in, make_app
from tests.portal.identity_provider import Provider, provider
from tests.portal.oracle_world import masked
from tests.portal.views.test_account import grow_old
from tests.portal.views.test_factor import turn_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World

ZHANG = json.dumps({"sub": "zhang-0001", "name": "统一身份演示甲", "roles": ["security_administrator"]})


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider(ZHANG) as running:
        yield running


def app_with(world: World, **given: object) -> Flask:
    settings = world.opened.settings.model_copy(update=given)
    (settings.data / "keys" / "oidc.secret").write_text("a-secret-of-the-demonstration", encoding="utf-8")
    prepare_folder(settings)
    return make_app(world.opened, settings)


@pytest.fixture
def app(world: World, idp: Provider) -> Flask:
    return app_with(world, oidc_issuer=idp.url, client_certificate_header="Client-Cert")


def bound(app: Flask, idp: Provider, login: str = "handler", subject: str = "zhang-0001") -> FlaskClient:
    client = log_in(app, login)
    assert "前往统一身份认证" in client.post("/account/bindings/single-sign-on").text
    answer = idp.bring(client, subject)
    assert answer.headers["Location"] == "/account/"
    return client


def refused(client: FlaskClient, answer: object) -> str:
    """What the login page says after a refusal."""
    assert getattr(answer, "headers", {})["Location"] == "/login", answer
    return client.get("/login").text


# --- the wrong people first


@pytest.mark.both_databases
def test_who_is_not_bound_is_not_let_in_whatever_the_provider_says_of_it(app: Flask, idp: Provider) -> None:
    for subject in ("zhang-0001", "handler", "sysadmin"):
        client = app.test_client()
        assert NOT_ADMITTED in refused(client, idp.bring(client, subject))
        assert client.get("/cases/").headers["Location"] == "/login"


def test_an_answer_counts_once_and_in_the_session_that_asked(app: Flask, idp: Provider) -> None:
    bound(app, idp)
    asking, other = app.test_client(), app.test_client()
    way_back = idp.signed_in(asking.get("/login/single-sign-on").headers["Location"], "zhang-0001")
    other.get("/login/single-sign-on")
    assert "没有完成" in refused(other, other.get(way_back))
    assert asking.get(way_back).headers["Location"] == "/"
    asking.post("/logout")
    assert "没有完成" in refused(asking, asking.get(way_back)), "replayed"


@pytest.mark.parametrize("answer", ["", "?code=x&state=y", "?state=y", "?error=access_denied", "?code=%00&state=%FF"])
def test_an_answer_that_nobody_gave_lets_nobody_in(app: Flask, answer: str) -> None:
    client = app.test_client()
    client.get("/login/single-sign-on")
    assert "没有完成" in refused(client, client.get(f"/login/single-sign-on/back{answer}"))


def test_who_refuses_at_the_provider_stays_outside(app: Flask, idp: Provider) -> None:
    client = app.test_client()
    way_back = idp.denied(client.get("/login/single-sign-on").headers["Location"])
    assert "没有完成" in refused(client, client.get(way_back))


def test_a_code_of_another_flow_does_not_fit(app: Flask, idp: Provider) -> None:
    """PKCE and nonce: a code that was issued for somebody else's question, put under one's own state."""
    bound(app, idp)
    theirs, mine = app.test_client(), app.test_client()
    stolen = parse_qs(
        urlsplit(idp.signed_in(theirs.get("/login/single-sign-on").headers["Location"], "zhang-0001")).query
    )
    asked = parse_qs(urlsplit(mine.get("/login/single-sign-on").headers["Location"]).query)
    way_back = f"/login/single-sign-on/back?code={stolen['code'][0]}&state={asked['state'][0]}"
    assert "没有完成" in refused(mine, mine.get(way_back))


def test_a_provider_that_calls_itself_otherwise_or_does_not_answer_is_not_believed(world: World, idp: Provider) -> None:
    other_name = app_with(world, oidc_issuer=idp.url.replace("localhost", "127.0.0.1") + "/")
    gone = app_with(world, oidc_issuer=f"http://localhost:{free_port()}")
    for app in (other_name, gone):
        client = app.test_client()
        assert "暂时不能使用" in refused(client, client.get("/login/single-sign-on"))
        assert client.post("/login", data={"login": "handler", "password": PASSWORD}).status_code == 302


def test_an_identity_is_bound_to_one_account_only(app: Flask, idp: Provider, world: World) -> None:
    bound(app, idp)
    second = bound(app, idp, "leader")
    assert "已经绑定账号" in second.get("/account/").text
    with world.opened.database.read() as session:
        assert [row.account_id for row in session.scalars(select(LoginBinding))] == [world.ids["handler"]]


def test_nobody_binds_without_the_password_and_without_having_said_so(app: Flask, world: World) -> None:
    client = log_in(app, "handler")
    assert client.get("/login/single-sign-on").headers["Location"] == "/login", "it did not say so"
    grow_old(world)
    assert client.post("/account/bindings/single-sign-on").status_code == 403
    assert client.post("/account/bindings/certificate").status_code == 403
    assert client.get("/login/single-sign-on").headers["Location"] == "/login"
    assert client.get("/login/single-sign-on/back?code=a&state=b").headers["Location"] == "/login"


def test_the_binding_of_another_person_is_as_nothing(app: Flask, idp: Provider, world: World) -> None:
    bound(app, idp)
    with world.opened.database.read() as session:
        binding = session.scalars(select(LoginBinding)).one().id
    client = log_in(app, "leader")
    theirs = client.post(f"/account/bindings/{binding}/remove")
    nothing = client.post(f"/account/bindings/{'0' * 32}/remove")
    assert masked(theirs) == masked(nothing)
    assert theirs.status_code == 404


def test_a_closed_account_is_not_entered(app: Flask, idp: Provider, world: World) -> None:
    bound(app, idp)
    with world.opened.database.write() as unit:
        unit.session.get_one(Account, world.ids["handler"]).active = False
    client = app.test_client()
    assert NOT_ADMITTED in refused(client, idp.bring(client, "zhang-0001"))


def test_where_nothing_is_set_there_is_no_other_way_in(world: World) -> None:
    client = app_with(world).test_client()
    stranger = client.get("/nothing").headers["Location"]
    for method, path in (
        ("GET", "/login/single-sign-on"),
        ("GET", "/login/single-sign-on/back?code=a&state=b"),
        ("POST", "/login/certificate"),
        ("GET", "/login/factor"),
        ("POST", "/login/factor"),
    ):
        assert client.open(path, method=method).headers["Location"] == stranger
    assert "统一身份认证" not in client.get("/login").text
    assert "其他登录身份" not in log_in(app_with(world), "handler").get("/account/").text


# --- the right ones


@pytest.mark.both_databases
def test_who_is_bound_comes_in_and_gets_its_own_rights_only(app: Flask, idp: Provider) -> None:
    own = bound(app, idp)
    assert "统一身份演示甲" in own.get("/account/").text
    client = app.test_client()
    assert "用统一身份认证登录" in client.get("/login").text
    assert idp.bring(client, "zhang-0001").headers["Location"] == "/"
    assert "承办演示甲" in client.get("/").text
    assert client.get("/rights/").status_code == 404, "the provider calls it a security administrator"
    assert client.post("/account/factor/begin").status_code == 403, "the password was not given"
    assert "统一身份认证" in own.get("/account/").text


def test_a_second_factor_is_asked_for_after_it_and_counted(app: Flask, idp: Provider, world: World) -> None:
    key, _, codes = turn_on(bound(app, idp), world)
    client = app.test_client()
    assert idp.bring(client, "zhang-0001").headers["Location"] == "/login/factor"
    assert client.get("/cases/").headers["Location"] == "/login"
    wrong = client.post("/login/factor", data={"code": "000000"})
    assert wrong.status_code == 401
    assert NOT_ADMITTED in wrong.text
    assert client.post("/login/factor", data={"code": codes[0]}).headers["Location"] == "/"
    assert "承办演示甲" in client.get("/").text
    guessing = app.test_client()
    idp.bring(guessing, "zhang-0001")
    for _ in range(world.opened.settings.login_attempts):
        guessing.post("/login/factor", data={"code": "000000"})
    good = hotp(key, step_at(world.opened.desk.clock()))
    assert guessing.post("/login/factor", data={"code": good}).status_code == 401, "too many"


def test_what_was_proved_waits_five_minutes_for_its_factor(
    app: Flask, idp: Provider, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, codes = turn_on(bound(app, idp), world)
    client = app.test_client()
    idp.bring(client, "zhang-0001")
    present = time.time
    monkeypatch.setattr("portal.views.elsewhere.time.time", lambda: present() + 301)
    assert client.post("/login/factor", data={"code": codes[0]}).headers["Location"] == "/login"


def test_a_binding_is_taken_off_by_its_owner(app: Flask, idp: Provider, world: World) -> None:
    client = bound(app, idp)
    with world.opened.database.read() as session:
        binding = session.scalars(select(LoginBinding)).one().id
    assert client.post(f"/account/bindings/{binding}/remove").headers["Location"] == "/account/"
    outside = app.test_client()
    assert NOT_ADMITTED in refused(outside, idp.bring(outside, "zhang-0001"))


# --- certificates


def certificate(name: str = "证书演示甲", *, days: int = 30, begins: int = -1) -> x509.Certificate:
    key, moment = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment + timedelta(days=begins))
        .not_valid_after(moment + timedelta(days=days))
        .sign(key, SHA256())
    )


def by_standard(shown: x509.Certificate) -> str:
    return f":{b64encode(shown.public_bytes(Encoding.DER)).decode()}:"


def by_nginx(shown: x509.Certificate) -> str:
    return quote(shown.public_bytes(Encoding.PEM).decode())


def handed_on(world: World, written: str) -> dict[str, str]:
    """The headers of the proxy."""
    key = (world.opened.settings.data / "keys" / "proxy.key").read_text("ascii")
    return {PROXY_KEY_HEADER: key, "Client-Cert": written}


@pytest.mark.parametrize("write", [by_standard, by_nginx])
def test_a_bound_certificate_lets_its_owner_in(app: Flask, world: World, write: object) -> None:
    headers = handed_on(world, write(certificate()))  # type: ignore[operator]
    client = log_in(app, "handler")
    assert client.post("/account/bindings/certificate", headers=headers).headers["Location"] == "/account/"
    assert "证书演示甲" in client.get("/account/").text
    outside = app.test_client()
    assert "用数字证书登录：证书演示甲" in outside.get("/login", headers=headers).text
    assert outside.post("/login/certificate", headers=headers).headers["Location"] == "/"
    assert "承办演示甲" in outside.get("/").text


def test_a_certificate_without_the_key_of_the_proxy_is_no_certificate(app: Flask, world: World) -> None:
    shown = certificate()
    good = handed_on(world, by_standard(shown))
    log_in(app, "handler").post("/account/bindings/certificate", headers=good)
    others = [{}, {PROXY_KEY_HEADER: ""}, {PROXY_KEY_HEADER: "0" * 64}, {PROXY_KEY_HEADER: "密"}]
    for headers in others:
        client, sent = app.test_client(), headers | {"Client-Cert": by_standard(shown)}
        assert "用数字证书登录" not in client.get("/login", headers=sent).text
        assert "没有收到有效的数字证书" in refused(client, client.post("/login/certificate", headers=sent))


def test_certificates_that_do_not_hold_or_are_none_or_are_not_bound_let_nobody_in(app: Flask, world: World) -> None:
    log_in(app, "handler").post("/account/bindings/certificate", headers=handed_on(world, by_standard(certificate())))
    past, future = certificate(begins=-9, days=-1), certificate(begins=2)
    for written in (by_standard(past), by_nginx(future), "", "::", ":AAAA:", "%FF%00", "x" * 20_000, ":密:"):
        client = app.test_client()
        shown = client.post("/login/certificate", headers=handed_on(world, written))
        assert "没有收到有效的数字证书" in refused(client, shown), written[:20]
    client = app.test_client()
    same_name = handed_on(world, by_standard(certificate()))
    assert NOT_ADMITTED in refused(client, client.post("/login/certificate", headers=same_name))


def test_the_log_says_how_somebody_came_in(app: Flask, idp: Provider) -> None:
    bound(app, idp)
    client = app.test_client()
    idp.bring(client, "zhang-0001")
    stranger = app.test_client()
    idp.bring(stranger, "somebody")
    log = log_in(app, "auditor").get("/log").text
    assert "绑定登录身份" in log
    assert "统一身份演示甲" not in log
    assert "zhang-0001" not in log
