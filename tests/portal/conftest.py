"""A real installation in a temporary folder, with clearly fictional people."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest

from archive_store.identity import Role
from archive_store.labels import Level, Mark
from archive_store.models.accounts import Account, Leadership
from archive_store.parsing.pool import ParserPool
from portal.application import create_app
from portal.config import Profile, load_settings
from portal.services.accounts import NewAccount, add_department
from portal.services.verification import LIMITS
from portal.wiring import Installation, form_key, migrate, prepare_folder
from tests.databases import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

    from archive_store.identity import Actor
    from tests.databases import PostgresServer
    from tests.portal.dissemination.conftest import Made
    from tests.portal.reading import Library

PASSWORD = "一句足够长的演示密码用来登录"
PEOPLE = {
    "handler": ("承办演示甲", Role.HANDLER, "水政监察支队"),
    "other_handler": ("承办演示乙", Role.HANDLER, "水资源管理处"),
    "archivist": ("档案演示甲", Role.ARCHIVIST, "办公室"),
    "second_archivist": ("档案演示乙", Role.ARCHIVIST, "办公室"),
    "leader": ("领导演示甲", Role.LEADER, None),
    "reviewer": ("保密演示甲", Role.SECRECY_REVIEWER, None),
    "party": ("张演示", Role.PARTY, None),
    "legal": ("法制演示甲", Role.LEGAL_OFFICE, None),
    "sysadmin": ("系统演示甲", Role.SYSTEM_ADMINISTRATOR, None),
    "secadmin": ("安全演示甲", Role.SECURITY_ADMINISTRATOR, None),
    "auditor": ("审计演示甲", Role.SECURITY_AUDITOR, None),
}


@dataclass
class World:
    """An installation with its people."""

    opened: Installation
    ids: dict[str, str]

    def actor(self, login: str) -> Actor:
        found = self.opened.services.accounts.actor(self.ids[login])
        assert found is not None
        return found


def open_installation(data: Path) -> Installation:
    """The installation in `data`."""
    return Installation(
        load_settings(data, profile=Profile.DEMONSTRATION, bureau="石门市演示水务局", render_processes=1)
    )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A data folder with keys and people, made once and copied for each test: keys and passwords take long."""
    data = tmp_path_factory.mktemp("prepared") / "data"
    prepare_folder(load_settings(data, profile=Profile.DEMONSTRATION, bureau="石门市演示水务局"))
    with open_installation(data) as opened:
        return data, _people(opened)


