"""What access control costs: `python -m benchmarks.access_cost [--json]`.

One decision of the policy in microseconds; a case page and a search page through HTTP by a person with no, 10, 1,000
and 100,000 cases opened to it by name, in this process, as medians over rounds in turn. Goals: at most 5% more for a
page and 3 ms for a search with 1,000.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert

from archive_store.accounts import office_today
from archive_store.cases import case_thing
from archive_store.identity import Role
from archive_store.labels import Level
from archive_store.models.accounts import Account, CaseGrant, ClearanceGrant, Membership, RoleGrant
from archive_store.models.base import new_id
from archive_store.models.cases import Case
from archive_store.permissions import Permission
from archive_store.policy import decide
from benchmarks.search_scale import DEPARTMENTS, a_case, prepared
from portal.application import create_app
from portal.config import Profile, load_settings
from portal.wiring import Installation, form_key

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = 10_000
GRANTS = (0, 10, 1000, 100_000)
ROUNDS, TRIES = 6, 20
ELSEWHERE = 1_000_000
"""From this number on are the cases that are opened by name, which nothing else reaches."""


def times_ms(act: Callable[[], object]) -> list[float]:
    """Several tries in milliseconds; the first few are not counted."""
    times = []
    for _ in range(TRIES + 3):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return times[3:]


def grant(opened: Installation, account_id: str, count: int) -> None:
    """Have so many cases be opened to the person by name, and no other."""
    until = office_today() + timedelta(days=30)
    common = {"account_id": account_id, "valid_to": until, "ground": "测量"}
    with opened.database.write() as unit:
        unit.session.execute(delete(CaseGrant))
        given = [{"id": new_id(), "case_id": f"c{ELSEWHERE + n}", **common} for n in range(count)]
        for start in range(0, count, 5000):
            unit.session.execute(insert(CaseGrant), given[start : start + 5000])


def add_cases(opened: Installation) -> None:
    """The cases that are to be opened by name."""
    with opened.database.write() as unit:
        unit.session.bulk_save_objects(a_case(ELSEWHERE + n) for n in range(max(GRANTS)))


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


def asks(opened: Installation, account_id: str) -> dict[str, Callable[[], object]]:
    """What is measured: the reading of the person's rights, a case page and a search page as the browser gets them."""
    settings = opened.settings
    app = create_app(settings, opened.services, opened.database, form_key(settings), secure=False, behind_proxy=False)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = account_id, True

    def got(address: str) -> None:
        assert client.get(address).status_code == HTTPStatus.OK

    return {
        "rights_ms": lambda: opened.services.accounts.actor(account_id),
        "page_ms": lambda: got("/cases/c0"),
        "search_ms": lambda: got("/search/?q=水行政"),
    }


def measured(opened: Installation, account_id: str) -> dict[str, dict[str, float]]:
    """Each with each number of grants, in turn, so that a slow minute of the machine falls on all of them."""
    times: dict[int, dict[str, list[float]]] = {}
    ask = asks(opened, account_id)
    for _ in range(ROUNDS):
        for count in GRANTS:
            grant(opened, account_id, count)
            kept = times.setdefault(count, {name: [] for name in ask})
            for name, act in ask.items():
                kept[name] += times_ms(act)
    return {
        str(count): {name: round(statistics.median(found), 2) for name, found in kept.items()}
        for count, kept in times.items()
    }


def decision_us(opened: Installation, account_id: str) -> float:
    """One decision of the policy about one case, in microseconds, with the most grants."""
    with opened.database.read() as session:
        thing = case_thing(session.get_one(Case, "c0"))
    who = opened.services.accounts.actor(account_id)
    assert who is not None
    began, tries = time.perf_counter(), 20_000
    for _ in range(tries):
        decide(who, Permission.SEE_ENTRY, thing)
    return round((time.perf_counter() - began) / tries * 1e6, 2)


def measure(data: Path) -> dict[str, Any]:
    """Build, then measure with each number of grants."""
    prepared(data, PAGES)
    with Installation(load_settings(data, profile=Profile.DEMONSTRATION, render_processes=1)) as opened:
        account_id = add_handler(opened)
        add_cases(opened)
        figures = measured(opened, account_id)
        decision = decision_us(opened, account_id)
    none, many = figures["0"], figures["1000"]
    return {
        "grants": figures,
        "decision_us": decision,
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
