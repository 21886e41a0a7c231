"""Recognising what is said in recordings, by the program that the installation names; for the worker.

A recording with a transcript beside it is left alone. What was recognised is kept as a derivative and may hold
mistakes; it can be thrown away and is made anew.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store import hearing
from archive_store.drafts import playing_file, transcript_file
from archive_store.errors import IntegrityError, NotFoundError
from archive_store.models.cases import Case, Item, StoredFile
from archive_store.models.derivatives import DerivativeState, SpeechDerivative
from archive_store.page_texts import Spoken
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError
from archive_store.parsing.formats import SOUND_AND_PICTURE
from archive_store.speech import FAILED, SpeechFailedError
from archive_store.vocabulary import CaseState
from archive_store.work import note_index

if TYPE_CHECKING:
    from sqlalchemy import Select

    from archive_store.originals import Originals
    from archive_store.page_texts import PageTexts
    from archive_store.parsing.documents import Documents
    from archive_store.speech import SpeechProgram
    from portal.services.desk import Desk


class HearingService:
    """Takes the sound out of recordings and has it heard; without a program it does nothing."""

    def __init__(
        self,
        desk: Desk,
        originals: Originals,
        maker: Documents,
        texts: PageTexts,
        program: SpeechProgram | None,
        scratch: Path,
    ) -> None:
        self._desk = desk
        self._originals = originals
        self._maker = maker
        self._texts = texts
        self._program = program
        self._scratch = scratch

    @property
    def is_on(self) -> bool:
        """Whether a program is named."""
        return self._program is not None

    def hear(self, file_id: str) -> bool:
        """Recognise what is said in a noted recording; there is never more of it to do.

        Raises:
            UnavailableError: nothing can be done now (the process is closing); it stays noted.
        """
        with self._desk.database.read() as session:
            row, file = session.get(SpeechDerivative, file_id), session.get(StoredFile, file_id)
        if self._program is None or row is None or file is None or row.state is not DerivativeState.WAITING:
            return False
        try:
            heard = self._heard(file, self._program)
        except (ParserRefusedError, SpeechFailedError, IntegrityError, NotFoundError) as error:
            heard = Spoken(problem=error.message)
        except ParserFailedError:
            heard = Spoken(problem=FAILED)
        self._texts.keep_heard(file_id, heard)
        self._settle(file_id, heard)
        return False

    def reconcile(self) -> None:
        """Note again what was lost, and what was sealed before a program was named."""
        if self._program is None:
            return
        with self._desk.database.write() as unit:
            for row in unit.session.scalars(select(SpeechDerivative)).all():
                if row.state is DerivativeState.WAITING or not self._texts.was_heard(row.file_id):
                    hearing.lose(unit.session, row)
            for item in unit.session.scalars(_unheard()).unique():
                file = playing_file(item)
                if file is not None and transcript_file(item) is None:
                    hearing.want(unit.session, file.id)

    def state(self) -> list[tuple[str, str]]:
        """Totals of the installation, without content."""
        if self._program is None:
            return []
        with self._desk.database.read() as session:
            counted = select(SpeechDerivative.state, func.count()).group_by(SpeechDerivative.state)
            counts = {row[0]: row[1] for row in session.execute(counted)}
        failed = counts.get(DerivativeState.FAILED, 0)
        unable = f"，{failed} 件不能识别" if failed else ""
        return [("语音识别", f"{counts.get(DerivativeState.READY, 0)} / {sum(counts.values())} 件{unable}")]

    def stop(self) -> None:
        """End the run in hand, now and for good."""
        if self._program is not None:
            self._program.close()

    def _heard(self, file: StoredFile, program: SpeechProgram) -> Spoken:
        with TemporaryDirectory(dir=self._scratch) as folder:
            sound = Path(folder) / "sound.wav"
            with self._originals.open(file) as original, sound.open("w+b", buffering=0) as place:
                seconds = self._maker.sound(original, file.media_type, place)
            found = self._maker.transcript(program.transcribe(sound, seconds))
        return Spoken(found.cues, found.cut)

    def _settle(self, file_id: str, heard: Spoken) -> None:
        with self._desk.database.write() as unit:
            row = unit.session.get(SpeechDerivative, file_id)
            if row is None:
                return  # its file was taken out meanwhile
            row.state = DerivativeState.FAILED if heard.problem else DerivativeState.READY
            row.reason, row.settled_at = heard.problem[:500], self._desk.clock()
            if heard.cues:
                item = unit.session.get_one(Item, unit.session.get_one(StoredFile, file_id).item_id)
                note_index(unit.session, item.case_id)


def _unheard() -> Select[Item]:
    """Items of sealed cases with a recording that nothing is known of."""
    known = select(SpeechDerivative.file_id)
    recordings = StoredFile.media_type.in_(SOUND_AND_PICTURE), StoredFile.id.not_in(known)
    return select(Item).join(Case).join(StoredFile).where(Case.state == CaseState.SEALED, *recordings)
