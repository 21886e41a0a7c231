"""What a hostile file might make a parser do, as functions for a parser process."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from archive_store.parsing.errors import ParserRefusedError
from archive_store.parsing.wire import Answer, Json

served = 0


def echo(*files: BinaryIO, **arguments: Json) -> Answer:
    return Answer(arguments, [file.read() for file in files])


def count() -> Answer:
    """How many times this very process was asked."""
    global served  # noqa: PLW0603 - the state of the process is what is looked at
    served += 1
    return Answer(served)


def refuse(message: str) -> Answer:
    raise ParserRefusedError(message)


def stumble(secret: str) -> Answer:
    raise KeyError(secret)


def spin() -> Answer:
    while True:
        pass


def spin_with_helper() -> Answer:
    """Start a program of one's own and hang: both have to go."""
    subprocess.Popen([sys.executable, "-c", "while True: pass"])
    return spin()


def use_little_time_allowed() -> Answer:
    """Spin past the processor time alone, as a process does for which nobody waits any more."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1, hard))
    return spin()


def hog() -> Answer:
    kept = []
    while True:
        kept.append(bytearray(2**24))


def hog_beyond_python() -> Answer:
    """Take memory as a C library does, and stumble over the null pointer."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    while True:
        ctypes.memset(libc.malloc(2**24), 1, 2**24)


def die(number: int) -> Answer:
    os.kill(os.getpid(), number)
    signal.pause()
    return Answer(None)


def flood(size: int) -> Answer:
    return Answer(None, [bytes(size)])


def talk_nonsense(text: str) -> Answer:
    """Write to the pool's channel past the protocol, then hang."""
    os.write(int(sys.argv[1]), text.encode("latin-1"))
    return spin()


def speak_unasked(size: int) -> Answer:
    """Answer properly, after an answer to a call that nobody made."""
    header = b'{"blobs": [], "id": %d, "value": "forged"}' % size
    os.write(int(sys.argv[1]), len(header).to_bytes(4, "big") + header)
    return Answer("real")


def connect(port: int) -> Answer:
    with socket.socket() as outgoing:
        return Answer(errno.errorcode.get(outgoing.connect_ex(("127.0.0.1", port)), "connected"))


def environment() -> Answer:
    return Answer(dict(os.environ))


def see(paths: list[str]) -> Answer:
    """Which of the paths are there."""
    return Answer([path for path in paths if Path(path).exists()])


def open_descriptors() -> Answer:
    descriptors: list[Json] = []
    for number in range(resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
        try:
            os.fstat(number)
        except OSError:
            continue
        descriptors.append(number)
    return Answer(descriptors)


def write_to(file: BinaryIO) -> Answer:
    """Try to write to a file that was handed over for reading: directly, and through /proc."""
    done: list[Json] = []
    try:
        os.write(file.fileno(), b"changed")
        done.append("directly")
    except OSError:
        pass
    try:
        os.write(os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDWR), b"changed")
        done.append("through /proc")
    except OSError:
        pass
    return Answer(done)


def fill_scratch(size: int) -> Answer:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        Path("/tmp/scratch").write_bytes(bytes(size))  # noqa: S108 - of the sandbox
    except OSError as error:
        return Answer(errno.errorcode[error.errno or 0])
    return Answer("written")


def lift_limits() -> Answer:
    """Try to lift the memory limit again, and to gain rights."""
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return Answer("refused")
    return Answer("lifted")


def spin_with_output(place: BinaryIO) -> Answer:
    """Write a little, then never end."""
    place.write(b"begun")
    while True:
        pass
