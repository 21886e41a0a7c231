"""How soon text that is encrypted at rest can be searched: `python -m benchmarks.encrypted_index [--pages N] [--json]`.

Two ways, each from its first byte to the answer of a first search. Built: an index in memory from the texts of the
pages, as they are once decrypted. Opened: an index that was written before and encrypted file by file (AES-256-GCM),
decrypted into a file system in memory. Pages come from the laws in ANJUAN_CORPUS, or are made up where it is not set.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tantivy
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.memory import MIB, resident_bytes
from benchmarks.search_speed import PARTITIONS, documents
from indexer.analysis import Analysed
from indexer.backends.base import Change, SearchRequest
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.embedded_query import condition_query
from indexer.backends.embedded_schema import register, schema, to_engine
from indexer.backends.embedded_writers import HEAP_BYTES
from indexer.conditions import has
from indexer.ranking import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.documents import PageDocument

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is measured: a file system in memory
NONCE = 12
WORD = has("bi", "规定")


def built(pages: Sequence[PageDocument]) -> dict[str, float]:
    """An index in memory, made now."""
    before, began = resident_bytes(), time.perf_counter()
    index = register(tantivy.Index(schema()))
    writer = index.writer(HEAP_BYTES, 1)
    payloads: list[bytes] = []
    for document in pages:
        text = Analysed(document.text)
        payloads.append(payload(text))
        writer.add_document(to_engine(document, text, len(payloads)))
    writer.commit()
    index.reload()
    index.searcher().search(condition_query(WORD), 20)
    return {
        "built_s": round(time.perf_counter() - began, 3),
        "built_memory_mb": (resident_bytes() - before) // MIB,
    }


def opened(pages: Sequence[PageDocument], folder: Path) -> dict[str, float]:
    """An index that lies encrypted in a folder, decrypted now."""
    cipher = AESGCM(AESGCM.generate_key(256))
    with closing(EmbeddedBackend(folder / "plain")) as backend:
        backend.open()
        backend.apply([Change(PARTITIONS[0], add=pages)])
    sealed = folder / "sealed"
    for path in _files(folder / "plain"):
        nonce, place = os.urandom(NONCE), sealed / path.relative_to(folder / "plain")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(nonce + cipher.encrypt(nonce, path.read_bytes(), str(path.name).encode()))
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as memory:
        began = time.perf_counter()
        for path in _files(sealed):
            data, place = path.read_bytes(), Path(memory) / path.relative_to(sealed)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(cipher.decrypt(data[:NONCE], data[NONCE:], path.name.encode()))
        with closing(EmbeddedBackend(Path(memory))) as backend:
            backend.count(SearchRequest(WORD, PARTITIONS[:1]))
        taken = time.perf_counter() - began
    return {"opened_s": round(taken, 3), "sealed_mb": sum(path.stat().st_size for path in _files(sealed)) // MIB}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Measure each size, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encrypted_index", description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result: list[dict[str, Any]] = []
    built(list(documents(5)))  # tables that a process loads once
    for count in given.pages:
        pages = list(documents(count))
        with tempfile.TemporaryDirectory() as folder:
            result.append({"pages": count, **built(pages), **opened(pages, Path(folder))})
    sys.stdout.write(json.dumps(result, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
