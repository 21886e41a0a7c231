"""The text of a page, from wherever it is: a correction, the PDF's own layer, or what was recognised on its image.

Everything that looks for words on pages asks here: the index, marks in the reader, "the same text everywhere" when a
copy is redacted. What was recognised is kept as a derivative (compressed JSON, one file a page).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from archive_store.corrections import laid_over
from archive_store.derivatives import Kind
from archive_store.drafts import playing_file, transcript_file
from archive_store.errors import NotFoundError
from archive_store.parsing.documents import Cue, PageText, RecognisedText
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError
from archive_store.parsing.formats import PDF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from archive_store.corrections import Corrections
    from archive_store.derivatives import Derivatives
    from archive_store.models.cases import Item, StoredFile
    from archive_store.originals import Originals
    from archive_store.parsing.documents import Documents

T = TypeVar("T")
W = TypeVar("W", "Unpaged", "Spoken")
NOTHING = PageText("")
_RECOGNISED = TypeAdapter(RecognisedText)
LOST = "提取程序两次中断或超时，没有提取其中的文字。文件本身完好。"
WORDS, SPOKEN, HEARD = "words", "spoken", "heard"
"""Names of the derivatives of a file."""


@dataclass(frozen=True, slots=True)
class Unpaged:
    """The text of a file without pages, in parts of about a page; or why it has none, in words for people."""

    parts: tuple[str, ...] = ()
    cut: bool = False
    problem: str = ""


_UNPAGED = TypeAdapter(Unpaged)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said in a recording and when; or why it is not known, in words for people."""

    cues: tuple[Cue, ...] = ()
    cut: bool = False
    problem: str = ""
    recognised: bool = False
    """Whether a program heard it, which makes mistakes, and no person wrote it."""


_SPOKEN = TypeAdapter(Spoken)


