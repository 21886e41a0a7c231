"""The one module that builds the concrete objects, for the web application, the worker and the command line."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from archive_store.archival_codes import load_code_template
from archive_store.audit.log import AuditLog
from archive_store.audit.note import SigningKey
from archive_store.authority import load_authority, make_authority
from archive_store.blobs.local import LocalStagingStore
from archive_store.corrections import Corrections
from archive_store.database import make_engine
from archive_store.derivatives import Derivatives
from archive_store.drafts import DraftBuilder
from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.labels import Level
from archive_store.login_guard import LoginGuard
from archive_store.models.base import now
from archive_store.models.cases import StoredFile
from archive_store.ocfl import StorageRoot
from archive_store.originals import Originals
from archive_store.page_texts import PageTexts
from archive_store.pages import Pages
from archive_store.parsing.documents import Documents
from archive_store.parsing.pool import Limits, ParserPool
from archive_store.private_fields import KEY_BYTES, FieldSeal
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.grounds import load_grounds
from archive_store.regulation.rules import load_regulation
from archive_store.seal_signature import SealSigner, time_stamper
from archive_store.second_factor import FactorRules, SecondFactors
from archive_store.security_keys import SecurityKeys
from archive_store.speech import SpeechProgram
from archive_store.unit_of_work import Database
from archive_store.work import (
    BUILD_INDEX,
    INDEX_CASE,
    MAKE_COPY,
    MAKE_RELEASE,
    PREPARE_PLAYING,
    RECOGNISE_SPEECH,
    RECOGNISE_TEXT,
)
from indexer import weights
from indexer.backends.elastic import ElasticsearchBackend, ElasticSettings
from indexer.backends.embedded import EmbeddedBackend
from indexer.backends.switched import ELASTICSEARCH, EMBEDDED, SwitchedBackend
from indexer.backends.writer_lock import WriterLock
from indexer.searcher import Searcher
from portal.config import OIDC_SECRET, PROXY_KEY
from portal.dissemination.sign import CopySigner
from portal.dissemination.verdict import trust_in, verdict_on
from portal.dissemination.watermark import WatermarkPress
from portal.services import Services
from portal.services.accounts import AccountService
from portal.services.asking import AskingService
from portal.services.audit import ORIGIN, AuditService
from portal.services.case_reader import CaseReader
from portal.services.cases import CaseService
from portal.services.checking import CheckingService
from portal.services.classification import ClassificationService
from portal.services.completion import CompletionService
from portal.services.copies import CopyService
from portal.services.copy_making import CopyMakingService, CopyPress, CopyTerms
from portal.services.copy_requests import CopyRequestService
from portal.services.corrections import CorrectionService
from portal.services.decisions import DecisionService
from portal.services.desk import Desk
from portal.services.fixity import FixityService
from portal.services.hearing import HearingService
from portal.services.held_index import HeldIndex
from portal.services.index_building import IndexBuilding
from portal.services.indexing import IndexingService
from portal.services.intake import IntakeService, Receiver
from portal.services.listing import ListingService
from portal.services.login_bindings import LoginBindingService
from portal.services.own_account import OwnAccountService
from portal.services.parties import PartyService
from portal.services.people import PeopleService
from portal.services.playing import PlayingService, Studio
from portal.services.preparation import PreparationService
from portal.services.private_views import PrivateViewService
from portal.services.recognition import RecognitionService
from portal.services.recovery import RecoveryService
from portal.services.releases import ReleaseService
from portal.services.rights import RightsService
from portal.services.rights_lists import RightsLists
from portal.services.saved_searches import SavedSearchService
from portal.services.sealing import SealingService, Vault
from portal.services.search import SearchService
from portal.services.second_factor import SecondFactorService
from portal.services.security_keys import SecurityKeyService
from portal.services.supervision import SupervisionService
from portal.services.system import SystemService
from portal.services.tasks import TaskService
from portal.services.tokens import TokenService
from portal.services.transfer import TransferService
from portal.services.urgent import UrgentService
from portal.services.verification import LIMITS, VerificationService
from portal.services.viewing import ViewingService

if TYPE_CHECKING:
    from collections.abc import Callable

    from indexer.backends.base import SearchBackend
    from portal.config import Settings

KEY_FILES = ("field.key", "form.key", "checkpoint.key")
UNNAMED_KEPT_SECONDS = 24 * 3600
FOR_AN_INDEX = 64 * 2**20
"""Bytes by which the playable form of the largest recording may exceed it."""
STANDING_BACK = 10
"""Niceness of processes for long work: pages that people wait for go first."""
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def prepare_folder(settings: Settings) -> None:
    """Make the data folder, its keys, and bring the database to the present schema. Safe to run again."""
    for folder in (settings.data, settings.data / "keys"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    keys = settings.data / "keys"
    for name in KEY_FILES:
        _new_key(keys / name)
    if settings.client_certificate_header:
        _new_file(keys / PROXY_KEY, os.urandom(KEY_BYTES).hex().encode())
    if settings.oidc_issuer and not (keys / OIDC_SECRET).exists():
        raise InvalidInputError(f"已设置统一身份认证（oidc_issuer），但缺少客户端密钥文件 {keys / OIDC_SECRET}。")
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
    _new_file(path, os.urandom(KEY_BYTES))


def _new_file(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def form_key(settings: Settings) -> bytes:
    """The key that signs form tokens."""
    return (settings.data / "keys" / "form.key").read_bytes()


def engines(settings: Settings) -> dict[str, Callable[[], SearchBackend]]:
    """The search engines that are configured, each made when it is first needed."""
    folder = settings.data / "index"
    found: dict[str, Callable[[], SearchBackend]] = {EMBEDDED: lambda: EmbeddedBackend(folder)}
    if settings.elasticsearch_url:
        cluster = elastic_settings(settings)
        found[ELASTICSEARCH] = lambda: ElasticsearchBackend(cluster, WriterLock(folder / "elasticsearch.lock"))
    return found


def elastic_settings(settings: Settings) -> ElasticSettings:
    """Where the cluster is and how to get in; the key is a file, as every secret."""
    key = settings.data / "keys" / "elasticsearch.key"
    return ElasticSettings(
        tuple(settings.elasticsearch_url.split(",")),
        settings.elasticsearch_prefix,
        key.read_text(encoding="utf-8").strip() if key.exists() else None,
        settings.elasticsearch_ca,
        settings.elasticsearch_shards,
        settings.elasticsearch_replicas,
    )


def login_guard(settings: Settings) -> LoginGuard:
    """What counts wrong passwords, as the settings say."""
    wait = timedelta(minutes=settings.login_wait_minutes)
    return LoginGuard(attempts=settings.login_attempts, address_attempts=settings.login_attempts_of_address, wait=wait)


def second_factors(settings: Settings, seal: FieldSeal) -> SecondFactors:
    """What checks second factors, as the settings say."""
    rules = FactorRules(settings.second_factor_required, settings.security_key_required)
    return SecondFactors(seal, SecurityKeys(settings.public_url), rules)


@dataclass(frozen=True)
class Pools:
    """Parser processes that pages wait for."""

    readers: ParserPool
    copies: ParserPool
    """For uploads of just anyone, who never wait in the readers' queue."""

    @classmethod
    def of_size(cls, processes: int) -> Self:
        """New ones; `processes` are for readers."""
        return cls(ParserPool(processes), ParserPool(1, LIMITS))

    def close(self) -> None:
        """End the processes."""
        self.readers.close()
        self.copies.close()


