"""The pages of a file, as pictures and as text, wherever its bytes lie; parsed in processes that see no keys."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from archive_store.models.cases import StoredFile
    from archive_store.originals import Originals
    from archive_store.page_texts import PageTexts
    from archive_store.parsing.documents import Documents, PageImage, PageText


@dataclass(frozen=True, slots=True)
class OpenPages:
    """A file whose pages are drawn one after the other."""

    handle: BinaryIO
    media_type: str
    documents: Documents

    def image(self, number: int, *, width: int | None = None, dpi: int | None = None, turn: int = 0) -> PageImage:
        """A page (from 1) as pixels; sizes and errors as for `Documents.render`."""
        return self.documents.render(self.handle, self.media_type, number, width=width, dpi=dpi, turn=turn)


class Pages:
    """Gives pages of files that have some (`archive_store.drafts.page_file`)."""

    def __init__(self, originals: Originals, documents: Documents, texts: PageTexts) -> None:
        self._originals = originals
        self._documents = documents
        self._texts = texts

    @contextmanager
    def open(self, file: StoredFile) -> Iterator[OpenPages]:
        """The file, open for drawing its pages.

        Raises:
            IntegrityError: the sealed object is not what was written.
        """
        with self._originals.open(file) as handle:
            yield OpenPages(handle, file.media_type, self._documents)

    def image(
        self, file: StoredFile, number: int, *, width: int | None = None, dpi: int | None = None, turn: int = 0
    ) -> PageImage:
        """One page (from 1) as pixels."""
        with self.open(file) as pages:
            return pages.image(number, width=width, dpi=dpi, turn=turn)

    def text(self, file: StoredFile, number: int) -> PageText:
        """The text of one page (from 1), as `PageTexts` gives it."""
        return self._texts.page(file, number)

    def texts(self, file: StoredFile) -> Iterator[PageText]:
        """The text of every page, one after the other."""
        return self._texts.pages(file)
