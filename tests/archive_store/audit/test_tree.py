"""Whatever the order of appending, ordering and asking, stored nodes give what the pure functions give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import event, select

from archive_store.audit import merkle, tree
from archive_store.audit.log import AuditLog
from archive_store.database import make_engine
from archive_store.models import Base
from archive_store.models.audit import AuditLeaf
from archive_store.unit_of_work import Database
from tests.archive_store.audit.conftest import Grow, events


@given(st.integers(0, 60), st.integers(0, 2**60))
def test_the_whole_subtrees_of_a_range_cover_it_without_overlap(height: int, count: int) -> None:
    length = count % (2**height + 1)
    start = 3 << height
    covered = start
    for subtree in tree.cover(start, start + length):
        assert subtree.place << subtree.level == covered
        covered += 1 << subtree.level
    assert covered == start + length


@given(st.integers(0, 100), st.integers(0, 100))
def test_growth_keeps_the_right_edge(before: int, more: int) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(before + more)]

    def edge(size: int) -> list[bytes]:
        return [merkle.root(leaves[s.place << s.level : (s.place + 1) << s.level]) for s in tree.cover(0, size)]

    growth = tree.Growth(before, edge(before))
    completed = dict(entry for leaf in leaves[before:] for entry in growth.add(leaf))

    assert tree.fold(growth._edge) == merkle.root(leaves)
    assert len(completed) == sum((before + more) >> n for n in range(1, 9)) - sum(before >> n for n in range(1, 9))
    for subtree, digest in completed.items():
        assert digest == merkle.root(leaves[subtree.place << subtree.level : (subtree.place + 1) << subtree.level])


class LogModel(RuleBasedStateMachine):
    """A log on a database in memory beside the plain list of its leaf hashes."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = make_engine("sqlite://")
        Base.metadata.create_all(self.engine)
        self.database, self.log = Database(self.engine), AuditLog()
        self.waiting: list[bytes] = []
        self.leaves: list[bytes] = []

    @rule(count=st.integers(1, 9))
    def append(self, count: int) -> None:
        with self.database.write() as unit:
            self.waiting += [leaf.leaf_hash for leaf in self.log.append_many(unit.session, events(count))]

    @rule()
    def append_in_vain(self) -> None:
        with self.database._writing() as session:
            self.log.append(session, events(1)[0])
            session.rollback()

    @rule(limit=st.integers(1, 20))
    def sequence(self, limit: int) -> None:
        with self.database.write() as unit:
            given_positions = self.log.sequence(unit.session, limit)
        assert given_positions == min(limit, len(self.waiting))
        self.leaves += self.waiting[:given_positions]
        self.waiting = self.waiting[given_positions:]

    @precondition(lambda self: self.leaves)
    @rule(data=st.data())
    def prove_inclusion(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(1, len(self.leaves)))
        position = data.draw(st.integers(0, size - 1))
        with self.database.read() as session:
            proof = self.log.inclusion(session, position, size)
        assert proof == merkle.inclusion_proof(position, self.leaves[:size])

    @rule(data=st.data())
    def prove_consistency(self, data: st.DataObject) -> None:
        second = data.draw(st.integers(0, len(self.leaves)))
        first = data.draw(st.integers(0, second))
        with self.database.read() as session:
            proof = self.log.consistency(session, first, second)
        assert proof == merkle.consistency_proof(first, self.leaves[:second])

    @rule()
    def verify(self) -> None:
        with self.database.read() as session:
            assert self.log.verify(session) == []

    @invariant()
    def has_the_root_of_its_leaves(self) -> None:
        with self.database.read() as session:
            assert self.log.size(session) == len(self.leaves)
            assert self.log.root_at(session, len(self.leaves)) == merkle.root(self.leaves)

    def teardown(self) -> None:
        self.engine.dispose()


def test_the_stored_log_behaves_like_a_plain_list(full: bool) -> None:  # noqa: FBT001 - a fixture
    run_state_machine_as_test(
        LogModel,
        settings=settings(
            max_examples=200 if full else 15, stateful_step_count=40 if full else 25, deadline=None, database=None
        ),
    )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_proof_reads_by_key_and_in_two_queries(database: Database, log: AuditLog, grow: Grow) -> None:
    grow(300)
    asked: list[tuple[str, tuple[Any, ...]]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    with database.read() as session:
        log.inclusion(session, 131, 299)
        searches = [call for call in asked if "audit_" in call[0]]
        assert len(searches) == 2
        for statement, given_values in searches:
            plan = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement, given_values).all()
            assert not [step for step in plan if step.detail.startswith(("SCAN audit_", "SCAN kept"))]


def test_leaves_are_read_in_the_order_of_positions(database: Database, log: AuditLog, grow: Grow) -> None:
    grow(5)
    with database.read() as session:
        leaves = list(session.scalars(select(AuditLeaf.leaf_hash).order_by(AuditLeaf.position)))
        assert tree.read(session, tree.cover(4, 5)) == {tree.Subtree(0, 4): leaves[4]}
        assert log.inclusion(session, 4, 5) == [merkle.root(leaves[:4])]
