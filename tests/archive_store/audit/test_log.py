"""The log in the database: appended with what it records, ordered by one, proven from stored nodes."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from archive_store.audit import merkle
from archive_store.audit.events import LEAF, Event, EventName, commitment_to
from archive_store.errors import ConflictError, IntegrityError, NotFoundError
from archive_store.models.audit import AuditCheckpoint, AuditLeaf
from archive_store.models.base import now
from tests.archive_store.audit.conftest import events

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from archive_store.audit.log import AuditLog
    from archive_store.unit_of_work import Database
    from tests.archive_store.audit.conftest import Grow
    from tests.proofs import ProofBook

SIZE = 70


def hashes(session: Session) -> list[bytes]:
    return list(
        session.scalars(select(AuditLeaf.leaf_hash).where(AuditLeaf.position.is_not(None)).order_by(AuditLeaf.position))
    )


class CancelledError(Exception):
    """What the recorded act failed with."""


def record_and_fail(database: Database, log: AuditLog) -> None:
    with database.write() as unit:
        log.append(unit.session, events(1)[0])
        raise CancelledError


def test_what_did_not_happen_is_not_recorded(database: Database, log: AuditLog) -> None:
    with pytest.raises(CancelledError):
        record_and_fail(database, log)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditLeaf)) == 0


def test_a_proof_beyond_the_log_cannot_be_made(database: Database, log: AuditLog, grow: Grow) -> None:
    grow(3, waiting=2)
    with database.read() as session:
        for ask in (
            lambda: log.root_at(session, 4),
            lambda: log.inclusion(session, 1, 5),
            lambda: log.consistency(session, 2, 5),
        ):
            with pytest.raises(IntegrityError, match="审计日志的树结构"):
                ask()
        with pytest.raises(ValueError, match="no leaf 3"):
            log.inclusion(session, 3, 3)
        with pytest.raises(ValueError, match="no tree of 4"):
            log.consistency(session, 4, 3)


def test_two_sequencers_at_once_cannot_both_give_positions(database: Database, log: AuditLog, grow: Grow) -> None:
    """A second one reads the same waiting leaves before the first has committed, and must fail or find nothing."""
    grow(0, waiting=20)
    ready, results = threading.Barrier(2), []

    def order() -> None:
        ready.wait()
        try:
            with database.write() as unit:
                results.append(log.sequence(unit.session, 20))
        except ConflictError:
            results.append(0)

    threads = [threading.Thread(target=order) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [0, 20]
    with database.read() as session:
        assert log.verify(session) == []


def test_a_leaf_that_got_its_position_meanwhile_stops_the_sequencer(
    database: Database, log: AuditLog, grow: Grow, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(0, waiting=2)
    monkeypatch.setattr(type(log), "size", lambda _, session: _steal(session))
    with pytest.raises(ConflictError, match="另一个进程"), database.write() as unit:
        log.sequence(unit.session, 2)


def _steal(session: Session) -> int:
    session.execute(update(AuditLeaf).where(AuditLeaf.id == 1).values(position=0))
    return 0


def test_only_a_leaf_that_has_details_can_lose_them(database: Database, log: AuditLog, grow: Grow) -> None:
    grow(1)
    with database.write() as unit:
        log.redact(unit.session, 1, "a9", now())
    for leaf_id in (1, 77):
        with pytest.raises(NotFoundError), database.write() as unit:
            log.redact(unit.session, leaf_id, "a9", now())


FORBIDDEN = [
    "DELETE FROM audit_leaves",
    "UPDATE audit_leaves SET outcome = 'failed'",
    "UPDATE audit_leaves SET actor_id = NULL",
    "UPDATE audit_leaves SET leaf_hash = commitment",
    "UPDATE audit_leaves SET position = position + 100",
    "UPDATE audit_leaves SET position = NULL WHERE position = 3",
    "UPDATE audit_leaves SET id = id + 100",
    "UPDATE audit_leaves SET details = '{}'",
    "UPDATE audit_leaves SET details = NULL",
    "UPDATE audit_leaves SET salt = NULL",
    "UPDATE audit_leaves SET salt = commitment",
    "DELETE FROM audit_nodes",
    "UPDATE audit_nodes SET place = place + 100",
    "UPDATE audit_nodes SET hash = (SELECT commitment FROM audit_leaves WHERE position = 0)",
    "UPDATE audit_checkpoints SET note = ''",
    "UPDATE audit_checkpoints SET size = 0",
    "DELETE FROM audit_checkpoints",
    (
        "INSERT INTO audit_leaves SELECT 99, 99, leaf_hash, version, name, actor_id, object_type, object_id, outcome,"
        " at, request_id, commitment, salt, details FROM audit_leaves WHERE position = 0"
    ),
]
BY_DIALECT = {
    "sqlite": [
        "INSERT OR REPLACE INTO audit_leaves SELECT * FROM audit_leaves WHERE position IS NULL",
        "INSERT OR REPLACE INTO audit_nodes SELECT * FROM audit_nodes",
        "INSERT OR REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
        "UPDATE audit_leaves SET rowid = 99 WHERE position = 0",
    ],
    "postgresql": ["TRUNCATE audit_leaves", "TRUNCATE audit_nodes", "TRUNCATE audit_checkpoints"],
}


def test_the_database_itself_refuses_to_change_what_was_written(
    database: Database, grow: Grow, log: AuditLog, proofs: ProofBook
) -> None:
    grow(4, waiting=1)
    with database.write() as unit:
        unit.session.add(AuditCheckpoint(size=4, note="note"))
    engine, accepted = database.engine, []
    for statement in FORBIDDEN + BY_DIALECT[engine.dialect.name]:
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)
        except DBAPIError:
            continue
        accepted.append(statement)

    proofs.record("changes of the audit tables that the database let pass", len(accepted), "0", not accepted)
    assert accepted == []
    with database.read() as session:
        assert log.verify(session) == []


def test_each_leaf_keeps_what_happened(database: Database, log: AuditLog) -> None:
    event = Event(
        EventName.CASE_SEAL, "a1", "case", "c1", "done", now() - timedelta(days=1), {"items": 3, "code": "甲"}, "r1"
    )
    with database.write() as unit:
        leaf = log.append(unit.session, event)
    with database.read() as session:
        row = session.get_one(AuditLeaf, leaf.id)
        assert (row.name, row.actor_id, row.object_type, row.object_id) == ("case:seal", "a1", "case", "c1")
        assert (row.outcome, row.at, row.request_id) == ("done", event.at, "r1")
        assert json.loads(row.details or "") == {"items": 3, "code": "甲"}
        assert commitment_to(row.salt or b"", (row.details or "").encode()) == row.commitment
        assert row.leaf_hash == leaf.leaf_hash == merkle.leaf_hash(leaf.data)
        assert row.position is None
        assert log.position(session, leaf.id) is None
        with pytest.raises(NotFoundError):
            log.position(session, 99)


def test_the_same_event_twice_makes_leaves_that_tell_nothing_of_each_other(database: Database, log: AuditLog) -> None:
    event = events(1)[0]
    with database.write() as unit:
        first, second = log.append_many(unit.session, [event, event])

    assert first.leaf_hash != second.leaf_hash
    assert (first.id, second.id) == (1, 2)


def test_events_come_in_their_order(database: Database, log: AuditLog) -> None:
    with database.write() as unit:
        log.append_many(unit.session, events(30))
        assert log.append_many(unit.session, []) == []
    while True:
        with database.write() as unit:
            if log.sequence(unit.session, 7) == 0:
                break
    with database.read() as session:
        found = session.scalars(select(AuditLeaf.object_id).order_by(AuditLeaf.position)).all()
        assert found == [f"i{n}" for n in range(30)]
        assert log.position(session, 30) == 29


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_leaf_that_is_committed_later_comes_later(database: Database, log: AuditLog) -> None:
    """Its row number was drawn first; no position is kept free for it."""
    with database.write() as slow:
        first = log.append(slow.session, events(1)[0])
        with database.write() as quick:
            second = log.append(quick.session, events(1)[0])
        with database.write() as worker:
            assert log.sequence(worker.session, 10) == 1
    with database.write() as worker:
        assert log.sequence(worker.session, 10) == 1

    assert first.id < second.id
    with database.read() as session:
        assert (log.position(session, second.id), log.position(session, first.id)) == (0, 1)
        assert log.verify(session) == []


def test_at_most_so_many_leaves_are_ordered_at_once(database: Database, log: AuditLog, grow: Grow) -> None:
    grow(0, waiting=5)
    counts = []
    for _ in range(4):
        with database.write() as unit:
            counts.append(log.sequence(unit.session, 2))

    assert counts == [2, 2, 1, 0]


def test_stored_nodes_prove_what_the_pure_functions_prove(database: Database, log: AuditLog, grow: Grow) -> None:
    for step in (1, 1, 2, 3, 9, 16, 20, 18):
        grow(step)
    with database.read() as session:
        leaves = hashes(session)
        assert log.size(session) == len(leaves) == SIZE
        for size in range(SIZE + 1):
            assert log.root_at(session, size) == merkle.root(leaves[:size])
            first = size * size % (size + 1)
            assert log.consistency(session, first, size) == merkle.consistency_proof(first, leaves[:size])
        for position in range(SIZE):
            assert log.inclusion(session, position, SIZE) == merkle.inclusion_proof(position, leaves)


def test_details_can_be_emptied_and_the_log_stands(database: Database, log: AuditLog, grow: Grow) -> None:
    grow(6)
    with database.read() as session:
        root = log.root_at(session, 6)
    with database.write() as unit:
        said = log.redact(unit.session, 3, "a9", now())
    grow(1)
    with database.read() as session:
        row, event = session.get_one(AuditLeaf, 3), session.get_one(AuditLeaf, said.id)
        assert (row.salt, row.details) == (None, None)
        assert (event.name, event.object_type, event.object_id) == ("audit:redact", LEAF, row.leaf_hash.hex())
        assert log.root_at(session, 6) == root
        assert log.verify(session) == []
