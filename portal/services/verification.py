"""Checking copies for anyone who holds one: by the file itself, or by number and check code.

- Nothing of an upload is kept; the event names no one and holds no content.
- Files are examined one at a time in a parser process of their own, so that no flood of uploads can take one away from
  readers; a short queue waits for it, and whoever finds the queue full is told so before the file is read.
- By number only together with the check code (128 random bits). A wrong number and a wrong code have one answer, and
  every comparison takes the same time.
- Whether a copy was withdrawn is not in the file: the archive's records are asked, also for a genuine file.

Source: 办法 Art. 30; `docs/signed-copy.md`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from archive_store.audit.events import EventName
from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.models.copies import CopyRequest, SignedCopy
from archive_store.parsing.errors import PoolBusyError
from archive_store.parsing.pool import Limits
from archive_store.vocabulary import TitledEnum
from portal.dissemination.verdict import DEMONSTRATION, Verdict, verdict_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import BinaryIO

    from sqlalchemy.orm import Session

    from archive_store.parsing.pool import ParserPool
    from portal.dissemination.verdict import CopyFacts, Report
    from portal.services.desk import Desk

LARGEST_FILE = 50 * 2**20
LARGEST_NUMBER, LARGEST_CODE = 100, 200
LIMITS = Limits(queue_seconds=30)
"""Of the parser process for copies: whoever waits longer than this is told to come again."""
ANYONE = "anonymous"
NO_CODE = "0" * 32
TOO_LARGE = (
    "文件超过 50 MB，没有接收，也没有核验。请改用编号和校验码查询，或把文件带到出具单位核验；您手中的文件不受影响。"
)
BUSY = "正在核验的文件较多，您的文件没有接收。请过一分钟再试，或改用编号和校验码查询；您手中的文件不受影响。"
_GAPS = re.compile(r"[\s\-‐-―−.·]+")


class RecordState(TitledEnum):
    """What the archive's records say of a copy; `zh` is the sentence of a look-up by number."""

    VALID = "valid", "本单位出具过此编号的复制件，目前有效"
    WITHDRAWN = "withdrawn", "此编号的复制件已由本单位撤回，不再有效"
    NONE = "none", "没有与此编号和校验码相符的复制件"


OF_A_FILE = {
    RecordState.VALID: "本单位留有出具此件的记录，此件目前有效。",
    RecordState.WITHDRAWN: "此件已由本单位撤回，不再有效。请向出具单位查询。",
    RecordState.NONE: "签名真实，但本单位的档案库中没有出具此件的记录。请先向出具单位核实，再使用此件。",
}


