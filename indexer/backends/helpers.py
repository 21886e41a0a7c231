"""Threads that take over part of a question, so that one search may use all cores.

The engine works outside the interpreter's lock. When several people search at once every core is busy anyway: only
one question of a process is divided at a time, and the others are answered by the thread that asks.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Part = TypeVar("Part")
Answer = TypeVar("Answer")


class Helpers:
    """`count` threads beside those that ask; they begin with the first question that can be divided."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads = ThreadPoolExecutor(max(count, 1), "search")
        self._taken = Lock()

    def each(self, ask: Callable[[Part], Answer], parts: Sequence[Part]) -> list[Answer]:
        """Ask of each part and give the answers in order; an error of any is raised once none is under way."""
        helpers = min(self._count, len(parts) - 1)
        if helpers < 1 or not self._taken.acquire(blocking=False):
            return [ask(part) for part in parts]
        try:
            return self._divided(ask, parts, helpers)
        finally:
            self._taken.release()

    def _divided(self, ask: Callable[[Part], Answer], parts: Sequence[Part], helpers: int) -> list[Answer]:
        left = deque(enumerate(parts))
        answers: dict[int, Answer] = {}

        def work() -> None:
            while True:
                try:
                    number, part = left.popleft()
                except IndexError:  # nothing is left
                    return
                answers[number] = ask(part)

        helping = [self._threads.submit(work) for _ in range(helpers)]
        try:
            work()
        finally:
            left.clear()  # an error ends it for all
            begun = [one for one in helping if not one.cancel()]
            wait(begun)
        for one in begun:
            one.result()
        return [answers[number] for number in range(len(parts))]
