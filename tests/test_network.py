"""The network guard holds for every way of connecting."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from tests.network import NetworkForbiddenError, is_local_address, is_local_name


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as stranger, pytest.raises(NetworkForbiddenError):
        stranger.connect(("192.0.2.1", 80))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as stranger, pytest.raises(NetworkForbiddenError):
        stranger.sendto(b"x", ("192.0.2.1", 53))


def test_a_look_up_of_another_name_is_refused() -> None:
    with pytest.raises(NetworkForbiddenError):
        urllib.request.urlopen("http://example.org/")


def test_loopback_is_reached() -> None:
    with socket.create_server(("localhost", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize(
    "address",
    [("10.0.0.1", 1), ("::ffff:192.0.2.1", 1, 0, 0), ("example.org", 1), ("0.0.0.0", 1)],  # noqa: S104 - to be refused
)
def test_addresses_beyond_this_machine_are_not_local(address: tuple[object, ...]) -> None:
    assert not is_local_address(address)


@pytest.mark.parametrize("address", ["/run/x", b"\0x", ("127.0.0.9", 1), ("::1", 1, 0, 0), ("localhost", 1), (0, 0)])
def test_unix_sockets_and_loopback_are_local(address: object) -> None:
    assert is_local_address(address)


def test_numbers_and_own_names_are_looked_up_here() -> None:
    assert all(is_local_name(name, "host") for name in (None, b"localhost", "a.localhost", "host", "192.0.2.1"))
    assert not is_local_name(b"example.org", "host")
