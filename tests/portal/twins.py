"""Twin archives: one, and the same with records that the asker may not see; ids of what both hold are the same."""

from __future__ import annotations

import io
import re
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
from sqlalchemy import inspect, select

from archive_store.labels import Label, Level, Mark
from archive_store.models.accounts import Account
from archive_store.models.base import new_id
from archive_store.models.cases import (
    Case,
    FourCheckReportRow,
    LabelDecision,
    SealedObject,
    Transfer,
)
from archive_store.models.classification import LabelProposal, LabelReview
from archive_store.models.copies import CopyRequest, RequestedItem
from archive_store.models.work import IndexState
from archive_store.vocabulary import CaseState
from tests.portal.conftest import World, make_app, open_installation
from tests.portal.oracle_world import ID, Stand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

    from tests.portal.oracle_world import Named
    from tests.portal.stages import Stage

EVERY_MARK = Label(Level.TOP_SECRET, frozenset(Mark))
ELSEWHERE = new_id()
"""Somebody who never walks: proposals in hidden cases are this person's, for one's own may be taken back."""
WORDS = "隐蔽演示"
"""Stands in titles, names and grounds of hidden records, and nowhere else."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Clock:
    """The clock of both twins: it stands until it is put forward."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def tick(self) -> None:
        """A second goes by."""
        self.moment += timedelta(seconds=1)


@dataclass
class Base:
    """A finished data folder with someone in every relation to its one case."""

    data: Path
    ids: dict[str, str]
    stand: Stand
    known: frozenset[str]
    """Every id in it."""
    clock: Clock

    @property
    def named(self) -> Named:
        return self.stand.named

    @contextmanager
    def world(self, place: Path) -> Iterator[tuple[World, Flask]]:
        """A copy of it, open."""
        shutil.copytree(self.data, place)
        with open_installation(place) as opened:
            object.__setattr__(opened.desk, "clock", self.clock)
            yield World(opened, self.ids, self.named.case), make_app(opened)


@contextmanager
def base_of(stage: Stage, folder: Path) -> Iterator[Base]:
    """The base of twins, made from a stage."""
    with stage.world(folder) as world:
        with world.opened.database.write() as unit:
            unit.session.add(Account(id=ELSEWHERE, login="elsewhere", name="远处演示"))
        stand = Stand(world, stage.case_id, stage.request_id)
        world.opened.indexing.reconcile()
        world.opened.indexing.index_case(stage.case_id)
        clock = Clock(world.opened.desk.clock())
        object.__setattr__(world.opened.desk, "clock", clock)
        kept = folder / "kept"
        shutil.copytree(world.opened.settings.data, kept)
        with closing(sqlite3.connect(kept / "anjuan.db")) as database:
            known = frozenset(ID.findall("\n".join(database.iterdump())))
        yield Base(kept, stage.ids, stand, known, clock)
        stand.close()


@dataclass(frozen=True)
class Hiding:
    """One hidden case: in which state, under which label, and whether in a department of its own."""

    state: CaseState
    label: Label
    elsewhere: bool = False


def hide(world: World, named: Named, hidings: list[Hiding]) -> list[dict[str, str]]:
    """Add hidden records; gives for each hidden case which of its ids stands for which of the visible one's."""
    with world.opened.database.write() as unit:
        case = unit.session.get_one(Case, named.case)
        _hide_parts(unit.session, case)
        made = [_clone_case(unit.session, world, named, case, hiding) for hiding in hidings]
    for case_id in (named.case, *(ids[named.case] for ids in made)):
        world.opened.indexing.index_case(case_id)
    return made


def _copy(row: Any, **changes: Any) -> Any:  # noqa: ANN401 - any row
    """A row of the same table with the same values, but for its id and the changes."""
    columns = {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}
    columns.pop("version", None)
    own = {"id": new_id()} if "id" in columns else {}
    return type(row)(**{**columns, **own, **changes})


def _hide_parts(session: Session, case: Case) -> None:
    """An item after the last and a person after the last, which nobody here may know."""
    last, person = case.items[-1], case.persons[-1]
    item = _copy(last, number=last.number + 1, title=f"{WORDS}件", label=EVERY_MARK, listable=True)
    session.add_all((item, _copy(person, name=f"{WORDS}人", label=EVERY_MARK, position=person.position + 1)))
    session.flush()
    session.add_all(_copy(file, item_id=item.id) for file in last.files)
    session.add(
        LabelDecision(
            case_id=case.id,
            subject="item",
            subject_id=item.id,
            label=EVERY_MARK,
            ground=WORDS,
            decided_by="service:test",
            readers=[],
        )
    )


