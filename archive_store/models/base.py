"""What every table shares: naming, random ids, UTC times, and columns for our own vocabulary."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    bindparam,
    text,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from archive_store.labels import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

E = TypeVar("E", bound=str)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

AMONG: BindParameter[Sequence[str]] = bindparam("ids", expanding=True)
"""The ids that a statement which is made once is asked with."""
BigId = BigInteger().with_variant(Integer, "sqlite")
"""A growing integer key; SQLite wants plain INTEGER for that."""


def new_id() -> str:
    """A random id of 32 hex digits; outside ids say nothing about order or number."""
    return uuid.uuid4().hex


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def part_index(name: str, where: str, *columns: str, unique: bool = False) -> Index:
    """An index of some rows, on either database."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone: refused without one, kept as UTC, given back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC; a moment without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back with the zone, which SQLite does not keep."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[E]):
    """A text enum kept as its value, so that a new member needs no change of the table."""

    impl = String(40)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """The member's plain value; anything that is no member is refused."""
        del dialect
        return None if value is None else str.__str__(self.kind(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> E | None:  # noqa: ANN401 - the driver's value
        """Back to the member."""
        del dialect
        return None if value is None else self.kind(value)


class LabelText(TypeDecorator[Label]):
    """A label kept as its code, e.g. `1+informant`."""

    impl = String(120)
    cache_ok = True

    def process_bind_param(self, value: Label | None, dialect: Dialect) -> str | None:
        """The label's code."""
        del dialect
        return None if value is None else value.code

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Label | None:  # noqa: ANN401 - the driver's value
        """Back to the label."""
        del dialect
        return None if value is None else Label.parse(value)


class Base(DeclarativeBase):
    """The base of all tables: columns only, no behaviour."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime(), Label: LabelText(), dict[str, Any]: JSON(), list[str]: JSON()}  # noqa: RUF012 - SQLAlchemy's form