class PageTexts:
    """Gives the text of pages, with a rectangle for each character as `PageText` describes it.

    What is a `RecognisedText` was recognised: it may hold mistakes, and says how sure it is.
    """

    def __init__(
        self, documents: Documents, originals: Originals, derivatives: Derivatives, corrections: Corrections
    ) -> None:
        self._documents = documents
        self._originals = originals
        self._derivatives = derivatives
        self._corrections = corrections

    def page(self, file: StoredFile, number: int) -> PageText:
        """The text of one page (from 1), as it was corrected or else read; errors as for `read`."""
        corrected, read = self._corrections.on(file.id, number), self.read(file, number)
        return read if corrected is None else laid_over(read, corrected)

    def read(self, file: StoredFile, number: int) -> PageText:
        """The text that was read from a page; empty where it has none and nothing was recognised yet.

        Raises:
            UnavailableError: no parser process is free, or it was lost.
            IntegrityError: the sealed original cannot be opened.
        """
        if file.media_type != PDF.media_type:
            return self.recognised(file.id, number) or NOTHING
        with self._originals.open(file) as handle:
            return self._text(file, handle, number)

    def pages(self, file: StoredFile) -> Iterator[PageText]:
        """The text of every page of a file, one after the other; errors as for `read`."""
        corrected = self._corrections.of(file.id)
        for number, read in enumerate(self._read_all(file), start=1):
            yield laid_over(read, corrected[number]) if number in corrected else read

    def _read_all(self, file: StoredFile) -> Iterator[PageText]:
        numbers = range(1, (file.pages or 0) + 1)
        if file.media_type != PDF.media_type:
            yield from (self.recognised(file.id, number) or NOTHING for number in numbers)
            return
        with self._originals.open(file) as handle:
            for number in numbers:
                yield self._text(file, handle, number)

    def recognised(self, file_id: str, number: int) -> RecognisedText | None:
        """What was recognised on a page; None where nothing is kept, or what is kept cannot be read."""
        return self._kept(Kind.TEXT, file_id, str(number), _RECOGNISED)

    def keep(self, file_id: str, number: int, text: RecognisedText) -> None:
        """Keep what was recognised on a page; it is on the disk when the call returns."""
        self._keep(Kind.TEXT, file_id, str(number), _RECOGNISED.dump_json(text))

    def unpaged(self, file: StoredFile) -> Unpaged:
        """The text of a file without pages, of one of `formats.WORDED`; found once and kept, a failure too.

        Raises:
            UnavailableError: no parser process is free.
            IntegrityError: the sealed original cannot be opened.
        """
        kept = self.kept_unpaged(file.id)
        if kept is None:
            kept = self._found(file, self._parts, Unpaged)
            self._keep(Kind.WORDS, file.id, WORDS, _UNPAGED.dump_json(kept))
        return kept

    def kept_unpaged(self, file_id: str) -> Unpaged | None:
        """What is kept of a file without pages; None where it was not looked into yet."""
        return self._kept(Kind.WORDS, file_id, WORDS, _UNPAGED)

    def said(self, item: Item) -> Spoken:
        """What was said in a recording: as somebody wrote it down beside it, else as a program heard it, else nothing.

        A transcript is read once and kept; errors as for `unpaged`.
        """
        kept, written = self.kept_said(item), transcript_file(item)
        if kept is None and written is not None:
            kept = self._found(written, self._cues, Spoken)
            self._keep(Kind.WORDS, written.id, SPOKEN, _SPOKEN.dump_json(kept))
        return kept or Spoken()

    def kept_said(self, item: Item) -> Spoken | None:
        """The same as far as it is kept; None where nobody has looked or listened yet."""
        written, recording = transcript_file(item), playing_file(item)
        if written:
            return self._kept(Kind.WORDS, written.id, SPOKEN, _SPOKEN)
        return self._kept(Kind.WORDS, recording.id, HEARD, _SPOKEN) if recording else None

    def was_heard(self, file_id: str) -> bool:
        """Whether what a program heard in a recording is kept, and can be read: what was damaged is heard again."""
        return self._kept(Kind.WORDS, file_id, HEARD, _SPOKEN) is not None

    def keep_heard(self, file_id: str, heard: Spoken) -> None:
        """Keep what a program heard; it is on the disk when the call returns."""
        self._keep(Kind.WORDS, file_id, HEARD, _SPOKEN.dump_json(replace(heard, recognised=True)))

    def _kept(self, kind: Kind, file_id: str, name: str, shape: TypeAdapter[T]) -> T | None:
        try:
            with self._derivatives.open(kind, file_id, name) as kept:
                return shape.validate_json(zlib.decompress(kept.read()))
        except (NotFoundError, ValidationError, zlib.error):
            return None

    def _keep(self, kind: Kind, file_id: str, name: str, content: bytes) -> None:
        with self._derivatives.making(kind, file_id, name) as place:
            place.write(zlib.compress(content))

    def _parts(self, handle: BinaryIO, file: StoredFile) -> Unpaged:
        found = self._documents.words(handle, file.media_type)
        return Unpaged(found.parts, found.cut)

    def _cues(self, handle: BinaryIO, file: StoredFile) -> Spoken:
        del file
        found = self._documents.transcript(handle)
        return Spoken(found.cues, found.cut)

    def _found(self, file: StoredFile, ask: Callable[[BinaryIO, StoredFile], W], shape: type[W]) -> W:
        """A process may also be lost by chance: only what happens again is the file's fault."""
        for _ in range(2):
            try:
                with self._originals.open(file) as handle:
                    return ask(handle, file)
            except ParserRefusedError as error:
                return shape(problem=error.message)
            except ParserFailedError:
                continue
        return shape(problem=LOST)

    def _text(self, file: StoredFile, handle: BinaryIO, number: int) -> PageText:
        try:
            own = self._documents.text(handle, file.media_type, number)
        except ParserRefusedError:
            own = NOTHING
        return own if own.text.strip() else self.recognised(file.id, number) or NOTHING
