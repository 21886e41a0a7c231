"""A case described by `case.json`: its data, and the field and line of every place in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from archive_store.case_folder import DESCRIPTION, FolderFinding

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class JsonDescription:
    """What `case.json` says, or the slips that keep it from saying anything."""

    data: Any = None
    slips: tuple[FolderFinding, ...] = ()
    text: str = field(default="", repr=False)
    file: str = DESCRIPTION

    def at(self, location: tuple[int | str, ...], message: str) -> FolderFinding:
        """A finding at a place in the data."""
        return FolderFinding(self.file, ".".join(map(str, location)), _line(self.text, location), message)


def read_json(path: Path) -> JsonDescription:
    """Read `case.json`; what is no JSON is a slip."""
    if path.stat().st_size > MAX_BYTES:
        return _nothing("文件过大，不像是案卷说明")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return JsonDescription(json.loads(text), text=text)
    except UnicodeDecodeError:
        return _nothing("须用 UTF-8 编码保存")
    except json.JSONDecodeError as error:
        return _nothing(f"不是合格的 JSON：{error.msg}", error.lineno)
    except RecursionError:
        return _nothing("嵌套过深")


def _nothing(message: str, line: int = 0) -> JsonDescription:
    return JsonDescription(slips=(FolderFinding(DESCRIPTION, "", line, message),))


def _line(text: str, location: tuple[int | str, ...]) -> int:
    """The line of a place in the JSON text; JSON is read as YAML, whose nodes know where they stand."""
    node = _composed(text)
    line = node.start_mark.line + 1 if node else 0
    for step in location:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


@lru_cache(maxsize=1)
def _composed(text: str) -> yaml.Node | None:
    """The text as nodes; kept, since a description with many slips asks for each."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None
