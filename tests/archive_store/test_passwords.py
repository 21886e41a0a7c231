"""Passwords: length counts, composition does not, and what everyone tries first is refused."""

from __future__ import annotations

import secrets

import pytest

from archive_store.passwords import COMMON, TOO_COMMON, weakness

COMMONPLACE = [
    "password1234",
    "Password2026!!",
    "P@ssword12345",
    "123456789012",
    "210987654321",
    "aaaaaaaaaaaaaa",
    "abcabcabcabcabc",
    "qwertyuiop123",
    "1qaz2wsx3edc4rfv",
    "zxcvbnmasdfghjkl",
    "admin-admin-admin",
    "administrator1",
    "iloveyou20260101",
    "ｐａｓｓｗｏｒｄ１２３４",
    "woaini5201314!",
    "密码密码密码密码密码密码",
    "............",
    "shuiwu20261126",
]


@pytest.mark.parametrize("password", COMMONPLACE)
def test_what_everyone_tries_first_is_refused(password: str) -> None:
    assert weakness(password) == TOO_COMMON


@pytest.mark.parametrize("password", ["", "短", "x" * 11, "相" * 257])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    assert "12 至 256" in weakness(password)


@pytest.mark.parametrize("password", ["chengbanren01", "ChengBanRen-2026", "承办演示甲承办演示甲承办"])
def test_ones_own_names_are_no_password(password: str) -> None:
    assert weakness(password, ["chengbanren", "承办演示甲"]) == TOO_COMMON
    assert not weakness(f"{password}与河边的芦苇无关", ["chengbanren", "承办演示甲"])


@pytest.mark.parametrize(
    "password",
    [
        "一句足够长的演示密码用来登录",
        "correct horse battery staple",
        "河边的芦苇到十一月白了头",
        "tunnel velvet 7 ochre",
    ],
)
def test_a_sentence_of_ones_own_passes_without_signs_or_capitals(password: str) -> None:
    assert weakness(password) == ""


def test_random_passwords_pass() -> None:
    assert [weak for _ in range(2000) if (weak := weakness(secrets.token_urlsafe(12)))] == []


def test_the_list_holds_words_only() -> None:
    assert all(word == word.casefold().strip() and word.isalnum() for word in COMMON)
