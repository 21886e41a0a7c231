"""The catalogue: unknown codes are refused, a code has one meaning, a bureau adds its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError
from archive_store.labels import Volume
from archive_store.regulation.catalogue import load_catalogue
from archive_store.vocabulary import Stage

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
[[type]]
code = "own_form"
title = "自制表单"
stage = "start"
volume = "auxiliary"
neutral_title = "内部材料"
"""


def test_an_unknown_code_is_refused_in_chinese() -> None:
    with pytest.raises(InvalidInputError, match="没有“nothing”这种材料类型"):
        load_catalogue().get("nothing")


def test_a_code_never_gets_a_second_meaning(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("own_form", "start_approval"), "utf-8")
    with pytest.raises(InvalidInputError, match="start_approval 重复"):
        load_catalogue(path)


@pytest.mark.parametrize("slip", ['stage = "beginning"', "stage = 1"])
def test_a_slip_in_a_bureaus_own_file_is_named(tmp_path: Path, slip: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace('stage = "start"', slip), "utf-8")
    with pytest.raises(InvalidInputError, match=r"own\.toml.*type\.1\.stage"):
        load_catalogue(path)


def test_a_bureau_adds_types_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    catalogue = load_catalogue(path)
    assert catalogue.get("own_form").title == "自制表单"
    assert len(catalogue) == len(load_catalogue()) + 1


def test_a_type_says_where_it_belongs() -> None:
    kind = load_catalogue().get("penalty_decision")
    assert (kind.title, kind.stage, kind.volume) == ("行政处罚决定书", Stage.DECISION, Volume.MAIN)
    assert kind in load_catalogue().of_stage(Stage.DECISION)


def test_the_neutral_title_of_an_internal_paper_does_not_tell_what_it_is() -> None:
    for kind in load_catalogue():
        assert kind.title
        assert kind.neutral_title
        if kind.volume is Volume.AUXILIARY:
            assert "举报" not in kind.neutral_title
            assert "投诉" not in kind.neutral_title


def test_an_unknown_type_is_titled_by_its_code() -> None:
    assert load_catalogue().title("nothing") == "nothing"
