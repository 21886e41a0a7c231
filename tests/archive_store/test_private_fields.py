"""Private fields: sealed to one person, masked for everyone else."""

from __future__ import annotations

import os

import pytest

from archive_store.errors import IntegrityError
from archive_store.private_fields import FieldSeal, PrivateFields, mask

FIELDS = PrivateFields("130100199001010000", "13900000001", "演示省石门市演示路一号")


def test_a_changed_or_moved_value_is_refused() -> None:
    seal = FieldSeal(os.urandom(32))
    sealed = seal.seal("one", FIELDS)
    for person, value in (("two", sealed), ("one", sealed[:-1] + bytes([sealed[-1] ^ 1]))):
        with pytest.raises(IntegrityError):
            seal.open(person, value)
    assert seal.open("one", sealed) == FIELDS


def test_the_plain_value_is_nowhere_in_the_sealed_one() -> None:
    assert b"13900000001" not in FieldSeal(os.urandom(32)).seal("one", FIELDS)


def test_masks_keep_too_little_to_use() -> None:
    masked = FIELDS.masked()
    assert masked.identity_number == "130*************00"
    assert mask("12345") == "*****"
    assert "一号" not in masked.address
