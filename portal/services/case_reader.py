"""Reading what lies in the files of a case, for the four checks: digests, and whom the text names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.blobs.durable import sha512_of
from archive_store.drafts import page_file
from archive_store.errors import ArchiveError
from archive_store.four_check_facts import Reading, Readings
from archive_store.named_persons import Named, named_in, sought_in, sought_of
from archive_store.private_fields import PrivateFields

if TYPE_CHECKING:
    from archive_store.models.cases import Case, Item, Person, StoredFile
    from archive_store.originals import Originals
    from archive_store.page_texts import PageTexts
    from archive_store.private_fields import FieldSeal


class CaseReader:
    """Reads every file of a case that is loaded; no transaction is open meanwhile."""

    def __init__(self, originals: Originals, texts: PageTexts, fields: FieldSeal) -> None:
        self._originals = originals
        self._texts = texts
        self._fields = fields

    def read(self, case: Case) -> Readings:
        """The digest of each file, and whom each item names as far as that has to be known."""
        sought = sought_in(case, self._private)
        files = {file.id: self._digest(file) for item in case.items for file in item.files}
        named = {}
        for item in case.items:
            wanted = sought_of(item, sought)
            named[item.id] = named_in(item.title, self._pages(item), wanted) if wanted else Named(False, False)
        return Readings(files, named)

    def _digest(self, file: StoredFile) -> Reading | None:
        try:
            with self._originals.open(file) as stream:
                found = sha512_of(stream)
        except (ArchiveError, OSError):
            return None
        return Reading(found.sha512, found.size)

    def _pages(self, item: Item) -> list[str] | None:
        """The text of each page; None where it has none that could be read."""
        file = page_file(item)
        if file is None:
            return None
        try:
            pages = [layer.text for layer in self._texts.pages(file)]
        except (ArchiveError, OSError):
            return None
        return pages if any(page.strip() for page in pages) else None

    def _private(self, person: Person) -> PrivateFields:
        try:
            return self._fields.open(person.id, person.identity_sealed)
        except ArchiveError:
            return PrivateFields()
