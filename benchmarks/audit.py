"""What the audit log costs: appending, ordering, verifying, proving, beside the plain INSERT of the same rows.

    python -m benchmarks.audit [--events N] [--json]

Everything happens in a new SQLite file with the settings of the product. CPU time is given beside wall time, because a
busy machine stretches the latter; ratios compare CPU time within the same run.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import insert, select

from archive_store.audit.events import Event, EventName
from archive_store.audit.log import AuditLog
from archive_store.database import make_engine
from archive_store.models import Base
from archive_store.models.audit import AuditLeaf
from archive_store.unit_of_work import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Table

GROUP = 50
BATCH = 500
PROOFS = 500
COMMITS = 200
LEAVES = cast("Table", AuditLeaf.__table__)


@dataclass(frozen=True)
class Figure:
    """One measured step: how many, and the time it took."""

    step: str
    count: int
    wall_s: float
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """CPU time of one, in microseconds."""
        return self.cpu_s / self.count * 1e6

    @property
    def per_second(self) -> float:
        """How many a second by the wall clock."""
        return self.count / self.wall_s


def measure(step: str, count: int, action: Callable[[], object]) -> Figure:
    """Run an action once and take both times."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Figure(step, count, time.perf_counter() - wall, time.process_time() - cpu)


def events(count: int) -> list[Event]:
    """Page views as the reader makes them."""
    return [
        Event(
            EventName.ITEM_VIEW_PAGE,
            f"{n % 97:032x}",
            "item",
            f"{n % 997:032x}",
            details={"page": n % 40, "width": 1200},
        )
        for n in range(count)
    ]


def new_database(path: Path) -> Database:
    """An empty database with all tables."""
    engine = make_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    return Database(engine)


def append_each(database: Database, log: AuditLog, wanted: Sequence[Event]) -> None:
    """One by one, in one transaction."""
    with database.write() as unit:
        for event in wanted:
            log.append(unit.session, event)


def append_and_commit(database: Database, log: AuditLog, wanted: Sequence[Event]) -> None:
    """One by one, each in its own transaction."""
    for event in wanted:
        with database.write() as unit:
            log.append(unit.session, event)


def append_groups(database: Database, log: AuditLog, wanted: Sequence[Event]) -> None:
    """In groups, as read events come, each group in its own transaction."""
    for start in range(0, len(wanted), GROUP):
        with database.write() as unit:
            log.append_many(unit.session, wanted[start : start + GROUP])


def insert_each(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """The same rows, ready made, one by one in one transaction."""
    with database.write() as unit:
        for row in rows:
            unit.session.execute(insert(LEAVES), row)


def insert_and_commit(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """The same rows, ready made, each in its own transaction."""
    for row in rows:
        with database.write() as unit:
            unit.session.execute(insert(LEAVES), row)


def insert_groups(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """The same rows, ready made, in groups."""
    for start in range(0, len(rows), GROUP):
        with database.write() as unit:
            unit.session.execute(insert(LEAVES), rows[start : start + GROUP])


def sequence_all(database: Database, log: AuditLog) -> None:
    """Give positions to all, as the worker does."""
    ordered = BATCH
    while ordered:
        with database.write() as unit:
            ordered = log.sequence(unit.session, BATCH)


def rows_of(database: Database, count: int) -> list[dict[str, Any]]:
    """The first rows of the log, without what the database gave them."""
    columns = [column for column in LEAVES.c if column.name not in {"id", "position"}]
    with database.read() as session:
        return [dict(row) for row in session.execute(select(*columns).order_by(LEAVES.c.id).limit(count)).mappings()]


def latency(database: Database, log: AuditLog) -> dict[str, dict[str, float]]:
    """Milliseconds of a proof at the full size of the log: p50 and p95 by the wall clock, mean CPU."""
    choose = random.Random(7)  # noqa: S311 - places to ask for, not secrets
    with database.read() as session:
        size = log.size(session)
        kinds: dict[str, Callable[[int], object]] = {
            "inclusion": lambda place: log.inclusion(session, place, size),
            "consistency": lambda place: log.consistency(session, place, size),
        }
        return {kind: _latency(make, [choose.randrange(size) for _ in range(PROOFS)]) for kind, make in kinds.items()}


def _latency(make: Callable[[int], object], places: Sequence[int]) -> dict[str, float]:
    taken = [measure("proof", 1, lambda place=place: make(place)) for place in places]  # type: ignore[misc]
    wall = sorted(figure.wall_s * 1000 for figure in taken)
    return {
        "p50_ms": round(statistics.median(wall), 2),
        "p95_ms": round(wall[int(len(wall) * 0.95)], 2),
        "mean_cpu_ms": round(statistics.mean(figure.cpu_s for figure in taken) * 1000, 2),
    }


def run(count: int, folder: Path) -> dict[str, Any]:
    """All steps; figures by name, ratios of CPU time, latency of proofs."""
    log, wanted = AuditLog(), events(count)
    few = wanted[:COMMITS]
    database, plain = new_database(folder / "log.db"), new_database(folder / "plain.db")
    append_each(database, log, few)  # statements are compiled once
    rows = rows_of(database, len(few))
    insert_each(plain, rows)
    figures = [measure("append", count, lambda: append_each(database, log, wanted))]
    rows = rows_of(database, count)
    figures += [
        measure("plain insert", count, lambda: insert_each(plain, rows)),
        measure("append, one commit each", len(few), lambda: append_and_commit(database, log, few)),
        measure("plain insert, one commit each", len(few), lambda: insert_and_commit(plain, rows[: len(few)])),
        measure(f"append in groups of {GROUP}", count, lambda: append_groups(database, log, wanted)),
        measure(f"plain insert in groups of {GROUP}", count, lambda: insert_groups(plain, rows)),
    ]
    with database.read() as session:
        total = session.scalars(select(LEAVES.c.id).order_by(LEAVES.c.id.desc()).limit(1)).one()
    figures.append(measure(f"sequence in batches of {BATCH}", total, lambda: sequence_all(database, log)))
    with database.read() as session:
        findings: list[object] = []
        figures.append(measure("verify", total, lambda: findings.extend(log.verify(session))))
    assert not findings
    return {
        "leaves": total,
        "figures": [asdict(f) | {"cpu_us": f.cpu_us, "per_second": f.per_second} for f in figures],
        "ratios": {
            "append to plain insert": round(figures[0].cpu_us / figures[1].cpu_us, 2),
            "append to plain insert, one commit each": round(figures[2].cpu_us / figures[3].cpu_us, 2),
            "append to plain insert, in groups": round(figures[4].cpu_us / figures[5].cpu_us, 2),
        },
        "proofs": latency(database, log),
    }


def show(result: dict[str, Any]) -> None:
    """Print a table."""
    print(f"{result['leaves']} leaves\n")
    print(f"{'step':36} {'each, CPU':>12} {'a second':>12}")
    for figure in result["figures"]:
        print(f"{figure['step']:36} {figure['cpu_us']:9.0f} us {figure['per_second']:12,.0f}")
    print()
    for name, ratio in result["ratios"].items():
        print(f"{name:48} {ratio:.2f}")
    for kind, taken in result["proofs"].items():
        print(f"{kind} proof: p50 {taken['p50_ms']} ms, p95 {taken['p95_ms']} ms, CPU {taken['mean_cpu_ms']} ms")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000, help="events in each way of appending")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anjuan-audit-") as folder:
        result = run(options.events, Path(folder))
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        show(result)


if __name__ == "__main__":
    main()
