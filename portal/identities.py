"""Who is proved by somebody else: by single sign-on (OpenID Connect), or by a certificate that a proxy checked.

Both give an `Identity`, which says who comes and nothing else; whose account it is, the archive decides.

- Single sign-on: code flow with PKCE, state and nonce bound to the session; the issuer must be the one of the settings,
  the algorithms are asymmetric ones, the way back is an address of the portal's own settings.
- A certificate counts only beside the key that the proxy and the portal share: a header alone anybody can write.

Source: OpenID Connect Core 1.0 and Discovery 1.0; RFC 7636; RFC 9700; RFC 9440; ASVS 5.0, V10.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, cast

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import current_app, request
from joserfc.errors import JoseError
from requests import RequestException

from archive_store.errors import RefusedError
from archive_store.identity import BindingKind
from archive_store.login_bindings import LONGEST_NAME, Identity, read_certificate
from archive_store.models.base import now
from portal.config import OIDC_SECRET, PROXY_KEY

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from portal.config import Settings

log = logging.getLogger(__name__)
PROXY_KEY_HEADER = "X-Anjuan-Proxy-Key"
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures of a provider that are taken: none that who verifies could make."""
PATIENCE = 5
"""Seconds for one answer of the provider."""
NOT_REACHED = "统一身份认证暂时不能使用，请稍后再试，或用用户名和密码登录。"
NOT_PROVED = "统一身份认证没有完成：可能已超时、已取消，或不是从本页面发起。请重新开始。"
_FAILED = (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError, TypeError)


class Identities:
    """Asks those who vouch for people."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        keys = settings.data / "keys"
        self.provider = settings.oidc_name if settings.oidc_issuer else ""
        """What the single sign-on is called on pages; empty: there is none."""
        self._header = settings.client_certificate_header
        self._proxy_key = (keys / PROXY_KEY).read_text("ascii").strip() if self._header else ""
        self._issuer = settings.oidc_issuer
        self._address = settings.public_url.rstrip("/")
        if self._issuer:
            self._client = OAuth(app).register(
                "provider",
                client_id=settings.oidc_client_id,
                client_secret=(keys / OIDC_SECRET).read_text("utf-8").strip(),
                server_metadata_url=f"{self._issuer.rstrip('/')}/.well-known/openid-configuration",
                client_kwargs={
                    "scope": "openid profile",
                    "code_challenge_method": "S256",
                    "default_timeout": PATIENCE,
                    "verify": str(settings.oidc_ca) if settings.oidc_ca else True,
                },
            )

    @property
    def takes_certificates(self) -> bool:
        """Whether certificates are taken at all."""
        return bool(self._header)

    def certificate(self) -> Identity | None:
        """The certificate that the browser showed to the proxy, if it did."""
        shown = request.headers.get(PROXY_KEY_HEADER, "")
        if not self._header or not compare_digest(shown.encode(), self._proxy_key.encode()):
            return None
        return read_certificate(request.headers.get(self._header, ""), now())

    def ask(self, way_back: str) -> Response:
        """Send the browser to the provider; it comes back to `way_back`, a path of the portal.

        Raises:
            RefusedError: the provider does not answer, or is not the one of the settings.
        """
        try:
            self._meet()
            return cast("Response", self._client.authorize_redirect(f"{self._address}{way_back}"))
        except _FAILED as error:
            log.warning("the provider of identities cannot be asked", exc_info=True)
            raise RefusedError(NOT_REACHED) from error

    def answered(self) -> Identity:
        """Who the provider says that it is, from the request that came back.

        Raises:
            RefusedError: the answer does not belong to a question of this session, or does not hold.
        """
        try:
            self._meet()
            claims = self._client.authorize_access_token().get("userinfo") or {}
            subject = str(claims["sub"])
        except _FAILED as error:
            log.warning("an answer of the provider of identities does not hold", exc_info=True)
            raise RefusedError(NOT_PROVED) from error
        name = str(claims.get("name") or claims.get("preferred_username") or subject)
        shown = "".join(sign for sign in name if sign.isprintable())[:LONGEST_NAME]
        return Identity(BindingKind.SINGLE_SIGN_ON, self._issuer, subject, shown or subject[:LONGEST_NAME])

    def _meet(self) -> None:
        """Read what the provider says of itself, once, and hold it to the settings (Discovery 1.0, 4.3)."""
        said: dict[str, Any] = self._client.load_server_metadata()
        taken = [name for name in said.get("id_token_signing_alg_values_supported", ["RS256"]) if name in ALGORITHMS]
        if said.get("issuer") != self._issuer or not taken:
            said.pop("_loaded_at", None)
            raise ValueError("the provider is another one, or signs in no way that is taken")
        said["id_token_signing_alg_values_supported"] = taken


def install(app: Flask, settings: Settings) -> None:
    """Have the application ask those whom the settings name."""
    app.extensions["anjuan.identities"] = Identities(app, settings)


def identities() -> Identities:
    """Those of this application."""
    return cast("Identities", current_app.extensions["anjuan.identities"])


def as_kept(identity: Identity) -> dict[str, str]:
    """An identity as a session keeps it."""
    return asdict(identity)


def from_kept(kept: dict[str, str]) -> Identity:
    """The identity that a session kept."""
    return Identity(BindingKind(kept["kind"]), kept["issuer"], kept["subject"], kept["name"])
