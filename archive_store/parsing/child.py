"""The parser process: takes a function's name and file descriptors, gives back JSON and bytes.

Started fresh (never forked from a process that holds keys), with an empty environment and limits on memory and
output, inside bubblewrap where that is present.
"""

from __future__ import annotations

import importlib
import os
import resource
import socket
import sys

from archive_store.parsing import wire
from archive_store.parsing.errors import ParserRefusedError


def main() -> None:
    """Serve calls on standard input's socket until it is closed."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    channel = socket.socket(fileno=os.dup(0))
    while True:
        try:
            head, _, files = wire.receive(channel)
        except EOFError:
            return
        try:
            _answer(channel, head, files)
        finally:
            for file in files:
                os.close(file)


def _answer(channel: socket.socket, head: dict[str, object], files: list[int]) -> None:
    module, _, name = str(head["function"]).partition(":")
    function = getattr(importlib.import_module(module), name)
    try:
        value, blobs = function(files, **head["arguments"])  # type: ignore[arg-type]
    except ParserRefusedError as error:
        wire.send(channel, {"refused": error.message}, [], [])
    else:
        wire.send(channel, {"value": value}, blobs, [])


if __name__ == "__main__":
    main()
