"""What an event may hold, and the bytes that its leaf binds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from sqlalchemy import String

from archive_store.audit.events import MAX_DETAILS_BYTES, Event, EventName, Outcome, commitment_to, leaf_data
from archive_store.models.audit import AuditLeaf

AT = datetime(2025, 4, 8, 9, 30, 0, 250, tzinfo=UTC)
FIELDS = {
    "version": 1,
    "name": "case:seal",
    "actor_id": "a1",
    "object_type": "case",
    "object_id": "c1",
    "outcome": "done",
    "at": AT,
    "request_id": None,
    "commitment": bytes(32),
}


def event(**changes: object) -> Event:
    values = {"name": EventName.CASE_SEAL, "actor_id": "a1", "object_type": "case", "object_id": "c1", "at": AT}
    return Event(**{**values, **changes})  # type: ignore[arg-type]  # the wrong ones are the test


@pytest.mark.parametrize(
    "changes",
    [
        {"at": datetime(2025, 4, 8)},  # noqa: DTZ001 - the slip that is refused
        {"outcome": "well"},
        {"object_id": "x" * 81},
        {"object_type": "x" * 41},
        {"actor_id": "x" * 81},
        {"request_id": "a\nb"},
        {"object_id": "a\x00b"},
    ],
)
def test_an_event_that_could_not_be_kept_as_it_is_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"zone|valid Outcome|printable"):
        event(**changes)


@pytest.mark.parametrize(
    "details", [{"pages": "x" * MAX_DETAILS_BYTES}, {"number": 2**53}, {"odd": float("nan")}, {"half": "\ud800"}]
)
def test_details_that_are_large_or_inexact_are_refused(details: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"bytes|safe integer|representable|non-UTF-8"):
        event(details=details).canonical_details()


def test_every_event_has_a_name_of_subject_and_action_and_a_title() -> None:
    for name in EventName:
        subject, action = name.value.split(":")
        assert subject.replace("_", "a").isalpha()
        assert action.replace("_", "a").isalpha()
        assert name.zh
    assert len({name.zh for name in EventName}) == len(EventName)


def test_names_fit_into_their_column() -> None:
    for column, values in (("name", EventName), ("outcome", Outcome)):
        kind = AuditLeaf.__table__.c[column].type
        assert isinstance(kind, String)
        assert max(len(value) for value in values) <= (kind.length or 0)


def test_a_leaf_is_canonical_json_of_its_fields() -> None:
    data = leaf_data(FIELDS)

    assert data == (
        b'{"actor":"a1","at":"2025-04-08T09:30:00.000250Z","commitment":"' + b"00" * 32 + b'","name":"case:seal",'
        b'"object":{"id":"c1","type":"case"},"outcome":"done","request":null,"v":1}'
    )
    assert json.loads(data)["v"] == 1


def test_the_same_moment_in_another_zone_is_the_same_leaf() -> None:
    there = AT.astimezone(timezone(timedelta(hours=8)))

    assert leaf_data({**FIELDS, "at": there}) == leaf_data(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_leaf_binds_each_of_its_fields(field: str) -> None:
    changed = {
        "version": 2,
        "at": AT + timedelta(microseconds=1),
        "commitment": b"\x01" * 32,
    }
    assert leaf_data({**FIELDS, field: changed.get(field, "other")}) != leaf_data(FIELDS)


def test_details_are_bound_by_their_salted_hash() -> None:
    details = event(details={"page": 3, "code": "R06"}).canonical_details()

    assert details == b'{"code":"R06","page":3}'
    assert commitment_to(b"salt", details) == sha256(b"salt" + details).digest()
    assert commitment_to(b"salT", details) != commitment_to(b"salt", details)