def _clone_case(session: Session, world: World, named: Named, case: Case, hiding: Hiding) -> dict[str, str]:
    other = world.opened.services.cases.departments()
    department = (
        next(one.id for one in other if one.id != case.department_id) if hiding.elsewhere else case.department_id
    )
    sealed = hiding.state is CaseState.SEALED
    twin = _copy(
        case,
        title=f"{WORDS}案",
        label=hiding.label,
        state=hiding.state,
        department_id=department,
        archival_code=f"{case.archival_code}{new_id()[:6]}" if sealed else None,
        import_key=None,
    )
    session.add(twin)
    session.flush()
    ids = {case.id: twin.id}
    for item in case.items:
        if item.label == EVERY_MARK:
            continue
        own = _copy(item, case_id=twin.id, title=f"{WORDS}{item.title}")
        session.add(own)
        session.flush()
        ids[item.id] = own.id
        session.add_all(_copy(file, item_id=own.id) for file in item.files)
    for person in case.persons:
        own = _copy(person, case_id=twin.id, name=f"{WORDS}{person.name}", represents_id=None)
        session.add(own)
        ids[person.id] = own.id
    session.flush()
    _clone_what_hangs_on_it(session, named, ids)
    if sealed:
        session.add(IndexState(case_id=twin.id, wanted=1, indexed=0))
    return ids


def _clone_what_hangs_on_it(session: Session, named: Named, ids: dict[str, str]) -> None:
    case_id = ids[named.case]
    for table in (Transfer, FourCheckReportRow):
        for row in session.scalars(select(table).where(table.case_id == named.case)):
            session.add(_copy(row, case_id=case_id))
    for row in session.scalars(select(SealedObject).where(SealedObject.case_id == named.case)):
        session.add(_copy(row, case_id=case_id, object_id=f"{row.object_id}{new_id()[:6]}"))
    for table, of in ((LabelProposal, named.proposal), (LabelReview, named.review)):
        row = session.get_one(table, of)
        by = {"proposed_by": ELSEWHERE} if table is LabelProposal else {}
        own = _copy(row, case_id=case_id, subject_id=ids[row.subject_id], **by)
        session.add(own)
        ids[of] = own.id
    request = session.get_one(CopyRequest, named.request)
    own = _copy(
        request,
        case_id=case_id,
        number=f"{request.number}{new_id()[:4]}",
        requester_id=None,
        person_id=None,
        entered_by=None,
        purpose=WORDS,
    )
    session.add(own)
    session.flush()
    ids[named.request] = own.id
    for row in request.items:
        session.add(
            RequestedItem(request_id=own.id, item_id=ids[row.item_id], position=row.position, title=WORDS, own_marks=[])
        )


def said(answer: TestResponse, known: frozenset[str]) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what is random or tells the time; ids of the base stay as they are."""
    body = (
        _cells(answer.data)
        if answer.mimetype == XLSX and answer.status_code == 200
        else answer.data.decode(errors="surrogateescape")
    )
    headers = [(name, value) for name, value in answer.headers if name not in {"X-Request-Id", "Date", "Set-Cookie"}]
    if answer.mimetype == XLSX:
        headers = [(name, value) for name, value in headers if name not in {"Content-Length", "ETag", "Last-Modified"}]
    return answer.status_code, _plain(body, known), sorted((name, _plain(value, known)) for name, value in headers)


def _plain(text: str, known: frozenset[str]) -> str:
    text = re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", text)
    text = re.sub(r'((?:content|data-token)=")[\w.-]{60,}', r"\1", text)
    text = re.sub(r"[0-9a-f]{64}", "", text)
    text = re.sub(r'(challenge(?:"|&#34;): (?:"|&#34;))[\w-]+', r"\1", text)
    text = re.sub(r"\d\d:\d\d(:\d\d)?", "", text)
    text = re.sub(r"用时 [\d.]+ 秒", "", text)
    text = re.sub(r'"seconds": ?[\d.e-]+', "", text)
    return ID.sub(lambda found: found[0] if found[0] in known else "another", text)


def _cells(workbook: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    return repr([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()])
