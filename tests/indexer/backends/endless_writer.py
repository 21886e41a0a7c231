"""Writes cases into an embedded index until it is killed; prints each case once it is acknowledged."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from indexer.backends.embedded import EmbeddedBackend
from tests.indexer.world import make_case, seeded


def main(root: str, number: str) -> None:
    draw = seeded(int(number))
    backend = EmbeddedBackend(Path(root))
    backend.open()
    for n in count(int(number) * 10_000):
        case = make_case(draw, n)
        backend.replace_case(f"case{n}", case.documents)
        sys.stdout.write(f"case{n}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
