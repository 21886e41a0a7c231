"""Whether the time of an answer tells what is hidden from what is absent: `python -m benchmarks.timing [--pairs 2000]`.

A served portal, one person, and for each route pairs of requests in random order: one for a case or item that is there
and hidden from the person, one for an id of nothing. Printed is the area under the curve (AUC) of telling them apart
by the time that the client measures: 0.5 is guessing, the goal is at most 0.55. `--bare` takes the even step of such
answers away, to see what it hides.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import urllib.error
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from archive_store.labels import Label, Level
from archive_store.models.base import new_id
from archive_store.models.cases import Case, Item
from benchmarks.search_scale import PASSWORD, unindexed
from benchmarks.serving import fetch, log_in, served
from portal.config import Profile, load_settings
from portal.wiring import Installation

if TYPE_CHECKING:
    from benchmarks.serving import Reader

PAGES = 5000
ROUTES = {
    "case": ("/cases/{}", "/cases/{}/parties", "/cases/{}/labels", "/intake/{}", "/my-cases/{}"),
    "item": ("/items/{}", "/items/{}/pages/1.jpg?width=900", "/items/{}/play"),
}
HIDDEN = Label.of(Level.SECRET)


def prepared(data: Path) -> dict[str, list[str]]:
    """An archive in which everything is hidden from its one archivist; gives the ids of what is there."""
    unindexed(data, PAGES)
    settings = load_settings(data, profile=Profile.DEMONSTRATION, render_processes=1)
    with Installation(settings) as opened, opened.database.write() as unit:
        unit.session.execute(update(Case).values(label=HIDDEN))
        unit.session.execute(update(Item).values(label=HIDDEN))
        return {
            "case": list(unit.session.scalars(select(Case.id))),
            "item": list(unit.session.scalars(select(Item.id))),
        }


def seconds(reader: Reader, address: str) -> float:
    """How long the answer took; it must be the one of what does not exist."""
    began = time.perf_counter()
    try:
        fetch(reader, address)
    except urllib.error.HTTPError as error:
        error.read()
        if error.code == 404:  # noqa: PLR2004 - the code itself
            return time.perf_counter() - began
        raise
    raise SystemExit(f"{address} was answered: nothing may be seen here")


def auc(hidden: list[float], absent: list[float]) -> float:
    """How often the hidden one of two takes longer, equal times as half; below a half, the other way about."""
    ordered = sorted(absent)
    below = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in hidden) / 2
    share = below / (len(hidden) * len(absent))
    return round(max(share, 1 - share), 3)


def measure(url: str, ids: dict[str, list[str]], pairs: int) -> dict[str, Any]:
    """The AUC of each route, with the median time of both kinds in milliseconds."""
    reader, draw = log_in(url, "reader", PASSWORD), random.Random(5)  # noqa: S311 - repeatable
    figures = {}
    for kind, routes in ROUTES.items():
        for route in routes:
            times: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(pairs):
                for is_there in draw.sample((True, False), 2):
                    thing = draw.choice(ids[kind]) if is_there else new_id()
                    times[is_there].append(seconds(reader, url + route.format(thing)))
            middle = {there: round(sorted(found)[len(found) // 2] * 1000, 2) for there, found in times.items()}
            figures[route] = {
                "auc": auc(times[True], times[False]),
                "hidden_ms": middle[True],
                "absent_ms": middle[False],
            }
    return figures


def main() -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timing", description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--bare", action="store_true", help="without the even step")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.bare:
        os.environ["ANJUAN_DENIAL_STEP_MS"] = "0"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        ids = prepared(data)
        with served(data) as url:
            figures = measure(url, ids, given.pairs)
    worst = max(route["auc"] for route in figures.values())
    result = {"pairs": given.pairs, "bare": given.bare, "worst_auc": worst, "routes": figures}
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
