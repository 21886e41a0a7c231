"""Where the bytes of a file are, before and after sealing, behind one way of opening them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive_store.errors import NotFoundError

if TYPE_CHECKING:
    from typing import BinaryIO

    from archive_store.blobs.base import BlobStore
    from archive_store.models.cases import StoredFile
    from archive_store.ocfl import StorageRoot


class Originals:
    """Opens original bytes: from staging while the case is a draft, from its sealed object afterwards."""

    def __init__(self, staging: BlobStore, root: StorageRoot) -> None:
        self._staging = staging
        self._root = root

    def open(self, file: StoredFile) -> BinaryIO:
        """The whole content, as a file with a descriptor.

        Raises:
            NotFoundError: the row names no bytes.
            IntegrityError: the sealed object is not what was written.
        """
        if file.object_id and file.content_path:
            return self._root.open_file(file.object_id, file.content_path)
        if file.blob:
            return self._staging.open(file.blob)
        raise NotFoundError
