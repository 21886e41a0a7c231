"""An address holds for its own session, person, item and time, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.services.playback_address import LIFETIME, AddressMaker, Holder

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOLDER = Holder("session", "account", "item")
MAKER = AddressMaker(b"k" * 32)


@pytest.mark.parametrize("part", ["session_id", "account_id", "item_id"])
def test_for_anyone_and_anything_else_it_does_not_hold(part: str) -> None:
    address = MAKER.make(HOLDER, NOW)
    assert not MAKER.holds(address, replace(HOLDER, **{part: "other"}), NOW)
    shifted = Holder("sessiona", "ccount", "item")
    assert not MAKER.holds(address, shifted, NOW)


def test_it_ends_and_cannot_be_prolonged() -> None:
    address = MAKER.make(HOLDER, NOW)
    assert MAKER.holds(address, HOLDER, NOW + LIFETIME - timedelta(seconds=1))
    assert not MAKER.holds(address, HOLDER, NOW + LIFETIME)
    nonce, until, mac = address.split(".")
    assert not MAKER.holds(f"{nonce}.{int(until) + 9}.{mac}", HOLDER, NOW)


@pytest.mark.parametrize("place", [0, 33, 50, -1])
def test_a_changed_address_does_not_hold(place: int) -> None:
    address = list(MAKER.make(HOLDER, NOW))
    address[place] = "0" if address[place] != "0" else "1"
    assert not MAKER.holds("".join(address), HOLDER, NOW)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "0" * 32, "０" * 32 + ".1700000000." + "0" * 64])
def test_what_is_no_address_does_not_hold(text: str) -> None:
    assert not MAKER.holds(text, HOLDER, NOW)


def test_another_key_makes_other_addresses_and_none_comes_twice() -> None:
    address = MAKER.make(HOLDER, NOW)
    assert not AddressMaker(b"x" * 32).holds(address, HOLDER, NOW)
    assert MAKER.make(HOLDER, NOW) != address
