"""Rule data that cannot be read is refused with a sentence that names the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, ValidationError

from archive_store.errors import InvalidInputError
from archive_store.regulation.packaged import CLOSED, build, packaged, read_data

if TYPE_CHECKING:
    from pathlib import Path


class Form(BaseModel):
    model_config = CLOSED

    name: str


@pytest.mark.parametrize("content", [b"name =", b"\xff\xfe", b"name = 'a'\nname = 'b'", "name = '案'".encode("gbk")])
def test_what_is_not_toml_in_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"broken\.toml 不是合格的 TOML"):
        read_data(path, Form)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"找不到规则文件 none\.toml"):
        read_data(tmp_path / "none.toml", Form)


def test_an_unknown_field_is_a_slip() -> None:
    with pytest.raises(InvalidInputError, match="other 没有这个字段"):
        build({"name": "a", "other": 1}, Form, "x.toml")


def test_data_cannot_be_changed_once_read() -> None:
    form = build({"name": " a "}, Form, "x.toml")
    assert form.name == "a"
    with pytest.raises(ValidationError, match="frozen"):
        form.name = "b"


def test_every_data_file_comes_with_the_package() -> None:
    for name in ("document_types.toml", "full-process-recording-2025.toml", "archival_codes.toml"):
        assert packaged(name).is_file()
