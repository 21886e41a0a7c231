"""Checkpoints: their form (c2sp.org/tlog-checkpoint), who signs them, and that they only ever continue."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from archive_store.audit.checkpoint import (
    Checkpoint,
    CheckpointBook,
    generate_checkpoint_key,
    open_checkpoint,
    sign,
)
from archive_store.audit.log import AuditLog
from archive_store.audit.merkle import EMPTY_ROOT
from archive_store.audit.note import SignedNote, SigningKey, VerifierKey
from archive_store.audit.witness import Witness, generate_witness_key
from archive_store.errors import IntegrityError, InvalidInputError
from archive_store.models.audit import AuditCheckpoint
from archive_store.models.base import now

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from archive_store.unit_of_work import Database
    from tests.archive_store.audit.conftest import Grow

    Tamper = Callable[[], AbstractContextManager[Connection]]

ORIGIN = "archive.example/audit"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
EXAMPLE = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"  # the example of the specification
# real checkpoints of the Go checksum database, and the key that every Go installation knows
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_NOTES = [
    """go.sum database tree
65209736
5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=

— sum.golang.org Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=
""",
    """go.sum database tree
6476701
mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=

— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=
""",
]


@pytest.fixture
def key() -> SigningKey:
    return generate_checkpoint_key(ORIGIN)


@pytest.fixture
def book(key: SigningKey) -> CheckpointBook:
    return CheckpointBook(AuditLog(), ORIGIN, [key.verifier])


def notarise(database: Database, book: CheckpointBook, key: SigningKey) -> SignedNote:
    with database.read() as session:
        due = book.due(session)
    assert due is not None
    note = sign(due, key)
    with database.write() as unit:
        book.keep(unit.session, note)
    return note


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "origin\n1\n",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n １\n{ROOT}\n",
        f"origin\n１\n{ROOT}\n",
        f"origin\n{2**63}\n{ROOT}\n",
        "origin\n" + "9" * 5000 + f"\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-4]}\n",
        f"origin\n1\n{ROOT}=\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",  # loose bits in the last character
        "origin\n1\n*" + ROOT[1:] + "\n",
        f"origin\n1\n{ROOT}",
        f"origin\n1\n{ROOT}\n\n",
        f"origin\n1\n{ROOT}\nextension\n\nmore\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInputError, match="检查点的内容格式不正确"):
        Checkpoint.parse(bad)


def test_a_log_signs_under_its_own_name_only(key: SigningKey) -> None:
    with pytest.raises(ValueError, match="name of its origin"):
        sign(Checkpoint("other.example", 0, EMPTY_ROOT), key)


def test_the_checkpoint_of_another_log_is_refused_whoever_signed_it(key: SigningKey) -> None:
    body = Checkpoint("other.example", 0, EMPTY_ROOT).text

    with pytest.raises(IntegrityError, match="不是本系统审计日志"):
        open_checkpoint(SignedNote(body, (key.sign(body),)), [key.verifier])


def test_a_witness_alone_does_not_make_a_checkpoint(key: SigningKey) -> None:
    body = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text
    witness = generate_witness_key("auditor.example")

    with pytest.raises(IntegrityError, match="没有可信密钥的签名"):
        open_checkpoint(SignedNote(body, (witness.cosign(body, now()),)), [key.verifier])


def test_a_checkpoint_that_is_not_of_this_log_as_it_is_is_not_kept(
    database: Database, book: CheckpointBook, key: SigningKey, grow: Grow
) -> None:
    grow(3)
    for wrong in (Checkpoint(ORIGIN, 3, EMPTY_ROOT), Checkpoint(ORIGIN, 4, EMPTY_ROOT)):
        with pytest.raises(IntegrityError, match="不一致"), database.write() as unit:
            book.keep(unit.session, sign(wrong, key))


def test_a_checkpoint_of_a_stranger_s_key_is_not_kept(database: Database, book: CheckpointBook) -> None:
    with pytest.raises(IntegrityError), database.write() as unit:
        book.keep(unit.session, sign(Checkpoint(ORIGIN, 0, EMPTY_ROOT), generate_checkpoint_key(ORIGIN)))


def test_a_rewritten_log_gets_no_new_checkpoint(
    database: Database, book: CheckpointBook, key: SigningKey, grow: Grow, tamper: Tamper
) -> None:
    grow(5)
    notarise(database, book, key)
    grow(2)
    with tamper() as connection:
        connection.execute(text("UPDATE audit_nodes SET hash = :other WHERE level = 2"), {"other": bytes(32)})

    with pytest.raises(IntegrityError, match="已停止签署"), database.read() as session:
        book.due(session)


def test_a_shortened_log_gets_no_new_checkpoint(
    database: Database, book: CheckpointBook, key: SigningKey, grow: Grow, tamper: Tamper
) -> None:
    grow(5)
    notarise(database, book, key)
    with tamper() as connection:
        connection.execute(text("DELETE FROM audit_leaves WHERE position = 4"))

    with pytest.raises(IntegrityError, match="已停止签署"), database.read() as session:
        book.due(session)


def test_nothing_new_needs_no_checkpoint(database: Database, book: CheckpointBook, key: SigningKey, grow: Grow) -> None:
    with database.read() as session:
        assert book.due(session) is None
    grow(2)
    notarise(database, book, key)
    with database.read() as session:
        assert book.due(session) is None


def test_each_checkpoint_continues_the_one_before(
    database: Database, book: CheckpointBook, key: SigningKey, grow: Grow
) -> None:
    for more in (1, 2, 5, 8):
        grow(more)
        note = notarise(database, book, key)
        with database.read() as session:
            kept = book.last(session)
        assert kept == note
    assert open_checkpoint(note, [key.verifier]).size == 16


def test_a_note_that_a_stranger_signed_too_is_not_kept(
    database: Database, book: CheckpointBook, key: SigningKey, grow: Grow
) -> None:
    grow(3)
    note = notarise(database, book, key)
    stranger = Witness(generate_witness_key("stranger.example"), [key.verifier])

    with pytest.raises(IntegrityError, match="未登记密钥"), database.write() as unit:
        book.keep(unit.session, stranger.cosign(note, None, [], now()))


def test_a_witness_under_the_log_s_name_makes_no_checkpoint(key: SigningKey) -> None:
    body = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text
    namesake = generate_witness_key(ORIGIN)

    with pytest.raises(IntegrityError, match="不是本系统审计日志"):
        open_checkpoint(SignedNote(body, (namesake.cosign(body, now()),)), [key.verifier, namesake.verifier])


def test_a_cosigned_checkpoint_is_the_last_one_and_kept_once(database: Database, key: SigningKey, grow: Grow) -> None:
    witness = Witness(generate_witness_key("auditor.example"), [key.verifier])
    book = CheckpointBook(AuditLog(), ORIGIN, [key.verifier], [witness.verifier])
    grow(3)
    cosigned = witness.cosign(notarise(database, book, key), None, [], now())
    for _ in range(2):
        with database.write() as unit:
            book.keep(unit.session, cosigned)
    with database.read() as session:
        assert book.last(session) == cosigned
        assert len(session.scalars(select(AuditCheckpoint)).all()) == 2


def test_a_new_key_under_the_old_name_goes_on(database: Database, key: SigningKey, grow: Grow) -> None:
    after = generate_checkpoint_key(ORIGIN)
    log = AuditLog()
    grow(3)
    notarise(database, CheckpointBook(log, ORIGIN, [key.verifier]), key)
    grow(3)
    note = notarise(database, CheckpointBook(log, ORIGIN, [after.verifier, key.verifier]), after)

    assert open_checkpoint(note, [after.verifier]).size == 6


def test_the_example_of_the_specification_is_read_and_written_alike() -> None:
    checkpoint = Checkpoint.parse(EXAMPLE)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root == base64.b64decode(ROOT)
    assert checkpoint.text == EXAMPLE


def test_extension_lines_are_kept() -> None:
    assert Checkpoint.parse(EXAMPLE + "more\n").extensions == ("more",)
    assert Checkpoint.parse(EXAMPLE + "more\n").text == EXAMPLE + "more\n"


def test_the_empty_log_has_a_checkpoint() -> None:
    body = f"{ORIGIN}\n0\n{base64.b64encode(EMPTY_ROOT).decode()}\n"

    assert Checkpoint.parse(body) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


@pytest.mark.parametrize("note", GO_NOTES)
def test_real_checkpoints_of_the_go_checksum_database_verify(note: str) -> None:
    opened = SignedNote.parse(note)

    assert opened.open([VerifierKey.parse(GO_KEY)])
    assert Checkpoint.parse(opened.text).origin == "go.sum database tree"
    with pytest.raises(IntegrityError):
        SignedNote.parse(note.replace("database", "Database")).open([VerifierKey.parse(GO_KEY)])