@pytest.fixture(scope="session")
def genuine(prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A signed copy that the installation of `world` gives out."""
    from tests.portal.copies import make_genuine  # noqa: PLC0415 - only where a copy is asked for

    return make_genuine(prepared[0], tmp_path_factory.mktemp("genuine"))


@pytest.fixture(scope="session")
def copy_pool() -> Iterator[ParserPool]:
    """One parser process for copies for all tests: each start takes seconds."""
    with ParserPool(1, LIMITS) as pool:
        yield pool


@pytest.fixture
def warm_pool(world: World, copy_pool: ParserPool) -> None:
    """The installation checks copies in that process."""
    world.opened.copy_pool.close()
    world.opened.services.verification._pool = copy_pool


@pytest.fixture(scope="session")
def prepared_postgresql(
    prepared: tuple[Path, dict[str, str]], postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, dict[str, str]]:
    """The same on PostgreSQL: a data folder, a database to be copied, and the people in it."""
    data, url = tmp_path_factory.mktemp("prepared") / "data", postgres_server.new_database(with_tables=False)
    shutil.copytree(prepared[0], data)
    name_database(data, url)
    migrate(url)
    with open_installation(data) as opened:
        return data, url, _people(opened)


def name_database(data: Path, url: str) -> None:
    """Have the installation in `data` keep its rows elsewhere."""
    (data / "config.toml").write_text(f'database_url = "{url}"\n', encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Say what the mark means."""
    config.addinivalue_line("markers", "both_databases: runs on SQLite and on PostgreSQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Everything runs on SQLite, and what is marked on PostgreSQL as well."""
    if "world_database" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    wanted = BACKENDS if "both_databases" in marks else BACKENDS[:1]
    metafunc.parametrize("world_database", wanted, indirect=True)


@pytest.fixture
def world_database(request: pytest.FixtureRequest) -> str:
    """The kind of database under `world`."""
    return str(request.param)


@pytest.fixture
def world(world_database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if world_database == "sqlite":
        with copy_of(*request.getfixturevalue("prepared"), tmp_path / "data") as made:
            yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    made_data, template, ids = request.getfixturevalue("prepared_postgresql")
    data = tmp_path / "data"
    shutil.copytree(made_data, data)
    name_database(data, url := server.copy_of(template))
    with open_installation(data) as opened:
        yield World(opened, ids)
    server.drop(url)


@contextmanager
def copy_of(made: Path, ids: dict[str, str], place: Path) -> Iterator[World]:
    """A world of its own on a copy of a finished data folder."""
    shutil.copytree(made, place)
    with open_installation(place) as opened:
        yield World(opened, ids)


def _people(opened: Installation) -> dict[str, str]:
    with opened.database.write() as unit:
        names = {part for _, _, part in PEOPLE.values() if part}
        departments = {name: add_department(unit.session, name, f"D{n}").id for n, name in enumerate(sorted(names))}
    accounts = opened.services.accounts
    new = []
    for login, (name, role, part) in PEOPLE.items():
        marks = frozenset(Mark) - {Mark.INFORMANT} if role is Role.ARCHIVIST else frozenset({Mark.PERSONAL_PRIVACY})
        where = frozenset({departments[part]}) if part else frozenset()
        new.append(NewAccount(login, name, frozenset({role}), where, Level.INTERNAL, marks))
    codes = accounts.set_up(new)
    for login in PEOPLE:
        accounts.enrol(codes[login], PASSWORD)
    with opened.database.write() as unit:
        ids = {account.login: account.id for account in unit.session.query(Account)}
        row = Leadership(
            department_id=departments["水政监察支队"], account_id=ids["leader"], valid_from=date(2024, 1, 1)
        )
        unit.session.add(row)
    return ids


@pytest.fixture
def app(world: World) -> Flask:
    return make_app(world.opened)


def make_app(opened: Installation) -> Flask:
    """The web application of an installation; its forms need no token."""
    key = form_key(opened.settings)
    made = create_app(opened.settings, opened.services, opened.database, key, secure=False, behind_proxy=False)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def log_in(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/login", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def pdf(*lines: str) -> bytes:
    """A small PDF with a page for each line."""
    import typst  # noqa: PLC0415

    body = "#pagebreak()\n".join(f"#text(size: 14pt)[{line}]\n" for line in lines)
    return bytes(typst.compile(body.encode()))


def write_case(folder: Path, **changes: object) -> Path:
    """A small case folder: an inspection record and an internal approval."""
    folder.mkdir(parents=True)
    (folder / "01.pdf").write_bytes(pdf("Inspection one", "Inspection two"))
    (folder / "02.pdf").write_bytes(pdf("Approval"))
    case = {
        "format": "anjuan-case-1",
        "case_number": "演水检〔2026〕1号",
        "title": "演示河段检查案",
        "kind": "inspection",
        "procedure": "ordinary",
        "department": "水政监察支队",
        "handlers": ["承办演示甲"],
        "started": "2026-11-01",
        "ended": "2026-11-10",
        "persons": [
            {"name": "张演示", "role": "party", "identity_number": "130100199001010000", "phone": "13900000001"}
        ],
        "items": [
            {
                "file": "01.pdf",
                "title": "现场检查笔录",
                "type": "site_inspection_record",
                "date": "2026-11-02",
                "listable": True,
            },
            {"file": "02.pdf", "title": "结案审批表", "type": "closing_report", "date": "2026-11-10"},
        ],
    } | changes
    (folder / "case.json").write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    return folder


@pytest.fixture
def draft(world: World, tmp_path: Path) -> str:
    """The id of a draft of the handler's."""
    outcome = world.opened.services.intake.import_case(world.actor("handler"), write_case(tmp_path / "case"))
    assert outcome.case_id is not None, outcome.findings
    return outcome.case_id


@pytest.fixture
def accepted(world: World, draft: str) -> str:
    """The same, handed over and accepted."""
    transfer = world.opened.services.transfer
    transfer.hand_over(world.actor("handler"), draft)
    transfer.accept(world.actor("archivist"), draft)
    for found in transfer.findings(world.actor("archivist"), draft):
        if found.blocks:
            transfer.waive(world.actor("archivist"), draft, found.finding.key, "演示：已核实")
    return draft


@pytest.fixture
def sealed(world: World, accepted: str) -> str:
    """The same, sealed."""
    world.opened.services.sealing.seal(world.actor("archivist"), accepted)
    return accepted


@pytest.fixture(scope="module")
def library(prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A sealed and indexed case for tests that only read."""
    from tests.portal.reading import stock  # noqa: PLC0415 - it uses what stands here

    made, ids = prepared
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(made, folder / "data")
    with open_installation(folder / "data") as opened:
        yield stock(World(opened, ids), folder / "case")


@pytest.fixture
def library_app(library: Library) -> Flask:
    return make_app(library.world.opened)
