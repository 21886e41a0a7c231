"""The project's own sources as syntax trees, and what they import: for the tests of the architecture."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("archive_store", "indexer", "portal")
PYTHON_FOLDERS = (*PACKAGES, "migrations", "tests", "benchmarks")
TEXT_FOLDERS = (*PYTHON_FOLDERS, "templates", "docs", ".ci")
TEXT_SUFFIXES = {".py", ".html", ".js", ".css", ".md", ".toml", ".typ", ".txt", ".sh", ".json", ".java", ".xml", ""}
IMPORT_CALLS = {"importlib.import_module", "import_module", "__import__"}
FOREIGN_FOLDERS = {"__pycache__", "node_modules", "target", "vendor"}


@dataclass(frozen=True)
class Source:
    """One Python file: where it lies, its dotted name, its text."""

    path: str
    module: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @property
    def is_package(self) -> bool:
        """Whether this is the `__init__` of a package."""
        return self.path.endswith("__init__.py")


@dataclass(frozen=True)
class Import:
    """`source` imports `target` in line `line`."""

    source: str
    target: str
    place: str


def python_sources(folders: Collection[str] = PACKAGES) -> list[Source]:
    """All Python files below these folders of the project, read and parsed once."""
    return _read(tuple(folders))


@cache
def _read(folders: tuple[str, ...]) -> list[Source]:
    return [
        Source(str(path.relative_to(ROOT)), module_name(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not FOREIGN_FOLDERS & set(path.parts)
    ]


def text_files() -> Iterator[Path]:
    """All text files of the project, those at its root too."""
    places = [path for folder in TEXT_FOLDERS for path in (ROOT / folder).rglob("*")]
    places += [path for path in ROOT.glob("*") if path.suffix in {".py", ".md", ".toml"}]
    for path in sorted(places):
        if path.is_file() and path.suffix in TEXT_SUFFIXES and not FOREIGN_FOLDERS & set(path.parts):
            yield path


def module_name(path: Path) -> str:
    """The dotted name of a file, e.g. `portal.views.cases`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: Source, modules: Collection[str]) -> list[Import]:
    """What a file imports, wherever the import stands, but for annotations only (`if TYPE_CHECKING:`).

    Args:
        source: the file.
        modules: the names of our own modules, to tell `from package import module` from `from module import name`.
    """
    return [
        Import(source.module, target, f"{source.path}:{getattr(node, 'lineno', 0)}")
        for node in _without_annotations_only(source.tree)
        for target in _targets(node, source, modules)
    ]


def _without_annotations_only(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from (other, *_without_annotations_only(other))
            continue
        yield child
        yield from _without_annotations_only(child)


def _targets(node: ast.AST, source: Source, modules: Collection[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = _base(node, source)
        names = [f"{base}.{alias.name}" for alias in node.names]
        return sorted({name if name in modules else base for name in names})
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {
        "importlib.import_module",
        "import_module",
        "__import__",
    }:
        return [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return []


def _base(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    here = source.module.split(".") if source.is_package else source.module.split(".")[:-1]
    package = here[: len(here) - node.level + 1]
    return ".".join([*package, node.module] if node.module else package)


def is_within(module: str, *rooms: str) -> bool:
    """Whether a module is one of these rooms or lies in one."""
    return any(module == room or module.startswith(room + ".") for room in rooms)
