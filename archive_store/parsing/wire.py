"""Messages between portal and parser process: a JSON head with a length, then raw blobs; files go as descriptors."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

HEAD = struct.Struct("!II")
MAX_HEAD = 64 * 1024 * 1024
MAX_BLOBS = 512 * 1024 * 1024
MAX_FILES = 8


def send(channel: socket.socket, head: dict[str, Any], blobs: list[bytes], files: list[int]) -> None:
    """Send one message."""
    data = json.dumps(head | {"blobs": [len(blob) for blob in blobs]}, ensure_ascii=False).encode()
    first = HEAD.pack(len(data), len(files))
    if files:
        socket.send_fds(channel, [first], files)
    else:
        channel.sendall(first)
    channel.sendall(data)
    for blob in blobs:
        channel.sendall(blob)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[bytes], list[int]]:
    """Receive one message; EOFError when the other side is gone, ValueError when it sends too much."""
    first, files, _, _ = socket.recv_fds(channel, HEAD.size, MAX_FILES)
    if not first:
        raise EOFError
    first += _exactly(channel, HEAD.size - len(first))
    length, _ = HEAD.unpack(first)
    if length > MAX_HEAD:
        raise ValueError("message too large")
    head = json.loads(_exactly(channel, length))
    sizes = head.pop("blobs")
    if sum(sizes) > MAX_BLOBS:
        raise ValueError("message too large")
    return head, [_exactly(channel, size) for size in sizes], files


def _exactly(channel: socket.socket, count: int) -> bytes:
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        got = channel.recv_into(view[done:])
        if not got:
            raise EOFError
        done += got
    return bytes(data)
