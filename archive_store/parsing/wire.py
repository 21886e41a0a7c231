"""Frames between the pool and a parser process: a JSON header with its length, then raw blobs.

A frame is 4 bytes (length of the header, network order), the header (UTF-8 JSON, an object) and the blobs whose
sizes the header lists under "blobs". File descriptors ride on the first byte (SCM_RIGHTS). Nothing is pickled: the
parser process may be in the hands of a hostile file, so all that it sends is measured before it is believed.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

LENGTH = struct.Struct("!I")
TIME_VALUE = struct.Struct("@ll")
MAX_FILES = 16


class FrameError(Exception):
    """What came is no frame of ours, or larger than allowed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function in the parser process gives back: a JSON value and raw blobs (any contiguous buffers)."""

    value: Json
    blobs: Sequence[bytes | memoryview] = ()


def send(
    channel: socket.socket,
    header: dict[str, Json],
    blobs: Sequence[bytes | memoryview] = (),
    descriptors: Sequence[int] = (),
) -> None:
    """Send one frame; blocks, within the channel's own send timeout."""
    sizes: list[Json] = [memoryview(blob).nbytes for blob in blobs]
    encoded = json.dumps(header | {"blobs": sizes}).encode()
    head = LENGTH.pack(len(encoded)) + encoded
    sent = socket.send_fds(channel, [head], list(descriptors)) if descriptors else 0
    channel.sendall(head[sent:])
    for blob in blobs:
        channel.sendall(blob)


def receive(channel: socket.socket, *, deadline: float, limit: int) -> tuple[dict[str, Json], tuple[bytes, ...]]:
    """Receive one frame of at most `limit` bytes until `deadline` (of `time.monotonic`).

    Raises:
        TimeoutError: the frame was not complete in time.
        EOFError: the other side is gone.
        FrameError: the frame is malformed or too large.
    """
    (length,) = LENGTH.unpack(_exactly(channel, LENGTH.size, deadline))
    if length > limit:
        raise FrameError(f"header of {length} bytes")
    header = parse_header(_exactly(channel, length, deadline))
    sizes = header.pop("blobs", None)
    if not isinstance(sizes, list):
        raise FrameError("no list of blobs")
    counts = [size for size in sizes if isinstance(size, int) and size >= 0]
    if len(counts) != len(sizes) or length + sum(counts) > limit:
        raise FrameError("blobs are too large")
    return header, tuple(_exactly(channel, count, deadline) for count in counts)


def receive_call(channel: socket.socket) -> tuple[dict[str, Json], list[int]]:
    """In the parser process: wait for the next call and take its descriptors.

    Raises:
        EOFError: the pool is gone.
    """
    first, descriptors, _, _ = socket.recv_fds(channel, LENGTH.size, MAX_FILES)
    if not first:
        raise EOFError
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # recv_fds passes no flags on to the kernel
    (length,) = LENGTH.unpack(first + _exactly(channel, LENGTH.size - len(first)))
    return parse_header(_exactly(channel, length)), list(descriptors)


def parse_header(encoded: bytes) -> dict[str, Json]:
    """The header as an object; FrameError where it is none."""
    try:
        header = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise FrameError("header is not JSON") from error
    if not isinstance(header, dict):
        raise FrameError("header is not an object")
    return header


def _exactly(channel: socket.socket, count: int, deadline: float | None = None) -> bytes:
    """`count` bytes. One large read into its final place: pixels of a page are megabytes."""
    parts: list[bytes] = []
    missing = count
    while missing:
        if deadline is not None:
            _wait_at_most(channel, deadline - time.monotonic())
        try:
            part = channel.recv(missing, socket.MSG_WAITALL)
        except BlockingIOError as error:
            raise TimeoutError from error
        except OSError as error:
            if error.errno in {errno.ECONNRESET, errno.EPIPE}:
                raise EOFError from error
            raise
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _wait_at_most(channel: socket.socket, seconds: float) -> None:
    """Let the kernel end a read after `seconds`; Python's own timeouts would make each read short and slow."""
    if seconds <= 0:
        raise TimeoutError
    whole = int(seconds)
    value = TIME_VALUE.pack(whole, max(1, int((seconds - whole) * 1_000_000)))
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
