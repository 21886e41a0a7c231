"""Grounds: unknown ones are refused, numbers and codes have one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError
from archive_store.regulation.grounds import Use, load_grounds
from archive_store.regulation.packaged import packaged

if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = [
    "国家秘密",
    "商业秘密",
    "个人隐私",
    "投诉人、举报人信息",
    "内部副卷材料",
    "工作秘密",
    "未成年人信息",
    "与本案当事人无关",
    "其他依法应当保密",
]


def test_an_unknown_ground_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="没有“mood”这项理由"):
        load_grounds().get("mood")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("number = 2", "number = 1", "number 不得重复"),
        ('code = "minor"', 'code = "informant"', "code 不得重复"),
        ('use = ["withhold"]', "use = []", "至少要有一项"),
        ('use = ["withhold"]', 'use = ["hide"]', "不在可用的值之内"),
    ],
)
def test_a_slip_in_the_grounds_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = packaged("grounds.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "grounds.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidInputError, match=says):
        load_grounds(path)


def test_every_ground_of_the_regulation_is_there_with_its_legal_basis() -> None:
    texts = {ground.text: ground.basis for ground in load_grounds().ground}
    assert set(texts) >= set(REQUIRED)
    assert all("办法" in basis or "法》" in basis for basis in texts.values())


def test_each_use_has_its_grounds() -> None:
    grounds = load_grounds()
    for use in Use:
        assert list(grounds.usable_for(use))
    assert "auxiliary_volume" not in [ground.code for ground in grounds.usable_for(Use.REDACT)]
    assert "minor" in grounds
    assert "mood" not in grounds


def test_a_refusal_names_the_way_to_review() -> None:
    review = load_grounds().review
    assert "行政复议" in review
    assert "提起行政诉讼" in review
