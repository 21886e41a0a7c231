"""From a request to a copy in the party's hands: counted, genuine, and gone when it should be."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from archive_store.errors import IntegrityError, NotFoundError, RefusedError
from archive_store.labels import Label, Mark
from archive_store.models.base import now
from archive_store.models.cases import Item
from archive_store.models.copies import Delivery, SignedCopy
from portal.dissemination.verdict import Verdict, trust_in, verdict_on
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.services.copies import Transfer
    from tests.portal.conftest import World
    from tests.portal.stages import Stage


@pytest.fixture
def world(copied_stage: Stage, tmp_path: Path) -> Iterator[World]:
    with copied_stage.world(tmp_path) as opened:
        yield opened


@pytest.fixture
def copied(copied_stage: Stage) -> str:
    """The id of a request whose copy lies ready."""
    return copied_stage.request_id


def take(world: World, request_id: str, who: str = "party") -> Transfer:
    return world.opened.services.copies.open(world.actor(who), request_id)


OTHERS = ("handler", "other_handler", "leader", "reviewer", "legal", "sysadmin", "secadmin", "auditor")


@pytest.mark.parametrize("who", OTHERS)
def test_only_its_party_or_the_counter_takes_a_copy(world: World, copied: str, who: str) -> None:
    with pytest.raises(NotFoundError):
        take(world, copied, who)


def test_the_copy_is_genuine_and_leads_to_the_seal(world: World, copied: str) -> None:
    content = b"".join(take(world, copied).chunks)
    report = verdict_on(world.opened.pools.readers, content, trust_in(world.opened.authority))
    assert report.verdict is Verdict.GENUINE
    assert report.facts is not None
    with world.opened.database.read() as session:
        copy = session.scalars(select(SignedCopy)).one()
    assert copy.sha256 == hashlib.sha256(content).hexdigest() == report.sha256
    assert report.facts.check_code == copy.check_code
    assert report.facts.recipient == "张演示"
    assert way.state_of(world, copied) == "delivered"


def test_a_copy_is_taken_three_times_and_no_more(world: World, copied: str) -> None:
    for _ in range(3):
        b"".join(take(world, copied).chunks)
    with pytest.raises(RefusedError, match="3 次"):
        take(world, copied)


def test_transfers_under_way_count_too(world: World, copied: str) -> None:
    started = [take(world, copied) for _ in range(3)]
    with pytest.raises(RefusedError):
        take(world, copied)
    for transfer in started:
        next(transfer.chunks)
    assert way.state_of(world, copied) == "approved"


def test_a_broken_transfer_does_not_count_for_ever(world: World, copied: str) -> None:
    for _ in range(3):
        transfer = take(world, copied)
        next(transfer.chunks)
        transfer.chunks.close()  # type: ignore[attr-defined]  # a generator
    with world.opened.database.write() as unit:
        unit.session.execute(update(Delivery).values(started_at=now() - timedelta(hours=1)))
    b"".join(take(world, copied).chunks)
    with world.opened.database.read() as session:
        whole = [row for row in session.scalars(select(Delivery)) if row.completed_at]
    assert len(whole) == 1


def test_a_copy_that_changed_in_the_store_does_not_leave(world: World, copied: str) -> None:
    with world.opened.database.read() as session:
        blob = session.scalars(select(SignedCopy)).one().blob
    assert blob is not None
    path = world.opened.copies.folder / blob[:2] / blob
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for _ in range(4):
        with pytest.raises(IntegrityError):
            take(world, copied)
    with world.opened.database.read() as session:
        assert session.scalars(select(Delivery)).all() == []  # what cannot be had uses no transfer up
    assert any(found.place.startswith("复制件 FZ") for found in world.opened.services.fixity.verify_everything())


def test_an_expired_copy_is_gone_from_the_store(world: World, copied: str) -> None:
    with world.opened.database.write() as unit:
        unit.session.execute(update(SignedCopy).values(expires_at=now() - timedelta(seconds=1)))
    with pytest.raises(RefusedError, match="领取期已过"):
        take(world, copied)
    world.opened.sweep()
    assert way.state_of(world, copied) == "expired"
    assert world.opened.services.copies.kept() == []


def test_a_new_label_stops_the_copy_at_once(world: World, copied: str) -> None:
    marked = Label.of(1, [Mark.COMMERCIAL_SECRET])
    with world.opened.database.write() as unit:
        unit.session.execute(update(Item).values(label=marked))
    with pytest.raises(RefusedError):
        take(world, copied)


def test_a_withdrawn_copy_is_not_handed_out(world: World, copied: str) -> None:
    for who in ("party", "archivist", "reviewer", "legal"):
        with pytest.raises(NotFoundError):
            world.opened.services.copies.withdraw(world.actor(who), copied, "演示")
    world.opened.services.copies.withdraw(world.actor("leader"), copied, "演示：遮盖不全")
    with pytest.raises(RefusedError, match="撤回"):
        take(world, copied)


@pytest.mark.usefixtures("copied")
def test_making_a_copy_again_makes_nothing(world: World) -> None:
    with world.opened.database.read() as session:
        before = session.scalars(select(SignedCopy)).one()
    world.opened.tasks["make_copy"](before.decision_id)
    with world.opened.database.read() as session:
        assert session.scalars(select(SignedCopy.check_code)).all() == [before.check_code]


def test_the_whole_archive_is_still_as_it_was(world: World, copied: str) -> None:
    assert copied
    assert list(world.opened.services.fixity.verify_everything()) == []


def test_a_slow_transfer_that_lost_its_place_does_not_end_as_a_fourth(
    world: World, copied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held back beyond its time by its recipient, it stopped counting: others took its place."""
    monkeypatch.setattr("archive_store.blobs.local.CHUNK", 1000)
    slow = take(world, copied)
    assert next(slow.chunks)
    with world.opened.database.write() as unit:
        unit.session.execute(update(Delivery).values(started_at=now() - timedelta(hours=1)))
    for _ in range(3):
        b"".join(take(world, copied).chunks)
    got = [1000]
    with pytest.raises(RefusedError, match="3 次"):
        got.extend(map(len, slow.chunks))
    assert sum(got) < slow.size
    with world.opened.database.read() as session:
        assert len([row for row in session.scalars(select(Delivery)) if row.completed_at]) == 3


def test_a_slow_transfer_whose_place_is_still_free_ends_and_counts(
    world: World, copied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_store.blobs.local.CHUNK", 1000)
    slow = take(world, copied)
    first = next(slow.chunks)
    with world.opened.database.write() as unit:
        unit.session.execute(update(Delivery).values(started_at=now() - timedelta(hours=1)))
    assert len(first) + len(b"".join(slow.chunks)) == slow.size
    assert way.state_of(world, copied) == "delivered"


def test_a_copy_withdrawn_on_its_way_does_not_arrive_whole(
    world: World, copied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_store.blobs.local.CHUNK", 1000)
    slow = take(world, copied)
    assert next(slow.chunks)
    world.opened.services.copies.withdraw(world.actor("leader"), copied, "演示：遮盖不全")
    with pytest.raises(RefusedError, match="撤回"):
        b"".join(slow.chunks)
