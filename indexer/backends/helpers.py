"""Threads that take over part of a question while they have nothing else to do.

The engine works outside the interpreter's lock, so that one search may use all cores; when many search at once every
core is busy anyway, no helper is free, and each search does its own work.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Part = TypeVar("Part")
Answer = TypeVar("Answer")


class Helpers:
    """At most `count` threads beside those that ask; they begin with the first question that can be divided."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads = ThreadPoolExecutor(max(count, 1), "search")

    def each(self, ask: Callable[[Part], Answer], parts: Sequence[Part]) -> list[Answer]:
        """Ask of each part and give the answers in order; an error of any is raised once none is under way."""
        left = deque(enumerate(parts))
        answers: dict[int, Answer] = {}

        def work() -> None:
            while left:
                try:
                    number, part = left.popleft()
                except IndexError:  # another was faster
                    return
                answers[number] = ask(part)

        helping = [self._threads.submit(work) for _ in range(min(self._count, len(parts) - 1))]
        try:
            work()
        finally:
            left.clear()  # an error ends it for all
            begun = [one for one in helping if not one.cancel()]
            for one in begun:
                one.exception()
        for one in begun:
            one.result()
        return [answers[number] for number in range(len(parts))]
