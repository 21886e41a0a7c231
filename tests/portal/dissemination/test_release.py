"""The release manifest: one text for one release, another hash for any change, nothing but what was asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from archive_store.errors import InvalidInputError
from portal.dissemination.redact import Box
from portal.dissemination.release import (
    CopyManifest,
    Outcome,
    ReleasedItem,
    ReleasedPage,
    ReleaseManifest,
    in_groups,
    new_check_code,
)
from tests.portal.dissemination.conftest import INFORMANT, PRIVACY, Made

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = tuple(ReleasedPage(number=n, width=10, height=12, sha256=f"{n:064x}") for n in (1, 2))
BOX = Box(2, 0.1, 0.2, 0.3, 0.4, "personal_privacy", 3)
ITEMS = (
    ReleasedItem(position=1, title="处罚决定书", pages=PAGES),
    ReleasedItem(position=2, title="询问笔录", pages=PAGES, boxes=(BOX,)),
    ReleasedItem(position=4, title="证人证言", withheld="informant"),
)


def manifest(**changes: Any) -> ReleaseManifest:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "request_number": "演复2025-0007",
        "recipient": "张演示",
        "archival_code": "J001-XZZF·2025-Y30-ZF-0012",
        "dpi": 150,
        "prepared_at": datetime(2025, 5, 9, tzinfo=UTC),
        "items": ITEMS,
        "grounds": (PRIVACY, INFORMANT),
    }
    return ReleaseManifest(**(fields | changes))


ALTERATIONS: list[Callable[[dict[str, Any]], object]] = [
    lambda value: value["items"][0]["pages"][0].update(sha256="f" * 64),
    lambda value: value["items"][1]["boxes"].clear() or value["grounds"].pop(0),
    lambda value: value["items"][1]["boxes"][0].update(x1=0.31),
    lambda value: value["items"][0].update(title="其他"),
    lambda value: value.update(recipient="李演示"),
    lambda value: value["grounds"][0].update(basis="别的依据"),
    lambda value: value["items"].pop(0),
    lambda value: value.update(prepared_at="2025-05-09T00:00:01Z"),
]


@pytest.mark.parametrize("change", ALTERATIONS)
def test_any_change_is_another_hash(change: Callable[[dict[str, Any]], object]) -> None:
    value = json.loads(manifest().canonical())
    change(value)
    assert ReleaseManifest.model_validate(value).sha256 != manifest().sha256


WRONG: list[dict[str, Any]] = [
    {"items": ()},
    {"items": (ITEMS[1], ITEMS[0]), "grounds": (PRIVACY,)},
    {"items": (ITEMS[0], ITEMS[0]), "grounds": ()},
    {"grounds": (INFORMANT, PRIVACY)},
    {"grounds": (PRIVACY,)},
    {"items": (ITEMS[0],)},
    {"dpi": 5},
    {"prepared_at": datetime(2025, 5, 9)},  # noqa: DTZ001 - the missing zone is what is refused
    {"extra": 1},
]


@pytest.mark.parametrize("change", WRONG)
def test_a_manifest_that_does_not_agree_with_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        manifest(**change)


@pytest.mark.parametrize(
    "fields",
    [
        {"pages": ()},
        {"pages": PAGES, "withheld": "informant"},
        {"pages": PAGES[1:]},
        {"pages": PAGES[:1], "boxes": (BOX,)},
        {"pages": PAGES, "title": ""},
    ],
)
def test_an_item_that_does_not_agree_with_itself_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReleasedItem(**({"position": 1, "title": "笔录"} | fields))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b"{" * 100_000])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        ReleaseManifest.parse(content)


def test_another_way_of_writing_the_same_is_refused() -> None:
    content = manifest().canonical()
    with pytest.raises(InvalidInputError, match="规范"):
        ReleaseManifest.parse(json.dumps(json.loads(content)).encode())
    assert ReleaseManifest.parse(content) == manifest()


def test_a_decision_takes_out_pages_digests_and_boxes_of_what_is_kept_back() -> None:
    decided = manifest().decided({2: INFORMANT})
    assert [item.outcome for item in decided.items] == [Outcome.GRANTED, Outcome.WITHHELD, Outcome.WITHHELD]
    assert decided.grounds == (INFORMANT,)
    assert PAGES[1].sha256 not in decided.items[1].model_dump_json()
    assert decided.page_count == 2


@pytest.mark.parametrize("position", [3, 4, 9])
def test_a_decision_cannot_keep_back_what_is_not_offered(position: int) -> None:
    with pytest.raises(InvalidInputError):
        manifest().decided({position: PRIVACY})


def test_a_decision_that_keeps_nothing_back_changes_nothing() -> None:
    assert manifest().decided({}).sha256 == manifest().sha256


def test_a_copy_manifest_reads_back(made: Made) -> None:
    assert CopyManifest.parse(made.manifest.canonical()) == made.manifest
    assert made.manifest.approved_sha256 == made.prepared.release.sha256


def test_check_codes_have_128_bits_and_differ() -> None:
    codes = {new_check_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert {len(code) for code in codes} == {32}
    assert in_groups("0123456789abcdef" * 2) == "0123 4567 89AB CDEF 0123 4567 89AB CDEF"
