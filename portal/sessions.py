"""Sessions in a table, behind Flask's session interface: the browser holds a random token, the table its hash.

A new token is given at login; the former one ends. A session ends when it was idle too long, at its absolute end, and
with any change of the person's rights. `seen_at` is written at most once a minute.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import bindparam, delete, select
from werkzeug.datastructures import CallbackDict

from archive_store.accounts import new_token, token_hash
from archive_store.models.accounts import Account, WebSession
from archive_store.models.base import now

if TYPE_CHECKING:
    from flask import Flask, Request, Response

    from archive_store.unit_of_work import Database

SEEN_EVERY = timedelta(minutes=1)
ACCOUNT_KEY = "_user_id"
"""Where flask-login keeps the person; the row's own column repeats it, so that sessions can be ended by person."""


_BY_TOKEN = (
    select(WebSession, Account.active, Account.rights_version)
    .outerjoin(Account, Account.id == WebSession.account_id)
    .where(WebSession.token_hash == bindparam("digest"))
)
"""The session with what its person's account says now; made once, since every request asks it."""


class StoredSession(CallbackDict[str, Any], SessionMixin):
    """The session's data with the row that it came from."""

    def __init__(self, initial: dict[str, Any], row: WebSession | None) -> None:
        def changed(this: CallbackDict[str, Any]) -> None:
            del this
            self.modified = True

        super().__init__(initial, changed)
        self.row = row
        self.new = row is None
        self.modified = False
        self.fresh_token = False
        """Set at login: the session goes on under a new token."""


class TableSessions(SessionInterface):
    """Opens and saves sessions."""

    def __init__(self, database: Database, *, idle: timedelta, longest: timedelta, secure: bool) -> None:
        self._database = database
        self._idle = idle
        self._longest = longest
        self.cookie = "__Host-anjuan" if secure else "anjuan"
        self._secure = secure

    def open_session(self, app: Flask, request: Request) -> StoredSession:
        """The session that the cookie names, if it still holds; else an empty one."""
        del app
        token = request.cookies.get(self.cookie)
        row = self._find(token) if token else None
        return StoredSession(json.loads(row.data) if row else {}, row)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed; an empty session takes its row and cookie away."""
        del app
        if not isinstance(session, StoredSession):
            raise TypeError("a session of ours is needed")
        if not session:
            self._end(session, response)
        elif session.row is None or session.fresh_token:
            self._begin(session, response)
        elif session.modified or session.row.seen_at + SEEN_EVERY < now():
            with self._database.write() as unit:
                row = unit.session.get(WebSession, session.row.id)
                if row is not None:
                    row.data, row.seen_at = json.dumps(dict(session)), now()

    def _find(self, token: str) -> WebSession | None:
        with self._database.read() as session:
            found = session.execute(_BY_TOKEN, {"digest": token_hash(token)}).one_or_none()
        if found is None:
            return None
        row, active, rights_version = found
        if row.ends_at <= now() or row.seen_at + self._idle <= now():
            return None
        if row.account_id is not None and (not active or rights_version != row.rights_version):
            return None
        return row

    def _begin(self, session: StoredSession, response: Response) -> None:
        token, digest = new_token()
        account_id = session.get(ACCOUNT_KEY)
        with self._database.write() as unit:
            if session.row is not None:
                unit.session.execute(delete(WebSession).where(WebSession.id == session.row.id))
            unit.session.execute(delete(WebSession).where(WebSession.ends_at <= now()))
            account = unit.session.get(Account, account_id) if account_id else None
            row = WebSession(token_hash=digest, data=json.dumps(dict(session)), ends_at=now() + self._longest)
            if session.row is not None and session.row.account_id == account_id:
                # it goes on under a new token, and lasts no longer for it
                row.created_at, row.ends_at = session.row.created_at, session.row.ends_at
            row.address = (request.remote_addr or "")[:45]
            row.account_id = account.id if account else None
            row.rights_version = account.rights_version if account else 0
            unit.session.add(row)
        response.set_cookie(self.cookie, token, httponly=True, secure=self._secure, samesite="Lax", path="/")

    def _end(self, session: StoredSession, response: Response) -> None:
        if session.row is not None:
            with self._database.write() as unit:
                unit.session.execute(delete(WebSession).where(WebSession.id == session.row.id))
            response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")
