"""The error tree of the archive.

Each error carries a sentence in Chinese for the person (`message`), which says what happened and what to do.
HTTP codes and exit codes are mapped from these classes in one place each (`portal/errors.py`, `portal/cli`).
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Anything the archive refuses or cannot do; `message` is shown to the person, in Chinese."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(ArchiveError):
    """The thing does not exist, or does not exist for this actor: the two are told apart nowhere."""

    def __init__(self, message: str = "没有找到您要的内容。请核对地址，或返回首页重新查找。") -> None:
        super().__init__(message)


class RefusedError(ArchiveError):
    """The actor may see the thing but may not do this to it now (state, duty, or rule)."""


class InvalidInputError(ArchiveError):
    """What was handed in does not have the form that is asked for."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class ConflictError(ArchiveError):
    """Somebody else changed the thing first; nothing was written."""


class IntegrityError(ArchiveError):
    """Stored bytes, a signature or the log do not match what was recorded."""


class UnavailableError(ArchiveError):
    """A part that is needed (parser, key, time stamp, index) does not answer now; trying again is safe."""
