"""Data folders that stand at a certain step of a copy request, made once a run and copied for each test.

The case has three listed items of the 正卷 (the second bears 个人隐私) and one of the 副卷.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.portal.conftest import World, name_database, open_installation, pdf, write_case
from tests.portal.filing import seal
from tests.portal.putting_back import move_to_postgres
from tests.portal.services import requests as way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.databases import PostgresServer

WITNESS = "Zhou Yanshi"
ITEMS = [
    {
        "file": "01.pdf",
        "title": "现场检查笔录",
        "type": "site_inspection_record",
        "date": "2026-11-02",
        "listable": True,
    },
    {
        "file": "03.pdf",
        "title": "询问笔录（周演示）",
        "type": "inquiry_record",
        "date": "2026-11-03",
        "listable": True,
        "label": {"level": "internal", "marks": ["personal_privacy"]},
    },
    {"file": "04.pdf", "title": "检查结果告知书", "type": "inspection_result", "date": "2026-11-05", "listable": True},
    {"file": "02.pdf", "title": "结案审批表", "type": "closing_report", "date": "2026-11-10"},
]


@dataclass(frozen=True)
class Stage:
    """A data folder at rest, with the people, the case and the request in it."""

    data: Path
    ids: dict[str, str]
    case_id: str
    request_id: str = ""

    @contextmanager
    def world(self, folder: Path, server: PostgresServer | None = None) -> Iterator[World]:
        """A world of its own, on a copy; its database is moved to the server where one is given."""
        data = folder / "data"
        shutil.copytree(self.data, data)
        url = server.new_database(with_tables=True) if server else ""
        if url:
            move_to_postgres(data / "anjuan.db", url)
            name_database(data, url)
        with open_installation(data) as opened:
            yield World(opened, self.ids, self.case_id, url)
        if server:
            server.drop(url)


@pytest.fixture(scope="session")
def sealed_stage(prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A sealed case whose party is bound."""
    made, ids = prepared
    folder = tmp_path_factory.mktemp("sealed")
    with Stage(made, ids, "").world(folder) as world:
        source = write_case(folder / "case", items=ITEMS)
        (source / "03.pdf").write_bytes(pdf(f"Asked: {WITNESS} said so"))
        (source / "04.pdf").write_bytes(pdf("Result"))
        outcome = world.opened.services.intake.import_case(world.actor("handler"), source)
        assert outcome.case_id is not None, outcome.findings
        seal(world, outcome.case_id)
        way.bind(world, outcome.case_id)
    return Stage(folder / "data", ids, outcome.case_id)


@pytest.fixture(scope="session")
def preparing_stage(sealed_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A request in preparation: checked, reviewed, nothing drawn yet."""
    folder = tmp_path_factory.mktemp("preparing")
    with sealed_stage.world(folder) as world:
        request_id = way.submitted(world, sealed_stage.case_id)
        way.accepted(world, request_id)
        way.reviewed(world, request_id)
        way.begun(world, request_id)
    return replace(sealed_stage, data=folder / "data", request_id=request_id)


@pytest.fixture(scope="session")
def awaiting_stage(preparing_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A request on the leader's desk: the witness is covered."""
    folder = tmp_path_factory.mktemp("awaiting")
    with preparing_stage.world(folder) as world:
        way.covered(world, preparing_stage.request_id, WITNESS)
        way.made(world, preparing_stage.request_id)
        way.handed_up(world, preparing_stage.request_id)
    return replace(preparing_stage, data=folder / "data")


@pytest.fixture(scope="session")
def copied_stage(awaiting_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An approved request whose copy lies ready."""
    folder = tmp_path_factory.mktemp("copied")
    with awaiting_stage.world(folder) as world:
        way.approved(world, awaiting_stage.request_id)
    return replace(awaiting_stage, data=folder / "data")
