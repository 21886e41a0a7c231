"""What access control costs: `python -m benchmarks.access_cost [--json]`.

One decision of the policy in microseconds; a case page and a search by a person with no, 10 and 1,000 cases opened to
it by name, in this process, as medians; and one with 100,000. Goals: at most 5% more for a page and 3 ms for a search
with 1,000.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from archive_store.accounts import office_today
from archive_store.cases import case_thing
from archive_store.identity import Role
from archive_store.labels import Level
from archive_store.models.accounts import Account, CaseGrant, ClearanceGrant, Membership, RoleGrant
from archive_store.models.base import new_id
from archive_store.models.cases import Case
from archive_store.permissions import Permission
from archive_store.policy import decide
from benchmarks.search_scale import DEPARTMENTS, prepared
from portal.config import Profile, load_settings
from portal.wiring import Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.identity import Actor

PAGES = 10_000
GRANTS = (0, 10, 1000, 100_000)
TRIES = 60


def median_ms(act: Callable[[], object], tries: int = TRIES) -> float:
    """The middle of several tries in milliseconds; the first few are not counted."""
    times = []
    for _ in range(tries + 5):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times[5:]), 2)


def grant(opened: Installation, account_id: str, count: int) -> None:
    """Have so many cases be opened to the person by name; of those beyond the archive's own the cases are elsewhere."""
    with opened.database.write() as unit:
        unit.session.execute(delete(CaseGrant))
        known = list(unit.session.scalars(select(Case.id)))
        until = office_today() + timedelta(days=30)
        common = {"account_id": account_id, "valid_to": until, "ground": "测量"}
        given = [{"id": new_id(), "case_id": known[n % len(known)], **common} for n in range(count)]
        for start in range(0, count, 5000):
            unit.session.execute(insert(CaseGrant), given[start : start + 5000])


def add_handler(opened: Installation) -> str:
    """Somebody who belongs to every department, and reads only what is opened by name; gives the account's id."""
    today = office_today()
    with opened.database.write() as unit:
        account = Account(login="handler", name="测量乙")
        unit.session.add(account)
        unit.session.flush()
        common = {"account_id": account.id, "valid_from": today}
        unit.session.add(RoleGrant(role=Role.HANDLER, **common))
        unit.session.add(ClearanceGrant(level=int(Level.INTERNAL), **common))
        unit.session.add_all(Membership(department_id=str(n), **common) for n in range(DEPARTMENTS))
        return account.id


def measured(opened: Installation, actor: Callable[[], Actor], case_id: str) -> dict[str, float]:
    """A page and a search of the person as it stands, each with the reading of its rights."""
    services = opened.services
    search = services.search.asked("水行政", {}, "relevance", 0, 20)
    return {
        "rights_ms": median_ms(actor),
        "page_ms": median_ms(lambda: services.cases.page(actor(), case_id)),
        "search_ms": median_ms(lambda: services.search.search(actor(), search)),
    }


def measure(data: Path) -> dict[str, Any]:
    """Build, then measure with each number of grants."""
    prepared(data, PAGES)
    with Installation(load_settings(data, profile=Profile.DEMONSTRATION, render_processes=1)) as opened:
        account_id = add_handler(opened)
        with opened.database.read() as session:
            thing = case_thing(session.get_one(Case, "c0"))

        def actor() -> Actor:
            found = opened.services.accounts.actor(account_id)
            assert found is not None
            return found

        figures: dict[str, Any] = {}
        for count in GRANTS:
            grant(opened, account_id, count)
            figures[str(count)] = measured(opened, actor, "c0")
            who = actor()
            began, times = time.perf_counter(), 20_000
            for _ in range(times):
                decide(who, Permission.SEE_ENTRY, thing)
            figures[str(count)]["decision_us"] = round((time.perf_counter() - began) / times * 1e6, 2)
    none, many = figures["0"], figures["1000"]
    return {
        "grants": figures,
        "page_more_percent": round((many["page_ms"] / none["page_ms"] - 1) * 100, 1),
        "search_more_ms": round(many["search_ms"] - none["search_ms"], 2),
    }


def main() -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.access_cost", description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder) / "data")
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
