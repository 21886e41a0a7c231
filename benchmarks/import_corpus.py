"""The whole way of real texts: `python -m benchmarks.import_corpus [--files N] [--cases-of N] [--json]`.

Texts of ANJUAN_CORPUS become case folders (PDFs, every tenth a scan of its first pages, every second case described
by a workbook), and go through the services of a temporary installation: import, hand-over and acceptance, seal,
index, search. Peers of the same run: for import and seal writing the same bytes with SHA-512 and fsync, for indexing
poppler's `pdftotext`, for search the bare engine on the same partitions and tokens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from archive_store.identity import Role, service_actor
from archive_store.labels import Level, Mark
from archive_store.models.accounts import Account
from archive_store.models.cases import Case
from archive_store.models.work import IndexState
from archive_store.vocabulary import CaseState
from benchmarks.corpus_folders import write_folders
from benchmarks.memory import PeakMemory, processor_seconds
from benchmarks.search_speed import WORDS, bare, timed
from benchmarks.texts import choose
from indexer.searcher import Search
from portal.config import Profile, load_settings
from portal.services.accounts import NewAccount, add_department
from portal.wiring import Installation, prepare_folder
from portal.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archive_store.identity import Actor
    from benchmarks.texts import Text

DEPARTMENT = "演示支队"
ASKED = 60
PEOPLE = (("handler", "承办演示甲", Role.HANDLER), ("archivist", "档案演示甲", Role.ARCHIVIST))


@dataclass
class Run:
    """What is measured: pages, seconds by stage, and processor seconds, which a busy machine changes little."""

    pages: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        started, used = time.perf_counter(), processor_seconds()
        yield
        self.seconds[name] = time.perf_counter() - started
        self.processor[name] = processor_seconds() - used
        sys.stderr.write(f"{name}: {self.seconds[name]:.1f} s\n")

    def speeds(self, seconds: Mapping[str, float]) -> dict[str, float]:
        """Pages a second of each stage."""
        return {name: round(self.pages / max(spent, 0.01), 1) for name, spent in seconds.items()}


def people(opened: Installation) -> dict[str, Actor]:
    """A handler and an archivist with every mark."""
    with opened.database.write() as unit:
        department = add_department(unit.session, DEPARTMENT, "D1").id
    new = [
        NewAccount(login, name, frozenset({role}), frozenset({department}), Level.INTERNAL, frozenset(Mark))
        for login, name, role in PEOPLE
    ]
    opened.services.accounts.set_up(new)
    with opened.database.read() as session:
        ids = {account.login: account.id for account in session.scalars(select(Account))}
    found = {login: opened.services.accounts.actor(account_id) for login, account_id in ids.items()}
    return {login: actor for login, actor in found.items() if actor is not None}


def import_all(opened: Installation, folder: Path, run: Run) -> list[str]:
    """Bring every folder in; a refusal ends the run with its findings."""
    with run.stage("import"):
        outcomes = [*opened.services.intake.import_folder(service_actor("import"), folder)]
    refused = [str(found) for outcome in outcomes for found in outcome.findings]
    if refused:
        raise SystemExit("\n".join(refused))
    with run.stage("import_again"):
        again = [*opened.services.intake.import_folder(service_actor("import"), folder)]
    assert {outcome.result for outcome in again} == {"present"}
    with opened.database.read() as session:
        cases = [*session.scalars(select(Case))]
        run.pages = sum(item.page_count or 0 for case in cases for item in case.items)
        problems = [f"{f.name}: {f.problem}" for c in cases for i in c.items for f in i.files if f.problem]
    if problems:
        raise SystemExit("\n".join(problems))
    return [outcome.case_id for outcome in outcomes if outcome.case_id]


def to_the_seal(opened: Installation, who: Mapping[str, Actor], cases: Sequence[str], run: Run) -> None:
    """Hand over, accept, waive what blocks, seal."""
    services = opened.services
    with run.stage("hand_over_and_accept"):
        for case_id in cases:
            services.transfer.hand_over(who["handler"], case_id)
            services.transfer.accept(who["archivist"], case_id)
            for found in services.transfer.findings(who["archivist"], case_id):
                if found.blocks:
                    services.transfer.waive(who["archivist"], case_id, found.finding.key, "基准测试：已核实")
    with run.stage("seal"):
        for case_id in cases:
            services.sealing.seal(who["archivist"], case_id)
    with run.stage("index"):
        Worker(opened).run_until_idle()
    with opened.database.read() as session:
        sealed = session.scalar(select(func.count()).select_from(Case).where(Case.state == CaseState.SEALED))
        indexed = session.scalar(select(func.sum(IndexState.pages)))
    assert (sealed, indexed) == (len(cases), run.pages), (sealed, indexed, run.pages)


def search_times(opened: Installation, who: Actor, texts: Sequence[Text]) -> dict[str, float]:
    """Milliseconds of a whole search, event included, beside the bare engine."""
    service = opened.services.search
    draw = random.Random(5)  # noqa: S311 - repeatable
    asked = [draw.choice(WORDS) for _ in range(ASKED // 3)]
    asked += [" ".join(draw.sample(WORDS, 2)) for _ in range(ASKED // 3)]
    for text in draw.choices(texts, k=ASKED - len(asked)):
        place = draw.randrange(max(1, len(text.text) - 8))
        asked.append('"' + "".join(text.text[place : place + 8].replace('"', "").split()) + '"')
    scope = service._scope(who)  # noqa: SLF001 - the same scope for the bare engine
    results = {}
    for name, ask in (
        ("whole", lambda query: service.search(who, Search(query))),
        ("bare", lambda query: bare(opened.index._live(), query, scope)),  # noqa: SLF001
    ):
        timed(ask, asked[:5])
        times = timed(ask, asked)
        for part in (50, 95):
            results[f"{name}_p{part}_ms"] = round(times[min(len(times) * part // 100, len(times) - 1)], 1)
    for part in (50, 95):
        results[f"ratio_p{part}"] = round(results[f"whole_p{part}_ms"] / max(results[f"bare_p{part}_ms"], 0.1), 1)
    return results


def write_bytes_again(folder: Path, target: Path) -> None:
    """Write the same files with a SHA-512 and fsync, and nothing else."""
    target.mkdir()
    for n, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        with path.open("rb") as source, (target / str(n)).open("wb") as copy:
            digest = hashlib.sha512()
            while chunk := source.read(2**20):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())


def pdftotext(program: Path, folder: Path) -> None:
    """Have poppler take the text of the same PDFs."""
    for path in folder.rglob("*.pdf"):
        subprocess.run([program, str(path), os.devnull], check=True)  # noqa: S603 - our own files


def measure(files: int, cases_of: int, scratch: Path) -> dict[str, Any]:
    """The whole run."""
    run = Run()
    source, texts = choose(files)
    with run.stage("typeset"):
        scanned = write_folders(texts, scratch / "folders", cases_of, DEPARTMENT, PEOPLE[0][1])
    settings = load_settings(scratch / "data", profile=Profile.DEMONSTRATION, bureau="石门市演示水务局")
    prepare_folder(settings)
    with PeakMemory() as memory, Installation(settings) as opened:
        who = people(opened)
        cases = import_all(opened, scratch / "folders", run)
        to_the_seal(opened, who, cases, run)
        times = search_times(opened, who["archivist"], texts)
        isolation = opened.pools.readers.isolation
    with run.stage("peer_write_sha512_fsync"):
        write_bytes_again(scratch / "folders", scratch / "again")
    if program := shutil.which("pdftotext"):
        with run.stage("peer_pdftotext"):
            pdftotext(Path(program), scratch / "folders")
    size = sum(path.stat().st_size for path in (scratch / "folders").rglob("*") if path.is_file())
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "texts": source,
        "files": len(texts),
        "cases": len(cases),
        "pages": run.pages,
        "scanned_files": scanned,
        "megabytes": size // 2**20,
        "longest_text_characters": max(len(text.text) for text in texts),
        "parser_isolation": isolation,
        "machine_load": round(os.getloadavg()[1], 1),
        "pages_per_second": run.speeds(run.seconds),
        "pages_per_processor_second": run.speeds(run.processor),
        "search": times,
        "peak_memory_mb": memory.peak_mb,
    }


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{name}: {value}" for name, value in result.items() if not isinstance(value, dict)]
    for name in ("pages_per_second", "pages_per_processor_second", "search"):
        lines += [f"{name}:"] + [f"  {key:24} {value}" for key, value in result[name].items()]
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_corpus", description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--cases-of", type=int, default=5, help="files in a case")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="anjuan-corpus-") as folder:
        result = measure(given.files, given.cases_of, Path(folder))
    if not os.environ.get("ANJUAN_CORPUS"):
        sys.stderr.write("ANJUAN_CORPUS is not set: the texts are made up\n")
    sys.stdout.write((json.dumps(result, ensure_ascii=False) if given.json else table(result)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
