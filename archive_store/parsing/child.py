"""The parser process: takes a function's name and file descriptors, gives back JSON and raw blobs.

Started as a program of its own, never forked from a process that holds keys, with a clean environment. It limits
itself before it looks at the first file; the limits are hard and cannot be lifted again. It ends when its channel
does, and is killed when the thread that started it dies.

    python -m archive_store.parsing.child CHANNEL MEMORY_BYTES FILE_BYTES
"""

from __future__ import annotations

import ctypes
import importlib
import math
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from typing import BinaryIO, TypeAlias, cast

from archive_store.parsing import wire
from archive_store.parsing.errors import ParserRefusedError

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
MAPPED_EXTRA_BYTES = 2**30
"""Address space beyond the memory limit, for what is mapped and not used: libraries, fonts, models."""
OPEN_FILES = 256

Function: TypeAlias = Callable[..., wire.Answer]


def main(channel: int, memory_bytes: int, file_bytes: int) -> None:
    """Limit this process, say so, and serve calls until the channel closes."""
    _limit(memory_bytes, file_bytes)
    with socket.socket(fileno=channel) as pool:
        wire.send(pool, {"ready": True})
        while serve_one(pool):
            pass


def serve_one(pool: socket.socket) -> bool:
    """Answer the next call; false when there will be no more."""
    try:
        call, descriptors = wire.receive_call(pool)
    except EOFError:
        return False
    with ExitStack() as stack:
        files = [stack.enter_context(file) for file in _files(descriptors, outputs=int(str(call.get("outputs", 0))))]
        header, blobs = _carried_out(call, files)
        try:
            wire.send(pool, header | {"id": call["id"]}, blobs)
        except BrokenPipeError:
            return False
    return "exhausted" not in header


def _files(descriptors: Sequence[int], outputs: int) -> Iterator[BinaryIO]:
    """The files to read, then the places to write to (unbuffered, and readable too)."""
    for number, descriptor in enumerate(descriptors):
        if number < len(descriptors) - outputs:
            yield os.fdopen(descriptor, "rb")
        else:
            yield cast("BinaryIO", os.fdopen(descriptor, "r+b", buffering=0))


def _carried_out(
    call: dict[str, wire.Json], files: Sequence[BinaryIO]
) -> tuple[dict[str, wire.Json], Sequence[bytes | memoryview]]:
    """The header and blobs that answer a call, whatever the file provoked."""
    try:
        function = _function(str(call["function"]))
    except (ImportError, AttributeError) as error:
        return {"missing": _described(error)}, ()
    try:
        _limit_processor_time(float(str(call["seconds"])))
        for file in files:
            file.seek(0)
        arguments = call["arguments"]
        answer = function(*files, **(arguments if isinstance(arguments, dict) else {}))
    except ParserRefusedError as error:
        return {"refused": error.message}, ()
    except MemoryError:
        return {"exhausted": True}, ()
    except Exception as error:  # noqa: BLE001 - a hostile file may provoke any error of any library; this is the edge
        return {"failed": _described(error)}, ()
    return {"value": answer.value}, answer.blobs


@cache
def _function(path: str) -> Function:
    module, _, name = path.partition(":")
    function: Function = getattr(importlib.import_module(module), name)
    return function


def _described(error: Exception) -> str:
    """The kind of an error and the places it passed; not its text, which may quote the file."""
    places = (f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:])
    return f"{type(error).__module__}.{type(error).__name__} at {' > '.join(places)}"


def _limit(memory_bytes: int, file_bytes: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_PDEATHSIG, signal.SIGKILL)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    for kind, most in (
        (resource.RLIMIT_CORE, 0),  # a core file would hold what was in the file
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_AS, memory_bytes + MAPPED_EXTRA_BYTES),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(kind, (most, most))


def _limit_processor_time(seconds: float) -> None:
    """Let this call use `seconds` more; the kernel ends the process then, even where nobody waits for it any more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime + seconds) + 1, hard))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
