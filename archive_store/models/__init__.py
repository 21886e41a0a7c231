"""The tables: columns and constraints only, no behaviour.

Importing this package loads every table into `Base.metadata`.
"""

from archive_store.models import (
    accounts,
    audit,
    cases,
    classification,
    copies,
    corrections,
    derivatives,
    login_bindings,
    recovery,
    searches,
    second_factor,
    security_keys,
    tokens,
    urgent,
    work,
)
from archive_store.models.base import Base, new_id, now

__all__ = [
    "Base",
    "accounts",
    "audit",
    "cases",
    "classification",
    "copies",
    "corrections",
    "derivatives",
    "login_bindings",
    "new_id",
    "now",
    "recovery",
    "searches",
    "second_factor",
    "security_keys",
    "tokens",
    "urgent",
    "work",
]
