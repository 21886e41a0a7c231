"""A real installation in a temporary folder, with clearly fictional people."""

from __future__ import annotations

import atexit
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from argon2 import PasswordHasher

from archive_store.identity import Role
from archive_store.labels import Level, Mark
from archive_store.models.accounts import Account, Leadership
from portal.application import create_app
from portal.config import Profile, load_settings
from portal.services.accounts import NewAccount, add_department
from portal.wiring import Installation, Pools, form_key, migrate, prepare_folder
from portal.worker import Worker
from tests.databases import BACKENDS
from tests.portal.filing import accept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from archive_store.identity import Actor
    from portal.config import Settings
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
    case_id: str = ""
    url: str = ""
    """Its PostgreSQL database, if it has one."""

    def actor(self, login: str) -> Actor:
        found = self.opened.services.accounts.actor(self.ids[login])
        assert found is not None
        return found


@cache
def pools() -> Pools:
    """Parser processes for all installations of this process: each start takes a second."""
    made = Pools.of_size(1)
    atexit.register(made.close)
    return made


def open_installation(data: Path) -> Installation:
    """The installation in `data`; what is not there is answered at once, for it is asked for thousands of times."""
    given = {"profile": Profile.DEMONSTRATION, "bureau": "石门市演示水务局", "denial_step_ms": 0}
    return Installation(load_settings(data, **given), pools())


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


@dataclass(frozen=True)
class Template:
    """A finished data folder to be copied for each test, with its database where that is a PostgreSQL's."""

    data: Path
    ids: dict[str, str]
    case_id: str = ""
    url: str = ""


class Templates:
    """Data folders with a case that got as far as a step, on each database; each made when first asked for."""

    BEFORE: ClassVar = {"draft": "", "accepted": "draft", "sealed": "accepted", "indexed": "sealed", "crowded": ""}
    """The steps, each with the one that it starts from; the names of the fixtures too."""

    def __init__(self, prepared: tuple[Path, dict[str, str]], request: pytest.FixtureRequest) -> None:
        self._made = {("sqlite", ""): Template(*prepared)}
        self._request = request

    def get(self, backend: str, step: str) -> Template:
        """The finished one."""
        if (backend, step) not in self._made:
            self._made[backend, step] = self._next(backend, step) if step else self._empty_on_postgresql()
        return self._made[backend, step]

    @contextmanager
    def world(self, template: Template, data: Path) -> Iterator[World]:
        """A world of its own on a copy."""
        shutil.copytree(template.data, data)
        url = self._server.copy_of(template.url) if template.url else ""
        if url:
            name_database(data, url)
        with open_installation(data) as opened:
            yield World(opened, template.ids, template.case_id, url)

    def drop(self, world: World) -> None:
        """Let the database of a closed world go."""
        if world.url:
            self._server.drop(world.url)

    def _next(self, backend: str, step: str) -> Template:
        before = self.get(backend, self.BEFORE[step])
        folder = self._folder(step)
        with self.world(before, folder / "data") as world:
            case_id = TAKE[step](world, before.case_id or str(folder / "case"))
        return Template(folder / "data", before.ids, case_id, world.url)

    def _empty_on_postgresql(self) -> Template:
        made = self.get("sqlite", "")
        data, url = self._folder("empty") / "data", self._server.new_database(with_tables=False)
        shutil.copytree(made.data, data)
        name_database(data, url)
        migrate(url)
        with open_installation(data) as opened:
            return Template(data, _people(opened), url=url)

    def _folder(self, name: str) -> Path:
        factory: pytest.TempPathFactory = self._request.getfixturevalue("tmp_path_factory")
        return factory.mktemp(name)

    @property
    def _server(self) -> PostgresServer:
        server: PostgresServer = self._request.getfixturevalue("postgres_server")
        return server


@pytest.fixture(scope="session")
def templates(prepared: tuple[Path, dict[str, str]], request: pytest.FixtureRequest) -> Templates:
    """The finished data folders of this process."""
    return Templates(prepared, request)


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
def world(world_database: str, templates: Templates, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An installation of one's own, in which a case got as far as the test asks for by name."""
    step = next((step for step in reversed(Templates.BEFORE) if step in request.fixturenames), "")
    with templates.world(templates.get(world_database, step), tmp_path / "data") as made:
        yield made
    templates.drop(made)


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
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # many tests log in
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


def make_app(opened: Installation, settings: Settings | None = None) -> Flask:
    """The web application of an installation, with its own settings or others; its forms need no token."""
    chosen = settings or opened.settings
    key = form_key(chosen)
    made = create_app(chosen, opened.services, opened.database, key, secure=False, behind_proxy=False)
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


def _draft(world: World, folder: str) -> str:
    outcome = world.opened.services.intake.import_case(world.actor("handler"), write_case(Path(folder)))
    assert outcome.case_id is not None, outcome.findings
    return outcome.case_id


def _accepted(world: World, draft: str) -> str:
    accept(world, draft)
    return draft


def _sealed(world: World, accepted: str) -> str:
    world.opened.services.sealing.seal(world.actor("archivist"), accepted)
    return accepted


def _indexed(world: World, sealed: str) -> str:
    Worker(world.opened).run_until_idle()
    return sealed


def _crowded(world: World, folder: str) -> str:
    from tests.portal.crowded import seal_crowded  # noqa: PLC0415 - it uses what stands here

    return seal_crowded(world, Path(folder))


TAKE = {"draft": _draft, "accepted": _accepted, "sealed": _sealed, "indexed": _indexed, "crowded": _crowded}
"""What takes a case one step further."""


@pytest.fixture
def draft(world: World) -> str:
    """The id of a draft of the handler's."""
    return world.case_id


@pytest.fixture
def accepted(draft: str) -> str:
    """The same, handed over and accepted."""
    return draft


@pytest.fixture
def sealed(accepted: str) -> str:
    """The same, sealed."""
    return accepted


@pytest.fixture
def indexed(sealed: str) -> str:
    """The same, in the index."""
    return sealed


@pytest.fixture
def crowded(world: World, request: pytest.FixtureRequest) -> str:
    """A sealed case with persons and items of many kinds (`tests.portal.crowded`), instead of the plain one."""
    assert "draft" not in request.fixturenames, "one case at a time: seal the other in the test"
    return world.case_id


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
