"""The web application over services that are already built.

Not in the package itself: parser processes import `portal.dissemination` and must not load the whole portal for it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import access, api, errors, identities, logs, presenters, views
from portal.sessions import TableSessions

if TYPE_CHECKING:
    from archive_store.unit_of_work import Database
    from portal.config import Settings
    from portal.services import Services

ROOT = Path(__file__).resolve().parent.parent


def create_app(
    settings: Settings, services: Services, database: Database, form_key: bytes, *, secure: bool, behind_proxy: bool
) -> Flask:
    """The web application over services that are already built.

    `form_key` signs form tokens; `secure` is whether browsers reach us through TLS.
    """
    app = Flask("portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "portal" / "static"))
    app.config.update(
        SECRET_KEY=form_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
    )
    app.extensions["anjuan"] = services
    app.extensions["anjuan.settings"] = settings
    app.session_interface = TableSessions(
        database,
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(hours=settings.session_hours),
        secure=secure,
    )
    if behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    logs.follow_requests(app)
    access.install(app, secure=secure)
    identities.install(app, settings)
    errors.install(app)
    presenters.install(app)
    CSRFProtect(app)
    access.install_step_up(app)
    Bootstrap5(app)
    Babel(app)
    views.install(app)
    api.install(app)
    return app
