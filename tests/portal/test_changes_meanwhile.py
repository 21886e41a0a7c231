"""What is withdrawn holds from the moment at which it was acknowledged: nothing begun before succeeds after it.

Each try sets two people to work at the same time and looks at the order of the events: on SQLite their numbers are the
order in which they were committed. `--full`: 1,000 tries each.
"""

from __future__ import annotations

import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.audit.events import EventName
from archive_store.errors import ArchiveError, ConflictError, NotFoundError
from archive_store.models.accounts import Account, RoleGrant
from archive_store.models.audit import AuditLeaf
from archive_store.models.cases import Item
from portal.worker import Worker
from tests.portal.services import requests as way
from tests.portal.services.test_classification import OFFICER, propose, secret_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.stages import Stage
    from tests.proofs import ProofBook

TRIES, FULL_TRIES = 12, 1000
LEADS = {"copy_request:approve": 0.03, "item:view_page": 0.12, "search:query": 0.06}
"""Seconds by which the change begins later, at most, so that it falls before, into and after the act."""


class Tries:
    """A world that is put back before each try."""

    def __init__(self, world: World) -> None:
        self.world, self.both = world, 0
        """`both` counts the tries in which the act succeeded as well."""
        self._path = str(world.opened.settings.data / "anjuan.db")
        self._copy = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._path)) as live:
            live.backup(self._copy)

    def run(self, tries: int, act: Callable[[], object], change: Callable[[], object], names: tuple[str, str]) -> int:
        """How often the act succeeded although the change was acknowledged before; `names` are of their events."""
        draw, wrong = random.Random(41), 0  # noqa: S311 - repeatable
        for _ in range(tries):
            with closing(sqlite3.connect(self._path)) as live:
                self._copy.backup(live)
            first = self._latest()
            with ThreadPoolExecutor(2) as pool:
                ends = [pool.submit(_tried, act, 0), pool.submit(_tried, change, draw.random() * LEADS[names[0]])]
            did, changed = (one.result() for one in ends)
            assert changed, "the change itself must succeed in each try"
            wrong += did and self._is_out_of_order(first, names)
            self.both += did
        return wrong

    def close(self) -> None:
        self._copy.close()

    def _latest(self) -> int:
        with self.world.opened.database.read() as session:
            return session.scalars(select(AuditLeaf.id).order_by(AuditLeaf.id.desc()).limit(1)).first() or 0

    def _is_out_of_order(self, first: int, names: tuple[str, str]) -> bool:
        with self.world.opened.database.read() as session:
            rows = session.execute(
                select(AuditLeaf.name, AuditLeaf.id).where(AuditLeaf.id > first, AuditLeaf.outcome == "done")
            ).all()
        acted, changed = ([row.id for row in rows if row.name == name] for name in names)
        return max(acted) > min(changed)


def _tried(action: Callable[[], object], later: float) -> bool:
    """Whether it succeeded, begun a little later."""
    time.sleep(later)
    try:
        action()
    except ArchiveError:
        return False
    return True


def withdraw_rights(world: World, login: str) -> None:
    """As the service of rights does: the office ends and the version rises in the transaction of the event."""
    with world.opened.database.write() as unit:
        account = unit.session.get_one(Account, world.ids[login])
        account.rights_version += 1
        held = update(RoleGrant).where(RoleGrant.account_id == account.id)
        unit.session.execute(held.values(ended_at=world.opened.desk.clock()))
        world.opened.desk.record(
            unit.session, world.ids["secadmin"], EventName.ACCOUNT_REVOKE, ("account", world.ids[login])
        )


@pytest.fixture
def awaiting(awaiting_stage: Stage, tmp_path: Path) -> Iterator[tuple[World, str]]:
    with awaiting_stage.world(tmp_path) as world:
        yield world, awaiting_stage.request_id


def counted(proofs: ProofBook, what: str, wrong: int, tries: int) -> None:
    proofs.record(f"successes after {what} was acknowledged", wrong, f"0 of {tries}", not wrong)
    assert wrong == 0


def test_who_began_under_rights_that_have_ended_does_nothing(awaiting: tuple[World, str]) -> None:
    world, request_id = awaiting
    leader = world.actor("leader")
    withdraw_rights(world, "leader")
    with pytest.raises(ConflictError):
        way.decided(world, request_id, leader)
    with pytest.raises(NotFoundError):
        way.decided(world, request_id)


def test_a_closed_account_finishes_nothing_that_it_began(awaiting: tuple[World, str]) -> None:
    world, request_id = awaiting
    leader = world.actor("leader")
    with world.opened.database.write() as unit:
        unit.session.execute(update(Account).where(Account.id == leader.account_id).values(active=False))
    with pytest.raises(ConflictError):
        way.decided(world, request_id, leader)


def test_no_approval_after_the_right_to_it_was_withdrawn(
    awaiting: tuple[World, str], proofs: ProofBook, *, full: bool
) -> None:
    world, request_id = awaiting
    tries, count = Tries(world), FULL_TRIES if full else TRIES

    def approve() -> None:
        way.decided(world, request_id)

    names = ("copy_request:approve", "account:revoke")
    wrong = tries.run(count, approve, lambda: withdraw_rights(world, "leader"), names)
    tries.close()
    counted(proofs, "the withdrawal of a right", wrong, count)
    assert tries.both > 0


def test_no_page_and_no_hit_after_a_label_was_decided(
    sealed_stage: Stage, tmp_path: Path, proofs: ProofBook, *, full: bool
) -> None:
    with secret_world(sealed_stage, tmp_path) as world:
        Worker(world.opened).run_until_idle()
        services, case_id = world.opened.services, sealed_stage.case_id
        proposal_id = propose(world, case_id)
        with world.opened.database.read() as session:
            item_id = session.scalars(select(Item.id).where(Item.case_id == case_id, Item.number == 1)).one()
        reader, count = world.actor("second_archivist"), FULL_TRIES if full else TRIES
        tries = Tries(world)

        def decide() -> None:
            services.classification.decide(world.actor(OFFICER), proposal_id, granted=True, ground="演示")

        def look() -> None:
            services.viewing.page_image(reader, item_id, 1, 900)

        def search() -> None:
            if not services.search.search(reader, services.search.asked("现场检查笔录", {}, "", 0, 10)).total:
                raise NotFoundError

        for what, act, name in (
            ("a label for a page", look, "item:view_page"),
            ("a label for a search", search, "search:query"),
        ):
            wrong, before = tries.run(count, act, decide, (name, "label:decide")), tries.both
            counted(proofs, what, wrong, count)
            assert before > 0
        tries.close()
