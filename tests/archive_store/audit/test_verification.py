"""Whoever owns the database and takes its triggers away still cannot change the log unnoticed."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, text

from archive_store.audit import merkle, verification
from archive_store.audit.checkpoint import Checkpoint, CheckpointBook, generate_checkpoint_key, sign
from archive_store.audit.events import commitment_to, leaf_data
from archive_store.audit.verification import AuditFinding, FindingKind
from archive_store.audit.witness import Witness, generate_witness_key
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

    from archive_store.audit.log import AuditLog
    from archive_store.audit.note import SignedNote, SigningKey, VerifierKey
    from archive_store.unit_of_work import Database
    from tests.archive_store.audit.conftest import Grow
    from tests.proofs import ProofBook

    Tamper = Callable[[], AbstractContextManager[Connection]]

ORIGIN = "archive.example/audit"
FIRST, ORDERED, WAITING, REDACTED = 14, 21, 3, 5
KINDS = FindingKind


@dataclass
class Sound:
    """A sound log: 21 ordered leaves (the one with id 5 emptied), 3 waiting, 3 checkpoints, one of them cosigned."""

    database: Database
    log: AuditLog
    key: SigningKey
    keys: list[VerifierKey]
    book: CheckpointBook

    def notarise(self) -> SignedNote:
        with self.database.read() as session:
            due = self.book.due(session)
        assert due is not None
        note = sign(due, self.key)
        with self.database.write() as unit:
            self.book.keep(unit.session, note)
        return note

    def findings(self, *checkpoints: Checkpoint) -> list[AuditFinding]:
        with self.database.read() as session:
            return self.log.verify(session, checkpoints, self.keys)

    def kinds(self, *checkpoints: Checkpoint) -> Counter[FindingKind]:
        return Counter(finding.kind for finding in self.findings(*checkpoints))

    def head(self, size: int) -> Checkpoint:
        with self.database.read() as session:
            return Checkpoint(ORIGIN, size, self.log.root_at(session, size))


@pytest.fixture
def sound(database: Database, log: AuditLog, grow: Grow) -> Sound:
    key = generate_checkpoint_key(ORIGIN)
    witness = Witness(generate_witness_key("auditor.example"), [key.verifier])
    keys = [key.verifier, witness.verifier]
    book = CheckpointBook(log, ORIGIN, [key.verifier], [witness.verifier])
    sound = Sound(database, log, key, keys, book)
    grow(FIRST - 1)
    with database.write() as unit:
        log.redact(unit.session, REDACTED, "a9", now())
    with database.write() as unit:
        log.sequence(unit.session, 1)
    sound.notarise()
    grow(ORDERED - FIRST)
    note = sound.notarise()
    with database.write() as unit:
        book.keep(unit.session, witness.cosign(note, None, [], now()))
    grow(0, waiting=WAITING)
    assert sound.findings() == []
    return sound


def leaf_rows(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(AuditLeaf.__table__.select().order_by(text("id")))]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE audit_leaves SET outcome = 'failed' WHERE position = 6", {KINDS.LEAF_CHANGED: 1}),
        ("UPDATE audit_leaves SET actor_id = NULL WHERE position = 6", {KINDS.LEAF_CHANGED: 1}),
        ("UPDATE audit_leaves SET details = '{}' WHERE position = 6", {KINDS.DETAILS_CHANGED: 1}),
        ("UPDATE audit_leaves SET details = NULL, salt = NULL WHERE position = 6", {KINDS.DETAILS_MISSING: 1}),
        ("UPDATE audit_leaves SET details = NULL WHERE position = 6", {KINDS.DETAILS_CHANGED: 1}),
        ("UPDATE audit_leaves SET object_id = 'other' WHERE position IS NULL", {KINDS.LEAF_CHANGED: WAITING}),
        ("UPDATE audit_leaves SET position = 999 WHERE id = 23", {KINDS.LEAF_MISSING: 1}),
        ("UPDATE audit_leaves SET position = -1 WHERE id = 23", {KINDS.POSITION_WRONG: 1}),
        ("DELETE FROM audit_nodes WHERE level = 1 AND place = 3", {KINDS.NODE_MISSING: 1}),
        (
            "UPDATE audit_nodes SET place = 99 WHERE level = 2 AND place = 1",
            {KINDS.NODE_MISSING: 1, KINDS.NODE_EXTRA: 1},
        ),
        ("INSERT INTO audit_nodes SELECT 9, 0, hash FROM audit_nodes WHERE level = 4", {KINDS.NODE_EXTRA: 1}),
        ("INSERT INTO audit_nodes SELECT 0, 0, hash FROM audit_nodes WHERE level = 4", {KINDS.NODE_EXTRA: 1}),
        # level 2 over a changed level 1, and level 1 over its leaves
        (
            (
                "UPDATE audit_nodes SET hash = (SELECT leaf_hash FROM audit_leaves WHERE position = 0)"
                " WHERE level = 1 AND place = 3"
            ),
            {KINDS.NODE_CHANGED: 2},
        ),
        ("UPDATE audit_checkpoints SET size = 15 WHERE size = 14", {KINDS.CHECKPOINT_INVALID: 1}),
        (
            "UPDATE audit_checkpoints SET note = replace(note, '14', '15') WHERE size = 14",
            {KINDS.CHECKPOINT_INVALID: 1},
        ),
        ("UPDATE audit_checkpoints SET note = 'x' WHERE size = 14", {KINDS.CHECKPOINT_INVALID: 1}),
    ],
)
def test_a_change_is_named_for_what_it_is(
    sound: Sound, tamper: Tamper, statement: str, expected: dict[FindingKind, int]
) -> None:
    with tamper() as connection:
        connection.exec_driver_sql(statement)

    found = sound.kinds()
    assert {kind: found[kind] for kind in expected} == expected


def test_a_deleted_leaf_is_missed(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        connection.exec_driver_sql("DELETE FROM audit_leaves WHERE position IN (6, 7, 8)")

    places = [finding.place for finding in sound.findings() if finding.kind is KINDS.LEAF_MISSING]
    assert places == ["日志第 6 至 8 号记录"]


def test_leaves_that_changed_places_are_reported(sound: Sound, tamper: Tamper) -> None:
    for first, second in ((6, 7), (2, 11), (0, 20)):
        with tamper() as connection:
            for there, here in ((-9, first), (first, second), (second, -9)):
                connection.exec_driver_sql(f"UPDATE audit_leaves SET position = {there} WHERE position = {here}")  # noqa: S608
        assert sound.kinds()[KINDS.NODE_CHANGED] >= 1
        with tamper() as connection:
            for there, here in ((-9, first), (first, second), (second, -9)):
                connection.exec_driver_sql(f"UPDATE audit_leaves SET position = {there} WHERE position = {here}")  # noqa: S608
        assert sound.findings() == []


def rewrite(connection: Connection, position: int, tree_too: bool) -> None:  # noqa: FBT001 - reads as it is
    """What a forger does who knows the format: a new outcome, a fitting hash, and if asked all nodes."""
    rows = leaf_rows(connection)
    row = next(row for row in rows if row["position"] == position)
    row["outcome"] = "refused"
    row["leaf_hash"] = merkle.leaf_hash(leaf_data(row))
    connection.execute(
        text("UPDATE audit_leaves SET outcome = 'refused', leaf_hash = :hash WHERE position = :position"),
        {"hash": row["leaf_hash"], "position": position},
    )
    if tree_too:
        leaves = [row["leaf_hash"] for row in sorted(rows[:ORDERED], key=lambda row: row["position"])]
        for level, place in connection.execute(text("SELECT level, place FROM audit_nodes")).all():
            digest = merkle.root(leaves[place << level : (place + 1) << level])
            connection.execute(
                text("UPDATE audit_nodes SET hash = :hash WHERE level = :level AND place = :place"),
                {"hash": digest, "level": level, "place": place},
            )


def test_a_forger_who_fits_the_hash_meets_the_tree(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        rewrite(connection, 6, tree_too=False)

    assert sound.kinds() == {KINDS.NODE_CHANGED: 1}


def test_a_forger_who_rewrites_the_tree_meets_the_checkpoints(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        rewrite(connection, 6, tree_too=True)

    assert sound.kinds() == {KINDS.CHECKPOINT_DIFFERS: 3}


def test_a_forger_who_rewrites_the_last_leaf_meets_its_checkpoint(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        rewrite(connection, ORDERED - 1, tree_too=True)

    assert sound.kinds() == {KINDS.CHECKPOINT_DIFFERS: 2}


def test_a_forger_who_signs_anew_meets_the_witness(sound: Sound, tamper: Tamper) -> None:
    """The log's key was stolen too: the database alone looks sound, the checkpoint brought by the auditor does not."""
    cosigned = sound.head(ORDERED)
    with tamper() as connection:
        rewrite(connection, 6, tree_too=True)
        connection.execute(text("DELETE FROM audit_checkpoints WHERE id > 1"))
    forged = str(sign(sound.head(FIRST), sound.key))
    with tamper() as connection:
        connection.execute(text("UPDATE audit_checkpoints SET note = :note"), {"note": forged})
        renumber(connection, "audit_checkpoints")

    assert sound.findings() == []
    assert sound.kinds(cosigned) == {KINDS.CHECKPOINT_DIFFERS: 1}


