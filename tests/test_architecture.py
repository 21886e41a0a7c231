"""The house keeps its rules: who may import whom, where libraries may appear, who commits, how long things are.

docs/architecture.md tells the reasons. Imports inside functions count; imports for annotations only do not.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.sources import PACKAGES, PYTHON_FOLDERS, ROOT, Import, Source, imports, is_within, python_sources, text_files

CODE_SUFFIXES = {".py", ".js", ".html", ".css"}
ENGINES = "indexer/backends/"
"""A search engine's own commit is another thing than the database's."""
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
TABLES = ("archive_store/copy_requests.py:_rows",)
"""Functions that are one table, row by row."""

WORDS = ("identity", "labels", "permissions", "errors", "vocabulary", "request_words", "case_folder")
VOCABULARY = tuple(f"archive_store.{name}" for name in WORDS)
"""The words of the house, free to everyone."""

PARSING = "archive_store.parsing"
"""The sandbox for bytes from outside, free to everyone."""

_BESIDE = ("access", "config", "errors", "identities", "logs", "presenters", "sessions")
SUPPORT = tuple(f"portal.{name}" for name in _BESIDE)

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "archive_store": ("archive_store",),
    "indexer": ("indexer", "archive_store"),
    "portal.dissemination": ("portal.dissemination", "archive_store"),
    "portal.services": ("portal.services", "portal.dissemination", "indexer", "archive_store"),
    "portal.forms": ("portal.forms",),
    "portal.views": (
        *("portal.views", "portal.services", "portal.forms", "portal.presenters", "portal.access"),
        "portal.identities",
    ),
    "portal.api": ("portal.api", "portal.services", "portal.forms", "portal.presenters", "portal.access"),
    "portal.demonstration": ("portal.demonstration", "portal.services", "portal.dissemination", "archive_store"),
    **dict.fromkeys(SUPPORT, (*SUPPORT, "portal.services", "archive_store")),
    "migrations": (),
    "migrations.env": ("archive_store.models", "archive_store.database"),
}
"""What a room may import beside the vocabulary and the sandbox; the longest name that fits a module counts."""

CLOSED = ("migrations", "migrations.env")
"""Rooms to which not even the vocabulary is open: a migration must mean the same when the product has moved on."""

OWN = ("archive_store", "indexer", "portal", "tests", "benchmarks", "migrations")

MAY_IMPORT_ALL = ("portal.application", "portal.wiring", "portal.cli", "portal.worker", "portal.__main__")
"""Where the parts are put together; no room imports these."""

NO_DATABASE = {"portal.dissemination": ("archive_store.models", "archive_store.unit_of_work", "archive_store.database")}
"""Rooms that work on bytes and values alone."""

FLASK = ("flask", "werkzeug", "wtforms", "flask_wtf", "flask_login", "flask_babel", "flask_bootstrap", "jinja2")

LIBRARY_PLACES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("flask", "werkzeug", "wtforms", "flask_wtf", "flask_login", "flask_babel", "flask_bootstrap", "jinja2"): (
        "portal",
    ),
    ("tantivy", "elasticsearch", "elastic_transport"): ("indexer.backends",),
    ("pyhanko", "pyhanko_certvalidator"): (
        "portal.dissemination",
        "archive_store.seal_signature",
        "archive_store.timestamps",
    ),
    ("PIL",): (PARSING, "indexer.extraction", "portal.dissemination", "portal.demonstration"),
    ("typst",): ("archive_store.forms", "portal.dissemination", "portal.demonstration"),
    ("openpyxl",): (PARSING, "archive_store.forms"),
    ("authlib", "joserfc", "requests"): ("portal.identities",),
    ("alembic",): ("archive_store.migrate", "migrations", "portal.cli", "portal.wiring"),
}
"""Libraries, and the only places where they may appear."""

NO_FLASK = ("portal.services", "portal.dissemination")
"""Rooms of the portal that know nothing of a web request."""

ONLY_COMMIT = "archive_store/unit_of_work.py"

UNWANTED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|(?<![\w.])/(?:home|root|work)/\w|\.\./shared\b")
"""Notes of unfinished work, and paths that exist on one machine only."""


@cache
def sources() -> tuple[Source, ...]:
    return tuple(python_sources((*PACKAGES, "migrations")))


@cache
def all_imports() -> tuple[Import, ...]:
    names = {source.module for source in sources()}
    return tuple(found for source in sources() for found in imports(source, names))


def room_of(module: str) -> str | None:
    """The room with the longest name that holds a module; nothing for those that put the parts together."""
    if module == "portal" or is_within(module, *MAY_IMPORT_ALL):
        return None
    return max((room for room in MAY_IMPORT if is_within(module, room)), key=len, default="unknown")


def import_fault(found: Import) -> str | None:
    """What is wrong with one import between our modules, in words; nothing where it is allowed."""
    room = room_of(found.source)
    if room is None or not is_within(found.target, *OWN):
        return None
    if room == "unknown":
        return f"{found.place}: {found.source} belongs to no room; name its room in MAY_IMPORT"
    if is_within(found.target, *NO_DATABASE.get(room, ())):
        return f"{found.place}: {room} works without a database and must not import {found.target}"
    allowed = MAY_IMPORT[room] if room in CLOSED else (*MAY_IMPORT[room], *VOCABULARY, PARSING)
    if is_within(found.target, *allowed):
        return None
    return f"{found.place}: {room} must not import {found.target}; it may import {', '.join(allowed)}"


def library_fault(found: Import) -> str | None:
    """What is wrong with the place where a library is imported, in words."""
    for libraries, places in LIBRARY_PLACES.items():
        if is_within(found.target, *libraries) and not is_within(found.source, *places):
            return f"{found.place}: {found.target} may be imported only in {', '.join(places)}"
    if is_within(found.target, *FLASK) and is_within(found.source, *NO_FLASK):
        return f"{found.place}: {found.source} must know nothing of a web request ({found.target})"
    return None


def cycle_among(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def commits(source: Source) -> list[str]:
    """The places in a file that commit."""
    return [
        f"{source.path}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]


def long_functions(source: Source) -> list[str]:
    """The functions of a file that are too long, with their length."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION and f"{source.path}:{node.name}" not in TABLES:
                found.append(f"{source.path}:{node.lineno}: {node.name} has {length} lines")
    return found


