"""What can go wrong when a file is parsed."""

from __future__ import annotations

from archive_store.errors import InvalidInputError, UnavailableError


class ParserRefusedError(InvalidInputError):
    """The parser could not make sense of the file."""

    def __init__(self, message: str = "文件无法读取，可能已损坏或加了密码。请核对后重新提供。") -> None:
        super().__init__(message, "file")


class ParserFailedError(UnavailableError):
    """The parsing process died, ran out of memory or of time; it has been replaced."""

    def __init__(self, message: str = "文件处理未能完成（超出时间或内存限制）。文件没有丢失，请稍后重试。") -> None:
        super().__init__(message)