@dataclass(frozen=True, slots=True)
class Record:
    """What the archive's records say, and since when a copy is withdrawn. Reasons are told at the counter only."""

    state: RecordState
    demonstration: bool
    withdrawn_at: datetime | None = None
    copy_id: str | None = None

    @property
    def sentence(self) -> str:
        """The answer to a look-up by number."""
        return f"{self.state.zh}（{DEMONSTRATION}）" if self.demonstration else self.state.zh

    @property
    def of_file(self) -> str:
        """The same beside the verdict on a genuine file."""
        return OF_A_FILE[self.state]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        withdrawn = self.withdrawn_at.isoformat() if self.withdrawn_at else None
        return {"state": str(self.state), "sentence": self.of_file, "withdrawn_at": withdrawn}


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on a file, and what the records say of it; `record` is None where it is not a genuine copy."""

    report: Report
    record: Record | None

    @property
    def holds(self) -> bool:
        """Whether it is a genuine copy that was not withdrawn."""
        withdrawn = self.record is not None and self.record.state is RecordState.WITHDRAWN
        return self.report.verdict is Verdict.GENUINE and not withdrawn


class VerificationService:
    """Verdicts for anyone.

    Args:
        desk: the tools of every service.
        pool: the parser process that examines copies and nothing else.
        trust: whose copies are believed, as from `portal.dissemination.verdict.trust_in`.
        demonstration: whether that authority is one of a demonstration.
        places: how many uploads may be under way at once, the one being examined included.
    """

    def __init__(
        self, desk: Desk, pool: ParserPool, trust: dict[str, Any], *, demonstration: bool, places: int
    ) -> None:
        self._desk = desk
        self._pool = pool
        self._trust = trust
        self._demonstration = demonstration
        self._places = BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the short queue, to be held while an upload is received and checked.

        Raises:
            UnavailableError: the queue is full; nothing should be received.
        """
        if not self._places.acquire(blocking=False):
            raise UnavailableError(BUSY)
        try:
            yield
        finally:
            self._places.release()

    def check(self, file: BinaryIO, *, by: str = ANYONE, largest: int | None = LARGEST_FILE) -> Checked:
        """The verdict on an open file (seekable; read from its beginning), and what the records say of it.

        Raises:
            InvalidInputError: it is larger than `largest` bytes.
            UnavailableError: too many files wait to be checked; nothing was done.
        """
        if largest is not None and file.seek(0, 2) > largest:
            raise InvalidInputError(TOO_LARGE, "file")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO has it
        file.seek(0)
        try:
            report = verdict_on(self._pool, file, self._trust)
        except PoolBusyError as error:
            raise UnavailableError(BUSY) from error
        with self._desk.database.write() as unit:
            record = self._record_of(unit.session, report.facts, digest) if report.facts else None
            self._note(unit.session, by, _subject(report, record, digest), verdict=report.verdict, record=record)
        return Checked(report, record)

    def by_number(self, number: str, check_code: str) -> Record:
        """What the records say of the copy with this request number and check code.

        Only an answer that tells something is an event: nobody can swell the log by guessing.
        """
        with self._desk.database.read() as session:
            record = self._find(session, number, check_code)
        if record.copy_id is not None:
            with self._desk.database.write() as unit:
                self._note(unit.session, ANYONE, ("copy", record.copy_id), record=record)
        return record

    def _record_of(self, session: Session, facts: CopyFacts, digest: str) -> Record:
        """A file other than the one that was given out under its number and code is none of the records'."""
        record = self._find(session, facts.request_number, facts.check_code)
        if record.state is not RecordState.VALID:
            return record
        kept = session.scalars(select(SignedCopy.sha256).where(SignedCopy.id == record.copy_id)).one()
        return record if hmac.compare_digest(kept, digest) else Record(RecordState.NONE, self._demonstration)

    def _find(self, session: Session, number: str, check_code: str) -> Record:
        rows = session.execute(
            select(SignedCopy.check_code, SignedCopy.id, SignedCopy.withdrawn_at)
            .join(CopyRequest, CopyRequest.id == SignedCopy.request_id)
            .where(CopyRequest.number.in_(_spellings(number)))
        ).all()
        wanted = _digest(_plain_code(check_code))
        found = None
        for kept, copy_id, withdrawn_at in [*rows, (NO_CODE, "", None)]:
            if hmac.compare_digest(_digest(kept), wanted) and copy_id:
                found = copy_id, withdrawn_at
        if found is None:
            return Record(RecordState.NONE, self._demonstration)
        copy_id, withdrawn_at = found
        state = RecordState.WITHDRAWN if withdrawn_at else RecordState.VALID
        return Record(state, self._demonstration, withdrawn_at, copy_id)

    def _note(self, session: Session, by: str, subject: tuple[str, str], **found: Any) -> None:  # noqa: ANN401 - see desk
        record: Record | None = found.pop("record")
        details = {name: str(value) for name, value in found.items()}
        if record is not None:
            details["record"] = str(record.state)
        self._desk.record(session, by, EventName.COPY_VERIFY, subject, **details)


def _subject(report: Report, record: Record | None, digest: str) -> tuple[str, str]:
    """The copy where it is known; else the digest of what bears our certificate; of others' files nothing."""
    if record is not None and record.copy_id is not None:
        return "copy", record.copy_id
    return "file", "unknown" if report.verdict is Verdict.UNKNOWN else digest


def _spellings(number: str) -> set[str]:
    """A request number as it was typed, and with full-width signs and spaces made plain."""
    typed = "".join(sign for sign in number[:LARGEST_NUMBER] if sign.isprintable()).strip()
    return {typed, "".join(unicodedata.normalize("NFKC", typed).split())}


def _plain_code(check_code: str) -> str:
    """A check code as it is kept: lower case, without the gaps between its groups."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", check_code[:LARGEST_CODE])).casefold()


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
