"""What can go wrong when a file is parsed."""

from __future__ import annotations

from archive_store.errors import InvalidInputError, UnavailableError


class ParserRefusedError(InvalidInputError):
    """The file cannot be read as what it should be; `message` says why. Trying again does not help."""

    def __init__(self, message: str = "文件无法读取：内容已损坏，或不是这种格式。请核对后重新提供。") -> None:
        super().__init__(message, "file")


class ParserFailedError(UnavailableError):
    """The parser process was lost during a call, by its own fault or the file's; it has been replaced."""


class ParserCrashedError(ParserFailedError):
    """The parser process died, ran out of memory or answered nonsense."""

    def __init__(self, message: str = "文件处理中断：解析程序意外退出或超出内存上限。请稍后再试。") -> None:
        super().__init__(message)


class ParserTimedOutError(ParserFailedError):
    """The call took longer than it may."""

    def __init__(self, message: str = "文件处理超时，已停止。请稍后再试。") -> None:
        super().__init__(message)


class PoolBusyError(UnavailableError):
    """No parser process became free in time, or the pool is closed; nothing was done."""

    def __init__(self, message: str = "正在处理的文件较多，请稍后再试。") -> None:
        super().__init__(message)
