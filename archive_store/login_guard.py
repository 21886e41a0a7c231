"""Guesses of passwords are counted where they come from, so that nobody can be kept out by them.

A browser in which a person logged in before is known for that person (a token in a cookie, its hash here): wrong tries
there make that browser wait and nothing else. Tries from all other browsers share one count of the account, and one of
the address they come from. A flood from elsewhere makes strangers wait and never the owner at the own desk.

Source: OWASP Authentication Cheat Sheet, "device cookies"; ASVS 5.0, V6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from archive_store.accounts import new_token, token_hash
from archive_store.models.accounts import Account, AddressGuard, KnownDevice

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

DEVICES = 20
"""Browsers that are remembered for a person; the one not seen for the longest time gives way."""
REMEMBERED = timedelta(days=180)
"""A browser in which nobody logged in for so long is forgotten."""
NOT_SEEN_FOR = timedelta(days=1)
"""So often, at most, the row of a browser is written."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a try comes from: the token in the browser's cookie and the network address, empty where there is none."""

    device: str = ""
    address: str = ""


NOWHERE = Caller()
"""A command on the machine itself."""

Counted = Account | KnownDevice | AddressGuard


class LoginGuard:
    """Counts wrong tries and says who has to wait."""

    def __init__(self, *, attempts: int, address_attempts: int, wait: timedelta) -> None:
        self._attempts = attempts
        self._address_attempts = address_attempts
        self._wait = wait

    def must_wait(self, session: Session, account: Account | None, caller: Caller, now: datetime) -> bool:
        """Whether tries from there have to wait, for this account (None: there is no such account)."""
        return any(one.locked_until is not None and one.locked_until > now for one in _counts(session, account, caller))

    def failed(self, session: Session, account: Account | None, caller: Caller, now: datetime) -> None:
        """Count a wrong try; while waiting, further ones are not counted."""
        if self.must_wait(session, account, caller, now):
            return
        counts = _counts(session, account, caller)
        if caller.address and not any(isinstance(one, KnownDevice | AddressGuard) for one in counts):
            made = AddressGuard(address=caller.address, failed_logins=0, since=now)
            session.add(made)
            counts.append(made)
        for one in counts:
            if isinstance(one, AddressGuard) and one.since + self._wait <= now:
                one.failed_logins, one.since = 0, now
            one.failed_logins += 1
            most = self._address_attempts if isinstance(one, AddressGuard) else self._attempts
            if one.failed_logins >= most:
                one.failed_logins, one.locked_until = 0, now + self._wait

    def succeeded(self, session: Session, account: Account, caller: Caller, now: datetime) -> str:
        """End the counts of who logged in; gives the token by which the browser is known from now on."""
        if caller == NOWHERE:
            forgive(account)
            return ""
        token, device = caller.device, _device(session, account, caller)
        if device is None:
            _make_room(session, account, now)
            if not _is_known(session, token):  # a browser that several people use keeps its one token
                token, _ = new_token()
            device = KnownDevice(account_id=account.id, token_hash=token_hash(token), made_at=now, seen_at=now)
            session.add(device)
            forgive(account)
        forgive(device)
        if device.seen_at + NOT_SEEN_FOR <= now:
            device.seen_at = now
        return token

    def proved(self, session: Session, account: Account, caller: Caller) -> None:
        """End the count of who gave the password again within a session."""
        one = _device(session, account, caller) or account
        one.failed_logins = 0


def forgive(counted: Counted) -> None:
    """Let nobody wait for what was tried there before."""
    counted.failed_logins, counted.locked_until = 0, None


def forget_devices(session: Session, account: Account, *, but: str = "") -> None:
    """Know no browser of a person any more (another password, a reset); `but` is the token of one that stays."""
    gone = delete(KnownDevice).where(KnownDevice.account_id == account.id)
    session.execute(gone.where(KnownDevice.token_hash != token_hash(but)) if but else gone)


def _counts(session: Session, account: Account | None, caller: Caller) -> list[Counted]:
    """What counts a try: the known browser alone, or the account's count of strangers and the one of the address."""
    device = _device(session, account, caller) if account is not None else None
    if device is not None:
        return [device]
    address = session.get(AddressGuard, caller.address) if caller.address else None
    return [one for one in (account, address) if one is not None]


def _device(session: Session, account: Account, caller: Caller) -> KnownDevice | None:
    if not caller.device:
        return None
    known = KnownDevice.account_id == account.id, KnownDevice.token_hash == token_hash(caller.device)
    return session.scalars(select(KnownDevice).where(*known)).first()


def _is_known(session: Session, token: str) -> bool:
    known = select(KnownDevice.id).where(KnownDevice.token_hash == token_hash(token)).limit(1)
    return bool(token) and session.scalars(known).first() is not None


def _make_room(session: Session, account: Account, now: datetime) -> None:
    session.execute(delete(KnownDevice).where(KnownDevice.seen_at < now - REMEMBERED))
    rows = select(KnownDevice).where(KnownDevice.account_id == account.id).order_by(KnownDevice.seen_at.desc())
    for row in session.scalars(rows.offset(DEVICES - 1)):
        session.delete(row)
