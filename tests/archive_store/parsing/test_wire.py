from __future__ import annotations

import json
import os
import socket
import time
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from archive_store.parsing import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 2**24


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def receive(channel: socket.socket, seconds: float = 5, limit: int = LIMIT) -> object:
    return wire.receive(channel, deadline=time.monotonic() + seconds, limit=limit)


def framed(header: object) -> bytes:
    encoded = json.dumps(header).encode()
    return wire.LENGTH.pack(len(encoded)) + encoded


@pytest.mark.parametrize(
    "data",
    [
        wire.LENGTH.pack(LIMIT + 1),
        wire.LENGTH.pack(3) + b"{]}",
        wire.LENGTH.pack(100_000) + b"[" * 100_000,
        framed([]),
        framed({"value": 1}),
        framed({"blobs": 1}),
        framed({"blobs": [-1]}),
        framed({"blobs": [True, None]}),
        framed({"blobs": [LIMIT]}),
        framed({"blobs": [2**63, 2**63]}),
    ],
)
def test_what_is_no_frame_is_refused_before_it_is_read(ends: tuple[socket.socket, socket.socket], data: bytes) -> None:
    ends[0].sendall(data)
    with pytest.raises(wire.FrameError):
        receive(ends[1])


@pytest.mark.parametrize("part", [b"", b"\0", framed({"blobs": [4]}) + b"ab"])
def test_a_frame_that_breaks_off_is_an_end(ends: tuple[socket.socket, socket.socket], part: bytes) -> None:
    ends[0].sendall(part)
    ends[0].close()
    with pytest.raises(EOFError):
        receive(ends[1])


@pytest.mark.parametrize("part", [b"", b"\0", framed({"blobs": [4]}) + b"ab"])
def test_a_frame_that_does_not_come_on_is_given_up(ends: tuple[socket.socket, socket.socket], part: bytes) -> None:
    ends[0].sendall(part)
    with pytest.raises(TimeoutError):
        receive(ends[1], seconds=0.05)


def test_a_frame_arrives_as_it_was_sent(ends: tuple[socket.socket, socket.socket]) -> None:
    blobs = [bytes(range(256)) * 4096, b"", memoryview(b"view")]
    sender = Thread(target=wire.send, args=(ends[0], {"value": ["案卷", 1.5, None]}, blobs))
    sender.start()
    assert receive(ends[1]) == ({"value": ["案卷", 1.5, None]}, tuple(bytes(blob) for blob in blobs))
    sender.join()


def test_a_call_brings_its_descriptors_and_they_are_not_inherited(ends: tuple[socket.socket, socket.socket]) -> None:
    original = os.memfd_create("file")
    os.write(original, b"content")
    wire.send(ends[0], {"function": "a:b"}, descriptors=[original])
    header, received = wire.receive_call(ends[1])
    assert header == {"function": "a:b", "blobs": []}
    assert os.pread(received[0], 10, 0) == b"content"
    assert not os.get_inheritable(received[0])
    for descriptor in (original, *received):
        os.close(descriptor)


def test_a_pool_that_is_gone_ends_the_calls(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].close()
    with pytest.raises(EOFError):
        wire.receive_call(ends[1])
