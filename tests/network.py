"""The network guard: a test reaches this machine's loopback and unix sockets, nothing else.

It is an audit hook (PEP 578), so it also sees connections made inside libraries; it cannot be taken off again.
Programs that a test starts are not covered: they get their own orders (a browser its flags, Maven its registry).
"""

from __future__ import annotations

import ipaddress
import socket
import sys

WATCHED_CONNECTIONS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
WATCHED_NAMES = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.gethostbyaddr": 0}


class NetworkForbiddenError(RuntimeError):
    """A test tried to reach another machine."""


def guard() -> None:
    """Refuse connections and look-ups beyond this machine from now on in this process."""
    own_name = socket.gethostname()

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in WATCHED_CONNECTIONS:
            if not is_local_address(arguments[WATCHED_CONNECTIONS[event]]):
                raise NetworkForbiddenError(f"a test tried to reach {arguments[1]}: only loopback is allowed")
        elif event in WATCHED_NAMES:
            name = arguments[WATCHED_NAMES[event]]
            if not is_local_name(name, own_name):
                raise NetworkForbiddenError(f"a test tried to look up {name!r}: only loopback is allowed")

    sys.addaudithook(watch)


def is_local_address(address: object) -> bool:
    """Whether a socket address is a unix socket, no internet address at all, or loopback."""
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str):
        return True
    return address[0] == "" or address[0] == "localhost" or _is_loopback(address[0])


def is_local_name(name: object, own_name: str) -> bool:
    """Whether looking a name up stays on this machine: numbers, localhost and the machine's own name do."""
    if isinstance(name, bytes):
        name = name.decode("ascii", "replace")
    if not isinstance(name, str) or name in {"", "localhost", own_name} or name.endswith(".localhost"):
        return True
    return _parse(name) is not None


def _is_loopback(host: str) -> bool:
    address = _parse(host)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _parse(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
