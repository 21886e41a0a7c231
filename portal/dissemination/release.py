"""The release manifest: exactly what will leave, in one canonical form whose hash the approval binds.

It speaks only of what was asked for: no title but the neutral one, no name but the recipient's, no digest of an
original (a known text could be tried against it to guess what a box covers).

- `ReleaseManifest` is made when the pages are prepared. Its SHA-256 over canonical JSON (RFC 8785) is what the leader
  approves; a changed page, box, ground or title is another hash.
- `decided` takes out what the leader keeps back. Nothing can be added by a decision.
- `CopyManifest` is attached to the signed copy: the release as decided, the hash that was approved, the offices, the
  time, and the check code that opens the look-up by number.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import rfc8785
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_serializer, model_validator

from archive_store.errors import InvalidInputError
from archive_store.vocabulary import TitledEnum
from portal.dissemination.redact import Box

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECK_CODE_BYTES = 16

_CLOSED = ConfigDict(extra="forbid", frozen=True)


def _in_utc(moment: datetime) -> datetime:
    """One zone and whole seconds, so that one moment has one text."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment.astimezone(UTC).replace(microsecond=0)


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
CheckCode = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Words = Annotated[str, Field(min_length=1, max_length=500)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Outcome(TitledEnum):
    """What became of one item that was asked for."""

    GRANTED = "granted", "提供"
    PARTLY = "partly", "遮盖后提供"
    WITHHELD = "withheld", "不予提供"


class Manifest(BaseModel):
    """A part with one canonical text form."""

    model_config = _CLOSED

    def canonical(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        return rfc8785.dumps(self.model_dump(mode="json"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical form, as hex."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read canonical JSON back.

        Raises:
            InvalidInputError: it is not of this form, or not canonical.
        """
        try:
            found = cls.model_validate_json(content)
        except ValidationError as error:
            raise InvalidInputError("放行清单的格式不符。") from error
        if found.canonical() != content:
            raise InvalidInputError("放行清单不是规范写法。")
        return found


class GroundWords(BaseModel):
    """A ground as the certificate explains it: the number in the boxes, its words, the law it rests on."""

    model_config = _CLOSED

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    number: Count
    text: Words
    basis: Words


class ReleasedPage(BaseModel):
    """One page image that leaves: its number in the item, its size in pixels, the SHA-256 of its JPEG bytes."""

    model_config = _CLOSED

    number: Count
    width: Count
    height: Count
    sha256: Sha256


class ReleasedItem(BaseModel):
    """One item that was asked for: its number for this party, neutral title, and what leaves of it.

    `withheld` is the code of the ground where nothing leaves; then there are no pages and no boxes.
    """

    model_config = _CLOSED

    position: Count
    title: Words
    withheld: str | None = None
    pages: tuple[ReleasedPage, ...] = ()
    boxes: tuple[Box, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.withheld is not None:
            return Outcome.WITHHELD
        return Outcome.PARTLY if self.boxes else Outcome.GRANTED

    @field_serializer("boxes")
    def _boxes_in_order(self, boxes: tuple[Box, ...]) -> list[dict[str, Any]]:
        names = ("page", "x0", "y0", "x1", "y1", "ground", "number")
        return [{name: getattr(box, name) for name in names} for box in boxes]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.withheld is None) != bool(self.pages):
            raise ValueError("an item has pages unless it is withheld")
        if [page.number for page in self.pages] != list(range(1, len(self.pages) + 1)):
            raise ValueError("pages are not numbered from 1")
        if any(box.page > len(self.pages) for box in self.boxes):
            raise ValueError("a box lies on no page")
        return self


class ReleaseManifest(Manifest):
    """What a request is to be answered with; its hash is what an approval binds."""

    format: Literal["anjuan-release-1"] = "anjuan-release-1"
    request_number: Words
    recipient: Words
    archival_code: Words
    """As shown to the party."""
    dpi: Annotated[int, Field(ge=72, le=600)]
    prepared_at: Moment
    items: Annotated[tuple[ReleasedItem, ...], Field(min_length=1)]
    grounds: tuple[GroundWords, ...] = ()
    """Those that a box or a withheld item names, by number."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        positions = [item.position for item in self.items]
        if positions != sorted(set(positions)):
            raise ValueError("items are not in the order of their numbers")
        if [ground.number for ground in self.grounds] != sorted({ground.number for ground in self.grounds}):
            raise ValueError("grounds are not in the order of their numbers")
        if _used(self.items) != {ground.code for ground in self.grounds}:
            raise ValueError("the grounds are not those that are used")
        return self

    @property
    def page_count(self) -> int:
        """Released pages of all items."""
        return sum(len(item.pages) for item in self.items)

    def decided(self, withheld: Mapping[int, GroundWords]) -> ReleaseManifest:
        """The same release without the items that the leader keeps back, each with its ground.

        Raises:
            InvalidInputError: a number that was not asked for, or one that was withheld before.
        """
        open_positions = {item.position for item in self.items if item.withheld is None}
        if not withheld.keys() <= open_positions:
            raise InvalidInputError("不予提供的件不在拟提供的各件之内，请核对。", "withheld")
        items = tuple(
            ReleasedItem(position=item.position, title=item.title, withheld=withheld[item.position].code)
            if item.position in withheld
            else item
            for item in self.items
        )
        known = {ground.code: ground for ground in (*self.grounds, *withheld.values())}
        grounds = sorted((known[code] for code in _used(items)), key=lambda ground: ground.number)
        return ReleaseManifest.model_validate({**dict(self), "items": items, "grounds": tuple(grounds)})


class OfficeStep(BaseModel):
    """An office that took part, what it did, and when (offices, not names)."""

    model_config = _CLOSED

    office: Words
    act: Words
    on: date


class SealReference(BaseModel):
    """The sealed file that the copy was taken from: when it was sealed, and the root of its salted leaves."""

    model_config = _CLOSED

    sealed_on: date
    root: Annotated[str, Field(pattern=r"^[0-9a-f]{64,128}$")]


class CopyManifest(Manifest):
    """What is attached to a signed copy."""

    format: Literal["anjuan-copy-1"] = "anjuan-copy-1"
    bureau: Words
    release: ReleaseManifest
    approved_sha256: Sha256
    """Hash of the release manifest that the leader saw; differs from that of `release` where he kept items back."""
    offices: Annotated[tuple[OfficeStep, ...], Field(min_length=1)]
    made_at: Moment
    check_code: CheckCode
    verify_at: Words
    """Address of the verification page."""
    certificate_pages: Count
    demonstration: bool = False
    seal: SealReference | None = None


def new_check_code() -> str:
    """128 random bits as hex."""
    return secrets.token_hex(CHECK_CODE_BYTES)


def in_groups(check_code: str) -> str:
    """A check code as people read it: eight groups of four, in capitals."""
    return " ".join(check_code[start : start + 4] for start in range(0, len(check_code), 4)).upper()


def _used(items: tuple[ReleasedItem, ...]) -> set[str]:
    boxes = {box.ground for item in items for box in item.boxes}
    return boxes | {item.withheld for item in items if item.withheld is not None}
