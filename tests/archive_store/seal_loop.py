"""Seals without end, to be killed: `python -m tests.archive_store.seal_loop ROOT`.

For each line on standard input a child is forked that seals objects and supplements, printing
`ack ID SHA512-OF-INVENTORY` after each; `started PID` before, `ended` when it was killed and reaped.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from uuid import uuid4

from archive_store.ocfl import StorageRoot
from tests.archive_store.sealed import AUTHOR, NOON, seal_object, signer

CONTENT = [b"p" * 300_000, b"q" * 1000, b""]


def acknowledge(object_id: str, inventory_sha512: str | None) -> None:
    os.write(1, f"ack {object_id} {inventory_sha512}\n".encode())


def seal_for_ever(folder: Path) -> None:
    root = StorageRoot.open(folder)
    root.sweep()
    while True:
        object_id = f"urn:anjuan:{uuid4()}:main"
        acknowledge(object_id, seal_object(root, object_id, CONTENT).inventory_sha512)
        with root.add_version(object_id) as build:
            build.add_bytes("s2/004.pdf", b"found later")
            finished = build.finish("补充", AUTHOR, NOON)
            build.publish()
        acknowledge(object_id, finished.inventory_sha512)


def main() -> None:
    signer().sign(b"everything is loaded before the first child")
    for _ in sys.stdin:
        if (child := os.fork()) == 0:
            seal_for_ever(Path(sys.argv[1]))
        os.write(1, f"started {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"ended\n")


if __name__ == "__main__":
    main()
