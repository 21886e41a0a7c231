"""Settings: what is wrong does not start, what was checked does not change, no secret has a default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from archive_store.errors import InvalidInputError
from portal.config import Profile, load_settings, write_profile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415

    for name in [name for name in os.environ if name.startswith("ANJUAN_")]:
        monkeypatch.delenv(name)


def test_a_classified_deployment_does_not_start_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="加密存储"):
        load_settings(tmp_path, profile="classified")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"session_idle_minutes": 0}, "session_idle_minutes"),
        ({"session_hours": 25}, "session_hours"),
        ({"login_attempts": 1}, "login_attempts"),
        ({"fonds": "全宗"}, "fonds"),
        ({"profile": "unknown"}, "profile"),
        ({"web_threads": "many"}, "web_threads"),
        ({"secret_key": "x"}, "secret_key"),
    ],
)
def test_a_setting_that_is_wrong_or_unknown_is_named(tmp_path: Path, wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        load_settings(tmp_path, **wrong)


@pytest.mark.parametrize("text", ["profile = [", "no_such_setting = 1", "web_threads = 0", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_or_is_wrong_stops_the_start(tmp_path: Path, text: str | bytes) -> None:
    (tmp_path / "config.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidInputError, match=r"配置"):
        load_settings(tmp_path)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        load_settings(tmp_path).login_attempts = 100  # type: ignore[misc]


def test_what_is_given_goes_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings(tmp_path).web_threads == 16
    (tmp_path / "config.toml").write_text("web_threads = 3\n", encoding="utf-8")
    assert load_settings(tmp_path).web_threads == 3
    monkeypatch.setenv("ANJUAN_WEB_THREADS", "4")
    assert load_settings(tmp_path).web_threads == 4
    assert load_settings(tmp_path, web_threads=5).web_threads == 5


def test_without_a_word_the_profile_is_open_and_nothing_is_a_demonstration(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.profile is Profile.OPEN
    assert not settings.is_demonstration
    assert settings.database == f"sqlite:///{tmp_path / 'anjuan.db'}"


def test_no_setting_is_a_secret(tmp_path: Path) -> None:
    names = set(type(load_settings(tmp_path)).model_fields)
    assert not any(word in name for name in names for word in ("key", "secret", "password", "token"))


def test_the_first_profile_is_never_written_over(tmp_path: Path) -> None:
    write_profile(tmp_path, {"profile": "demonstration"})
    write_profile(tmp_path, {"profile": "open"})
    assert load_settings(tmp_path).is_demonstration


@pytest.mark.parametrize(
    ("given", "required"),
    [
        ({}, True),
        ({"profile": Profile.DEMONSTRATION}, False),
        ({"administrators_need_second_factor": False}, False),
        ({"profile": Profile.DEMONSTRATION, "administrators_need_second_factor": True}, True),
    ],
)
def test_administrators_need_a_second_factor_but_in_the_demonstration(
    tmp_path: Path,
    given: dict[str, object],
    required: bool,  # noqa: FBT001 - a table
) -> None:
    assert load_settings(tmp_path, **given).second_factor_required is required