class Installation:
    """Everything of one installation, built once; closed at the end with its parser processes.

    `pools` are processes that others use too, and that stay when this installation is closed.
    """

    def __init__(self, settings: Settings, pools: Pools | None = None) -> None:
        data = settings.data
        self.settings = settings
        self.pools = pools or Pools.of_size(settings.processes)
        self._borrows = pools is not None
        self.database = Database(make_engine(settings.database))
        self.desk = Desk(self.database, AuditLog())
        self.documents = Documents(self.pools.readers)
        self.staging = LocalStagingStore(data / "staging")
        self.copies = LocalStagingStore(data / "copies")
        self.root = StorageRoot.open(data / "store")
        self.authority = load_authority(data / "keys" / "authority")
        self.catalogue = load_catalogue()
        self.regulation = load_regulation(self.catalogue)
        self.codes = load_code_template()
        self.grounds = load_grounds()
        self.press = WatermarkPress()
        self._stamper = time_stamper(self.authority, settings.timestamp_url, now)
        self.signer = SealSigner(self.authority, self._stamper)
        self.index = SwitchedBackend(data / "index", engines(settings))
        self.index.open()
        self.originals = Originals(self.staging, self.root)
        self.derivatives = Derivatives(data / "derivatives")
        self.fields = FieldSeal(self._key("field.key"))
        self.corrections = Corrections(self.database, self.fields)
        self.texts = PageTexts(self.documents, self.originals, self.derivatives, self.corrections)
        most = settings.max_upload_mb * 2**20
        self.long_pools = (
            ParserPool(1, Limits(niceness=STANDING_BACK)),
            ParserPool(1, Limits(niceness=STANDING_BACK, calls=1, file_bytes=most + FOR_AN_INDEX)),
        )
        """Processes that recognise text, and those that make recordings playable, each for one."""
        self.services = self._services()
        hears = self.services.hearing.is_on
        self.indexing = IndexingService(self.desk, self.index, self.texts, self.regulation, hears=hears)
        self.building = IndexBuilding(self.desk, self.index, self.indexing, data / "index")
        self.tasks: dict[str, Callable[[str], bool | None]] = {
            INDEX_CASE: self.indexing.index_case,
            BUILD_INDEX: self.building.carry_on,
            MAKE_RELEASE: self.services.releases.make,
            MAKE_COPY: self._copy_making().make,
            PREPARE_PLAYING: self.services.playing.prepare,
            RECOGNISE_TEXT: self.services.recognition.recognise_page,
            RECOGNISE_SPEECH: self.services.hearing.hear,
        }
        """What carries out each kind of noted work; what gives true has done a part and is to be called again."""

    def _services(self) -> Services:
        settings, desk = self.settings, self.desk
        factors, fields = second_factors(settings, self.fields), self.fields
        receiver = Receiver(self.staging, self.documents, settings.max_upload_mb * 1024 * 1024)
        builder = DraftBuilder(self.catalogue, fields, settings.fonds)
        checkpoints = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(self._key("checkpoint.key")))
        audit = AuditService(desk, checkpoints)
        demonstration = settings.is_demonstration
        highest = Level.TOP_SECRET if demonstration else Level.INTERNAL
        checking = CheckingService(desk, CaseReader(self.originals, self.texts, fields), self.regulation, highest)
        search = self._search()
        reader, maker = (Documents(pool) for pool in self.long_pools)
        pages = Pages(self.originals, self.documents, self.texts)
        copies = CopyService(desk, self.copies, transfers=settings.copy_transfers)
        studio = Studio(self.originals, self.derivatives, maker, self.documents)
        return Services(
            accounts=AccountService(desk, factors, login_guard(settings)),
            cases=CaseService(desk, fields),
            private_views=PrivateViewService(desk, fields),
            checking=checking,
            classification=ClassificationService(desk, highest=highest),
            intake=IntakeService(desk, receiver, builder, secrets_allowed=demonstration),
            transfer=TransferService(desk, self.regulation, self.codes, checking),
            sealing=self._sealing(checking),
            audit=audit,
            fixity=FixityService(desk, self.root, self.staging, self.signer, audit, checking, copies),
            tasks=TaskService(desk, self.regulation),
            viewing=ViewingService(desk, pages, self.press, search),
            search=search,
            saved=SavedSearchService(desk, search),
            completion=CompletionService(desk, self.catalogue),
            asking=AskingService(desk, working_days=settings.request_working_days),
            copy_requests=CopyRequestService(
                desk, working_days=settings.request_working_days, extension_days=settings.extension_working_days
            ),
            preparation=PreparationService(desk, pages, self.press, self.grounds),
            releases=ReleaseService(desk, pages, self.copies, self.press, self.grounds),
            decisions=DecisionService(desk, self.grounds),
            copies=copies,
            verification=self._verification(),
            parties=PartyService(desk),
            own_account=OwnAccountService(desk, idle=timedelta(minutes=settings.session_idle_minutes)),
            people=PeopleService(desk),
            recovery=RecoveryService(desk, factors, PasswordHasher()),
            rights=RightsService(desk),
            rights_lists=RightsLists(desk),
            second_factor=SecondFactorService(desk, factors),
            security_keys=SecurityKeyService(desk, factors),
            login_bindings=LoginBindingService(desk),
            urgent=UrgentService(desk),
            system=SystemService(desk, settings.data, self._figures),
            listing=ListingService(desk, self.catalogue),
            recognition=RecognitionService(desk, self.originals, reader, self.texts, self.derivatives),
            hearing=HearingService(desk, self.originals, maker, self.texts, self._speech(), self._scratch()),
            supervision=SupervisionService(desk, self.regulation),
            tokens=TokenService(desk),
            corrections=CorrectionService(desk, self.texts, self.corrections),
            playing=PlayingService(desk, studio, self.texts, self.press, self._key("form.key")),
        )

    def _speech(self) -> SpeechProgram | None:
        settings = self.settings
        if not settings.speech_program:
            return None
        return SpeechProgram(settings.speech_program, settings.speech_model, settings.data)

    def _scratch(self) -> Path:
        scratch = self.settings.data / "scratch"
        scratch.mkdir(exist_ok=True, mode=0o700)
        return scratch

    def _search(self) -> SearchService:
        titles = {kind.code: kind.title for kind in self.catalogue}
        searcher = Searcher(HeldIndex(self.desk, self.index), weights.load(), titles)
        return SearchService(self.desk, searcher, self.index, self.catalogue)

    def _sealing(self, checking: CheckingService) -> SealingService:
        vault, bureau = Vault(self.root, self.staging, self.signer), self.settings.bureau
        demonstration = self.settings.is_demonstration
        return SealingService(self.desk, vault, checking, self.regulation, bureau=bureau, demonstration=demonstration)

    def _figures(self) -> list[tuple[str, str]]:
        services = self.services
        heard = [*services.recognition.state(), *services.hearing.state()]
        return [*services.audit.state(), *heard, *self.building.state()]

    def _copy_making(self) -> CopyMakingService:
        settings, scratch = self.settings, self._scratch()
        trust = trust_in(self.authority)
        press = CopyPress(
            CopySigner(self.authority, self._stamper), lambda path: verdict_on(self.pools.readers, path, trust), scratch
        )
        terms = CopyTerms(
            settings.bureau, settings.verification_page, settings.copy_days, demonstration=settings.is_demonstration
        )
        return CopyMakingService(self.desk, self.copies, self.root, self.services.releases, self.grounds, press, terms)

    def _verification(self) -> VerificationService:
        trust, places = trust_in(self.authority), max(1, min(4, self.settings.web_threads // 4))
        demonstration = self.authority.is_demonstration
        return VerificationService(self.desk, self.pools.copies, trust, demonstration=demonstration, places=places)

    def _key(self, name: str) -> bytes:
        return (self.settings.data / "keys" / name).read_bytes()

    def sweep(self) -> None:
        """Take away what interrupted work left behind: pieces, unsealed objects, staged bytes that nothing names."""
        self.staging.sweep()
        self.root.sweep()
        self.services.sealing.sweep()
        self.derivatives.sweep()
        self.services.recognition.reconcile()
        self.services.playing.reconcile()
        self.services.hearing.reconcile()
        self.services.recovery.lapse()
        self.services.urgent.lapse()
        self.services.classification.fall_due()
        self.services.classification.raise_reviews()
        self.indexing.reconcile()
        self.services.saved.check_watched()
        with self.database.read() as session:
            staged = set(session.scalars(select(StoredFile.blob).where(StoredFile.blob.is_not(None))))
        _forget_unnamed(self.staging, staged)
        self.copies.sweep()
        self.services.copies.expire()
        ready = {blob.name for blob in self.services.copies.kept()}
        _forget_unnamed(self.copies, ready | self.services.releases.named_blobs())

    def problems(self) -> list[str]:
        """What keeps the installation from working, for `anjuan doctor`."""
        return self.services.system.faults()

    def stop_long_work(self) -> None:
        """End the processes of long work, now and for good; what they had in hand fails without fault."""
        self.services.hearing.stop()
        for pool in self.long_pools:
            pool.close()

    def close(self) -> None:
        """End the parser processes and the database's connections."""
        self.index.close()
        if not self._borrows:
            self.pools.close()
        self.stop_long_work()
        self.database.engine.dispose()

    def __enter__(self) -> Self:
        """The installation, closed at the end of the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()


def _forget_unnamed(store: LocalStagingStore, named: set[str | None] | set[str]) -> None:
    """Delete what no row names, once nobody can still be about to name it."""
    for name in store.names():
        with suppress(NotFoundError):  # deleted meanwhile by whoever needed it no more
            if name not in named and _age(store, name) > UNNAMED_KEPT_SECONDS:
                store.delete(name)


def _age(store: LocalStagingStore, blob: str) -> float:
    with store.open(blob) as file:
        return time.time() - os.fstat(file.fileno()).st_mtime
