"""One-time codes: the vectors of the RFCs, a window of one step, and no code that counts twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from archive_store.totp import STEP_SECONDS, accepted_step, address, hotp, new_key, step_at, written_key

KEY = b"12345678901234567890"
KEYS = {"sha1": KEY, "sha256": KEY + b"123456789012", "sha512": KEY * 3 + b"1234"}
NOW = datetime(2026, 11, 26, 9, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=STEP_SECONDS)
RFC_6238 = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
"""Appendix B: seconds, then the codes by SHA-1, SHA-256, SHA-512."""
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
"""Appendix D: the codes of the counters 0 to 9."""


@pytest.mark.parametrize("row", RFC_6238)
def test_codes_are_those_of_rfc_6238(row: tuple[int, str, str, str]) -> None:
    seconds, *codes = row
    step = step_at(datetime.fromtimestamp(seconds, UTC))
    assert [hotp(KEYS[name], step, 8, name) for name in ("sha1", "sha256", "sha512")] == codes


def test_codes_are_those_of_rfc_4226() -> None:
    assert [hotp(KEY, counter) for counter in range(10)] == RFC_4226


@pytest.mark.parametrize(("steps", "holds"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_holds_one_step_on_either_side(steps: int, holds: bool) -> None:  # noqa: FBT001 - a table
    code = hotp(KEY, step_at(NOW) + steps)
    assert (accepted_step(KEY, code, NOW) is not None) == holds


def test_a_code_and_every_one_before_it_counts_once() -> None:
    step = accepted_step(KEY, hotp(KEY, step_at(NOW)), NOW)
    assert step == step_at(NOW)
    for steps in (-1, 0):
        assert accepted_step(KEY, hotp(KEY, step_at(NOW) + steps), NOW, step) is None
    assert accepted_step(KEY, hotp(KEY, step_at(NOW) + 1), NOW + STEP, step) == step + 1


@pytest.mark.parametrize("code", ["", "0", "abcdef", "１２３４５６", "1234567", "'; --", "０" * 6])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert accepted_step(KEY, code, NOW) is None


def test_the_key_is_random_and_read_back_from_its_address() -> None:
    assert new_key() != new_key()
    found = urlsplit(address(KEY, "案卷", "handler"))
    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert parse_qs(found.query)["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert written_key(KEY) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
