"""Verification: no wrong file, number or code is called good; a withdrawn copy is; nothing of a file is kept."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.models.audit import AuditLeaf
from archive_store.models.base import now
from archive_store.models.copies import SignedCopy
from portal.dissemination.verdict import DEMONSTRATION, Verdict
from portal.services.verification import RecordState
from tests.portal.copies import enter_copy
from tests.portal.dissemination.conftest import NUMBER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.dissemination.conftest import Made


def events(world: World) -> list[AuditLeaf]:
    with world.opened.database.read() as session:
        return [*session.scalars(select(AuditLeaf).where(AuditLeaf.name == EventName.COPY_VERIFY))]


def test_what_is_no_copy_cannot_be_confirmed(world: World) -> None:
    for content in (b"", b"%PDF-1.7\n%%EOF\n", "不是复制件".encode(), bytes(5000)):
        checked = world.opened.services.verification.check(io.BytesIO(content))
        assert checked.report.verdict is Verdict.UNKNOWN
        assert (checked.record, checked.holds) == (None, False)


def test_an_altered_copy_is_not_good_whatever_the_records_say(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine)
    copy = genuine.content
    for altered in (copy + b" ", copy[:-7], copy.replace(b"/Im0", b"/Im1", 1)):
        checked = world.opened.services.verification.check(io.BytesIO(altered))
        assert checked.report.verdict is not Verdict.GENUINE
        assert (checked.record, checked.holds) == (None, False)


def test_a_genuine_copy_on_record_is_good(world: World, sealed: str, genuine: Made) -> None:
    copy = enter_copy(world, sealed, genuine)
    checked = world.opened.services.verification.check(io.BytesIO(genuine.content))
    assert checked.report.verdict is Verdict.GENUINE
    assert checked.record is not None
    assert (checked.record.state, checked.record.copy_id, checked.holds) == (RecordState.VALID, copy, True)


def test_a_withdrawn_copy_is_genuine_and_no_longer_good(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine, withdrawn_at=now())
    checked = world.opened.services.verification.check(io.BytesIO(genuine.content))
    assert checked.report.verdict is Verdict.GENUINE
    assert checked.record is not None
    assert (checked.record.state, checked.holds) == (RecordState.WITHDRAWN, False)
    assert "理由" not in str(checked.record.to_json())


def test_a_genuine_copy_that_no_record_knows_is_genuine_and_said_to_be_unknown(world: World, genuine: Made) -> None:
    checked = world.opened.services.verification.check(io.BytesIO(genuine.content))
    assert checked.report.verdict is Verdict.GENUINE
    assert checked.record is not None
    assert (checked.record.state, checked.holds) == (RecordState.NONE, True)
    assert "没有出具此件的记录" in checked.record.of_file


def test_another_file_under_the_same_number_and_code_is_not_the_one_on_record(
    world: World, sealed: str, genuine: Made
) -> None:
    copy = enter_copy(world, sealed, genuine)
    with world.opened.database.write() as unit:
        unit.session.get_one(SignedCopy, copy).sha256 = "0" * 64
    checked = world.opened.services.verification.check(io.BytesIO(genuine.content))
    assert checked.record is not None
    assert checked.record.state is RecordState.NONE


def test_wrong_number_wrong_code_and_nothing_at_all_have_one_answer(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine)
    code = genuine.manifest.check_code
    wrong = [
        (NUMBER, "0" * 32),
        (NUMBER, code[:-1]),
        (NUMBER, code + "0"),
        (NUMBER, ""),
        ("演复2025-0008", code),
        ("", code),
        ("", ""),
        ("%", "%"),
        ("x" * 5000, "x" * 5000),
        ("\x00", "\x00"),
    ]
    answers = {world.opened.services.verification.by_number(number, given) for number, given in wrong}
    assert {answer.state for answer in answers} == {RecordState.NONE}
    assert len(answers) == 1


def test_the_code_is_read_in_groups_in_any_case_and_in_full_width(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine)
    code = genuine.manifest.check_code
    groups = [code[at : at + 4] for at in range(0, 32, 4)]
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    for given in (code, code.upper(), " ".join(groups), "-".join(groups).upper(), f"　{wide}\n"):
        assert world.opened.services.verification.by_number(f" {NUMBER} ", given).state is RecordState.VALID


def test_a_withdrawn_number_says_so_and_not_why(world: World, sealed: str, genuine: Made) -> None:
    enter_copy(world, sealed, genuine, withdrawn_at=now())
    record = world.opened.services.verification.by_number(NUMBER, genuine.manifest.check_code)
    assert record.state is RecordState.WITHDRAWN
    assert DEMONSTRATION in record.sentence


def test_events_name_no_one_and_hold_no_content(world: World, sealed: str, genuine: Made) -> None:
    verification = world.opened.services.verification
    copy = enter_copy(world, sealed, genuine)
    verification.check(io.BytesIO(genuine.content))
    verification.check(io.BytesIO(genuine.content + b" "))
    verification.check(io.BytesIO("某人的私人文件".encode()))
    verification.by_number(NUMBER, genuine.manifest.check_code)
    verification.by_number(NUMBER, "0" * 32)
    found = events(world)
    assert [event.object_id for event in found[:1]] == [copy]
    assert [event.object_id for event in found[2:]] == ["unknown", copy]
    assert {event.actor_id for event in found} == {"anonymous"}
    assert not any(genuine.manifest.check_code in str(event.details) for event in found)


def test_nothing_of_a_file_is_kept(world: World, genuine: Made) -> None:
    def kept() -> set[Path]:
        folders = (folder for folder in world.opened.settings.data.iterdir() if folder.is_dir())
        return {path for folder in folders for path in folder.rglob("*")}

    before = kept()
    world.opened.services.verification.check(io.BytesIO(genuine.content))
    assert kept() == before


def test_a_file_that_is_too_large_is_refused_before_anyone_looks_at_it(world: World) -> None:
    with pytest.raises(InvalidInputError, match="50 MB"):
        world.opened.services.verification.check(io.BytesIO(b"%PDF"), largest=3)
    assert events(world) == []


def test_whoever_finds_the_queue_full_is_told_to_come_again(world: World) -> None:
    verification = world.opened.services.verification
    with ExitStack() as stack:
        for _ in range(world.opened.settings.web_threads // 4):
            stack.enter_context(verification.place())
        with pytest.raises(UnavailableError, match="过一分钟"):
            stack.enter_context(verification.place())
    with verification.place():
        assert verification.check(io.BytesIO(b"")).report.verdict is Verdict.UNKNOWN