def is_history(path: str) -> bool:
    """Whether a file is a migration: it is written once, mostly by a generator, and never changed again."""
    return path.startswith("migrations/versions/")


def report(faults: list[str]) -> str:
    return "\n".join(["the architecture is broken (docs/architecture.md):", *sorted(faults)])


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("archive_store.cases", "indexer.query"),
        ("archive_store.cases", "portal.config"),
        ("indexer.sync", "portal.services.search"),
        ("portal.dissemination.render", "portal.services.viewing"),
        ("portal.dissemination.sign", "archive_store.unit_of_work"),
        ("portal.services.search", "portal.views.search"),
        ("portal.services.search", "portal.wiring"),
        ("portal.views.search", "indexer.query"),
        ("portal.views.search", "archive_store.cases"),
        ("portal.api.cases", "archive_store.models.cases"),
        ("portal.forms.login", "archive_store.policy"),
        ("portal.strange", "archive_store.cases"),
        ("migrations.versions.0001_first", "archive_store.models.base"),
        ("archive_store.cases", "tests.services"),
    ],
)
def test_an_import_against_the_rule_is_named(source: str, target: str) -> None:
    assert import_fault(Import(source, target, "x.py:1"))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("indexer.sync", "archive_store.cases"),
        ("portal.views.search", "portal.services.search"),
        ("portal.views.search", "archive_store.errors"),
        ("portal.views.reader", "archive_store.parsing.pages"),
        ("portal.wiring", "indexer.backends.embedded"),
        ("portal.cli.serve", "portal.wiring"),
        ("migrations.env", "archive_store.models"),
    ],
)
def test_an_import_along_the_rule_passes(source: str, target: str) -> None:
    assert import_fault(Import(source, target, "x.py:1")) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("archive_store.cases", "flask"),
        ("portal.services.search", "flask.globals"),
        ("indexer.query", "tantivy"),
        ("portal.services.search", "elasticsearch"),
        ("archive_store.sealing", "pyhanko.sign"),
        ("portal.views.reader", "PIL.Image"),
    ],
)
def test_a_library_in_a_wrong_place_is_named(source: str, target: str) -> None:
    assert library_fault(Import(source, target, "x.py:1"))


def test_deferred_relative_and_named_imports_are_seen_and_annotations_are_not() -> None:
    text = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import portal.wiring\n"
        "def f():\n    from ..services import search, name\n    import_module('indexer.query')\n"
    )
    source = Source("portal/views/x.py", "portal.views.x", text)
    targets = {found.target for found in imports(source, {"portal.services", "portal.services.search"})}
    assert targets == {"typing", "portal.services", "portal.services.search", "indexer.query"}


def test_a_circle_a_commit_and_a_long_function_are_seen() -> None:
    assert cycle_among({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert commits(Source("x.py", "x", "def f(s):\n    s.commit()\n")) == ["x.py:2"]
    assert long_functions(Source("x.py", "x", "def f():\n" + "    pass\n" * LONGEST_FUNCTION))


def test_rooms_import_along_the_rule() -> None:
    faults = [fault for found in all_imports() if (fault := import_fault(found))]
    assert not faults, report(faults)


def test_libraries_stay_in_their_places() -> None:
    faults = [fault for found in all_imports() if (fault := library_fault(found))]
    assert not faults, report(faults)


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {source.module for source in sources()}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for found in all_imports():
        target = next((name for name in _prefixes(found.target) if name in names), None)
        if target and target != found.source:
            graph[found.source].add(target)
    assert not (circle := cycle_among(graph)), "a circle of imports: " + " <- ".join(circle)


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def test_only_the_unit_of_work_commits() -> None:
    faults = [
        place
        for source in python_sources()
        if source.path != ONLY_COMMIT and not source.path.startswith(ENGINES)
        for place in commits(source)
    ]
    assert not faults, report([f"{place}: only {ONLY_COMMIT} commits" for place in faults])


def test_files_are_short() -> None:
    faults = []
    for path in text_files():
        name, lines = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8").count("\n")
        if path.suffix in CODE_SUFFIXES and not is_history(name) and lines > LONGEST_FILE:
            faults.append(f"{name} has {lines} lines, at most {LONGEST_FILE} are allowed")
    assert not faults, report(faults)


def test_functions_are_short() -> None:
    files = [source for source in python_sources(PYTHON_FOLDERS) if not is_history(source.path)]
    assert not (faults := [fault for source in files for fault in long_functions(source)]), report(faults)


def test_nothing_speaks_of_unfinished_work_or_one_machine() -> None:
    faults = []
    for path in text_files():
        if path.name == "test_architecture.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := UNWANTED.search(line):
                faults.append(f"{path.relative_to(ROOT)}:{number}: {found.group()}")
    assert not faults, report(faults)
