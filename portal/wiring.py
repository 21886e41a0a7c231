"""The one module that builds the concrete objects, for the web application, the worker and the command line."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from archive_store.archival_codes import load_code_template
from archive_store.audit.log import AuditLog
from archive_store.audit.note import SigningKey
from archive_store.authority import load_authority, make_authority
from archive_store.blobs.local import LocalStagingStore
from archive_store.database import make_engine
from archive_store.drafts import DraftBuilder
from archive_store.labels import Level
from archive_store.models.base import now
from archive_store.models.cases import StoredFile
from archive_store.ocfl import StorageRoot
from archive_store.originals import Originals
from archive_store.parsing.documents import Documents
from archive_store.parsing.pool import ParserPool
from archive_store.private_fields import KEY_BYTES, FieldSeal
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.rules import load_regulation
from archive_store.seal_signature import SealSigner, time_stamper
from archive_store.unit_of_work import Database
from archive_store.work import INDEX_CASE
from indexer import weights
from indexer.backends.embedded import EmbeddedBackend
from indexer.searcher import Searcher
from portal.dissemination.watermark import WatermarkPress
from portal.services import Services
from portal.services.accounts import AccountService
from portal.services.audit import ORIGIN, AuditService
from portal.services.case_reader import CaseReader
from portal.services.cases import CaseService
from portal.services.checking import CheckingService
from portal.services.desk import Desk
from portal.services.fixity import FixityService
from portal.services.indexing import IndexingService
from portal.services.intake import IntakeService, Receiver
from portal.services.sealing import SealingService, Vault
from portal.services.search import SearchService
from portal.services.tasks import TaskService
from portal.services.transfer import TransferService
from portal.services.viewing import ViewingService

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.config import Settings

LEAST_FREE_BYTES = 2**30
KEY_FILES = ("field.key", "form.key", "checkpoint.key")
DRAFTS_KEPT_SECONDS = 24 * 3600
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def prepare_folder(settings: Settings) -> None:
    """Make the data folder, its keys, and bring the database to the present schema. Safe to run again."""
    for folder in (settings.data, settings.data / "keys"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    keys = settings.data / "keys"
    for name in KEY_FILES:
        _new_key(keys / name)
    shutil.rmtree(keys / "authority.new", ignore_errors=True)
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


def form_key(settings: Settings) -> bytes:
    """The key that signs form tokens."""
    return (settings.data / "keys" / "form.key").read_bytes()


class Installation:
    """Everything of one installation, built once; closed at the end with its parser processes."""

    def __init__(self, settings: Settings) -> None:
        data = settings.data
        self.settings = settings
        self.database = Database(make_engine(settings.database))
        self.desk = Desk(self.database, AuditLog())
        self.pool = ParserPool(settings.processes)
        self.documents = Documents(self.pool)
        self.staging = LocalStagingStore(data / "staging")
        self.root = StorageRoot.open(data / "store")
        self.authority = load_authority(data / "keys" / "authority")
        self.catalogue = load_catalogue()
        self.regulation = load_regulation(self.catalogue)
        self.codes = load_code_template()
        self.signer = SealSigner(self.authority, time_stamper(self.authority, settings.timestamp_url, now))
        self.index = EmbeddedBackend(data / "index")
        self.index.open()
        self.originals = Originals(self.staging, self.root)
        self.services = self._services()
        self.indexing = IndexingService(self.desk, self.index, self.originals, self.documents)
        self.tasks: dict[str, Callable[[str], None]] = {INDEX_CASE: self.indexing.index_case}

    def _services(self) -> Services:
        settings, desk = self.settings, self.desk
        fields = FieldSeal(self._key("field.key"))
        receiver = Receiver(self.staging, self.documents, settings.max_upload_mb * 1024 * 1024)
        builder = DraftBuilder(self.catalogue, fields, settings.fonds)
        audit = AuditService(
            desk, SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(self._key("checkpoint.key")))
        )
        vault = Vault(self.root, self.staging, self.signer)
        wait = timedelta(minutes=settings.login_wait_minutes)
        demonstration = settings.is_demonstration
        highest = Level.TOP_SECRET if demonstration else Level.INTERNAL
        reader = CaseReader(self.originals, self.documents, fields)
        checking = CheckingService(desk, reader, self.regulation, highest)
        searcher = Searcher(self.index, weights.load(), {kind.code: kind.title for kind in self.catalogue})
        return Services(
            accounts=AccountService(desk, attempts=settings.login_attempts, wait=wait),
            cases=CaseService(desk, fields),
            checking=checking,
            intake=IntakeService(desk, receiver, builder, secrets_allowed=demonstration),
            transfer=TransferService(desk, self.regulation, self.codes, checking),
            sealing=SealingService(
                desk, vault, checking, self.regulation, bureau=settings.bureau, demonstration=demonstration
            ),
            audit=audit,
            fixity=FixityService(desk, self.root, self.staging, self.signer, audit, checking),
            tasks=TaskService(desk, self.regulation),
            viewing=ViewingService(desk, self.originals, self.documents, WatermarkPress()),
            search=SearchService(desk, searcher, self.index, self.catalogue),
        )

    def _key(self, name: str) -> bytes:
        return (self.settings.data / "keys" / name).read_bytes()

    def sweep(self) -> None:
        """Take away what interrupted work left behind: pieces, unsealed objects, staged bytes that nothing names."""
        self.staging.sweep()
        self.root.sweep()
        self.services.sealing.sweep()
        self.indexing.reconcile()
        with self.database.read() as session:
            named = set(session.scalars(select(StoredFile.blob).where(StoredFile.blob.is_not(None))))
        for name in self.staging.names():
            if name not in named and self._is_old(name):
                self.staging.delete(name)

    def _is_old(self, blob: str) -> bool:
        """Whether no intake can still be about to name it."""
        with self.staging.open(blob) as file:
            return time.time() - os.fstat(file.fileno()).st_mtime > DRAFTS_KEPT_SECONDS

    def problems(self) -> list[str]:
        """What keeps the installation from working, for `anjuan doctor`."""
        found = []
        free = shutil.disk_usage(self.settings.data).free
        if free < LEAST_FREE_BYTES:
            found.append(f"磁盘剩余空间不足（{free // 2**20} MB），请清理后再收入文件。")
        if (self.settings.data / "keys").stat().st_mode & 0o077:
            found.append("密钥文件夹对其他用户可读，请改为仅属主可读（chmod 700）。")
        return found

    def close(self) -> None:
        """End the parser processes and the database's connections."""
        self.index.close()
        self.pool.close()
        self.database.engine.dispose()

    def __enter__(self) -> Self:
        """The installation, closed at the end of the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()
