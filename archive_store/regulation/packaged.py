"""Reading of rule data: TOML that lies beside the code, or a bureau's own file, checked against its form.

The only input of this room. Whatever is wrong with a file is said in one Chinese sentence that names the file, the
place in it and the slip.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

PACKAGE = "archive_store.regulation"


CLOSED = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
"""Every form of rule data is frozen, and an unknown field in it is a slip."""

Form = TypeVar("Form", bound=BaseModel)

_SAYINGS = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这个字段",
    "enum": "不在可用的值之内",
    "literal_error": "不在可用的值之内",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "写法不合规定",
    "too_short": "至少要有一项",
    "greater_than_equal": "数值太小",
}


def packaged(name: str) -> Traversable:
    """A data file that comes with the program."""
    return resources.files(PACKAGE).joinpath(name)


def read_data(source: Path | Traversable, form: type[Form]) -> Form:
    """Read a TOML file into its form.

    Raises:
        InvalidInputError: The file is missing, is not TOML in UTF-8, or does not have the form.

    """
    try:
        content = tomllib.loads(source.read_bytes().decode("utf-8"))
    except FileNotFoundError as error:
        raise InvalidInputError(f"找不到规则文件 {source.name}，请核对设置。") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInputError(f"规则文件 {source.name} 不是合格的 TOML（UTF-8）：{error}") from error
    return build(content, form, source.name)


def build(content: dict[str, Any], form: type[Form], name: str) -> Form:
    """Check plain data against its form; `name` stands for the file in the message."""
    try:
        return form.model_validate(content)
    except ValidationError as error:
        slips = [_say(slip["loc"], slip["type"], slip["msg"]) for slip in error.errors(include_url=False)]
        raise InvalidInputError(f"规则文件 {name} 有误：{'；'.join(slips)}。") from error


def _say(location: tuple[int | str, ...], kind: str, message: str) -> str:
    place = ".".join(str(step + 1) if isinstance(step, int) else step for step in location)
    what = _SAYINGS.get(kind) or message.removeprefix("Value error, ")
    return f"{place} {what}".strip()
