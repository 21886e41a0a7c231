"""The one module that builds the concrete objects, for the web application, the worker and the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from archive_store.archival_codes import CodeTemplate
from archive_store.audit.log import AuditLog
from archive_store.authority import load_authority, make_authority
from archive_store.blobs.local import LocalBlobStore, LocalStagingStore
from archive_store.database import make_engine
from archive_store.drafts import DraftBuilder
from archive_store.ocfl import StorageRoot
from archive_store.parsing.documents import Documents
from archive_store.parsing.pool import Limits, ParserPool
from archive_store.private_fields import KEY_BYTES, FieldSeal
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.rules import load_rules
from archive_store.unit_of_work import Database
from portal.services import Services
from portal.services.accounts import AccountService
from portal.services.audit import AuditService
from portal.services.cases import CaseService
from portal.services.desk import Desk
from portal.services.fixity import FixityService
from portal.services.intake import IntakeService, Receiver
from portal.services.sealing import SealingService
from portal.services.transfer import TransferService

if TYPE_CHECKING:
    from archive_store.authority import Authority
    from portal.config import Settings

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def prepare_folder(settings: Settings) -> None:
    """Make the data folder, its keys, and bring the database to the present schema. Safe to run again."""
    for folder in (settings.data, settings.data / "keys"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    keys = settings.data / "keys"
    for name in ("field.key", "form.key", "checkpoint.key"):
        _new_key(keys / name)
    if not (keys / "authority").exists():
        make_authority(keys / "authority", bureau=settings.bureau, demonstration=settings.is_demonstration)
    migrate(settings.database)


def migrate(url: str) -> None:
    """Bring a database to the present schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def _new_key(path: Path) -> None:
    """A random key of 32 bytes in a file of its owner; one that is there stays."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