def renumber(connection: Connection, table: str) -> None:
    """A forger on SQLite also sets the count of rows right."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"UPDATE sqlite_sequence SET seq = (SELECT count(*) FROM {table}) WHERE name = '{table}'"  # noqa: S608
        )


def test_a_log_cut_short_with_all_its_traces_meets_a_checkpoint_from_outside(sound: Sound, tamper: Tamper) -> None:
    cosigned = sound.head(ORDERED)
    with tamper() as connection:
        for statement in (
            "DELETE FROM audit_leaves WHERE position > 13 OR position IS NULL",
            "DELETE FROM audit_nodes WHERE (place + 1) * (1 << level) > 14",
            "DELETE FROM audit_checkpoints WHERE size > 14",
        ):
            connection.exec_driver_sql(statement)
        for table in ("audit_leaves", "audit_checkpoints"):
            renumber(connection, table)

    assert sound.findings() == []
    assert sound.kinds(cosigned) == {KINDS.CHECKPOINT_AHEAD: 1}


def test_the_checkpoint_of_another_time_or_log_is_reported(sound: Sound) -> None:
    assert sound.kinds(Checkpoint(ORIGIN, 99, bytes(32))) == {KINDS.CHECKPOINT_AHEAD: 1}
    assert sound.kinds(Checkpoint(ORIGIN, 7, bytes(32))) == {KINDS.CHECKPOINT_DIFFERS: 1}
    assert sound.kinds(Checkpoint(ORIGIN, 0, bytes(32))) == {KINDS.CHECKPOINT_DIFFERS: 1}
    assert sound.kinds(sound.head(7), sound.head(0)) == {}


def test_a_checkpoint_over_lost_nodes_is_reported(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        connection.exec_driver_sql("DELETE FROM audit_nodes WHERE level = 4")

    assert sound.kinds() == {KINDS.NODE_MISSING: 1, KINDS.CHECKPOINT_DIFFERS: 2}


def test_a_kept_checkpoint_that_lost_its_cosignature_is_reported(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        connection.exec_driver_sql(
            "UPDATE audit_checkpoints SET note = (SELECT note FROM audit_checkpoints WHERE id = 2) WHERE id = 3"
        )

    assert sound.kinds() == {KINDS.CHECKPOINT_INVALID: 1}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("which", ["position IS NULL", "id = 24", "id = 1"])
def test_a_leaf_deleted_before_it_has_a_position_is_missed(sound: Sound, tamper: Tamper, which: str) -> None:
    with tamper() as connection:
        connection.exec_driver_sql(f"DELETE FROM audit_leaves WHERE {which}")  # noqa: S608

    assert sound.kinds()[KINDS.ROWS_MISSING] == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_position_given_twice_is_reported(sound: Sound, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "archive.db")) as raw, raw:
        raw.executescript("DROP TRIGGER audit_leaves_update")
        definition = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_leaves'").fetchone()[0]
        loose = definition.replace("CONSTRAINT uq_audit_leaves_position UNIQUE (position)", "CHECK (1)")
        raw.executescript(
            f"CREATE TABLE rows AS SELECT * FROM audit_leaves; DROP TABLE audit_leaves; {loose};"  # noqa: S608
            "INSERT INTO audit_leaves SELECT * FROM rows; UPDATE audit_leaves SET position = 6 WHERE id = 23"
        )

    assert sound.kinds()[KINDS.POSITION_WRONG] == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_damaged_database_file_is_a_finding_and_no_accident(sound: Sound, tmp_path: Path) -> None:
    sound.database.engine.dispose()
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit_leaves'").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)

    assert sound.kinds()[KINDS.UNREADABLE] == 1


def variants(value: object) -> Iterator[object]:
    """Other things that a cell could hold: near misses, nothing, and what is not even of its type."""
    match value:
        case int():
            yield from (value + 1, value + 1000, -1, "many", 2.5)
        case bytes():
            yield from (bytes([value[0] ^ 1]) + value[1:], value[:-1] + bytes([value[-1] ^ 128]), b"", "text")
            yield value[:-1]
        case str():
            yield from (value + " ", value[:-1] + chr(ord(value[-1]) ^ 1), "", b"\xff\xfe")
        case None:
            yield from ("text", 5, b"\x01" * 32)
    yield None


def every_change(raw: sqlite3.Connection, full: bool) -> Iterator[tuple[str, str, str, object, object]]:  # noqa: FBT001 - as the fixture
    """Table, condition for the row, column, the true value, another value; undone by the caller."""
    leaves = range(1, ORDERED + WAITING + 1) if full else (REDACTED, 7, ORDERED, ORDERED + 1)
    rows = {
        "audit_leaves": [f"id = {n}" for n in leaves],
        "audit_nodes": [
            f"level = {level} AND place = {place}"
            for level, place in raw.execute("SELECT level, place FROM audit_nodes").fetchall()
            if full or place % 5 == 0
        ],
        "audit_checkpoints": ["id = 1", "id = 2", "id = 3"],
    }
    for table, conditions in rows.items():
        columns = [column[1] for column in raw.execute(f"PRAGMA table_info({table})")]
        for condition, column in itertools.product(conditions, columns):
            value = raw.execute(f"SELECT {column} FROM {table} WHERE {condition}").fetchone()[0]  # noqa: S608
            for other in variants(value):
                if other != value:
                    yield table, condition, column, value, other
        for condition in conditions:
            yield table, condition, "", None, None


def change(raw: sqlite3.Connection, table: str, condition: str, column: str, other: object) -> bool:
    """Change one cell, or delete the row where no column is named; False where the schema itself forbids it."""
    try:
        if column:
            raw.execute(f"UPDATE {table} SET {column} = ? WHERE {condition}", (other,))  # noqa: S608
        else:
            raw.execute(f"DELETE FROM {table} WHERE {condition}")  # noqa: S608
    except sqlite3.IntegrityError:
        return False
    return True


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_cell_of_the_audit_tables_can_change_unnoticed(
    sound: Sound,
    tmp_path: Path,
    full: bool,  # noqa: FBT001 - a fixture
    proofs: ProofBook,
) -> None:
    """Each cell of the rows, changed in several ways, one at a time, in a real file by another connection."""
    tried, unnoticed = 0, []
    with closing(sqlite3.connect(tmp_path / "archive.db", isolation_level=None)) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        copies = {
            table: raw.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")  # noqa: S608
            for table in ("audit_leaves", "audit_nodes", "audit_checkpoints")
        }
        for table, condition, column, _, other in list(every_change(raw, full)):
            if not change(raw, table, condition, column, other):
                continue
            tried += 1
            if not sound.findings():
                unnoticed.append((table, condition, column, other))
            raw.execute(f"DELETE FROM {table}")  # noqa: S608
            raw.execute(f"INSERT INTO {table} SELECT * FROM temp.kept_{table}")  # noqa: S608
        assert len(copies) == 3
        assert sound.findings() == []

    proofs.record("audit rows changed and not reported", len(unnoticed), f"0 of {tried}", not unnoticed)
    assert tried > 200
    assert unnoticed == []


def test_a_sound_log_has_no_finding(sound: Sound, grow: Grow) -> None:
    assert sound.findings() == []
    grow(5, waiting=1)
    assert sound.findings() == []


@pytest.mark.parametrize("step", ["_check_placed", "_check_others", "_proper_nodes", "_check_kept_checkpoints"])
def test_a_log_that_grows_while_it_is_read_has_no_finding(
    sound: Sound, grow: Grow, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    original = getattr(verification, step)

    def grown_by_then(*arguments: object) -> object:
        grow(9, waiting=2)
        sound.notarise()
        return original(*arguments)

    monkeypatch.setattr(verification, step, grown_by_then)

    assert sound.findings() == []


def test_an_empty_log_has_no_finding(database: Database, log: AuditLog) -> None:
    with database.read() as session:
        assert log.verify(session) == []


def test_what_was_rolled_back_is_not_missed(sound: Sound) -> None:
    with sound.database._writing() as session:
        sound.log.append_many(session, [])
        session.execute(
            insert(AuditLeaf),
            {
                "leaf_hash": bytes(32),
                "version": 1,
                "name": "case:view",
                "object_type": "case",
                "object_id": "c",
                "outcome": "done",
                "at": now(),
                "commitment": commitment_to(b"", b"{}"),
            },
        )
        session.rollback()

    assert sound.findings() == []


def test_a_finding_says_in_chinese_where_and_what(sound: Sound, tamper: Tamper) -> None:
    with tamper() as connection:
        connection.exec_driver_sql("UPDATE audit_leaves SET outcome = 'failed' WHERE position = 6 OR id = 24")

    assert [(finding.place, finding.message) for finding in sound.findings()] == [
        ("日志第 6 号记录", "记录内容与其哈希值不符，记录被改动"),
        ("待排序记录 24", "记录内容与其哈希值不符，记录被改动"),
    ]


def test_more_rows_than_a_page_are_read_to_the_end(
    database: Database, log: AuditLog, grow: Grow, tamper: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_store.audit.verification.BATCH", 4)
    grow(33, waiting=9)
    with database.read() as session:
        assert log.verify(session) == []
    with tamper() as connection:
        connection.exec_driver_sql("UPDATE audit_leaves SET outcome = 'failed' WHERE id IN (32, 42)")
    with database.read() as session:
        assert len(log.verify(session)) == 2
